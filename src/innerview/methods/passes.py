"""Passes through a model in batches, with the promises that every method leans on.

Memory depends on the batch size, never on how many images are passed. Answers are in the order of the images.
A value that is not finite is an error that names the layer where it began: no method goes on with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Final, cast

import numpy as np

from innerview.errors import ImageError, ModelError
from innerview.model import OUTPUT, DifferentiableModel, GradOutputs, Model, Sharing, require_array, shares
from innerview.results import Prediction
from innerview.types import Alphas, Array, Gradients, Image, Images, Logits

Progress = Callable[[int, int], None]
"""Called as ``progress(done, total)`` between passes; an exception raised in it stops the work."""


def predict(model: Model, images: Images) -> list[Prediction]:
    """Ask `model` about each image (pixels, batch × height × width × channel).

    Raises:
        ModelError: the images have another shape, or the outputs are not finite.
    """
    model.input.check(images)
    logits = np.concatenate([forward_logits(model, images[part]) for part in batches(len(images), model.batch_size)])
    probabilities = model.output.probabilities(logits)
    output = model.output
    return [
        Prediction(row, chances, output.class_names, output.kind)
        for row, chances in zip(logits, probabilities, strict=True)
    ]


def forward_logits(model: Model, images: Images) -> Logits:
    """Run one batch forward and insist on finite outputs."""
    logits = model.forward(images).outputs
    require_finite(model, images, logits, "output")
    return logits


SIMILAR: Final = 1024
"""Images that a model may share work over: more would save little."""

SIMILAR_BYTES: Final = 1 << 26
"""Memory that they may take."""


def similar_at_once(model: Model) -> int:
    """How many images that agree in large parts to make before asking: a pass's worth where it shares nothing."""
    if not shares(model):
        return model.batch_size
    return max(min(SIMILAR, SIMILAR_BYTES // (math.prod(model.input.shape) * model.dtype.itemsize)), model.batch_size)


def forward_similar(model: Model, images: Images) -> Iterator[tuple[slice, Logits]]:
    """Run images that agree in large parts, some at a time; a model that can computes what they share once."""
    if shares(model):
        yield from cast("Sharing", model).forward_similar(images)
        return
    for part in batches(len(images), model.batch_size):
        yield part, model.forward(images[part]).outputs


def along(
    model: DifferentiableModel, image: Image, baseline: Image, alphas: Alphas, grad_output: GradOutputs
) -> Iterator[tuple[slice, Logits, Gradients]]:
    """Walk the straight path from `baseline` (alpha 0) to `image` (alpha 1) and pull `grad_output` back at each alpha.

    Yields:
        For each batch: which alphas, their outputs (alpha × class) and d score / d pixel
        (target × alpha × height × width × channel).
    """
    direction = image - baseline
    for part in batches(len(alphas), model.batch_size):
        points = baseline + alphas[part, None, None, None].astype(image.dtype) * direction
        answer = model.vjp(points, {OUTPUT: grad_output})
        where = f"alpha {', '.join(f'{alpha:.3g}' for alpha in alphas[part])}"
        require_finite(model, points, answer.outputs, f"output at {where}")
        require_finite(model, points, answer.input_gradients, f"gradient at {where}")
        yield part, answer.outputs, answer.input_gradients


def batches(total: int, size: int) -> Iterator[slice]:
    """Cut `total` items into slices of at most `size`."""
    for start in range(0, total, size):
        yield slice(start, min(start + size, total))


def check_image(model: Model, image: Array, what: str) -> None:
    """Raise unless `image` is one finite float image of the model's own shape (height × width × channel)."""
    require_array(image)
    if image.shape != model.input.shape:
        asked = " × ".join(map(str, model.input.shape))
        single = "; of a batch, give one image: images[0]" if image.ndim == 4 else ""
        raise ImageError(
            f"the {what} has shape {image.shape}; this model takes {asked} (height × width × channel){single}"
        ).of(_short(what), found=image.shape, asked=model.input.shape)
    if not np.issubdtype(image.dtype, np.floating):
        raise ImageError(f"the {what} holds {image.dtype}; pixels are floats between 0 and 1: divide bytes by 255").of(
            _short(what), found=str(image.dtype)
        )
    if not np.isfinite(image).all():
        bad = int((~np.isfinite(image)).sum())
        raise ImageError(f"the {what} has {bad} values that are not finite; pixels are floats between 0 and 1").of(
            _short(what), found=bad
        )


def require_finite(model: Model, images: Images, values: Array, what: str) -> None:
    """Raise ModelError if `values` has a NaN or an infinity, naming the first layer that makes one."""
    if np.isfinite(values).all():
        return
    layer = begins_in(model, images)
    began = f"it begins in layer {layer}" if layer else "every layer's output is finite, so it began on the way back"
    raise ModelError(f"the model's {what} is not finite; {began}. Check the weights and the range of the input").of(
        _short(what), found="not finite", layer=layer or None
    )


def _short(what: str) -> str:
    """The first word: "image" of "image of job 2 (counted from 0)"."""
    return what.partition(" ")[0]


def begins_in(model: Model, images: Images) -> str:
    """Name of the first layer whose output is not finite; empty where there is none."""
    for layer in model.layers:
        # One tap at a time: this runs once, on failure, and must not need the memory of all layers together.
        if not np.isfinite(model.forward(images, (layer.name,)).activations[layer.name]).all():
            return layer.name
    return ""
