"""Which method may be believed on a model: every method and control on the same images, with intervals and tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float

from innerview.errors import UsageError
from innerview.reprs import short
from innerview.results.provenance import Provenance
from innerview.results.result import A_co, Result
from innerview.types import Array

EXACT: Final = "shapley, "
"""How entrants are called that are the truth, under other fills."""


@short
@dataclass(frozen=True)
class Comparison(Result["Comparison[Array]", A_co]):
    """Methods and controls compared on the same images of one model; what was not measured is NaN.

    Attributes:
        entrants: what was compared, by name.
        kinds: of each: "method", "control" (knows the image alone) or "regions" (made from passes of the truth).
        texts: of each method how it is asked for ("occlusion:window=8,stride=4"); empty for the others.
        starts: of each method its baselines; empty where it has none.
        metrics: what was measured; higher is better in all of them. "truth" is Spearman's correlation of a map's sums
            over the regions with their exact Shapley values, the mean over the fills; "truth, FILL" under one;
            "deletion" what the map's order of the pixels is worth, "deletion, placed" beyond that of the same map laid
            elsewhere; "stability" the correlation of the sums with those of a slightly noised image; "shuffled weights"
            the relative rise of the map's entropy; "pointing" the part of the positive values on the right quarter.
        images: names of the images and, behind them, of the mosaics.
        values: of each metric, entrant and image.
        medians: over the images; `lows` and `highs`: their bootstrap intervals (95 %).
        differences: mean paired difference, row less column; `difference_lows` and `difference_highs`: intervals.
        p: of that difference by the signed-rank test, corrected within the metric (Holm) for all pairs of its family:
            methods against controls, methods among themselves, and whatever has "regions" in it.
        evaluations: passes of one image, the mean; `seconds`: of processor time, the median.
        telling: of each metric, whether it tells the truth (or the method nearest to it) from every control.
        fills: under which the truth was asked.
        regions: how many.
        best: the method that agrees best with the truth, of those asked on at least half of the images, by its name;
            empty where none could be judged.
        advice: what follows, in a sentence.
        provenance: the model, the target, the seed, the versions.
        left_out: what was not compared, and why, a sentence each.
        notes: what should be known beside.
    """

    entrants: tuple[str, ...]
    kinds: tuple[str, ...]
    texts: tuple[str, ...]
    starts: tuple[tuple[str, ...], ...]
    metrics: tuple[str, ...]
    images: tuple[str, ...]
    values: Float[A_co, "metric entrant image"]
    medians: Float[A_co, "metric entrant"]
    lows: Float[A_co, "metric entrant"]
    highs: Float[A_co, "metric entrant"]
    differences: Float[A_co, "metric entrant entrant"]
    difference_lows: Float[A_co, "metric entrant entrant"]
    difference_highs: Float[A_co, "metric entrant entrant"]
    p: Float[A_co, "metric entrant entrant"]
    evaluations: Float[A_co, " entrant"]
    seconds: Float[A_co, " entrant"]
    telling: Bool[A_co, " metric"]
    fills: tuple[str, ...]
    regions: int
    best: str
    advice: str
    provenance: Provenance
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def row(self, metric: str) -> int:
        """Number of a metric.

        Raises:
            UsageError: it was not measured; lists those that were.
        """
        return _number(metric, self.metrics, "metric")

    def column(self, entrant: str) -> int:
        """Number of an entrant, by its name.

        Raises:
            UsageError: it was not compared; lists those that were.
        """
        return _number(entrant, self.entrants, "entrant")

    def count(self, metric: str, entrant: str) -> int:
        """On how many images (or mosaics) the entrant was measured."""
        return int(np.isfinite(self.values[self.row(metric), self.column(entrant)]).sum())

    def enough(self, metric: str = "truth", level: float = 0.05) -> bool:
        """Whether there are images enough for a method to beat a control by the corrected test, were it so on all."""
        row = self.row(metric)
        images = int(np.isfinite(self.values[row]).sum(axis=1).max())
        against = np.array([[family(one, other) == "controls" for other in self.kinds] for one in self.kinds])
        tests = int((np.isfinite(self.p[row]) & against).sum()) // 2
        return tests * 2.0 ** (1 - images) < level

    def beats(self, first: str, second: str, metric: str = "truth", level: float = 0.05) -> bool:
        """Whether `first` has more than `second`, by the corrected test."""
        at = self.row(metric), self.column(first), self.column(second)
        return bool(self.p[at] < level and self.differences[at] > 0)

    @property
    def decides(self) -> bool:
        """Whether the best method is one to take: there are images enough, and it beats every control."""
        controls = [one for one, kind in zip(self.entrants, self.kinds, strict=True) if kind == "control"]
        return bool(self.best) and self.enough() and all(self.beats(self.best, one) for one in controls)

    def reference(self, metric: str) -> str:
        """What a metric should find: the truth where it was measured, else the entrant nearest to it; or nothing."""
        there = [
            one
            for one in self.ranking("truth")
            if self.count(metric, one) and self.kinds[self.column(one)] != "control"
        ]
        exact = [one for one in there if one.startswith(EXACT)]
        return next(iter(exact or there), "")

    def ranking(self, metric: str = "truth", kind: str = "") -> tuple[str, ...]:
        """Entrants that were measured, of one kind or all, the highest median first."""
        medians = self.medians[self.row(metric)]
        found = [number for number, one in enumerate(self.kinds) if kind in {"", one} and np.isfinite(medians[number])]
        return tuple(self.entrants[number] for number in sorted(found, key=lambda one: -float(medians[one])))


def family(kind: str, other: str) -> str:
    """The family of tests that a pair of these kinds belongs to."""
    if "regions" in {kind, other}:
        return "regions"
    return "controls" if (kind == "control") != (other == "control") else "methods"


def _number(asked: str, known: tuple[str, ...], what: str) -> int:
    if asked not in known:
        raise UsageError(f"there is no {what} {asked!r} in this comparison; it has {', '.join(known)}").of(
            what, asked=asked, known=known
        )
    return known.index(asked)
