"""Gradients at the counterfactual images on the way from a baseline to the image.

    G(alpha) = dS/dx at x0 + alpha (x - x0)

Sundararajan, Taly, Yan 2016, arXiv 1611.02639. Near alpha = 1 the gradient is often tiny although the pixels
matter, because the score has levelled off (saturation); on the way up it shows what made the decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from innerview.errors import UsageError
from innerview.methods.passes import Progress, along, check_image, forward_logits
from innerview.model import DifferentiableModel, require_differentiable
from innerview.results import InteriorGradients, Provenance
from innerview.targets import Target, together
from innerview.types import Alphas, Image

TUTORIAL2018_ALPHAS: Final = (0.01, 0.02, 0.03, 0.04, 0.1, 0.5, 0.6, 0.7, 0.8, 1.0)
"""The ten places of the 2018 tutorial."""


def check_alphas(alphas: Sequence[float]) -> Alphas:
    """Give alphas as a float64 array, or raise UsageError unless each is in [0, 1] and there is one."""
    values = np.asarray(alphas, dtype=np.float64)
    outside = [float(alpha) for alpha in values if not 0 <= alpha <= 1]
    if values.size == 0 or outside:
        found = f"alpha {outside[0]:g}" if outside else "no alpha"
        raise UsageError(f"{found} was asked for; alphas are places on the path from 0 (baseline) to 1 (image)").of(
            "alphas", asked=tuple(values.tolist()), found=outside[0] if outside else None
        )
    return values


def interior_gradients(
    model: DifferentiableModel,
    image: Image,
    target: Target,
    *,
    baseline: Image,
    alphas: Sequence[float] = TUTORIAL2018_ALPHAS,
    progress: Progress | None = None,
) -> InteriorGradients:
    """Work out gradient, score and prediction at each alpha.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image (not anew at each alpha).
        baseline: where the path starts, an image of the same shape.
        alphas: in [0, 1], in the order in which they are wanted.
        progress: called with places done and in all.

    Raises:
        UsageError: an alpha outside [0, 1]; the target has no meaning here; the model has no gradients.
        ImageError: image or baseline does not fit the model.
        ModelError: something is not finite; the message names layer and alpha.
    """
    require_differentiable(model)
    check_image(model, image, "image")
    check_image(model, baseline, "baseline")
    places = check_alphas(alphas)
    resolved = target.resolve(forward_logits(model, image[None])[0], model.output)
    logits = np.empty((len(places), len(model.output.class_names)), dtype=model.dtype)
    gradients = np.empty((len(places), *model.input.shape), dtype=model.dtype)
    for part, outputs, pulled in along(model, image, baseline, places, together([resolved])):
        logits[part] = outputs
        gradients[part] = pulled[0]
        if progress is not None:
            progress(part.stop, len(places))
    return InteriorGradients(
        image=image,
        baseline=baseline,
        alphas=places,
        gradients=gradients,
        scores=resolved.score(logits).astype(np.float64),
        logits=logits,
        probabilities=model.output.probabilities(logits),
        class_names=model.output.class_names,
        target=resolved.index,
        unit=resolved.unit,
        provenance=Provenance.of(model, resolved.describe(model.output.class_names)),
        output_kind=model.output.kind,
    )
