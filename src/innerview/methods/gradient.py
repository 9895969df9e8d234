"""The plain gradient of a target at an image: d score / d pixel.

Simonyan, Vedaldi, Zisserman 2013, arXiv 1312.6034, section 3 (there with absolute values; here the sign stays).
"""

from __future__ import annotations

import numpy as np

from innerview.methods.passes import along, check_image, predict
from innerview.model import DifferentiableModel, require_differentiable
from innerview.results import Gradient, Provenance
from innerview.targets import Target, together
from innerview.types import Image


def gradient(model: DifferentiableModel, image: Image, target: Target) -> Gradient:
    """Work out how the target changes per unit of each pixel value.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.

    Raises:
        ImageError: the image does not fit the model.
        UsageError: the target has no meaning here, or the model has no gradients.
        ModelError: something is not finite.
    """
    require_differentiable(model)
    check_image(model, image, "image")
    prediction = predict(model, image[None])[0]
    resolved = target.resolve(prediction.logits, model.output)
    # The end of a path is the image itself, so that one walk serves all methods.
    ((_, logits, gradients),) = along(model, image, np.zeros_like(image), np.ones(1), together([resolved]))
    return Gradient(
        image=image,
        prediction=prediction,
        gradient=gradients[0, 0],
        score=float(resolved.score(logits)[0]),
        unit=resolved.unit,
        provenance=Provenance.of(model, resolved.describe(model.output.class_names)),
    )
