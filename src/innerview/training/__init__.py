"""Training the built-in model, in plain PyTorch: read recipe.py for what is done, loop.py for how.

recipe.py        every setting, with its unit and its reason
model.py         the model and its start
augment.py       which images a step sees, and how they are changed
muon.py          the optimiser of the inner layers; optimisers.py joins it with Adam
loop.py          the loop; what a run leaves behind is written by innerview.runs
"""

from typing import TYPE_CHECKING

from innerview import renames
from innerview.errors import MissingExtra

try:
    import torch as _torch
except Exception as problem:
    raise MissingExtra("training a model", "train", problem) from problem

from innerview.training.loop import Progress, train
from innerview.training.recipe import (
    ALLCNN,
    TUTORIAL2018,
    Augmentation,
    Configuration,
    Initialisation,
    Optimisation,
    Stage,
)

del _torch

__all__ = [
    "ALLCNN",
    "TUTORIAL2018",
    "Augmentation",
    "Configuration",
    "Initialisation",
    "Optimisation",
    "Progress",
    "Stage",
    "train",
]

if not TYPE_CHECKING:  # checkers would take every name for known
    __getattr__ = renames.of_module(__name__, {"RECIPE": "TUTORIAL2018"})
