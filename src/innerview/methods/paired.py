"""Paired comparisons: two methods on the same images, their difference, its interval, and whether chance explains it.

    signed rank   W = Σ over differences d_i ≠ 0 of sign(d_i) rank(|d_i|); p = P(|W'| ≥ |W|), all signs as likely
    interval      percentiles of the statistic over images drawn anew with replacement
    Holm          the i-th smallest of m p-values times m − i + 1, never below the one before

Wilcoxon 1945; Efron 1979; Holm 1979. Differences of 0 are left out, equal sizes share the mean of their ranks; up to
EXACT differences all signs are gone through, with more the normal distribution of W' serves, whose variance Σ rank² is
exact with ties as well.
"""

from __future__ import annotations

from math import erfc, sqrt
from typing import Final

import numpy as np
from jaxtyping import Float

from innerview.methods.agreement import ranks
from innerview.methods.coalitions import members
from innerview.types import Array

EXACT: Final = 14
"""Differences up to which every pattern of signs is tried: 16,384 of them."""

RESAMPLES: Final = 2_000
"""Draws of a bootstrap interval: its ends are then good to about a thirtieth of its width."""

CONFIDENCE: Final = 0.95

NEARLY: Final = 1e-9
"""Sizes of W that differ by less count as equal."""


def signed_rank(differences: Float[np.ndarray, " pair"]) -> float:
    """The two-sided p-value of Wilcoxon's signed-rank test; NaN is left out, and without any difference it is 1."""
    found = differences[np.isfinite(differences) & (differences != 0)]
    if not len(found):
        return 1.0
    places = ranks(np.abs(found)) + 1
    total = abs(float(np.sign(found) @ places))
    if len(found) <= EXACT:
        signs = 1 - 2 * members(len(found)).astype(np.float64)
        return float((np.abs(signs @ places) >= total - NEARLY).mean())
    # W moves in steps of 2, so the half step of the continuity correction is 1.
    return erfc(max(total - 1, 0) / sqrt(2 * float((places**2).sum())))


def holm(values: Float[np.ndarray, " test"]) -> Float[np.ndarray, " test"]:
    """Correct p-values for their number, so that one false alarm among all is as rare as one test promises."""
    corrected = np.full(len(values), np.nan)
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    stepped = values[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(stepped), 1) if len(order) else stepped
    return corrected


def drawn_anew(count: int, random: np.random.Generator) -> Float[np.ndarray, "resample image"]:
    """How often each image stands in each resample; one draw serves all rows, and keeps pairs together."""
    chosen = random.integers(count, size=(RESAMPLES, count))
    numbers = np.zeros((RESAMPLES, count))
    np.add.at(numbers, (np.arange(RESAMPLES)[:, None], chosen), 1)
    return numbers


def mean_interval(
    values: Float[np.ndarray, "row image"], numbers: Float[np.ndarray, "resample image"]
) -> tuple[Float[np.ndarray, " row"], Float[np.ndarray, " row"]]:
    """A bootstrap interval of each row's mean, over the images that have a value (NaN: none).

    Args:
        values: one row for each difference.
        numbers: of `drawn_anew`.
    """
    there = np.isfinite(values)
    sums, counts = numbers @ np.where(there, values, 0).T, numbers @ there.T.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return _ends(sums / counts)


def median_interval(values: Float[np.ndarray, " image"], random: np.random.Generator) -> tuple[float, float, float]:
    """The median of the values that are there, with its bootstrap interval; NaN where there is none."""
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan"), float("nan")
    medians = np.median(known[random.integers(len(known), size=(RESAMPLES, len(known)))], axis=1)
    low, high = _ends(medians[:, None])
    return float(np.median(known)), float(low[0]), float(high[0])


def _ends(found: Float[Array, "resample row"]) -> tuple[Float[np.ndarray, " row"], Float[np.ndarray, " row"]]:
    tail = 50 * (1 - CONFIDENCE)
    known = np.isfinite(found).any(axis=0)
    low, high = np.full(found.shape[1], np.nan), np.full(found.shape[1], np.nan)
    if known.any():
        low[known], high[known] = np.nanpercentile(found[:, known], [tail, 100 - tail], axis=0)
    return low, high
