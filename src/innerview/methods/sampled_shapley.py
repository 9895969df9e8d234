"""Shapley values of many regions, sampled until a stated interval is as narrow as asked.

    φ_r = mean over orders of the regions of  S(those before r, and r) − S(those before r)

Castro and others 2009. Each order is followed by its reverse (antithetic pairs; Mitchell and others 2022, arXiv
2104.12199): what a region adds early and late is averaged within a pair, and pairs are independent of each other. How
many are needed is decided by the first of them (`stopping`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

from innerview.errors import UsageError
from innerview.fills import Fill
from innerview.methods.coalitions import name_coalition
from innerview.methods.filled import FilledPasses, make_fills
from innerview.methods.passes import Progress, check_image
from innerview.methods.regions import Regions, divide
from innerview.methods.stopping import CONFIDENCE, PILOT, Stopping, check_interval
from innerview.model import Model
from innerview.results import Attribution, Provenance
from innerview.targets import Target
from innerview.types import Array, Image

DEFAULT_SAMPLED: Final = 16
FRACTION: Final = 0.05
"""Of the score's change from the fill to the image: the half-width where none is asked."""

DEFAULT_MOST: Final = 20_000
"""Passes at most, if nothing else is said."""


def sampled_shapley(
    model: Model,
    image: Image,
    target: Target,
    *,
    regions: Regions = DEFAULT_SAMPLED,
    fill: str | Image | Fill = "blurred",
    half_width: float | None = None,
    confidence: float = CONFIDENCE,
    max_evaluations: int = DEFAULT_MOST,
    seed: int = 0,
    progress: Progress | None = None,
) -> Attribution:
    """Estimate every region's Shapley value to within `half_width`, all at once with `confidence`.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        regions: a number of regions, rows and columns of a grid, labels of each pixel's region, masks (the rest of
            the image is a region too), or "superpixels" ("superpixels:8" for so many; extra `superpixels`).
        fill: what stands where a region is taken away: a name (see `fills.FILLS`), an image or a fill.
        half_width: of the intervals, in units of the target; a twentieth of the score's change (or of a tenth of the
            score, where that is more) if None.
        confidence: that all intervals hold at once.
        max_evaluations: passes at most; where they end first, the intervals are wider, and the notes say so.
        seed: of the orders.
        progress: called with passes done and those known to be needed so far.

    Returns:
        The map of the regions' values, shared out equally among their pixels; its `pixel_error` is their half-widths.

    Raises:
        UsageError: fewer than 2 regions, a half-width or confidence without meaning, too few passes for the pilot.
        MissingExtra: superpixels without scikit-image.
        ImageError: image, fill or labels do not fit the model.
        ModelError: an output is NaN or infinite; says for which regions.
    """
    check_image(model, image, "image")
    divided = divide(image, regions, DEFAULT_SAMPLED)
    labels, number = divided.labels, divided.number
    check_request(number, half_width, confidence, max_evaluations)
    (made,) = make_fills(model, image, [fill])
    passes = FilledPasses(model, image, max_evaluations)  # told by the pair, below

    def outputs_of(
        shown: Bool[np.ndarray, "coalition region"], name: Callable[[Bool[np.ndarray, " region"]], str]
    ) -> Iterator[Array]:
        found = passes.filled(
            made,
            lambda some: shown[some][:, labels],
            len(shown),
            lambda at: name(shown[at]),
            share=False,  # so few images at once have little in common
        )
        return (outputs for _, outputs in found)

    nothing = np.zeros((1, number), bool)
    outputs = np.concatenate([passes.whole(), *outputs_of(nothing, lambda _: "the fill alone")])
    resolved = target.resolve(outputs[0], model.output)
    full, empty = (float(score) for score in resolved.score(outputs).astype(np.float64))
    asked = half_width or FRACTION * max(abs(full - empty), abs(full) / 10, 1e-6)

    random = np.random.default_rng(seed)
    stopping = Stopping(number, asked, confidence, (max_evaluations - 2) // (2 * (number - 1)))
    while stopping.going:
        order = random.permutation(number)
        pair = np.stack([order, order[::-1]])
        values = [resolved.score(found).astype(np.float64) for found in outputs_of(_prefixes(pair), name_coalition)]
        stopping.add(_added(pair, np.concatenate(values), full, empty))
        if progress is not None:
            progress(passes.done, 2 + 2 * (number - 1) * stopping.needed)
    sizes = np.bincount(labels.ravel())
    return Attribution(
        image=image,
        attribution=(stopping.mean / sizes)[labels],
        method=f"Shapley values of {number} regions, sampled, {made.name} fill",
        meaning="contribution",
        unit=resolved.unit,
        score=full,
        target=resolved.index,
        n_evaluations=passes.done,
        provenance=Provenance.of(model, resolved.describe(model.output.class_names), seed=seed, regions=divided.words),
        pixel_error=(stopping.half_widths / sizes)[labels],
        regions=labels,
        notes=(*divided.notes, *_notes(stopping, resolved.unit, made)),
        baseline_score=empty,
    )


def check_request(number: int, half_width: float | None, confidence: float, most: int) -> None:
    """Raise UsageError for what has no meaning, or too few passes for the pilot."""
    check_interval(number, half_width, confidence)
    least = count_pilot(number)
    if most < least:
        raise UsageError(
            f"{most} passes were allowed for {number} regions; {PILOT} pairs of orders, which tell how many are "
            f"needed, take {least} already: raise max_evaluations, or ask for fewer regions"
        )


def count_pilot(number: int) -> int:
    """Passes of the first stage: the image, the fill, and PILOT pairs of orders."""
    return 2 + 2 * (number - 1) * PILOT


def _prefixes(pair: Int[np.ndarray, "2 region"]) -> Bool[np.ndarray, "coalition region"]:
    """The coalitions on the way along both orders, without the empty and the full one."""
    number = pair.shape[1]
    place = np.repeat(np.argsort(pair, axis=1), number - 1, axis=0)
    shown: Int[Array, " coalition"] = np.array([*range(1, number)] * 2, np.int64)
    return np.less(place, shown[:, None])


def _added(pair: Int[np.ndarray, "2 region"], values: Array, full: float, empty: float) -> Float[np.ndarray, " region"]:
    """What each region adds, the mean of both orders."""
    found = np.zeros(pair.shape[1])
    for order, inner in zip(pair, values.reshape(2, -1), strict=True):
        found[order] += np.diff(np.concatenate([[empty], inner, [full]])) / 2
    return found


def _notes(stopping: Stopping, unit: str, fill: Fill) -> tuple[str, ...]:
    told = (
        f"Every region is within {float(stopping.half_widths.max()):.2g} {unit} of its exact value, all at once with "
        f"{stopping.confidence:.4g} confidence ({stopping.count} pairs of orders)."
    )
    short = (
        f"The passes ended first: {stopping.asked:.2g} {unit} was asked for. Raise max_evaluations or the half-width."
    )
    return (told, *([short] if stopping.is_short else []), f"Filled with {fill.words}.")
