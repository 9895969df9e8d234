"""Gradient times input, and gradient times difference from a baseline.

    attribution_i = (x_i - x0_i) * dS/dx_i (x)

Shrikumar, Greenside, Kundaje 2017, arXiv 1605.01713; Ancona and others 2018, arXiv 1711.06104, section 3. It is the
first-order guess of what integrated gradients work out, and the same for a model that is linear between baseline
and image. With pixels between 0 and 1, "input" is the difference from black; where a framework multiplies by what
the model receives after its normalisation, it multiplies by the difference from the mean colour instead.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from innerview.methods.gradient import gradient
from innerview.methods.passes import check_image
from innerview.model import DifferentiableModel
from innerview.results import Attribution
from innerview.targets import Target
from innerview.types import Image


def gradient_input(
    model: DifferentiableModel, image: Image, target: Target, *, baseline: Image | None = None
) -> Attribution:
    """Multiply the gradient at the image by the image, or by its difference from a baseline.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        baseline: an image of the same shape; black if None.

    Raises:
        ImageError: image or baseline does not fit the model.
        UsageError: the target has no meaning here, or the model has no gradients.
        ModelError: something is not finite.
    """
    if baseline is not None:
        check_image(model, baseline, "baseline")
    found = gradient(model, image, target)
    difference = image if baseline is None else image - baseline
    return Attribution(
        image=image,
        attribution=found.gradient * difference.astype(np.float64),
        method="Gradient × input" if baseline is None else "Gradient × difference from the baseline",
        meaning="contribution",
        unit=found.unit,
        score=found.score,
        target=target.resolve(found.prediction.logits, model.output).index,
        n_evaluations=1,
        provenance=replace(found.provenance, baseline="black" if baseline is None else ""),
    )
