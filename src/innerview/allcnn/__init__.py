"""The built-in network: an all-convolutional classifier of CIFAR-10's ten classes, ready to be looked into.

Its architecture is the table in `table`, and the NumPy adapter runs it with no framework installed. Two trainings of
it come along, each as a run folder in runs/ that can be looked at like any other, with a model card beside this file:

    allcnn    the best known to us on two processor cores
    recipe    the 2018 tutorial's, slower and less right, which shows what that tutorial was written to show

Of their snapshots only the first and the last are kept, in float16; of the rest, the histograms and the probe films.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import numpy as np

from innerview.adapters.numpy import NumpyNetwork
from innerview.allcnn.files import read, write
from innerview.allcnn.table import CLASS_NAMES, TABLE, Row, build, initial_weights, operations, shapes
from innerview.errors import UsageError

NAMES: Final = ("allcnn", "recipe")
"""The built-in networks, the default first."""

FOLDER: Final = Path(__file__).parent / "runs"


def load(name: str = "allcnn", *, dtype: np.dtype[np.floating] | type[np.floating] = np.float32) -> NumpyNetwork:
    """Open a built-in network, trained.

    Raises:
        UsageError: there is no built-in network of this name; lists them.
    """
    return snapshot(name, "after", dtype=dtype)


def snapshot(
    name: str, when: Literal["before", "after"], *, dtype: np.dtype[np.floating] | type[np.floating] = np.float32
) -> NumpyNetwork:
    """Open a built-in network as it was before or after its training.

    Raises:
        UsageError: there is no such network, or its weights before training were not kept.
    """
    paths = _snapshots(name)
    if len(paths) < len(WHEN):
        raise UsageError(
            f"the weights of {name} {when} training were asked for, but they are not part of this installation; "
            "initial_weights(seed) draws weights as the recipe starts"
        )
    return read(paths[WHEN[when]], dtype)


def has_before(name: str) -> bool:
    """Tell whether the weights of a built-in network before its training were kept."""
    return len(_snapshots(name)) == len(WHEN)


def run_folder(name: str) -> Path:
    """Where the training of a built-in network is kept: a run folder for `innerview.runs.RunFolder.open`.

    Raises:
        UsageError: there is no built-in network of this name; lists them.
    """
    if name not in NAMES:
        raise UsageError(f"there is no built-in network {name!r}; the built-in networks are {', '.join(NAMES)}")
    return FOLDER / name


WHEN: Final = {"before": 0, "after": -1}
"""Which of a run's snapshots, by rising step."""


def _snapshots(name: str) -> list[Path]:
    return sorted((run_folder(name) / "snapshots").glob("step-*.safetensors"))


__all__ = [
    "CLASS_NAMES",
    "NAMES",
    "TABLE",
    "Row",
    "build",
    "has_before",
    "initial_weights",
    "load",
    "operations",
    "read",
    "run_folder",
    "shapes",
    "snapshot",
    "write",
]
