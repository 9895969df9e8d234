"""What all layers give, in part; or one, whole; the prediction comes along."""

from __future__ import annotations

from typing import Final

from innerview.layers import by_name
from innerview.methods import activations
from innerview.results import Activations
from innerview.session.compute.computation import IMAGE, Computation, Source
from innerview.session.compute.prediction import PREDICTION
from innerview.session.layers import layers_shown
from innerview.session.progress import Listener
from innerview.session.query import Query


def _work(source: Source, query: Query, _: Listener) -> Activations:
    model = source.model(query)
    asked: list[int | str] = [by_name(query.layer)] if query.layer else [*query.layers]
    shown = [] if query.layer else [by_name(name) for name in layers_shown(model)]
    found = activations(model, source.photo(query).image, [*asked, *shown])
    source.keep(PREDICTION, query, found.prediction)
    return found


ACTIVATIONS: Final = Computation(
    IMAGE | {"layer", "layers"}, _work, lambda found: sum(values.nbytes for values in found.layers.values())
)
