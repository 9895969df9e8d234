"""What payloads may hold, read from schema.json, and the check against it.

The same file makes the TypeScript types and the browser's check, so neither side can drift away from the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from innerview.types import Array

PATH: Final = Path(__file__).with_name("schema.json")

CODES: Final[Mapping[np.dtype[Any], str]] = MappingProxyType(
    {np.dtype(code): name for name, code in (("U8", "u1"), ("I8", "i1"), ("U16", "u2"), ("U32", "u4"), ("F32", "f4"))}
)
"""The names of array types in safetensors."""

SCALED: Final = "/scale"


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """Read the schema."""
    return json.loads(PATH.read_text(encoding="utf-8"))


SCHEMA_VERSION: Final = "2"
"""Of schema.json; a test compares them."""


def check(kind: str, arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Raise ValueError unless a payload is as the schema says; the message names what is not."""
    if kind not in schema()["kinds"]:
        raise ValueError(f"there is no payload of kind {kind!r}; there are {', '.join(schema()['kinds'])}")
    described = schema()["kinds"][kind]
    sizes: dict[str, int] = {}
    found: set[str] = set()
    for name, values in arrays.items():
        if name.endswith(SCALED) and name.removesuffix(SCALED) in arrays:
            continue
        pattern, star = pattern_of(kind, name)
        found.add(pattern)
        one = described["arrays"][pattern]
        if CODES.get(values.dtype) not in one["dtypes"]:
            raise ValueError(f"{kind}: {name} is {values.dtype}, not one of {', '.join(one['dtypes'])}")
        lengths = _measure(kind, name, one["axes"], values.shape, star, sizes)
        if values.dtype == np.int8:
            _check_scale(kind, name, one["scale"], lengths, arrays)
    missing = [name for name, one in described["arrays"].items() if not one.get("optional") and name not in found]
    if missing:
        raise ValueError(f"{kind}: there is no array {', '.join(missing)}; there are {', '.join(arrays)}")
    _check_texts(kind, {**schema()["metadata"], **described["metadata"]}, metadata)


def pattern_of(kind: str, name: str) -> tuple[str, str]:
    """Find the schema's name of an array, and what stands for its star.

    Raises:
        ValueError: the kind has no such array.
    """
    for pattern in schema()["kinds"][kind]["arrays"]:
        matched = re.fullmatch(re.escape(pattern).replace(r"\*", "(.+)"), name)
        if matched:
            return pattern, (*matched.groups(), "")[0]
    raise ValueError(f"a payload of kind {kind!r} has no array {name!r}")


def scale_places(kind: str, name: str) -> tuple[int, ...]:
    """Along which axes of an array each place has its own scale."""
    described = schema()["kinds"][kind]["arrays"][pattern_of(kind, name)[0]]
    return tuple(described["axes"].index(axis) for axis in described["scale"] if axis != "1")


def _measure(
    kind: str, name: str, axes: list[str], shape: tuple[int, ...], star: str, sizes: dict[str, int]
) -> dict[str, int]:
    """Compare a shape with the axes' names; equal names are equal lengths."""
    if len(shape) != len(axes):
        raise ValueError(f"{kind}: {name} has shape {shape}, but its axes are {', '.join(axes)}")
    for axis, length in zip(axes, shape, strict=True):
        known = int(axis) if axis.isdecimal() else sizes.setdefault(axis.replace("*", f"{star} "), length)
        if known != length:
            raise ValueError(f"{kind}: {name} has shape {shape}; its axis {axis} was {known} long elsewhere")
    return dict(zip(axes, shape, strict=True))


def _check_scale(
    kind: str, name: str, axes: list[str], lengths: Mapping[str, int], arrays: Mapping[str, Array]
) -> None:
    scale = arrays.get(name + SCALED)
    expected = tuple(1 if axis == "1" else lengths[axis] for axis in axes)
    if scale is None or scale.shape != expected or scale.dtype != np.float32:
        raise ValueError(f"{kind}: {name} needs a float32 array {name + SCALED} of shape {expected}")


READERS: Final[Mapping[str, Callable[[str], object]]] = MappingProxyType(
    {"text": str, "integer": int, "number": float, "json": json.loads}
)


def _check_texts(kind: str, described: Mapping[str, str], metadata: Mapping[str, str]) -> None:
    for key, form in described.items():
        text = metadata.get(key, "")
        if not text and not form.endswith("?"):
            raise ValueError(f"{kind}: the text {key!r} is empty or missing")
        try:
            READERS[form.removesuffix("?")](text or "0")
        except ValueError as problem:
            raise ValueError(f"{kind}: the text {key!r} is no {form}: {text[:80]!r} ({problem})") from None
    unknown = set(metadata) - set(described)
    if unknown:
        raise ValueError(f"{kind}: the schema knows no text {', '.join(sorted(unknown))}")
