"""What each region of an image does to the score, from every coalition of regions, under several fills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import numpy as np
from jaxtyping import Float, Int

from innerview.reprs import short
from innerview.results.provenance import Provenance
from innerview.results.result import A_co, Result
from innerview.results.shap_explanation import explain_regions
from innerview.types import Array

FAINT: Final = 0.05
"""Of the largest value under a fill: a smaller one says neither for nor against."""

Sets: TypeAlias = tuple[tuple[int, ...], ...]
"""Sets of regions by their numbers."""


@short
@dataclass(frozen=True)
class ShapleyValues(Result["ShapleyValues[Array]", A_co]):
    """Exact values of an image's regions, one row for each fill; what the fills disagree in is not averaged away.

    Coalition number T keeps the regions whose bits are set in T, and fills the others: the first is the fill alone,
    the last is the image.

    Attributes:
        image: as the model saw it (pixels).
        labels: of each pixel's region, from 0.
        fills: in words.
        scores: of every coalition, in units of the target.
        answers: number of what the model predicts for every coalition (see `Prediction.index`); -1 where a score has
            no answer.
        confidences: probability of that answer; NaN where there is none.
        values: Shapley values; they add up to the score less that of the fill alone.
        banzhaf: Banzhaf values.
        interactions: how much more two regions add together than one after the other; 0 on the diagonal.
        sufficient: for each fill all sets of regions that alone keep the answer, and of which no part does; the
            smallest first. The empty set where the fill alone is called so.
        decisive: likewise the sets whose removal changes the answer.
        answer: of the image: number and name.
        unit: of the values.
        score: of the image.
        target: number of the class explained, where the target is about one.
        n_evaluations: forward passes of one image.
        provenance: where the values come from; the target in words is there.
        notes: what should be known before the values are believed, in sentences.
    """

    image: Float[A_co, "height width channel"]
    labels: Int[A_co, "height width"]
    fills: tuple[str, ...]
    scores: Float[A_co, "fill coalition"]
    answers: Int[A_co, "fill coalition"]
    confidences: Float[A_co, "fill coalition"]
    values: Float[A_co, "fill region"]
    banzhaf: Float[A_co, "fill region"]
    interactions: Float[A_co, "fill region region"]
    sufficient: tuple[Sets, ...]
    decisive: tuple[Sets, ...]
    answer: str
    unit: str
    score: float
    target: int | None
    n_evaluations: int
    provenance: Provenance
    notes: tuple[str, ...] = ()

    def to_shap(self) -> Any:
        """Give it as a `shap.Explanation` with a row for each fill: values fill × region.

        Raises:
            MissingExtra: shap is not installed.
        """
        found = self.numpy
        names = [f"region {number}" for number in range(found.values.shape[1])]
        return explain_regions(found.values, found.scores[:, 0], names)

    @property
    def heatmap(self) -> Float[A_co, "height width"]:
        """Each region's mean over the fills, shared out equally among its pixels: height × width."""
        return self.values.mean(axis=0)[self.labels] / self.sizes[self.labels]

    @property
    def disagreement(self) -> Float[A_co, "height width"]:
        """Half the range over the fills, likewise."""
        half = (self.values.max(axis=0) - self.values.min(axis=0)) / 2
        return half[self.labels] / self.sizes[self.labels]

    @property
    def unsure_regions(self) -> tuple[int, ...]:
        """Regions that speak for the class under one fill and against it under another.

        A value speaks where its size is more than a twentieth of the largest under the same fill.
        """
        sizes = np.abs(self.values)
        signs = np.where(sizes > FAINT * sizes.max(axis=1, keepdims=True), np.sign(self.values), 0)
        return tuple(np.flatnonzero((signs.min(axis=0) < 0) & (signs.max(axis=0) > 0)).tolist())

    @property
    def sizes(self) -> Int[A_co, " region"]:
        """Pixels of each region."""
        return cast("A_co", np.bincount(self.labels.ravel(), minlength=self.values.shape[1]))
