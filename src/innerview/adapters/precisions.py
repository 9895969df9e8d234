"""The precision that a model computes in: its names, and which may stand together in one model.

What crosses the waist is float32 or float64. A model in half precision gets float32 images, which are rounded on the
way in, on the graph: so gradients are taken in its precision, come back as float32, and whatever is summed over
evaluations is summed in float64. How far that rounding moves a map is measured (`methods.rounding`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from innerview.errors import UsageError
from innerview.model import HALVES, UNITS
from innerview.types import Array

SHORT: Final[Mapping[str, str]] = MappingProxyType(
    {"bf16": "bfloat16", "fp16": "float16", "half": "float16", "fp32": "float32", "float": "float32"}
    | {"single": "float32", "full": "float32", "fp64": "float64", "double": "float64"}
)
"""Other names that people type."""

DIGITS: Final[Mapping[str, str]] = MappingProxyType({"float16": "three", "bfloat16": "two"})
"""How many decimal digits its numbers have, about."""


def named(precision: str) -> str:
    """Give a precision's own name for whatever it is called.

    Raises:
        UsageError: there is none of this name.
    """
    plain = precision.lower().removeprefix("torch.").removeprefix("mixed_")
    name = SHORT.get(plain, plain)
    if name not in UNITS:
        raise UsageError(
            f"there is no precision {precision!r}; there are {', '.join(sorted(UNITS))} (or bf16, fp16, fp32, fp64)"
        ).of("precision", asked=precision, known=tuple(sorted(UNITS)))
    return name


def waist(kinds: Collection[str]) -> np.dtype[np.floating] | None:
    """The precision of answers where the weights have these; None where no model computes in them together."""
    if set(kinds) <= {"float64"}:
        return np.dtype(np.float64)
    return np.dtype(np.float32) if set(kinds) <= {"float32", *HALVES} else None


def lowest(kinds: Sequence[str], otherwise: str) -> str:
    """The roughest of some precisions, which says how rough the answers are."""
    return max(kinds, key=UNITS.__getitem__, default=otherwise)


def widened(value: Array) -> Array:
    """An array in half precision as float32, which holds it exactly (NumPy itself has no bfloat16); others as they are.

    Copied, unless it is given back as it is.
    """
    return value.astype(np.float32) if value.dtype.name in HALVES else value


def note(precision: str, layers: Sequence[str] = (), every: int = 0) -> tuple[str, ...]:
    """What should be known of a model that computes in this precision, in words; nothing of a full one.

    Args:
        precision: by its name.
        layers: those that compute in it, where that is known.
        every: how many layers there are.
    """
    if precision not in HALVES:
        return ()
    some = ", ".join(layers[:3]) + (", …" if len(layers) > 3 else "")
    who = f"layers of the model compute in {precision} ({some})" if 0 < len(layers) < every else ""
    return (f"{who or f'the model computes in {precision}'}, so its numbers have about {DIGITS[precision]} digits",)
