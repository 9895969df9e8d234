"""One map, by any method."""

from __future__ import annotations

from typing import Final

from innerview.methods.registry import USUAL
from innerview.results import Explained
from innerview.session.compute.computation import Computation, Source
from innerview.session.compute.integrated import INTEGRATED, Integrated
from innerview.session.compute.prediction import resolved
from innerview.session.methods import run_method
from innerview.session.progress import Listener, Passing
from innerview.session.query import Query


def _work(source: Source, query: Query, listener: Listener) -> Explained:
    if query.method == USUAL:
        return source.result(INTEGRATED, query, Passing(listener, _first)).results[0]
    model = source.model(query)
    target = resolved(source, query, listener)
    return run_method(
        query.method,
        model,
        source.photo(query).image,
        target,
        source.baselines(query),
        listener.progress,
        lambda: source.drawn(query),
    )


def _first(found: Integrated) -> Explained:
    return found.results[0]


ATTRIBUTION: Final = Computation(
    INTEGRATED.fields | {"method", "data", "seed"}, _work, lambda found: 3 * found.heatmap.nbytes
)
