"""Shapley values of many regions, sampled until a stated interval is as narrow as asked.

Least squares over sets of regions that are drawn by their leverage (`leverage`, with formula and sources). A first
stage of FIRST pairs of sets for each region says how many are needed; more are drawn until every half-width is at most
the one asked. The confidence holds for all regions at once (Bonferroni, quantiles of Student's t); how often it holds
was measured (docs/evidence/regions.md), and that pairs of orders (Castro and others 2009, Mitchell and others 2022),
which stood here before, take three times as many passes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from jaxtyping import Bool

from innerview.errors import UsageError
from innerview.fills import Fill
from innerview.methods.coalitions import name_coalition
from innerview.methods.filled import FilledPasses, make_fills
from innerview.methods.leverage import LeverageSets, count_pairs
from innerview.methods.passes import Progress, check_image
from innerview.methods.regions import Regions, divide
from innerview.methods.stopping import CONFIDENCE, PILOT, check_interval, student
from innerview.model import Model
from innerview.results import Attribution, Provenance
from innerview.targets import Target
from innerview.types import Array, Image

DEFAULT_SAMPLED: Final = 16
FRACTION: Final = 0.05
"""Of the score's change from the fill to the image: the half-width where none is asked."""

FIRST: Final = 16
"""Pairs of sets in the first stage, for each region but one."""

LONGER: Final = 1.05
"""How much more is drawn than the last stage's errors say, so that one more stage is enough."""

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
    affordable = min((max_evaluations - 2) // 2, count_pairs(number))
    planned = min(FIRST * (number - 1), affordable)
    passes = FilledPasses(model, image, 2 + 2 * planned, progress)

    def outputs_of(shown: Bool[np.ndarray, "coalition region"]) -> Iterator[Array]:
        found = passes.filled(
            made,
            lambda some: shown[some][:, labels],
            len(shown),
            lambda at: name_coalition(shown[at]) if shown[at].any() else "the fill alone",
            share=False,  # so few images at once have little in common
        )
        return (outputs for _, outputs in found)

    outputs = np.concatenate([passes.whole(), *outputs_of(np.zeros((1, number), bool))])
    resolved = target.resolve(outputs[0], model.output)
    full, empty = (float(score) for score in resolved.score(outputs).astype(np.float64))
    asked = half_width or FRACTION * max(abs(full - empty), abs(full) / 10, 1e-6)

    sets, differences = LeverageSets(number, np.random.default_rng(seed)), np.zeros(0)
    while True:
        shown = sets.draw(planned)
        both = np.stack([shown, ~shown], axis=1).reshape(-1, number)  # so that an end in the middle ends with a pair
        scores = np.concatenate([resolved.score(one) for one in outputs_of(both)]).astype(np.float64)
        differences = np.concatenate([differences, (scores[::2] - scores[1::2]) / 2])
        values, errors = sets.fit(differences, full - empty)
        freedom = max(sets.count - number, PILOT - 1)
        widths = student(1 - (1 - confidence) / (2 * number), freedom) * errors
        widest = float(widths.max())
        if widest <= asked or planned == affordable:
            break
        planned = min(affordable, max(planned + 1, math.ceil(planned * LONGER * (widest / asked) ** 2)))
        passes.total = 2 + 2 * planned
    sizes = np.bincount(labels.ravel())
    return Attribution(
        image=image,
        attribution=(values / sizes)[labels],
        method=f"Shapley values of {number} regions, sampled, {made.name} fill",
        meaning="contribution",
        unit=resolved.unit,
        score=full,
        target=resolved.index,
        n_evaluations=passes.done,
        provenance=Provenance.of(model, resolved.describe(model.output.class_names), seed=seed, regions=divided.words),
        pixel_error=(widths / sizes)[labels],
        regions=labels,
        notes=(*divided.notes, *_notes(sets.count, widest, asked, confidence, resolved.unit, made)),
        baseline_score=empty,
    )


def check_request(number: int, half_width: float | None, confidence: float, most: int) -> None:
    """Raise UsageError for what has no meaning, or too few passes for the pilot."""
    check_interval(number, half_width, confidence)
    least = count_pilot(number)
    if most < least:
        raise UsageError(
            f"{most} passes were allowed for {number} regions; {(least - 2) // 2} pairs of sets, which tell how many "
            f"are needed, take {least} already: raise max_evaluations, or ask for fewer regions"
        ).of("max_evaluations", asked=most, found=number, limit=least)


def count_pilot(number: int) -> int:
    """Passes of the first stage: the image, the fill, and FIRST pairs of sets for each region but one."""
    return 2 + 2 * min(FIRST * (number - 1), count_pairs(number))


def _notes(pairs: int, widest: float, asked: float, confidence: float, unit: str, fill: Fill) -> tuple[str, ...]:
    told = (
        f"Every region is within {widest:.2g} {unit} of its exact value, all at once with {confidence:.4g} confidence "
        f"({pairs} pairs of sets)."
    )
    short = f"The passes ended first: {asked:.2g} {unit} was asked for. Raise max_evaluations or the half-width."
    return (told, *([short] if widest > asked else []), f"Filled with {fill.words}.")
