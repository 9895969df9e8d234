"""RISE: how much higher the score is than on average where a pixel is shown, over images shown through random masks.

    R_i = mean over masks of  S(x M + f (1 − M)) · (M_i / p − 1),   M in [0, 1] with mean p at every pixel

Petsiuk, Das, Saenko 2018, arXiv 1806.07421. A mask is a coarse grid of ones (with chance p) and zeros, shifted at
random and brought to the image's size by bilinear interpolation. The paper takes the mean of S · M_i / p; less the mean
score, which is the same at every pixel, the map has a sign and says nothing where a pixel does not matter. Any constant
may be taken off S first: halfway between image and fill is, since it makes the terms small and does not depend on the
masks. Forward passes only.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from innerview.errors import UsageError
from innerview.fills import Fill
from innerview.methods.filled import FilledPasses, make_fills, nothing_kept
from innerview.methods.map_samples import MapSamples
from innerview.methods.moments import Moments
from innerview.methods.passes import Progress, check_image
from innerview.methods.regions import JUDGED_GRID, Regions
from innerview.methods.stopping import CONFIDENCE
from innerview.model import Model
from innerview.results import Attribution, Provenance
from innerview.targets import Target
from innerview.types import Image, Images

DEFAULT_CELLS: Final = 7
DEFAULT_SHOWN: Final = 0.5
"""Both as in the paper."""

DEFAULT_MASKS: Final = 2000
"""Half of what the paper takes for images of 224 × 224."""


def rise(
    model: Model,
    image: Image,
    target: Target,
    *,
    fill: str | Image | Fill = "blurred",
    cells: int = DEFAULT_CELLS,
    shown: float = DEFAULT_SHOWN,
    n_samples: int | None = None,
    half_width: float | None = None,
    regions: Regions = JUDGED_GRID,
    confidence: float = CONFIDENCE,
    seed: int = 0,
    progress: Progress | None = None,
) -> Attribution:
    """Show the image through random masks, and see at which pixels that raises the score.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        fill: what stands where a mask hides the image: a name (see `fills.FILLS`), an image or a fill.
        cells: of a mask's grid, along each side; of one pixel at least.
        shown: chance of a cell to be shown, above 0 and below 1.
        n_samples: masks; 2,000, or as many as `half_width` takes, but 10,000 at most, if None.
        half_width: of the intervals around the map's means over `regions`, all at once, in units of the target.
        regions: for `half_width`: a number, rows and columns of a grid, labels of pixels, or "superpixels".
        confidence: that all intervals hold at once.
        seed: of the masks.
        progress: called with masks done and in all.

    Returns:
        A map of height × width in units of the target, with its standard error. Its values do not add up to the score.

    Raises:
        UsageError: cells, a chance, a number of masks or an interval without meaning; an unknown fill.
        ImageError: the image, or one that fills, does not fit the model.
        ModelError: an output is NaN or infinite.
    """
    check_image(model, image, "image")
    height, width = image.shape[:2]
    if cells < 1 or not 0 < shown < 1:
        raise UsageError(
            f"masks of {cells} × {cells} cells, shown with a chance of {shown:g}, were asked for; give 1 cell or more, "
            "and a chance above 0 and below 1"
        ).of("masks", asked=(cells, shown))
    cells = min(cells, height, width)
    samples = MapSamples(image, n_samples, DEFAULT_MASKS, half_width, regions, confidence, shares=False)
    (made,) = make_fills(model, image, [fill])
    hidden = nothing_kept(made, image)
    passes, moments, random = FilledPasses(model, image, samples.limit), Moments(), np.random.default_rng(seed)
    ends = [passes.whole(), *_answers(passes, hidden[None], f"the fill alone (fill {made.name})")]
    resolved = target.resolve(ends[0][0], model.output)
    full, empty = (float(resolved.score(one)[0]) for one in ends)
    while samples.going:
        masks = draw_masks(random, min(model.batch_size, samples.needed - samples.count), (height, width), cells, shown)
        seen = (hidden + masks[..., None] * (image - hidden)).astype(image.dtype)
        scores = np.concatenate(
            [resolved.score(one) for one in _answers(passes, seen, f"the image through a mask (fill {made.name})")]
        ).astype(np.float64)
        for score, mask in zip(scores, masks, strict=True):
            values = (score - (full + empty) / 2) * (mask / shown - 1)
            moments.add(values)
            samples.add(values)
        if progress is not None:
            progress(samples.count, samples.needed)
    return Attribution(
        image=image,
        attribution=moments.mean,
        method=f"RISE, {samples.count} masks of {cells} × {cells} cells, {made.name} fill",
        meaning="contribution",
        unit=resolved.unit,
        score=full,
        target=resolved.index,
        n_evaluations=passes.done,
        provenance=Provenance.of(model, resolved.describe(model.output.class_names), seed=seed),
        pixel_error=moments.standard_error,
        notes=(*samples.notes(resolved.unit), f"Filled with {made.words}."),
        intervals=samples.intervals,
    )


def draw_masks(
    random: np.random.Generator, count: int, size: tuple[int, int], cells: int, shown: float
) -> Float[np.ndarray, "batch height width"]:
    """Draw masks in [0, 1], 1 where the image is shown: a random grid, shifted, interpolated along each axis.

    Args:
        random: the generator.
        count: how many.
        size: height and width.
        cells: along each side, at most as many as pixels.
        shown: chance of each corner of the grid to be 1, which is also the mean of every pixel.
    """
    steps = [-(-side // cells) for side in size]
    corners = (random.random((count, cells + 2, cells + 2)) < shown).astype(np.float64)
    along = [
        _weights(random.integers(step, size=count), side, step, cells + 2)
        for side, step in zip(size, steps, strict=True)
    ]
    return np.einsum("nhr,nrc,nwc->nhw", along[0], corners, along[1], optimize=True)


def _weights(shifts: np.ndarray, side: int, step: int, corners: int) -> Float[np.ndarray, "batch pixel corner"]:
    """How much each corner of a grid counts at each pixel: the two beside it, by their nearness."""
    place = (np.arange(side) + shifts[:, None]) / step
    return np.clip(1 - np.abs(place[..., None] - np.arange(corners)), 0, 1)


def _answers(passes: FilledPasses, images: Images, name: str) -> list[np.ndarray]:
    shown = passes.shown(images.__getitem__, len(images), lambda _: name, ", or leave this fill out", share=False)
    return [outputs for _, outputs in shown]
