"""The bridge to Captum: any method of `captum.attr` on a wrapped PyTorch model, as one of our results.

Captum is given the user's own module and what that module takes, so its numbers are those that it gives to anyone; they
are then turned into ours: height × width × channel, a rate per unit of pixel value where it is a gradient, with target,
unit, seed and versions. The module comes back as it was. Baselines go in as images, like everywhere here. Captum's
default baseline is 0 *behind* the normalisation, which is the mean colour and not black; the result says so.

A method that would give a map without meaning is refused with the reason, and so is a question that it can't answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from innerview.adapters.captum.refusals import refuse
from innerview.errors import ImageError
from innerview.model import Model
from innerview.results import Attribution
from innerview.targets import Target
from innerview.types import Image


def captum_attribution(
    model: Model,
    method: str | Callable[..., Any],
    image: Image,
    target: Target | None,
    /,
    *,
    layer: str | int | None = None,
    seed: int = 0,
    **arguments: Any,
) -> Attribution:
    """Explain one image by a method of Captum.

    Args:
        model: a wrapped PyTorch module.
        method: the name of a class in `captum.attr` ("DeepLift"), the class, or a function from the module (and the
            layer's module, if a layer is named) to an object of such a class: `lambda model:
            NoiseTunnel(Saliency(model))`.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image; None for methods that explain a neuron.
        layer: name or number of the layer, for methods that take one. Captum sees the module, so all its calls.
        seed: of the random generators of PyTorch and NumPy, which are put back afterwards.
        **arguments: for the method's `attribute`, under Captum's names. `baselines` is an image, or a batch of them;
            `feature_mask` is height × width (× channel), whole numbers. All else goes as it is. Saliency keeps its
            sign unless `abs=True` is asked for.

    Raises:
        MissingExtra: Captum is not installed.
        UsageError: no such method, one without meaning here, a layer or target that it can't take or needs.
        ImageError: image, baseline or mask does not fit the model.
        ModelError: Captum failed, or what it gave is not finite or has no place on an image.
    """
    if isinstance(method, str):
        refuse(method)
    if image.shape != model.input.shape or not np.isfinite(image).all():
        raise ImageError(
            f"the image has shape {image.shape}, or values that are not finite; this model takes "
            f"{' × '.join(map(str, model.input.shape))} (height × width × channel)"
        ).of("image", found=image.shape, asked=model.input.shape)
    from innerview.adapters.captum import calls  # with PyTorch and Captum: seconds

    return calls.attribute(model, method, image, target, layer, seed, arguments)
