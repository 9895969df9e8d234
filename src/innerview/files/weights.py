"""Weights from a file of any kind that holds numbers and no code: safetensors, one file or several; .npz, .npy.

What is in a file and can't be shown is told by its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from innerview.errors import DataError
from innerview.files.arrays import read_npy, read_npz
from innerview.files.combined import combined
from innerview.files.regular import size_of
from innerview.files.tensors import INDEX, read_shards, read_tensors
from innerview.types import Array

WHAT: Final = "the weights"

OTHERS: Final = {
    ".keras": "name it as a model: innerview weights --model {path}",
    ".h5": "name it as a model: innerview weights --model {path}",
    ".hdf5": "name it as a model: innerview weights --model {path}",
    ".onnx": "name it as a model: innerview weights --model {path}",
    ".pb": "name its folder as a model: innerview weights --model FOLDER --trust-code",
    ".msgpack": "write its arrays with safetensors.numpy.save_file",
    ".gguf": "convert it to safetensors",
}
"""Kinds of files that hold weights and are not read here, by their ending, and the way out."""


@dataclass(frozen=True)
class Stored:
    """Weights that were read.

    Attributes:
        weights: by name, as the model computes with them as far as the file tells.
        notes: what was put together, widened or left out, in words.
    """

    weights: dict[str, Array]
    notes: tuple[str, ...] = ()


def read_arrays(path: Path) -> Stored:
    """Read a file of weights.

    Raises:
        DataError: it can't be read, is of another kind, or holds none.
    """
    size_of(path, WHAT)
    suffix = path.suffix.lower()
    if suffix in OTHERS or "tfevents" in path.name:
        way = OTHERS.get(suffix, "read it with innerview.recorders.tensorboard.read_histograms")
        raise DataError(f"{WHAT} are not read from {path}; {way.format(path=path)}").of("weights", path=path)
    if path.name.endswith(INDEX):
        held = read_shards(path, WHAT)
    elif suffix == ".npz":
        held = read_npz(path, WHAT)
    elif suffix == ".npy":
        held = {path.stem: read_npy(path, WHAT)}
    else:
        held, _ = read_tensors(path, WHAT)
    return stored(held, path)


def stored(held: dict[str, Array], path: Path) -> Stored:
    """Weights that were read from a file: those that are numbers, put together.

    Raises:
        DataError: there are none.
    """
    real = {name: values for name, values in held.items() if values.dtype.kind in "fiub"}
    notes = [f"{name} is left out: it holds {_kind(values)}" for name, values in held.items() if name not in real]
    if not real:
        raise DataError(
            f"the file {path} holds no weights{'; ' * bool(notes)}{'; '.join(notes[:5])}; give one that does"
        ).of("weights", path=path, found=0)
    whole = [name for name, values in real.items() if values.dtype.kind in "iu" and values.ndim > 1]
    if whole:
        notes.append(f"whole numbers, shown as they were stored, without any scale: {_some(whole)}")
    weights, told = combined(real)
    return Stored(weights, (*notes, *told))


def _kind(values: Array) -> str:
    return "complex numbers" if np.iscomplexobj(values) else f"no numbers ({values.dtype})"


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
