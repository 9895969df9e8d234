"""The built-in model: an all-convolutional classifier of CIFAR-10's ten classes, ready to be looked into.

Its architecture is the table in `table`, and the NumPy adapter runs it with no framework installed. Two trainings of
it come along, each as a run folder in runs/ that can be looked at like any other, with a model card beside this file:

    allcnn         the best known to us on two processor cores
    tutorial2018   that of the 2018 tutorial, slower and less accurate, which shows what it was written to show

Of their checkpoints only the first and the last are kept, in float16; of the rest, the histograms and the timelines.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import numpy as np

from innerview.adapters.numpy.model import NumpyModel
from innerview.allcnn.files import read, write
from innerview.allcnn.table import CLASS_NAMES, TABLE, Row, build, initial_weights, operations, shapes
from innerview.errors import UsageError

NAMES: Final = ("allcnn", "tutorial2018")
"""The built-in models, the default first."""

RENAMED: Final = {"recipe": "tutorial2018"}
"""Names of earlier versions."""

FOLDER: Final = Path(__file__).parent / "runs"


def load_pretrained(
    name: str = "allcnn",
    checkpoint: Literal["final", "initial"] | int = "final",
    *,
    dtype: np.dtype[np.floating] | type[np.floating] = np.float32,
) -> NumpyModel:
    """Open a built-in model at a checkpoint of its training.

    Args:
        name: of the model.
        checkpoint: "final" (trained), "initial" (before training), or a step that was kept.
        dtype: precision in which it computes.

    Raises:
        UsageError: there is no built-in model of this name, or no such checkpoint of it; lists them.
    """
    paths = {int(path.stem.removeprefix("step-")): path for path in _checkpoints(name)}
    step = {"initial": 0, "final": max(paths, default=-1)}.get(str(checkpoint), checkpoint)
    if step not in paths:
        raise UsageError(
            f"checkpoint {checkpoint!r} of {name} was asked for; the checkpoints are final"
            + "".join(", initial" * (one == 0) + f", {one}" for one in paths)
        ).of("checkpoint", asked=checkpoint, known=("final", *(("initial",) * (0 in paths)), *map(str, paths)))
    return read(paths[step], dtype)


def has_initial(name: str) -> bool:
    """Tell whether the weights of a built-in model before its training were kept."""
    return any(path.stem == "step-000000" for path in _checkpoints(name))


def run_folder(name: str) -> Path:
    """Where the training of a built-in model is kept: a run folder for `innerview.runs.RunFolder.open`.

    Raises:
        UsageError: there is no built-in model of this name; lists them.
    """
    if name not in NAMES:
        raise UsageError(
            f"there is no built-in model {name!r}{renamed(name)}; the built-in models are {', '.join(NAMES)}"
        ).of("model", asked=name, known=NAMES)
    return FOLDER / name


def renamed(name: str) -> str:
    """For a message: that a name is an old one, and the new one; empty for any other."""
    return f" any more: it was renamed to {RENAMED[name]}" if name in RENAMED else ""


def _checkpoints(name: str) -> list[Path]:
    return sorted((run_folder(name) / "checkpoints").glob("step-*.safetensors"))


__all__ = [
    "CLASS_NAMES",
    "NAMES",
    "TABLE",
    "Row",
    "build",
    "has_initial",
    "initial_weights",
    "load_pretrained",
    "operations",
    "read",
    "renamed",
    "run_folder",
    "shapes",
    "write",
]
