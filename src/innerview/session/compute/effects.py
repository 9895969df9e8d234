"""What regions that somebody marked do to the score: at once without p-values, then against ever more placebos."""

from __future__ import annotations

from pathlib import Path
from typing import Final, cast

from innerview.errors import UsageError
from innerview.methods.ask import region_effects
from innerview.methods.placebos import Box, region_name
from innerview.methods.regions import SUPERPIXELS
from innerview.model import InputSpec
from innerview.results import RegionEffects
from innerview.session.compute.computation import Computation, Source
from innerview.session.compute.masking import read_mask
from innerview.session.compute.prediction import TARGET, resolved
from innerview.session.compute.truth import log_odds
from innerview.session.images import named_fill, read_mask_file
from innerview.session.progress import Listener
from innerview.session.query import Query
from innerview.targets import Target
from innerview.types import Array

LEVELS: Final = (0, 19, 49, 79, 109, 139, 169)
"""Placebos after which there is something to see; with 19 of them p goes down to 0.05. Of more at once a model that
shares work computes what they share first: nobody else would have a turn for seconds."""


def read_asked(query: Query, spec: InputSpec) -> tuple[str | list[Box | Array], list[str]]:
    """The regions that a query means, and their names; superpixels name themselves.

    Without boxes and masks in files it is the mask of cells, whose name says how many pixels it has.

    Raises:
        UsageError: there is none, or it is not as described.
        ImageError: the file of a mask can't be read, or has another size than the model's image.
    """
    marked = query.marked
    if any(isinstance(one, str) for one in marked):
        if len(marked) + len(query.masks) > 1:
            given = ", ".join(one if isinstance(one, str) else region_name(one, 1) for one in marked)
            given = ", ".join([given, *query.masks])
            raise UsageError(f"the regions {given} were given; ask about {SUPERPIXELS} alone").of(
                "regions", asked=given
            )
        return cast("str", marked[0]), []
    boxes = cast("tuple[Box, ...]", marked)
    asked: list[Box | Array] = [*boxes, *(read_mask_file(one, spec) for one in query.masks)]
    if asked:
        return asked, [*(region_name(one, 1) for one in boxes), *(Path(one).name for one in query.masks)]
    if not query.mask:
        raise UsageError(
            "no region was given; mark one on the image, or name one with --region left,top,width,height or --mask FILE"
        ).of("region", found=0)
    mask = read_mask(query.mask, query.cells, spec.height, spec.width)
    return [mask], [f"of {int(mask.sum()):,} pixels"]


def _target(source: Source, query: Query, listener: Listener) -> Target:
    """The objective that was asked for, else what taking parts away is measured on."""
    return (resolved if query.objective else log_odds)(source, query, listener)


def _work(source: Source, query: Query, listener: Listener) -> RegionEffects:
    model, image = source.model(query), source.photo(query).image
    regions, names = read_asked(query, model.input)
    return region_effects(
        model,
        image,
        regions,
        _target(source, query, listener),
        fills=[named_fill(one, model.input, image, lambda: source.drawn(query)) for one in query.fills],
        n_placebos=query.n_placebos,
        names=names,
        seed=query.seed,
        levels=LEVELS,
        level=listener.level,
        progress=listener.progress,
    )


EFFECTS: Final = Computation(
    TARGET | {"fills", "region", "masks", "mask", "cells", "n_placebos", "seed", "data"},
    _work,
    lambda found: found.image.nbytes + 4 * found.removed_elsewhere.nbytes + 4096,
)
