"""What each region of an image does to the answer, exactly: the truth that maps are held against."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np

from innerview.errors import UsageError
from innerview.fills import Fill
from innerview.methods import shapley
from innerview.methods.coalitions import members
from innerview.methods.partitions import name_regions
from innerview.methods.regions import JUDGED_REGIONS, Divided, divide, named_number
from innerview.methods.shapley import count_passes
from innerview.model import Model
from innerview.results import ImagePart, RegionTruth, ShapleyValues
from innerview.results.shapley import Sets
from innerview.session.compute.computation import Computation, Source
from innerview.session.compute.integrated import is_large
from innerview.session.compute.masking import read_mask
from innerview.session.compute.prediction import TARGET, resolved
from innerview.session.images import named_fill
from innerview.session.progress import Listener
from innerview.session.query import Query
from innerview.spec import answer_name
from innerview.targets import LogOdds, Target, usual_of_regions
from innerview.types import Image
from innerview.viewer import sentences

REFUSED: Final = MappingProxyType(
    {
        "empty": "the {name} part that was marked has no pixel; paint it on the image, or leave it out",
        "overlap": "the {first} and the {name} part that were marked overlap, and every pixel is in one region; take "
        "what they share out of one of them",
        "whole": "the part that was marked is the whole image, so there is nothing to hold it against; leave some of "
        "the image unmarked, or mark a second part",
    }
)
"""What is said of marks that can't be regions; a page's own network says the same, by the words that it holds."""

ORDINALS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth",
)  # fmt: skip
"""What parts that somebody marked are called, in their order: as many as there may be regions."""


def is_judged(source: Source, query: Query) -> bool:
    """Whether maps are held against the truth: as was asked, else where the image is small and so each pass cheap."""
    return query.judge if query.judge is not None else not is_large(source.photo(query).image)


def not_judged(query: Query) -> str:
    """Why a map has no verdict, and how it gets one."""
    number = named_number(query.regions, JUDGED_REGIONS)
    passes = count_passes(number, len(query.fills))
    return (
        f"{sentences.not_judged(passes)} would show the model every combination of {number} regions under "
        f"{len(query.fills)} fills; --judge does it"
    )


def log_odds(source: Source, query: Query, listener: Listener) -> Target:
    """The log-odds of the class, where there are some and no other class is set against it; else what is explained."""
    model, target = source.model(query), resolved(source, query, listener)
    if query.versus is None and usual_of_regions(model.output) == "log-odds":
        return LogOdds(target.index)
    return target


def _work(source: Source, query: Query, listener: Listener) -> RegionTruth:
    model, image = source.model(query), source.photo(query).image
    target = log_odds(source, query, listener)
    divided, names = _divided(query, image)
    fills = [named_fill(one, model.input, image, lambda: source.drawn(query)) for one in query.fills]
    found = shapley(model, image, target, regions=divided.labels, fills=fills, progress=listener.progress)
    told = replace(found.provenance, regions=divided.words)
    found = replace(found, provenance=told, notes=(*divided.notes, *found.notes))
    for number, fill in enumerate(fills):
        enough, needed = found.sufficient[number], found.decisive[number]
        if enough and enough[0] and needed:
            return RegionTruth(
                found,
                names,
                _part(found, number, fill, enough, model, removed=False),
                _part(found, number, fill, needed, model, removed=True),
            )
    return RegionTruth(found, names, None, None)


def _divided(query: Query, image: Image) -> tuple[Divided, tuple[str, ...]]:
    """The regions, and what they are called: by where they lie, or, if somebody marked them, by their order.

    Raises:
        UsageError: a mark without a pixel, one that is all there is, two that overlap; MissingExtra: see `divide`.
    """
    if not query.marks:
        divided = divide(image, query.regions, JUDGED_REGIONS)
        return divided, name_regions(divided.labels)
    masks = [read_mask(one, query.cells, *image.shape[:2]) for one in query.marks]
    covered = np.zeros(image.shape[:2], np.int64)
    for number, mask in enumerate(masks, 1):
        name, shared = ORDINALS[number - 1], int(covered[mask].max(initial=0))
        if not mask.any():
            raise UsageError(REFUSED["empty"].format(name=name)).of("marks", asked=number, found="empty")
        if shared:
            raise UsageError(REFUSED["overlap"].format(first=ORDINALS[shared - 1], name=name)).of(
                "marks", asked=(shared, number), found="overlap"
            )
        covered[mask] = number
    if len(masks) == 1 and covered.all():
        raise UsageError(REFUSED["whole"]).of("marks", asked=1, found="whole")
    divided = divide(image, masks, JUDGED_REGIONS)
    marked = ("marked part",) if len(masks) == 1 else tuple(f"{one} part" for one in ORDINALS[: len(masks)])
    return divided, marked if covered.all() else (*marked, "rest")


def _part(found: ShapleyValues, number: int, fill: Fill, sets: Sets, model: Model, *, removed: bool) -> ImagePart:
    """The surest of the smallest sets."""
    regions = found.values.shape[1]
    everything, answers = 2**regions - 1, found.answers[number]
    size = len(sets[0])
    coalitions = {one: sum(1 << region for region in one) ^ (everything * removed) for one in sets if len(one) == size}
    best, at = max(coalitions.items(), key=lambda pair: float(found.confidences[number, pair[1]]))
    shown = members(regions)
    counted = shown.sum(axis=1) == (regions - size if removed else size)
    kept = answers[counted] == answers[-1]
    (image,) = fill.paint(found.image, shown[at][found.labels][None])
    return ImagePart(
        image=image.astype(found.image.dtype),
        regions=best,
        prediction=answer_name(int(answers[at]), model.output.class_names),
        confidence=float(found.confidences[number, at]),
        fill=fill.name,
        same=int((kept != removed).sum()),
        sets=int(counted.sum()),
    )


TRUTH: Final = Computation(
    TARGET | {"regions", "marks", "cells", "fills", "data", "seed"},
    _work,
    lambda found: found.values.scores.nbytes * 4 + 3 * found.values.image.nbytes,
)
