"""One value for each pixel: how much the score changes with it, or its share in the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Int

from innerview.errors import UsageError
from innerview.reprs import short
from innerview.results.attention import Attention
from innerview.results.class_evidence import ClassEvidence
from innerview.results.intervals import Intervals
from innerview.results.path import InteriorGradients, PathProfile
from innerview.results.provenance import Prediction, Provenance, Status
from innerview.results.result import A_co, Result
from innerview.results.shap_explanation import explain_map
from innerview.results.shapley import ShapleyValues
from innerview.results.verdict import Verdict
from innerview.types import Array


@short
@dataclass(frozen=True)
class Gradient(Result["Gradient[Array]", A_co]):
    """d score / d pixel at the image, in target units per unit of pixel value (0 black, 1 white).

    `verdict` says how far the map agrees with taking regions away; None where that was not asked.
    """

    image: Float[A_co, "height width channel"]
    prediction: Prediction[A_co]
    gradient: Float[A_co, "height width channel"]
    score: float
    unit: str
    provenance: Provenance
    verdict: Verdict[A_co] | None = None

    @property
    def heatmap(self) -> Float[A_co, "height width"]:
        """Sum over the channels: height × width."""
        return self.gradient.sum(axis=2)


@short
@dataclass(frozen=True)
class IntegratedGradients(Result["IntegratedGradients[Array]", A_co]):
    """Each pixel's share of the change of the score from the baseline to the image, in target units.

    Attributes:
        image: the image, and `baseline`: where the path starts (pixels). Of several baselines, their mean.
        attribution: height × width × channel, signed, not scaled.
        score: of the image; `baseline_score`: of the baseline (the mean over several).
        rule: name of the quadrature rule.
        n_evaluations: forward and backward passes of one image at one alpha.
        path: score, prediction and gradient norm at the rule's nodes (means over several baselines).
        std: over several baselines, the standard deviation of the map (height × width); else None.
        status: how the computation ended.
        provenance: where the values come from.
        tolerance: that was asked for; None where the number of evaluations was fixed, and so below.
        error: estimate of ‖M − M*‖₁ / ‖M‖₁ on the map, never below `relative_convergence_delta`; infinite where it
            can't be told; 0 only where image and baseline are equal.
        channel_error: the same on height × width × channel.
        pixel_error: estimated error of each pixel of the map, in target units: at least nine in ten are within it. 0
            where image and baseline are equal in every channel; None where it can't be told.
        convergence: evaluations, the larger stated error and the relative convergence delta at each level of
            refinement.
        notes: what should be known before the map is believed, in sentences.
        interior: gradients at places on the path that were asked for along with the integral, from the first baseline.
        verdict: how far the map agrees with taking regions away; None where that was not asked.
    """

    image: Float[A_co, "height width channel"]
    baseline: Float[A_co, "height width channel"]
    attribution: Float[A_co, "height width channel"]
    score: float
    baseline_score: float
    rule: str
    n_evaluations: int
    path: PathProfile[A_co]
    status: Status
    provenance: Provenance
    std: Float[A_co, "height width"] | None = None
    tolerance: float | None = None
    error: float | None = None
    channel_error: float | None = None
    pixel_error: Float[A_co, "height width"] | None = None
    convergence: tuple[tuple[int, float, float], ...] = ()
    notes: tuple[str, ...] = ()
    interior: InteriorGradients[A_co] | None = None
    verdict: Verdict[A_co] | None = None

    def to_shap(self) -> Any:
        """Give it as a `shap.Explanation` of one image: values and data 1 × height × width × channel.

        Raises:
            MissingExtra: shap is not installed.
        """
        found = self.numpy
        return explain_map(found.image, found.attribution, found.baseline_score, None)

    @property
    def unit(self) -> str:
        """Unit of the scores and of the attribution."""
        return self.path.unit

    @property
    def target(self) -> int | None:
        """Number of the class explained, where the target is about one."""
        return self.path.target

    @property
    def heatmap(self) -> Float[A_co, "height width"]:
        """Sum over the channels: height × width; this is what is drawn."""
        return self.attribution.sum(axis=2)

    @property
    def convergence_delta(self) -> float:
        """What is missing to completeness: sum of the attribution − (score − baseline score), target units.

        Its size is a lower bound of the map's L1 error, since errors of both signs cancel in it.
        """
        return float(self.attribution.sum() - (self.score - self.baseline_score))

    @property
    def relative_convergence_delta(self) -> float:
        """|gap| as a share of the sum of the absolute map; NaN for a map that is zero everywhere."""
        total = float(np.abs(self.heatmap).sum())
        return abs(self.convergence_delta) / total if total > 0 else float("nan")


Meaning: TypeAlias = Literal["contribution", "sensitivity", "spread"]
"""A contribution speaks for or against; a sensitivity is a change per unit of pixel value; a spread has no sign."""


@short
@dataclass(frozen=True)
class Attribution(Result["Attribution[Array]", A_co]):
    """One value for each pixel, by any of the methods that have no result of their own.

    Attributes:
        image: the image (pixels).
        attribution: height × width × channel, or height × width where a method knows no channels; signed, not scaled.
        method: its name in words, with what it was given: "Occlusion, window 8 × 8, stride 4".
        meaning: what a value is, which decides its colours: what a pixel contributes, a rate, or a variance.
        unit: of the values.
        score: of the image, in units of the target.
        target: number of the class explained, where the target is about one.
        n_evaluations: passes of one image, backward too where the method has gradients.
        provenance: where the values come from; the target in words is there.
        pixel_error: standard error of each pixel of the map, where the values are a mean of random ones; of
            regions half the range over the fills, where there are several, or the half-width of an interval; else None.
        notes: what should be known before the map is believed, in sentences.
        baseline_score: from which the values add up to the score of the image, but for the error that is stated; None
            where they do not.
        regions: number of each pixel's region, where the values are of regions; else None.
        verdict: how far the map agrees with taking regions away; None where that was not asked.
        intervals: around its sums over regions, where samples were drawn until those were as narrow as asked.
    """

    image: Float[A_co, "height width channel"]
    attribution: Float[A_co, "height width channel"] | Float[A_co, "height width"]
    method: str
    meaning: Meaning
    unit: str
    score: float
    target: int | None
    n_evaluations: int
    provenance: Provenance
    pixel_error: Float[A_co, "height width"] | None = None
    notes: tuple[str, ...] = ()
    baseline_score: float | None = None
    regions: Int[A_co, "height width"] | None = None
    verdict: Verdict[A_co] | None = None
    intervals: Intervals[A_co] | None = None

    def to_shap(self) -> Any:
        """Give it as a `shap.Explanation`: values, data and, of one channel, bounds; 1 × height × width × channel.

        Raises:
            UsageError: its values do not add up to the score's change, and shap draws nothing else.
            MissingExtra: shap is not installed.
        """
        found = self.numpy
        if found.baseline_score is None:
            raise UsageError(
                f"a map by {found.method!r} was to be given as a shap.Explanation; its values do not add up to the "
                "change of the score, as shap's do: use integrated_gradients, expected_gradients or sampled_shapley"
            ).of("method", asked=found.method)
        return explain_map(found.image, found.attribution, found.baseline_score, found.pixel_error)

    @property
    def heatmap(self) -> Float[A_co, "height width"]:
        """Sum over the channels: height × width; this is what is drawn."""
        return self.attribution if self.attribution.ndim == 2 else self.attribution.sum(axis=2)


Explained: TypeAlias = (
    Gradient[A_co]
    | IntegratedGradients[A_co]
    | Attribution[A_co]
    | Attention[A_co]
    | ClassEvidence[A_co]
    | ShapleyValues[A_co]
)
"""Every result that is a map over its image."""


def as_attribution(result: Explained) -> Attribution:
    """Give any map over an image in one form, in NumPy, with its values, unit, error and origin as they were."""
    result = result.numpy
    match result:
        case Attribution():
            return result
        case Gradient():
            unit = f"{result.unit} per unit of pixel value"
            values, source = result.gradient, result.provenance
            return Attribution(
                result.image,
                values,
                "Gradient",
                "sensitivity",
                unit,
                result.score,
                None,
                1,
                source,
                verdict=result.verdict,
            )
        case IntegratedGradients():
            return Attribution(
                image=result.image,
                attribution=result.attribution,
                method="Integrated gradients",
                meaning="contribution",
                unit=result.unit,
                score=result.score,
                target=result.target,
                n_evaluations=result.n_evaluations,
                provenance=result.provenance,
                pixel_error=result.pixel_error,
                notes=result.notes,
                verdict=result.verdict,
            )
        case ShapleyValues():
            number, several = result.values.shape[1], len(result.fills) > 1
            return Attribution(
                image=result.image,
                attribution=result.heatmap,
                method=f"Shapley values of {number} regions{f', mean over {len(result.fills)} fills' * several}",
                meaning="contribution",
                unit=result.unit,
                score=result.score,
                target=result.target,
                n_evaluations=result.n_evaluations,
                provenance=result.provenance,
                pixel_error=result.disagreement if several else None,
                notes=(f"Filled with {', '.join(result.fills)}.", *result.notes),
                regions=result.labels,
            )
        case Attention():
            return Attribution(
                image=result.image,
                attribution=result.heatmap,
                method=result.method,
                meaning="spread",
                unit=result.unit,
                score=result.score,
                target=result.target,
                n_evaluations=result.n_evaluations,
                provenance=result.provenance,
                notes=result.notes,
                verdict=result.verdict,
            )
        case ClassEvidence():
            return Attribution(
                image=result.image,
                attribution=result.heatmap,
                method=f"Class evidence at layer {result.layer}",
                meaning="contribution",
                unit=result.unit,
                score=result.score,
                target=result.target,
                n_evaluations=result.n_evaluations,
                provenance=result.provenance,
                notes=result.notes,
                verdict=result.verdict,
            )
