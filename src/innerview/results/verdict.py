"""How far a map agrees with what taking regions of the image away does to the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from jaxtyping import Float

from innerview.reprs import short
from innerview.results.result import A_co, Result
from innerview.types import Array

LEVEL: Final = 0.05
"""A map agrees where chance orders of the regions agree as well this seldom."""

Agreement = Literal["agrees", "partly", "unproved", "contradicts", "not judged"]


@short
@dataclass(frozen=True)
class Verdict(Result["Verdict[Array]", A_co]):
    """A map held against exact region truth, under each fill.

    Attributes:
        fills: in words.
        correlations: Spearman's rank correlation of the map's sums over the regions with their Shapley values, in
            [-1, 1]; NaN where one of the two is the same for all regions.
        p_values: how often a random order of the regions correlates as well or better, in (0, 1]; NaN likewise.
        reversed_p_values: how often one correlates as badly or worse.
        n_regions: that were held against each other.
        n_evaluations: forward passes that the truth took; the map's own are not counted.
    """

    fills: tuple[str, ...]
    correlations: Float[A_co, " fill"]
    p_values: Float[A_co, " fill"]
    reversed_p_values: Float[A_co, " fill"]
    n_regions: int
    n_evaluations: int

    @property
    def kind(self) -> Agreement:
        """What can be said at the level of 5 % under each fill.

        "agrees": better than chance under every fill; "partly": under some; "contradicts": under none, and worse than
        chance under some; "not judged": under no fill there is anything to compare; else "unproved".
        """
        better = [bool(value <= LEVEL) for value in self.p_values]
        if not any(value == value for value in self.p_values):
            return "not judged"
        if any(better):
            return "agrees" if all(better) else "partly"
        return "contradicts" if any(bool(value <= LEVEL) for value in self.reversed_p_values) else "unproved"
