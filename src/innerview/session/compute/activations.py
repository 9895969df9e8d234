"""What all layers give, in part; or one, whole."""

from __future__ import annotations

from typing import Final

from innerview.errors import UsageError
from innerview.layers import by_name
from innerview.methods import activations
from innerview.results import Activations
from innerview.session.compute.computation import IMAGE, Computation, Source
from innerview.session.layers import layers_shown
from innerview.session.progress import Listener
from innerview.session.query import Query

OPAQUE: Final = "it was given as a function: give the model itself (a PyTorch module, say) to look into it"
"""What to do about a model of which nothing inside is known."""


def _work(source: Source, query: Query, _: Listener) -> Activations:
    network = source.network(query)
    if not network.layers:
        raise UsageError(f"the layers are not known of {type(network).__name__}; {OPAQUE}")
    names = [query.layer] if query.layer else layers_shown(network)
    return activations(network, source.photo(query).image, [by_name(name) for name in names])


ACTIVATIONS: Final = Computation(
    IMAGE | {"layer"}, _work, lambda found: sum(values.nbytes for values in found.layers.values())
)
