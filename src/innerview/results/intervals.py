"""Intervals around what a sampled map says of regions."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float, Int

from innerview.reprs import short
from innerview.results.result import A_co, Result
from innerview.types import Array


@short
@dataclass(frozen=True)
class Intervals(Result["Intervals[Array]", A_co]):
    """Intervals around a map's values of regions, which hold all at once with the confidence.

    Attributes:
        labels: number of each pixel's region, from 0.
        values: the map's sum over each region; of RISE, whose pixels are no shares of a whole, its mean.
        half_widths: a value is within this of what it would be with endless samples; in the map's unit.
        confidence: that all intervals hold at once.
        n_samples: that were drawn.
    """

    labels: Int[A_co, "height width"]
    values: Float[A_co, " region"]
    half_widths: Float[A_co, " region"]
    confidence: float
    n_samples: int
