"""What the model says along the path from a baseline, over many images: accuracy and called classes by alpha.

The 2018 tutorial saw that at alpha = 0.01 nearly everything is called cat or deer. Forward passes only, so this
works for a model without gradients; memory holds one batch of images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

import numpy as np

from innerview.errors import UsageError
from innerview.methods.interior_gradients import check_alphas
from innerview.methods.passes import check_image, forward_logits
from innerview.model import Model
from innerview.results import PathPredictions, Provenance
from innerview.types import Image


def path_predictions(
    model: Model,
    dataset: Iterable[tuple[Image, int]],
    *,
    baseline: Image,
    alphas: Sequence[float],
    progress: Callable[[float], None] | None = None,
) -> PathPredictions:
    """Count, at each alpha, how many images are called what, and how many rightly.

    Args:
        model: any model; no gradients are needed.
        dataset: pairs of an image (pixels in [0, 1], height × width × channel) and its true class number; with a
            single output 0 for its class and 1 for what is not of it.
        baseline: where all paths start, an image of the same shape.
        alphas: in [0, 1].
        progress: called with the number of images done, between alphas with parts of an image.

    Raises:
        UsageError: no image, or an alpha outside [0, 1].
        ImageError: an image or the baseline does not fit the model.
        ModelError: an output is not finite.
    """
    places = check_alphas(alphas)
    check_image(model, baseline, "baseline")
    names = model.output.answers
    classes = len(names)
    called = np.zeros((len(places), classes), dtype=np.int64)
    right = np.zeros(len(places), dtype=np.int64)
    done = 0
    queue = iter(dataset)
    while batch := list(islice(queue, model.batch_size)):
        for image, _ in batch:
            check_image(model, image, "image")
        images = np.stack([image for image, _ in batch])
        truths = np.array([truth for _, truth in batch])
        # All images of the batch at one alpha fill a batch, whatever the number of alphas.
        for place, alpha in enumerate(places):
            points = baseline + images.dtype.type(alpha) * (images - baseline)
            winners = model.output.decide(forward_logits(model, points))
            called[place] += np.bincount(winners, minlength=classes)
            right[place] += int((winners == truths).sum())
            if progress is not None:
                progress(done + len(batch) * (place + 1) / len(places))
        done += len(batch)
    if not done:
        raise UsageError("no image was given; the statistics need at least one").of("images", found=0)
    return PathPredictions(
        alphas=places,
        accuracy=right / done,
        fractions=called / done,
        n_images=done,
        class_names=names,
        input=model.input,
        provenance=Provenance.of(model),
    )
