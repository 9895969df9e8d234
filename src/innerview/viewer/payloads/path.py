"""The way from the baseline to the picture, for a slider: scores, answers, gradients, and the map as it adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from innerview.results import InteriorGradients
from innerview.types import Alphas, Image
from innerview.viewer.payload import Payload, companded, counted, make_payload, numbered, to_bytes
from innerview.viewer.payloads.stamp import Stamp, answered, shown_classes


@dataclass(frozen=True, eq=False)
class Sums:
    """What has been added up at places on the path.

    Attributes:
        alphas: rising.
        maps: height × width, the integral from 0 to each alpha, in target units.
    """

    alphas: Alphas
    maps: Float[np.ndarray, "alpha height width"]


def path_payload(
    interior: InteriorGradients,
    sums: Sums,
    stamp: Stamp,
    *,
    versus: int | None = None,
    frames: Sequence[int] = (),
    missing: Sequence[float] = (),
) -> Payload:
    """Show a path.

    Args:
        interior: gradients, scores and answers at every alpha, rising.
        sums: the rule's interpolant integrated from 0.
        stamp: network and picture.
        versus: class that the target is set against.
        frames: numbers of the alphas whose gradients are kept channel by channel; all if empty. Of the others only
            gradient × (picture − baseline), summed over the channels, is kept.
        missing: alphas that are still to come.
    """
    kept = list(frames) or list(range(len(interior.alphas)))
    classes = shown_classes(interior.logits[-1], (interior.target, versus))
    arrays = {
        "alphas": numbered(interior.alphas),
        "scores": numbered(interior.scores),
        "probabilities": numbered(interior.probabilities[:, classes]),
        "logits": numbered(interior.logits[:, classes]),
        "classes": counted(classes),
        **answered([interior.prediction(place) for place in range(len(interior.alphas))]),
        "norms": numbered(interior.norms),
        **companded("gradients", interior.gradients[kept], keep=(0,)),
        "gradient_alphas": numbered(interior.alphas[kept]),
        **companded("sofar", sums.maps, keep=(0,)),
        "sofar_alphas": numbered(sums.alphas),
        "baseline": to_bytes(interior.baseline),
    }
    if frames:
        direction: Image = interior.image - interior.baseline
        contribution = (interior.gradients * direction).sum(axis=3)
        arrays |= companded("contribution", contribution, keep=(0,))
        arrays["contribution_alphas"] = numbered(interior.alphas)
    return make_payload(
        "path",
        arrays,
        **stamp.texts,
        target=interior.target,
        versus=versus,
        unit=interior.unit,
        target_words=interior.provenance.target,
        baseline=interior.provenance.baseline or "the baseline",
        shorter=bool(frames),
        missing=[float(alpha) for alpha in missing],
    )
