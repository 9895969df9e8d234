"""One number of a convolution: its patch, its kernel and their sum."""

from __future__ import annotations

from typing import Final, cast

from innerview.methods.one_convolution import OneConvolution, one_convolution
from innerview.session.compute.computation import IMAGE, Computation, Source
from innerview.session.progress import Listener
from innerview.session.query import Query


def _work(source: Source, query: Query, _: Listener) -> OneConvolution:
    model = source.model(query)
    position = cast("tuple[int, int]", tuple(query.position) or (0, 0))
    first = next((one.name for one in model.layers if one.kind == "convolution"), "")
    return one_convolution(model, source.photo(query).image, query.layer or first, query.channel, position)


CONVOLUTION: Final = Computation(IMAGE | {"layer", "channel", "position"}, _work, lambda found: 2 * found.patch.nbytes)
