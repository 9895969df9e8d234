"""Regions removed and alone: what the score loses without each region, and gains by it alone, the mean of both.

    φ_r = mean over fills f of  ½ (S(x) − S(x without r) + S(r alone) − S(f alone))

The two ends of Shapley's mean over all orders: a region that comes last, and one that comes first (Shapley 1953; of a
game with interactions of two regions at most it is the Shapley value itself). So it takes two passes a region and fill
where exact values take 2 to the number of regions; how near it comes is measured in docs/evidence/truth.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from innerview.errors import UsageError
from innerview.fills import DEFAULT_FILLS, Fill
from innerview.methods.filled import FilledPasses, make_fills, require_fills
from innerview.methods.passes import Progress, check_image
from innerview.methods.regions import JUDGED_REGIONS, Regions, divide
from innerview.model import Model
from innerview.results import Attribution, Provenance
from innerview.targets import Target
from innerview.types import Image


def removed_and_alone(
    model: Model,
    image: Image,
    target: Target,
    *,
    regions: Regions = JUDGED_REGIONS,
    fills: Sequence[str | Image | Fill] = DEFAULT_FILLS,
    progress: Progress | None = None,
) -> Attribution:
    """Take each region away once and show each alone once, under every fill.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        regions: a number of regions, rows and columns of a grid, labels of each pixel's region, masks (the rest of
            the image is a region too), or "superpixels" ("superpixels:8" for so many; extra `superpixels`).
        fills: what stands where a region is taken away: names (see `fills.FILLS`) or images.
        progress: called with passes done and in all.

    Returns:
        The map of the regions' values, each shared out equally among its pixels; its `pixel_error` is half the range
        over the fills.

    Raises:
        UsageError: fewer than 2 regions, an unknown fill or none, a target without meaning here.
        MissingExtra: superpixels without scikit-image.
        ImageError: the image, an image that fills, or the labels do not fit the model.
        ModelError: an output is NaN or infinite; says for which region.
    """
    check_image(model, image, "image")
    divided = divide(image, regions, JUDGED_REGIONS)
    labels, number = divided.labels, divided.number
    total = count_both(number, len(fills))
    made = make_fills(model, image, fills)
    passes = FilledPasses(model, image, total, progress)
    outputs = passes.whole()
    resolved = target.resolve(outputs[0], model.output)
    score = float(resolved.score(outputs)[0])
    own = np.arange(number)[:, None, None] == labels
    kept = np.concatenate([~own, own, np.zeros((1, *labels.shape), bool)])
    found = np.empty((len(made), number))
    for row, fill in enumerate(made):
        scores = np.empty(len(kept))
        for part, logits in passes.filled(fill, kept.__getitem__, len(kept), lambda at: _name(at, number)):
            scores[part] = resolved.score(logits)
        found[row] = (score - scores[:number] + scores[number:-1] - scores[-1]) / 2
    sizes = np.bincount(labels.ravel())
    half = (found.max(axis=0) - found.min(axis=0)) / 2
    names = ", ".join(fill.name for fill in made)
    return Attribution(
        image=image,
        attribution=(found.mean(axis=0) / sizes)[labels],
        method=f"{number} regions removed and alone, fills {names}",
        meaning="contribution",
        unit=resolved.unit,
        score=score,
        target=resolved.index,
        n_evaluations=passes.done,
        provenance=Provenance.of(model, resolved.describe(model.output.class_names), regions=divided.words),
        pixel_error=(half / sizes)[labels],
        regions=labels,
        notes=(*divided.notes, *_notes(found)),
    )


def count_both(number: int, fills: int) -> int:
    """How many passes so many regions and fills take.

    Raises:
        UsageError: one region, or no fill.
    """
    if number < 2:
        raise UsageError("one region was asked for, which is the whole image; ask for 2 or more").of(
            "regions", asked=1, limit=2
        )
    require_fills(fills)
    return 1 + fills * (2 * number + 1)


def _name(at: int, number: int) -> str:
    """What is shown, for an error."""
    kind, region = divmod(at, number)
    return (f"the image without region {region}", f"region {region} alone", "the fill alone")[kind]


def _notes(found: np.ndarray) -> tuple[str, ...]:
    apart = int(((found.min(axis=0) < 0) & (found.max(axis=0) > 0)).sum())
    told = f"Fills disagree about the sign of {apart} of {found.shape[1]} regions." if apart else ""
    return ("Each region first and last, not in every order: exact values are by shapley.", *([told] if told else []))
