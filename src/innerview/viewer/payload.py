"""One payload: named arrays and a few texts, as one safetensors blob that the browser reads and people can open.

`schema.json` says what each kind holds; whatever is made here was checked against it, and the viewer checks what it
reads by the same file. Arrays that are only looked at travel as companded bytes:

    q = round(127 · sign(v) · sqrt(|v| / s)),  v = s · sign(q) · (q / 127)²

with s the largest |v| of a frame or channel. The square root spends the levels where most values are: the loss is
about 1 % of a frame's L1 norm, half of what even steps lose. −128 stands for a value that is not finite.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from innerview.results import versions
from innerview.types import Array
from innerview.viewer.schema import SCHEMA_VERSION, check, scale_places

LEVELS: Final = 127
NOT_FINITE: Final = -128


@dataclass(frozen=True, eq=False)
class Payload:
    """What one view shows.

    Attributes:
        kind: as in schema.json.
        arrays: by name, of the types that the schema allows.
        metadata: texts; numbers and lists as in JSON, and empty for what is not known.
    """

    kind: str
    arrays: Mapping[str, Array]
    metadata: Mapping[str, str]

    def values(self, name: str) -> Array:
        """Give an array as numbers: companded bytes are expanded, all else is as it is."""
        found = self.arrays[name]
        if found.dtype != np.int8:
            return found
        return expand(found, self.arrays[f"{name}/scale"], scale_places(self.kind, name))

    def json(self, key: str) -> Any:
        """Give a text that is written as JSON as what it stands for; None for an empty one."""
        text = self.metadata.get(key, "")
        return json.loads(text) if text else None


def make_payload(kind: str, arrays: Mapping[str, Array], **metadata: object) -> Payload:
    """Put a payload together and check it.

    Args:
        kind: as in schema.json.
        arrays: by name.
        metadata: texts; numbers, lists and objects are written as JSON, None and what is not finite as the empty text.

    Raises:
        ValueError: it is not as the schema says; that is a mistake in whoever made it.
    """
    texts = {key: _text(value) for key, value in metadata.items()}
    payload = Payload(
        kind,
        {name: np.ascontiguousarray(value) for name, value in arrays.items()},
        {"schema": SCHEMA_VERSION, "kind": kind, "versions": _text(versions()), **texts},
    )
    check(payload.kind, payload.arrays, payload.metadata)
    return payload


def encode(payload: Payload) -> bytes:
    """Write a payload as one safetensors blob."""
    return save(dict(payload.arrays), dict(payload.metadata))


def decode(blob: bytes) -> Payload:
    """Read a blob and check it.

    Raises:
        ValueError: it is no safetensors blob, or not as the schema says.
    """
    try:
        arrays: dict[str, Array] = load(blob)
        length = int.from_bytes(blob[:8], "little")
        metadata = cast("dict[str, str]", json.loads(blob[8 : 8 + length])["__metadata__"])
    except (SafetensorError, ValueError, KeyError) as problem:
        raise ValueError(f"{len(blob)} bytes are no payload ({problem})") from problem
    payload = Payload(metadata.get("kind", ""), arrays, metadata)
    check(payload.kind, payload.arrays, payload.metadata)
    return payload


def companded(name: str, values: Array, keep: Sequence[int] = ()) -> dict[str, Array]:
    """Give values as companded bytes, with their scale beside them.

    Args:
        name: of the array.
        values: any float type.
        keep: axes along which each place has a scale of its own; none for one scale over all.
    """
    scale = scales(values, keep)
    return {name: compand(values, scale, keep), f"{name}/scale": scale}


def scales(values: Array, keep: Sequence[int] = ()) -> Array:
    """The largest finite |value| along the axes that are not in `keep`; shape (1,) if none is."""
    sizes = np.where(np.isfinite(values), np.abs(values), 0).astype(np.float64)
    others = tuple(axis for axis in range(values.ndim) if axis not in keep)
    largest = sizes.max(axis=others, initial=0)
    # Rounded up to float32, so that no value lies beyond its scale.
    return np.atleast_1d(np.nextafter(largest.astype(np.float32), np.float32(np.inf)) * (largest > 0)).astype(
        np.float32
    )


def compand(values: Array, scale: Array, keep: Sequence[int] = ()) -> Array:
    """Bring values to −127 … 127 by the square root of their share of the scale."""
    against = _spread(scale, values.ndim, keep).astype(np.float64)
    share = np.abs(values) / np.where(against > 0, against, 1)
    levels = np.rint(LEVELS * np.sign(values) * np.sqrt(np.where(np.isfinite(values), np.minimum(share, 1), 0)))
    return np.where(np.isfinite(values), np.nan_to_num(levels), NOT_FINITE).astype(np.int8)


def expand(levels: Array, scale: Array, keep: Sequence[int] = ()) -> Array:
    """Turn companded bytes back into numbers; NaN where there was none."""
    against = _spread(scale, levels.ndim, keep)
    share = levels.astype(np.float32) / np.float32(LEVELS)
    return np.where(levels == NOT_FINITE, np.float32(np.nan), against * np.sign(share) * share**2).astype(np.float32)


def to_bytes(image: Array) -> Array:
    """Pixels in [0, 1] (others are clipped) as bytes."""
    return np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)


def numbered(values: Array | Sequence[float]) -> Array:
    """Any numbers as float32."""
    return np.asarray(values, dtype=np.float32)


def counted(values: Array | Sequence[int]) -> Array:
    """Whole numbers from 0 as U32."""
    return np.asarray(values, dtype=np.uint32)


def _spread(scale: Array, dimensions: int, keep: Sequence[int]) -> Array:
    """Give the scale the dimensions of what it scales."""
    shape = [1] * dimensions
    for axis, length in zip(keep, scale.shape, strict=len(keep) > 0):
        shape[axis] = length
    return scale.reshape(shape)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "yes" if value else ""
        case float() | np.floating():
            return repr(float(value)) if math.isfinite(value) else ""
        case int() | np.integer():
            return str(int(value))
        case _:
            return json.dumps(value, ensure_ascii=False, allow_nan=False, default=dict)
