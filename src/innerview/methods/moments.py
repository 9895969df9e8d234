"""Mean and standard error of maps that come one at a time (Welford 1962; Chan, Golub, LeVeque 1983).

Memory does not grow with the number of samples, and the mean of equal maps is that map to the last bit.
"""

from __future__ import annotations

from typing import final

import numpy as np

from innerview.errors import UsageError
from innerview.types import Array, Map

FEWEST = 2
"""Samples from which a standard error can be told."""


def check_samples(samples: int) -> None:
    """Raise UsageError unless a standard error can be told from so many samples."""
    if samples < FEWEST:
        raise UsageError(
            f"{samples} samples were asked for; the standard error of a map takes at least {FEWEST}, "
            "and a map that can be trusted some dozens"
        ).of("n_samples", asked=samples, limit=FEWEST)


@final
class Moments:
    """The running mean of height × width × channel (or height × width) and the spread of its sum over the channels."""

    def __init__(self) -> None:
        self._count = 0
        self._mean: Array = np.zeros(())
        self._map: Array = np.zeros(())
        self._squares: Array = np.zeros(())
        self._sums: list[float] = []

    def add(self, values: Array) -> None:
        """Take one sample."""
        exact = values.astype(np.float64)
        drawn = exact if exact.ndim == 2 else exact.sum(axis=2)
        self._count += 1
        self._sums.append(float(drawn.sum()))
        if self._count == 1:
            self._mean, self._map, self._squares = exact, drawn, np.zeros_like(drawn)
            return
        self._mean = self._mean + (exact - self._mean) / self._count
        before = drawn - self._map
        self._map = self._map + before / self._count
        self._squares = self._squares + before * (drawn - self._map)

    @property
    def mean(self) -> Array:
        """Mean of the samples."""
        return self._mean

    @property
    def standard_error(self) -> Map:
        """Standard error of the mean of the map, pixel by pixel."""
        return np.sqrt(self._squares / (self._count - 1) / self._count)

    @property
    def standard_error_of_sum(self) -> float:
        """Standard error of what the mean map adds up to; pixels vary together, so it is not the sum of theirs."""
        return float(np.std(self._sums, ddof=1) / np.sqrt(self._count))
