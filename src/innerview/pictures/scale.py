"""The scale of a map: which number gets the full colour, chosen the same way everywhere and always stated.

A map's own limit is the 99th percentile of its absolute values, rounded up to a short list of steps, so that one
extreme pixel does not fade all others and small changes don't make the colours flicker. Several images may share
one scale: the largest of their own. No scale is ever shifted: zero keeps its colour.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from innerview.errors import UsageError
from innerview.pictures.taking import taking_tensors
from innerview.types import Array

ScaleChoice: TypeAlias = str | float
"""The words "per-image" or "shared", or the limit."""

STEPS: Final = ("1", "1.25", "1.5", "2", "2.5", "3", "4", "5", "6", "8")
PERCENTILE: Final = 99


@dataclass(frozen=True)
class Scale:
    """From −limit over 0 to limit, in the unit of what is drawn.

    Attributes:
        limit: the number with the full colour; above 0.
        mode: how it was chosen: "per-image", "shared", "given", or the name of a style with a rule of its own.
    """

    limit: float
    mode: str = "given"

    def beyond(self, values: Array) -> float:
        """Share of the finite values whose size exceeds the limit, in [0, 1]; they get the full colour."""
        finite = np.abs(values[np.isfinite(values)].astype(np.float64))
        return float((finite > self.limit).mean()) if finite.size else 0.0


def round_up(value: float) -> float:
    """Round a positive number up to 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6 or 8 times a power of ten."""
    exponent = math.floor(math.log10(value))
    for power in (exponent - 1, exponent, exponent + 1):
        for step in STEPS:
            candidate = float(f"{step}e{power}")
            if candidate >= value:
                return min(candidate, sys.float_info.max)
    return sys.float_info.max


@taking_tensors
def own_limit(values: Array) -> float:
    """Find the limit of one map: rounded 99th percentile of the finite absolute values.

    Where fewer than one value in a hundred is not zero, the largest decides; where all are zero, the limit is 1.
    """
    sizes = np.abs(values[np.isfinite(values)].astype(np.float64))
    if not sizes.any():
        return 1.0
    return round_up(float(np.percentile(sizes, PERCENTILE)) or float(sizes.max()))


@taking_tensors
def choose_scales(maps: Sequence[Array], choice: ScaleChoice = "per-image") -> list[Scale]:
    """Give each map its scale: its "per-image", the largest one "shared" by all, or a given limit.

    Maps that are zero everywhere take no part in finding the shared limit.

    Raises:
        UsageError: a limit that is not a positive finite number, or an unknown word.
    """
    if choice == "per-image":
        return [Scale(own_limit(values), "per-image") for values in maps]
    if choice == "shared":
        limits = [own_limit(values) for values in maps if values[np.isfinite(values)].any()]
        return [Scale(max(limits, default=1.0), "shared")] * len(maps)
    if isinstance(choice, str) or not (math.isfinite(choice) and choice > 0):
        raise UsageError(f"a scale of {choice!r} was asked for; give 'per-image', 'shared' or a number above 0").of(
            "scale", asked=choice, known=("per-image", "shared")
        )
    return [Scale(float(choice), "given")] * len(maps)
