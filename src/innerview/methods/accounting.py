"""What a map leaves unexplained of the score's change, and what has to be said of it before it is believed.

The scores at both ends of the path are known, so what a map misses of their difference, the gap, is known too: it is a
lower bound of the map's error, and no error is stated below it. Where the integral has settled and the gap has not,
the gradients themselves miss a part of the score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool

from innerview.model import UNITS
from innerview.types import Array, Image, Map

ROUNDING: Final = 8
"""Units of the last place within which sums of the model's numbers are taken to be right."""

CANCELLED: Final = 1e-3
"""A score that changes by less than this share of its map is said to be hardly changed."""

INSTEAD: Final = "Use occlusion or finite differences, which need no gradients."

BLOCKED: Final = (
    "a part of the model passes no gradient (round, a cast to integers, argmax, detach, stop_gradient), or the score "
    f"jumps. {INSTEAD}"
)


@dataclass(frozen=True)
class Account:
    """A map beside the change of the score that it has to add up to.

    Attributes:
        directions: image less baseline, baseline × height × width × channel.
        attribution: height × width × channel, in target units.
        scores: at the image and at the baseline (mean over several).
        dead: no gradient other than exactly zero was met.
        stalled: the integral has settled, at the tolerance, and the gap has not.
        precision: in which the model computes, by its name.
        unit: of the score.
        measured: what rounding does to the map was measured, and is in the estimates of its error.
    """

    directions: Array
    attribution: Image
    scores: tuple[float, float]
    dead: bool
    stalled: bool
    precision: str
    unit: str
    measured: bool = False

    @property
    def moved(self) -> Bool[np.ndarray, "height width"]:
        """Whether a pixel differs from the baseline's in any channel; where it does not its share is exactly 0."""
        return np.asarray((self.directions != 0).any(axis=(0, 3)))

    @property
    def size(self) -> float:
        """Sum of the absolute map."""
        return float(np.abs(self.attribution.sum(axis=2)).sum())

    @property
    def change(self) -> float:
        """Of the score, from the baseline to the image."""
        return self.scores[0] - self.scores[1]

    @property
    def gap(self) -> float:
        """What the map misses of the change, in target units."""
        return abs(float(self.attribution.sum() - self.change))

    @property
    def rounding(self) -> float:
        """What two scores of this precision can't tell apart."""
        return ROUNDING * UNITS[self.precision] * max(map(abs, self.scores))

    @property
    def accounted(self) -> bool:
        """Whether the gradients account for the score, as far as can be known."""
        return not self.moved.any() or (self.size > 0 and not self.stalled)

    def stated(self, estimate: float) -> float:
        """The relative error to state: at least the gap and rounding; infinite for a map of nothing."""
        if not self.moved.any():
            return 0.0
        if not self.size > 0:
            return float("inf")
        return max(estimate, self.gap / self.size, 0.0 if self.measured else ROUNDING * UNITS[self.precision])

    def pixels(self, errors: Map | None, inside: float, estimate: float) -> Map | None:
        """Each pixel's error: 0 where it can't have one, and in all at least what is stated of the whole.

        Args:
            errors: by pixel, of the integral.
            inside: the estimate of the whole map's error that is in them.
            estimate: of the whole map's error, rounding included where it was measured.
        """
        if errors is None or not self.accounted:
            return None
        moved = self.moved
        more = (self.stated(estimate) - inside) * self.size / max(int(moved.sum()), 1)
        return np.where(moved, errors + more, 0.0)

    def notes(self) -> tuple[str, ...]:
        """What should be known before the map is believed, in sentences."""
        moved, change = bool(self.moved.any()), f"{self.change:+.3g} {self.unit}"
        changed = abs(self.change) > self.rounding
        missed = self.stalled and not self.dead
        said = {
            "The baseline is the image itself: the path has no length, so the map is zero whatever the model "
            "does. Take another baseline.": not moved,
            f"The gradient is exactly zero at every place that was visited, but the score changes by {change}: "
            f"{BLOCKED}": moved and self.dead and changed,
            "The gradient is exactly zero at every place that was visited, and the score is the same at both ends (a "
            "dead unit, or a saturated probability): nothing is known of what the pixels do elsewhere. Take another "
            "target, such as the logit, or another baseline.": moved and self.dead and not changed,
            f"The map misses {self.gap:.3g} {self.unit} of the score's change ({change}), and goes on to do so however "
            f"finely the path is cut: {BLOCKED}": missed and self.gap > self.rounding,
            f"The score's change ({change}) is within the rounding of scores of {self.scores[0]:.3g} in "
            f"{self.precision}, so the map can't be checked by it. Convert with model.astype(np.float64).": missed
            and self.gap <= self.rounding,
            f"The score hardly changes from the baseline to the image (by {self.change:.2g}): the map shows how "
            "evidence for and against cancels, and its sum says nothing.": self.size > 0
            and self.accounted
            and abs(self.change) < CANCELLED * self.size,
        }
        return tuple(text for text, holds in said.items() if holds)
