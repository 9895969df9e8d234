"""Histograms of weights on one set of bins, so that any two can be laid over each other.

The bins are fixed beforehand, since a run can't know how far its weights will spread: 2^-8 wide from -8 to 8,
from a tenth of a usual starting deviation to beyond the widest trained weights seen. Neighbouring bins merge exactly,
so a chart chooses its own width (`coarser`). What lies outside and what is no number is counted, never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from innerview.errors import UsageError
from innerview.reprs import short
from innerview.types import Array

LIMIT: Final = 8.0
PER_UNIT: Final = 256
BINS: Final = int(2 * LIMIT * PER_UNIT)


@short
@dataclass(frozen=True)
class Histogram:
    """How often values fall into bins of equal width.

    Attributes:
        counts: per bin, int64; the first begins at -8, the last ends at 8.
        below: how many values are under -8 (minus infinity among them).
        above: how many are 8 or more (infinity among them).
        not_numbers: how many are NaN.
    """

    counts: Array
    below: int = 0
    above: int = 0
    not_numbers: int = 0

    @property
    def edges(self) -> Array:
        """The bins' borders, one more than bins."""
        return np.linspace(-LIMIT, LIMIT, len(self.counts) + 1)

    @property
    def total(self) -> int:
        """How many values were counted, wherever they fell."""
        return int(self.counts.sum()) + self.below + self.above + self.not_numbers

    def coarser(self, factor: int) -> Histogram:
        """Merge each `factor` neighbouring bins into one.

        Raises:
            UsageError: if the bins can't be shared out evenly.
        """
        if factor < 1 or len(self.counts) % factor:
            raise UsageError(f"{len(self.counts)} bins can't be merged by {factor}; use a power of two").of(
                "factor", asked=factor, found=len(self.counts)
            )
        merged = self.counts.reshape(-1, factor).sum(axis=1)
        return Histogram(merged, self.below, self.above, self.not_numbers)


@short
@dataclass(frozen=True)
class History:
    """How one weight's values were spread over time.

    Attributes:
        steps: of the checkpoints, rising.
        edges: the bins' borders, one more than bins; the same for every checkpoint and every run.
        counts: checkpoint × bin, int64.
        outside: how many weights of each checkpoint lie beyond the bins, int64; None where nobody counted them.
    """

    steps: Array
    edges: Array
    counts: Array
    outside: Array | None = None


def histogram(values: Array) -> Histogram:
    """Count values, of any shape, into the shared bins."""
    flat = values.ravel().astype(np.float64)
    numbers = flat[~np.isnan(flat)]
    inside = numbers[(numbers >= -LIMIT) & (numbers < LIMIT)]
    # by a power of two, which is exact; adding the limit first would round the smallest negative numbers up to 0
    counts = np.bincount(np.floor(inside * PER_UNIT).astype(np.int64) + BINS // 2, minlength=BINS)
    return Histogram(
        counts,
        below=int((numbers < -LIMIT).sum()),
        above=int((numbers >= LIMIT).sum()),
        not_numbers=len(flat) - len(numbers),
    )
