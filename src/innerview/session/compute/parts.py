"""What parts of the image are predicted as, alone and in place."""

from __future__ import annotations

from typing import Final

from innerview.methods import parts
from innerview.results import Parts
from innerview.session.compute.computation import IMAGE, Computation, Source
from innerview.session.images import named_fill
from innerview.session.progress import Listener
from innerview.session.query import Query


def _work(source: Source, query: Query, listener: Listener) -> Parts:
    model, image = source.model(query), source.photo(query).image
    fills = [named_fill(one, model.input, image, lambda: source.drawn(query)) for one in query.fills]
    return parts(model, image, fills=fills, seed=query.seed, progress=listener.progress)


PARTS: Final = Computation(
    IMAGE | {"fills", "seed", "data"},
    _work,
    lambda found: found.image.nbytes + 64 * len(found.windows) * (2 + len(found.fills)),
)
