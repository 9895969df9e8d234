"""Maps that are drawn one at a time: a fixed number, or as many as make intervals over regions as narrow as asked."""

from __future__ import annotations

from typing import Final, final

import numpy as np
from jaxtyping import Float

from innerview.errors import UsageError
from innerview.methods.moments import check_samples
from innerview.methods.regions import JUDGED_REGIONS, Regions, divide
from innerview.methods.segments import segment_sums
from innerview.methods.stopping import PILOT, Stopping, check_interval
from innerview.results import Intervals
from innerview.types import Image, Map

MOST_SAMPLES: Final = 10_000
"""Where a half-width decides, if nobody says how many at most."""


@final
class MapSamples:
    """Says whether another map is needed, and what can be said of regions by those that there are.

    Args:
        image: that is explained.
        n_samples: how many maps, or how many at most where a half-width is given; None for what is usual.
        usual: how many, where nothing is said.
        half_width: of the intervals; None for a fixed number of maps.
        regions: of the intervals.
        confidence: that all intervals hold at once.
        shares: a region's value is the map's sum over it, and not its mean.

    Raises:
        UsageError: too few samples, regions or an interval without meaning.
    """

    def __init__(
        self,
        image: Image,
        n_samples: int | None,
        usual: int,
        half_width: float | None,
        regions: Regions,
        confidence: float,
        *,
        shares: bool = True,
    ) -> None:
        most = usual if half_width is None else MOST_SAMPLES
        self.limit = most if n_samples is None else n_samples
        check_samples(self.limit)
        self._count, self._stopping = 0, None
        if half_width is None:
            return
        if self.limit < PILOT:
            raise UsageError(
                f"{self.limit} samples at most were allowed for a half-width of {half_width:g}; {PILOT} tell how many "
                f"are needed: give n_samples={PILOT} or more, or leave it out"
            ).of("n_samples", asked=self.limit, found=half_width, limit=PILOT)
        divided = divide(image, regions, JUDGED_REGIONS)
        check_interval(divided.number, half_width, confidence)
        self._labels = divided.labels
        self._sizes = np.ones(divided.number) if shares else np.bincount(divided.labels.ravel())
        self._stopping = Stopping(divided.number, half_width, confidence, self.limit)

    def add(self, values: Map) -> None:
        """Take a map."""
        self._count += 1
        if self._stopping is not None:
            self._stopping.add(self._of_regions(values))

    @property
    def count(self) -> int:
        """Maps so far."""
        return self._count

    @property
    def needed(self) -> int:
        """How many there will be, as far as is known by now."""
        return self.limit if self._stopping is None else self._stopping.needed

    @property
    def going(self) -> bool:
        """Whether there will be more."""
        return self._count < self.needed

    @property
    def intervals(self) -> Intervals | None:
        """Around the regions' values; None where no half-width was asked for."""
        told = self._stopping
        return told and Intervals(self._labels, told.mean, told.half_widths, told.confidence, told.count)

    def notes(self, unit: str) -> tuple[str, ...]:
        """What is known of the regions, in sentences."""
        told = self._stopping
        if told is None:
            return ()
        widest = float(told.half_widths.max())
        said = (
            f"Every one of {len(told.half_widths)} regions is within {widest:.2g} {unit} of what endless samples would "
            f"give, all at once with {told.confidence:.4g} confidence ({told.count} samples)."
        )
        short = f"The samples ended first: {told.asked:.2g} {unit} was asked for. Raise n_samples or the half-width."
        return (said, short) if told.is_short else (said,)

    def _of_regions(self, values: Map) -> Float[np.ndarray, " region"]:
        return segment_sums(values, self._labels) / self._sizes
