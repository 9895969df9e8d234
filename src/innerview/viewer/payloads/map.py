"""One value for each pixel, with its error and all that says how far it can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from innerview.results import (
    Attention,
    Attribution,
    ClassEvidence,
    Explained,
    Gradient,
    IntegratedGradients,
    ShapleyValues,
    as_attribution,
)
from innerview.types import Array
from innerview.viewer.payload import Payload, companded, make_payload, numbered, to_bytes
from innerview.viewer.payloads.stamp import Stamp


@dataclass(frozen=True)
class MapFacts:
    """What a map answers, in the words of the viewer.

    Attributes:
        method: its key: "integrated-gradients".
        kind: of the target: "logit", "contrast", "margin" or "probability".
        target: number of the class; `versus`: of the one it is set against.
    """

    method: str
    kind: str
    target: int | None
    versus: int | None = None


def map_payload(
    result: Explained, facts: MapFacts, stamp: Stamp, *, final: bool = True, small: bool = False
) -> Payload:
    """Show a map.

    Args:
        result: of any method.
        facts: what was asked.
        stamp: network and image.
        final: False while it is being refined.
        small: values as companded bytes, for the further classes of one file.
    """
    drawn = as_attribution(result)
    arrays = _values("heatmap", drawn.heatmap, small=small)
    if drawn.pixel_error is not None:
        arrays |= _values("pixel_error", drawn.pixel_error, small=small)
    if isinstance(result, IntegratedGradients):
        arrays |= {
            "baseline": to_bytes(result.baseline),
            "alphas": numbered(result.path.alphas),
            "scores": numbered(result.path.scores),
        }
        if result.std is not None:
            arrays["std"] = numbered(result.std)
    return make_payload(
        "map",
        arrays,
        **stamp.texts,
        **_words(drawn, facts),
        **_exactness(result, final=final),
    )


def _values(name: str, values: Array, *, small: bool) -> dict[str, Array]:
    return companded(name, values) if small else {name: numbered(values)}


def _words(drawn: Attribution, facts: MapFacts) -> dict[str, object]:
    return {
        "method": facts.method,
        "method_words": drawn.method,
        "meaning": drawn.meaning,
        "target": facts.target if facts.target is not None else drawn.target,
        "versus": facts.versus,
        "objective": facts.kind,
        "target_words": drawn.provenance.target or "the score",
        "unit": drawn.unit,
        "baseline": drawn.provenance.baseline,
        "n_evaluations": drawn.n_evaluations,
        "score": drawn.score,
        "notes": list(drawn.notes),
    }


STATES: Final = {
    "FIXED_STEPS": "done",
    "CONVERGED": "done",
    "NO_GRADIENT": "no-gradient",
    "ROUNDED": "rounded",
    "BUDGET_EXHAUSTED": "not-met",
}
"""What the viewer calls each status of a map that is final."""

CERTAIN: Final = frozenset({"done", "no-gradient"})
"""States that further evaluations do not change, so that a map which is being refined may have them too."""

MISSED: Final = frozenset(STATES.values()) - {"done"}
"""States of a final map that is not as exact as was asked."""


def _exactness(result: Explained, *, final: bool) -> dict[str, object]:
    """How exact a map is; a method that aims at no error has only its cost."""
    match result:
        case Gradient() | Attribution() | ShapleyValues() | ClassEvidence() | Attention():
            return {"status": "done", "status_words": "This method aims at no error."}
        case IntegratedGradients():
            state = STATES[result.status.name]
            return {
                "rule": result.rule,
                "tolerance": result.tolerance,
                "error": result.error,
                "convergence_delta": result.convergence_delta,
                "relative_convergence_delta": result.relative_convergence_delta,
                "status": state if final or state in CERTAIN else "refining",
                "status_words": result.status.value if final else "It is being refined.",
                "baseline_score": result.baseline_score,
                "convergence": [
                    [evaluations, error if np.isfinite(error) else None, gap]
                    for evaluations, error, gap in result.convergence
                ],
            }
