"""SmoothGrad and VarGrad: the mean and the variance of any method's map over images with a little noise.

    SmoothGrad = mean of M(x + e),   VarGrad = variance of M(x + e),   e ~ normal(0, (noise * (max x - min x))²)

Smilkov and others 2017, arXiv 1706.03825; Adebayo and others 2018, arXiv 1810.03307. Both are estimates from a sample,
so both come with their standard error. The class is resolved once, at the image itself. Without noise SmoothGrad is
the method. The noise takes pixels below 0 and above 1; it is not cut off there, since
that would move the mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, Final, TypeAlias

import numpy as np

from innerview.errors import UsageError
from innerview.methods.gradient import gradient
from innerview.methods.map_samples import MapSamples
from innerview.methods.moments import Moments
from innerview.methods.passes import Progress, check_image, forward_logits
from innerview.methods.regions import JUDGED_GRID, Regions
from innerview.methods.stopping import CONFIDENCE
from innerview.model import Model
from innerview.results import Attribution, Explained, IntegratedGradients, Status, as_attribution
from innerview.targets import Target
from innerview.types import Image

Method: TypeAlias = Callable[[Any, Image, Target], Explained]
"""Called with model, image and target; `functools.partial` fixes what else a method takes."""

NOISE: Final = 0.15
SAMPLES: Final = 50
"""Smilkov and others found 10 to 20 % and about 50 samples to serve."""


SHORT: Final = (Status.BUDGET_EXHAUSTED, Status.ROUNDED, Status.NO_GRADIENT)
"""How an integral ended that does not keep its tolerance."""


def noisy_images(image: Image, *, stdevs: float = NOISE, n_samples: int = SAMPLES, seed: int = 0) -> Iterator[Image]:
    """Draw the images that are explained: the same for the same seed, whatever the method.

    Args:
        image: one image, height × width × channel.
        stdevs: standard deviation as a share of the image's own range of values, at least 0.
        n_samples: how many.
        seed: of NumPy's default generator.

    Raises:
        UsageError: the noise is negative or not finite, or a share of a range that is nothing.
    """
    reach = float(np.ptp(image))
    if not 0 <= stdevs < np.inf:
        raise UsageError(
            f"stdevs {stdevs} was asked for; give a share of the image's range of values, such as 0.15"
        ).of("stdevs", asked=stdevs)
    if stdevs > 0 and reach == 0:
        raise UsageError(
            f"all values of the image are {image.flat[0]:g}, so noise that is a share of their range is none; "
            "explain the image without noise"
        ).of("image", found=float(image.flat[0]))
    random = np.random.default_rng(seed)
    for _ in range(n_samples):
        yield (image + stdevs * reach * random.standard_normal(image.shape)).astype(image.dtype)


def smooth_grad(
    model: Model,
    image: Image,
    target: Target,
    *,
    method: Method = gradient,
    stdevs: float = NOISE,
    n_samples: int | None = None,
    half_width: float | None = None,
    regions: Regions = JUDGED_GRID,
    confidence: float = CONFIDENCE,
    seed: int = 0,
    progress: Progress | None = None,
) -> Attribution:
    """Average a method's maps over noisy images.

    Args:
        model: whatever the method takes.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image, not anew at each noisy one.
        method: from model, image and target to a map, such as `gradient` or
            `partial(integrated_gradients, baseline=black, evaluations=16)`.
        stdevs: standard deviation as a share of the image's own range of values.
        n_samples: noisy images, at least 2; 50, or as many as `half_width` takes, but 10,000 at most, if None.
        half_width: of the intervals around the map's sums over `regions`, all at once, in the map's unit.
        regions: for `half_width`: a number, rows and columns of a grid, labels of pixels, or "superpixels".
        confidence: that all intervals hold at once.
        seed: of the noise.
        progress: called with samples done and in all.

    Raises:
        UsageError: too few samples, noise or an interval without meaning, or what the method refuses.
        ImageError: the image does not fit the model.
        ModelError: something is not finite.
    """
    samples = MapSamples(image, n_samples, SAMPLES, half_width, regions, confidence)
    answers = _answers(model, image, target, method, stdevs, samples, seed, progress)
    moments, spent, last = Moments(), 0, next(answers)
    for answer in chain([last], answers):
        moments.add(answer.attribution)
        spent += answer.n_evaluations
        last = answer
    return replace(
        last,
        attribution=moments.mean,
        method=f"SmoothGrad: {last.method}",
        n_evaluations=spent,
        pixel_error=moments.standard_error,
        notes=(*last.notes, *samples.notes(last.unit)),
        intervals=samples.intervals,
    )


def var_grad(
    model: Model,
    image: Image,
    target: Target,
    *,
    method: Method = gradient,
    stdevs: float = NOISE,
    n_samples: int = SAMPLES,
    seed: int = 0,
    progress: Progress | None = None,
) -> Attribution:
    """Give the variance of a method's maps over `n_samples` noisy images; arguments and errors as for `smooth_grad`.

    The variance is that of each value (with samples − 1 below the line), and the map its sum over the channels. All
    samples are kept until the end: the standard error of a variance needs them.
    """
    samples = MapSamples(image, n_samples, SAMPLES, None, JUDGED_GRID, CONFIDENCE)
    answers = list(_answers(model, image, target, method, stdevs, samples, seed, progress))
    values = np.stack([answer.attribution for answer in answers]).astype(np.float64)
    changes = values - values[0]  # first, so that equal maps have no variance to the last bit
    squares = (changes - changes.mean(axis=0)) ** 2
    scale = n_samples / (n_samples - 1)
    drawn = squares if squares.ndim == 3 else squares.sum(axis=3)
    return replace(
        answers[-1],
        attribution=squares.mean(axis=0) * scale,
        method=f"VarGrad: {answers[-1].method}",
        meaning="spread",
        unit=f"({answers[-1].unit})²",
        n_evaluations=sum(answer.n_evaluations for answer in answers),
        pixel_error=drawn.std(axis=0, ddof=1) / np.sqrt(n_samples) * scale,
    )


def _answers(
    model: Model,
    image: Image,
    target: Target,
    method: Method,
    noise: float,
    samples: MapSamples,
    seed: int,
    progress: Progress | None,
) -> Iterator[Attribution]:
    """Explain each noisy image, in a form that speaks of the image itself; the last one's notes speak of all."""
    check_image(model, image, "image")
    outputs = forward_logits(model, image[None])
    resolved = target.resolve(outputs[0], model.output)
    score = float(resolved.score(outputs)[0])
    short, drawn = 0, noisy_images(image, stdevs=noise, n_samples=samples.limit, seed=seed)
    while samples.going:
        noisy = next(drawn)
        explained = method(model, noisy, resolved)
        short += isinstance(explained, IntegratedGradients) and explained.status in SHORT
        found = as_attribution(explained)
        source = replace(found.provenance, seed=seed)
        samples.add(found.heatmap)
        said = f"Over {samples.count} images with noise of {noise:g} of the image's range of values, seed {seed}."
        missed = f"{short} of these maps are not within their tolerance, so neither is what was made of them."
        notes = (said, missed) if short else (said,)
        yield replace(
            found, image=image, score=score, target=resolved.index, provenance=source, pixel_error=None, notes=notes
        )
        if progress is not None:
            progress(samples.count, samples.needed)
