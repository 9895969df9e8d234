"""The built-in network: an all-convolutional classifier of CIFAR-10's ten classes, ready to be looked into.

Its architecture is the table in `table`, its weights lie beside this file (see the model card, allcnn.md), and the
NumPy adapter runs it with no framework installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import numpy as np

from innerview.adapters.numpy import NumpyNetwork
from innerview.allcnn.files import read, write
from innerview.allcnn.table import CLASS_NAMES, TABLE, Row, build, initial_weights, operations, shapes
from innerview.errors import UsageError

NAMES: Final = ("allcnn",)
"""The built-in networks."""

FOLDER: Final = Path(__file__).parent


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
    if name not in NAMES:
        raise UsageError(f"there is no built-in network {name!r}; the built-in networks are {', '.join(NAMES)}")
    path = _path(name, when)
    if not path.is_file():
        raise UsageError(
            f"the weights of {name} {when} training were asked for, but {path.name} is not part of this installation; "
            "initial_weights(seed) draws weights as the recipe starts"
        )
    return read(path, dtype)


def has_before(name: str) -> bool:
    """Tell whether the weights of a built-in network before its training were kept."""
    return _path(name, "before").is_file()


def _path(name: str, when: Literal["before", "after"]) -> Path:
    return FOLDER / {"after": f"{name}.safetensors", "before": f"{name}-before.safetensors"}[when]


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
    "shapes",
    "snapshot",
    "write",
]
