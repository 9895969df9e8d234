"""The path from the baseline to the image, for a slider: scores, predictions, gradients, cumulative attribution."""

from __future__ import annotations

from innerview.results import PathFrames
from innerview.viewer.payload import Payload, companded, counted, make_payload, numbered, to_bytes
from innerview.viewer.payloads.stamp import Stamp, answered, shown_classes


def path_payload(found: PathFrames, stamp: Stamp, *, versus: int | None = None) -> Payload:
    """Show a path; `versus` is the class that the target is set against.

    Of alphas whose gradients were not kept channel by channel, gradient × (input − baseline) is shown.
    """
    classes = shown_classes(found.logits[-1], (found.target, versus))
    shorter = len(found.gradient_alphas) < len(found.alphas)
    arrays = {
        "alphas": numbered(found.alphas),
        "scores": numbered(found.scores),
        "probabilities": numbered(found.probabilities[:, classes]),
        "logits": numbered(found.logits[:, classes]),
        "classes": counted(classes),
        **answered([found.prediction(place) for place in range(len(found.alphas))]),
        "norms": numbered(found.norms),
        **companded("gradients", found.gradients, keep=(0,)),
        "gradient_alphas": numbered(found.gradient_alphas),
        **companded("cumulative", found.cumulative, keep=(0,)),
        "cumulative_alphas": numbered(found.alphas),
        "baseline": to_bytes(found.baseline),
    }
    if shorter:
        arrays |= companded("contribution", found.contributions, keep=(0,))
        arrays["contribution_alphas"] = numbered(found.alphas)
    return make_payload(
        "path",
        arrays,
        **stamp.texts,
        target=found.target,
        versus=versus,
        unit=found.unit,
        target_words=found.provenance.target,
        baseline=found.provenance.baseline or "the baseline",
        shorter=shorter,
        missing=[],
    )
