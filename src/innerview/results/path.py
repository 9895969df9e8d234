"""What the model says, and how it would change, on the way from a baseline to an image."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from innerview.model import InputSpec, OutputKind
from innerview.reprs import short
from innerview.results.provenance import Prediction, Provenance
from innerview.results.result import A_co, Result
from innerview.types import Array


@short
@dataclass(frozen=True)
class PathProfile(Result["PathProfile[Array]", A_co]):
    """Scores, predictions and gradient norms along the path, without the gradients: what a plot of the path needs.

    Attributes:
        alphas: places on the path, rising: 0 is the baseline, 1 the image.
        scores: the target at each alpha, in units of `unit`.
        probabilities: alpha × class, NaN where the outputs have none.
        norms: sum of absolute gradients at each alpha, in target units per unit of pixel value.
        class_names: one per class.
        target: number of the class explained, where the target is about one.
        unit: of the score.
    """

    alphas: Float[A_co, " alpha"]
    scores: Float[A_co, " alpha"]
    probabilities: Float[A_co, "alpha class"]
    norms: Float[A_co, " alpha"]
    class_names: tuple[str, ...]
    target: int | None
    unit: str

    def joined(self, other: PathProfile) -> PathProfile[A_co]:
        """Both profiles of one path as one; of a place that is in both, the one in `self` is taken."""
        alphas, places = np.unique(np.concatenate([self.alphas, other.alphas]), return_index=True)
        return replace(
            self,
            alphas=alphas,
            scores=np.concatenate([self.scores, other.scores])[places],
            probabilities=np.concatenate([self.probabilities, other.probabilities])[places],
            norms=np.concatenate([self.norms, other.norms])[places],
        )


@short
@dataclass(frozen=True)
class InteriorGradients(Result["InteriorGradients[Array]", A_co]):
    """Gradients on the way from the baseline to the image (Sundararajan, Taly, Yan 2016, arXiv 1611.02639).

    Attributes:
        image: the image, and `baseline`: where the path starts (pixels).
        alphas: places on the path: 0 is the baseline, 1 the image.
        gradients: d score / d pixel at each alpha.
        scores: the target at each alpha.
        logits: outputs at each alpha; `probabilities` likewise, NaN where there are none.
        class_names: one per class.
        target: number of the class explained.
        unit: of the score.
        provenance: where the values come from.
        output_kind: what the outputs are, which decides what is said.
    """

    image: Float[A_co, "height width channel"]
    baseline: Float[A_co, "height width channel"]
    alphas: Float[A_co, " alpha"]
    gradients: Float[A_co, "alpha height width channel"]
    scores: Float[A_co, " alpha"]
    logits: Float[A_co, "alpha class"]
    probabilities: Float[A_co, "alpha class"]
    class_names: tuple[str, ...]
    target: int | None
    unit: str
    provenance: Provenance
    output_kind: OutputKind = "logits"

    @property
    def norms(self) -> Float[A_co, " alpha"]:
        """Sum of absolute gradients at each alpha, in target units per unit of pixel value."""
        return np.abs(self.gradients).sum(axis=(1, 2, 3), dtype=np.float64)

    @property
    def path(self) -> PathProfile[A_co]:
        """Scores, predictions and norms, by rising alpha."""
        order = np.argsort(self.alphas, kind="stable")
        return PathProfile(
            self.alphas[order],
            self.scores[order],
            self.probabilities[order],
            self.norms[order],
            self.class_names,
            self.target,
            self.unit,
        )

    def prediction(self, place: int) -> Prediction[A_co]:
        """What the model says at one of the alphas, by its position in the list."""
        return Prediction(self.logits[place], self.probabilities[place], self.class_names, self.output_kind)

    def first(self, count: int) -> InteriorGradients[A_co]:
        """Only the first `count` places."""
        return replace(
            self,
            alphas=self.alphas[:count],
            gradients=self.gradients[:count],
            scores=self.scores[:count],
            logits=self.logits[:count],
            probabilities=self.probabilities[:count],
        )

    @property
    def points(self) -> Float[A_co, "alpha height width channel"]:
        """The images that the model saw on the path."""
        return self.baseline + self.alphas[:, None, None, None] * (self.image - self.baseline)


@short
@dataclass(frozen=True, eq=False)
class PathFrames(Result["PathFrames[Array]", A_co]):
    """The way from the baseline to the image frame by frame, with the map as it adds up: what a slider shows.

    Attributes:
        image: the image, and `baseline`: where the path starts (pixels).
        alphas: places on the path, rising.
        scores: the target at each alpha; `norms`: sum of absolute gradients there.
        logits: outputs at each alpha; `probabilities` likewise, NaN where there are none.
        contributions: gradient × (image − baseline) at each alpha, summed over the channels.
        cumulative: the integral from 0 to each alpha, by the rule's own interpolant; at 1 it is the map.
        gradient_alphas: those of the alphas at which the gradients were kept channel by channel.
        gradients: there, d score / d pixel.
        class_names: one per class.
        target: number of the class explained.
        unit: of the score.
        provenance: where the values come from.
        output_kind: what the outputs are, which decides what is said.
    """

    image: Float[A_co, "height width channel"]
    baseline: Float[A_co, "height width channel"]
    alphas: Float[A_co, " alpha"]
    scores: Float[A_co, " alpha"]
    norms: Float[A_co, " alpha"]
    logits: Float[A_co, "alpha class"]
    probabilities: Float[A_co, "alpha class"]
    contributions: Float[A_co, "alpha height width"]
    cumulative: Float[A_co, "alpha height width"]
    gradient_alphas: Float[A_co, " frame"]
    gradients: Float[A_co, "frame height width channel"]
    class_names: tuple[str, ...]
    target: int | None
    unit: str
    provenance: Provenance
    output_kind: OutputKind = "logits"

    def prediction(self, place: int) -> Prediction[A_co]:
        """What the model says at one of the alphas, by its position in the list."""
        return Prediction(self.logits[place], self.probabilities[place], self.class_names, self.output_kind)


@short
@dataclass(frozen=True)
class PathPredictions(Result["PathPredictions[Array]", A_co]):
    """What the model says along the path, over many images.

    Attributes:
        alphas: places on the path from the baseline (0) to the images (1).
        accuracy: fraction of the images predicted correctly at each alpha, in [0, 1].
        fractions: fraction of the images predicted as each class at each alpha; rows sum to 1.
        n_images: how many.
        class_names: one per answer, also where that is no class: "not" a single one, or none of independent ones.
        input: what the model takes.
        provenance: where the values come from.
    """

    alphas: Float[A_co, " alpha"]
    accuracy: Float[A_co, " alpha"]
    fractions: Float[A_co, "alpha class"]
    n_images: int
    class_names: tuple[str, ...]
    input: InputSpec
    provenance: Provenance
