"""How many samples make the interval of every region as narrow as asked, all at once: the two stages of Stein 1945.

    n = max(PILOT, ⌈(t · s / h)²⌉),   half-width of region r = t · s_r / √n

The standard deviations s of the first PILOT samples (the largest of all regions' for n), and the quantile t of
Student's distribution that belongs to them, decide how many samples there will be; the intervals are stated with these
same s. So looking at the data to stop costs no coverage, as it does where one checks again and again. The confidence
holds for all regions at once (Bonferroni). It rests on means of samples being normal.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final, final

import numpy as np
from jaxtyping import Float

from innerview.errors import UsageError

PILOT: Final = 16
"""Samples whose variances decide; with fewer, Student's t is wide."""

CONFIDENCE: Final = 0.95


def check_interval(number: int, half_width: float | None, confidence: float) -> None:
    """Raise UsageError for an interval without meaning, or fewer than two regions."""
    if number < 2:
        raise UsageError("one region was asked for, which is the whole image; ask for 2 or more").of(
            "regions", asked=1, limit=2
        )
    if not 0 < confidence < 1 or (half_width is not None and not 0 < half_width < math.inf):
        raise UsageError(
            f"a half-width of {half_width} at a confidence of {confidence} was asked for; the half-width is above 0, "
            "the confidence between 0 and 1 (0.95)"
        ).of("half_width", asked=(half_width, confidence))


@final
class Stopping:
    """Takes samples one at a time, each with a value for every region, and says how many there will be.

    Args:
        number: of regions.
        asked: half-width of the intervals.
        confidence: that all of them hold at once.
        most: samples at most, PILOT or more.

    Attributes:
        needed: samples that there will be; PILOT until those are there.
    """

    def __init__(self, number: int, asked: float, confidence: float, most: int) -> None:
        self.asked, self.confidence, self.needed = asked, confidence, PILOT
        self._most, self._factor = most, student(1 - (1 - confidence) / (2 * number), PILOT - 1)
        self._seen: list[Float[np.ndarray, " region"]] = []
        self._std: Float[np.ndarray, " region"] = np.zeros(number)

    def add(self, values: Float[np.ndarray, " region"]) -> None:
        """Take a sample."""
        self._seen.append(values)
        if self.count == PILOT:
            self._std = np.std(self._seen, axis=0, ddof=1)
            enough = (self._factor * float(self._std.max()) / self.asked) ** 2
            self.needed = self._most if enough > self._most else max(PILOT, math.ceil(enough))

    @property
    def count(self) -> int:
        """Samples so far."""
        return len(self._seen)

    @property
    def going(self) -> bool:
        """Whether there will be more."""
        return self.count < self.needed

    @property
    def mean(self) -> Float[np.ndarray, " region"]:
        """Of the samples."""
        return np.mean(self._seen, axis=0)

    @property
    def half_widths(self) -> Float[np.ndarray, " region"]:
        """Of the intervals around the mean."""
        return self._factor * self._std / np.sqrt(self.count)

    @property
    def is_short(self) -> bool:
        """Whether the samples ended before the intervals were as narrow as asked."""
        return float(self.half_widths.max()) > self.asked * (1 + 1e-9)


def student(probability: float, freedom: int) -> float:
    """Quantile of Student's t, from the normal one (Abramowitz and Stegun 26.7.5); to 0.2 % for 15 and more."""
    z = NormalDist().inv_cdf(probability)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return sum(term / freedom**power for power, term in enumerate(terms))
