"""Weight files of this architecture: safetensors, with what is needed to run the weights beside them.

The metadata holds "mean" and "std" (per channel, of pixels in [0, 1]; absent for raw pixels), "temperature" (T in
softmax(logits / T)) and free notes. Weights may be stored in float16; they are always computed with in float32 or
float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from safetensors.numpy import save

from innerview.adapters.numpy.model import NumpyModel
from innerview.allcnn.table import CLASS_NAMES, build
from innerview.errors import DataError, ModelError
from innerview.files.regular import reading
from innerview.files.tensors import read_tensors
from innerview.model import InputSpec, OutputSpec

SIZE: Final = 32


def read(path: Path, dtype: np.dtype[np.floating] | type[np.floating] = np.float32) -> NumpyModel:
    """Open a weight file as a model.

    Raises:
        ModelError: the file is no safetensors file, or its weights are not of this architecture.
    """
    try:
        weights, notes = read_tensors(path)
        with reading(path, "the weights"):
            mean, std, temperature = (_numbers(notes, key) for key in ("mean", "std", "temperature"))
    except DataError as error:
        raise ModelError(f"{path} can't be read as a weight file ({error})").of("weights", path=path) from error
    return build(
        weights,
        input=InputSpec(SIZE, SIZE, mean=mean, std=std),
        output=OutputSpec(CLASS_NAMES, temperature=(*temperature, 1.0)[0]),
        dtype=dtype,
    )


def write(path: Path, model: NumpyModel, *, notes: Mapping[str, str], half: bool = True) -> None:
    """Write a model so that `read` gives it back.

    Args:
        path: of the file, replaced if it exists.
        model: of this architecture.
        notes: where the weights come from; its keys may not be "mean", "std" or "temperature".
        half: store the weights in float16.

    Raises:
        ModelError: a weight is too large for float16.
    """
    precision = np.float16 if half else np.float32
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is found next
        weights = {name: value.astype(precision) for name, value in model.weights().items()}
    for name, value in weights.items():
        if not np.isfinite(value).all():
            raise ModelError(f"{name} has values beyond what {value.dtype} holds; write it with half=False").of(
                "half", asked=name, found="overflow"
            )
    metadata = {
        **notes,
        "mean": ",".join(map(str, model.input.mean)),
        "std": ",".join(map(str, model.input.std)),
        "temperature": str(model.output.temperature),
    }
    path.write_bytes(save(weights, metadata))


def _numbers(notes: Mapping[str, str], key: str) -> tuple[float, ...]:
    """Read numbers with commas between them; none if the key is absent."""
    return tuple(float(part) for part in notes.get(key, "").split(",") if part)
