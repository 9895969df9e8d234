"""Expected gradients: integrated gradients from a whole set of baselines, by sampling.

    attribution_i = mean over x0 in the set and alpha in [0, 1] of (x_i - x0_i) * dS/dx_i (x0 + alpha (x - x0))

Erion, Janizek, Sturmfels, Lundberg, Lee 2021, arXiv 1906.10670. Each sample draws its own baseline and
its own place on the path, so the map is an estimate, with its standard error. It adds up to S(x) less the mean score of
the baselines, as far as the sample goes; both numbers are said, with the standard error of the sum.

Places are stratified: of every 16 samples one lies in each sixteenth of the path. So what is large on a short stretch
is not missed by the first samples, whose spread decides how many there will be (drawn freely, intervals at 95 % held on
90 % of images). The standard error takes samples for independent: it is rather too large than too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from innerview.errors import UsageError
from innerview.methods.accounting import BLOCKED
from innerview.methods.map_samples import MapSamples
from innerview.methods.moments import Moments
from innerview.methods.passes import Progress, check_image, forward_logits, require_finite
from innerview.methods.regions import JUDGED_GRID, Regions
from innerview.methods.stopping import CONFIDENCE, PILOT
from innerview.model import OUTPUT, DifferentiableModel, require_differentiable
from innerview.results import Attribution, Provenance
from innerview.targets import Target, together
from innerview.types import Alphas, Image

DEFAULT_PASSES: Final = 200

BEYOND: Final = 5
"""Standard errors by which a sum may be off before something is said."""

UNSAID: Final = 0.01
"""Share of the map by which a sum may be off without a word, for a model's own rounding."""


def expected_gradients(
    model: DifferentiableModel,
    image: Image,
    target: Target,
    *,
    baselines: Sequence[Image],
    n_samples: int | None = None,
    half_width: float | None = None,
    regions: Regions = JUDGED_GRID,
    confidence: float = CONFIDENCE,
    seed: int = 0,
    progress: Progress | None = None,
) -> Attribution:
    """Attribute `target` to the pixels, on average over a set of baselines.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        baselines: images to compare with, commonly some dozens from the training set; each is as likely.
        n_samples: forward and backward passes, at least 2; the standard error falls with their square root. 200, or as
            many as `half_width` takes, but 10,000 at most, if None.
        half_width: of the intervals around the map's sums over `regions`, all at once, in units of the target.
        regions: for `half_width`: a number, rows and columns of a grid, labels of pixels, or "superpixels".
        confidence: that all intervals hold at once.
        seed: of the sampling.
        progress: called with samples done and in all.

    Raises:
        UsageError: no baseline, too few samples, an interval or a target without meaning here, no gradients.
        ImageError: image or a baseline does not fit the model.
        ModelError: something is not finite.
    """
    require_differentiable(model)
    check_image(model, image, "image")
    samples = MapSamples(image, n_samples, DEFAULT_PASSES, half_width, regions, confidence)
    if not len(baselines):
        raise UsageError(
            "no baseline was given; give images to compare with, such as some dozens that it was trained on"
        ).of("baselines", found=0)
    for one in baselines:
        check_image(model, one, "baseline")
    outputs = forward_logits(model, image[None])
    resolved = target.resolve(outputs[0], model.output)
    score = float(resolved.score(outputs)[0])
    random = np.random.default_rng(seed)
    chosen, alphas = random.integers(len(baselines), size=samples.limit), stratified(random, samples.limit)
    moments = Moments()
    while samples.going:
        part = slice(samples.count, min(samples.count + model.batch_size, samples.needed))
        starts = np.stack([baselines[int(number)] for number in chosen[part]])
        differences = image.astype(np.float64) - starts
        points = (starts + alphas[part, None, None, None] * differences).astype(model.dtype)
        answer = model.vjp(points, {OUTPUT: together([resolved])})
        require_finite(model, points, answer.input_gradients, "gradient between a baseline and the image")
        for values in answer.input_gradients[0] * differences:
            moments.add(values)
            samples.add(values.sum(axis=2))
        if progress is not None:
            progress(samples.count, samples.needed)
    scores = [float(resolved.score(forward_logits(model, one[None]))[0]) for one in baselines]
    found, change, error = float(moments.mean.sum()), score - float(np.mean(scores)), moments.standard_error_of_sum
    gained = f"The score is {change:+.3g} {resolved.unit} from the baselines' mean"
    said = f"{gained}; the map adds up to {found:+.3g} ± {error:.2g} (standard error)."
    beyond = abs(found - change) > BEYOND * error and abs(found - change) > UNSAID * float(np.abs(moments.mean).sum())
    doubt = f"The sum is further off than chance explains: {BLOCKED}"
    return Attribution(
        image=image,
        attribution=moments.mean,
        method=f"Expected gradients, {len(baselines)} baselines",
        meaning="contribution",
        unit=resolved.unit,
        score=score,
        target=resolved.index,
        n_evaluations=samples.count,
        provenance=Provenance.of(model, resolved.describe(model.output.class_names), seed=seed),
        pixel_error=moments.standard_error,
        notes=(said, *([doubt] if beyond else []), *samples.notes(resolved.unit)),
        baseline_score=None if beyond else float(np.mean(scores)),
        intervals=samples.intervals,
    )


def stratified(random: np.random.Generator, count: int) -> Alphas:
    """Places in [0, 1): of each run of PILOT one in each of as many equal stretches, in random order."""
    runs = -(-count // PILOT)
    order = random.permuted(np.tile(np.arange(PILOT), (runs, 1)), axis=1)
    return ((order + random.random(order.shape)) / PILOT).ravel()[:count]
