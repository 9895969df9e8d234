"""What each position of a model's last map says of each class: exact parts of the outputs."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float

from innerview.reprs import short
from innerview.results.provenance import Provenance
from innerview.results.result import A_co, Result
from innerview.results.verdict import Verdict
from innerview.types import Array


@short
@dataclass(frozen=True)
class ClassEvidence(Result["ClassEvidence[Array]", A_co]):
    """Parts of the outputs by position, with no baseline and no gradient in them.

    Attributes:
        image: as the model saw it (pixels).
        evidence: by position and class, in units of the outputs; the sum over the positions is the output.
        heatmap: the parts of the score that is explained, each shared out equally among the pixels that its position
            covers: height × width.
        factors: of each output in the score that is explained: 1 for the class of a logit.
        layer: whose positions they are, and `head`: the layers behind it, in order.
        residual: largest difference between an output and the sum of its parts; `rounding`: what rounding allows.
        receptive_field: rows and columns of pixels that a position depends on; None where it can't be found out.
            A position says what is seen in them, not what is at it.
        unit: of the score.
        score: of the image.
        target: number of the class explained, where the target is about one.
        class_names: one per class.
        n_evaluations: passes of one image.
        provenance: where the values come from; the target in words is there.
        notes: what should be known before the values are believed, in sentences.
        verdict: how far the map agrees with taking regions away; None where that was not asked.
    """

    image: Float[A_co, "height width channel"]
    evidence: Float[A_co, "row column class"]
    factors: Float[A_co, " class"]
    heatmap: Float[A_co, "height width"]
    layer: str
    head: tuple[str, ...]
    residual: float
    rounding: float
    receptive_field: tuple[int, int] | None
    unit: str
    score: float
    target: int | None
    class_names: tuple[str, ...]
    n_evaluations: int
    provenance: Provenance
    notes: tuple[str, ...] = ()
    verdict: Verdict[A_co] | None = None

    @property
    def scores(self) -> Float[A_co, "row column class"]:
        """What each position alone would give: each output is the mean of its positions' scores."""
        return self.evidence * (self.evidence.shape[0] * self.evidence.shape[1])

    @property
    def parts(self) -> Float[A_co, "row column"]:
        """Each position's part of the score that is explained; they add up to it."""
        return self.evidence @ self.factors
