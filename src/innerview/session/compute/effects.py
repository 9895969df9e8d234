"""What a region that somebody marked does to the score: at once without p-values, then against ever more placebos."""

from __future__ import annotations

from typing import Final

from innerview.errors import UsageError
from innerview.methods.ask import region_effects
from innerview.methods.placebos import Box, region_name
from innerview.results import RegionEffects
from innerview.session.compute.computation import Computation, Source
from innerview.session.compute.masking import read_mask
from innerview.session.compute.prediction import TARGET
from innerview.session.compute.truth import log_odds
from innerview.session.progress import Listener
from innerview.session.query import Query
from innerview.types import Array, Image

LEVELS: Final = (0, 19, 49, 79, 109, 139, 169)
"""Placebos after which there is something to see; with 19 of them p goes down to 0.05. Of more at once a model that
shares work computes what they share first: nobody else would have a turn for seconds."""


def read_region(query: Query, image: Image) -> tuple[Box | Array, str]:
    """The region that a query means, and its name: a box as it is, else as many pixels as a mask has.

    Raises:
        UsageError: there is none, or it is not as described.
    """
    if query.region:
        left, top, width, height = query.region
        return (left, top, width, height), region_name((left, top, width, height), 1)
    if not query.mask:
        raise UsageError("no region was given; mark one on the image, or give left, top, width and height")
    mask = read_mask(query.mask, query.cells, *image.shape[:2])
    return mask, f"of {int(mask.sum()):,} pixels"


def _work(source: Source, query: Query, listener: Listener) -> RegionEffects:
    image = source.photo(query).image
    region, name = read_region(query, image)
    return region_effects(
        source.model(query),
        image,
        [region],
        log_odds(source, query, listener),
        fills=query.fills,
        n_placebos=query.n_placebos,
        names=[name],
        seed=query.seed,
        levels=LEVELS,
        level=listener.level,
        progress=listener.progress,
    )


EFFECTS: Final = Computation(
    TARGET | {"fills", "region", "mask", "cells", "n_placebos", "seed"},
    _work,
    lambda found: found.image.nbytes + 4 * found.removed_elsewhere.nbytes + 4096,
)
