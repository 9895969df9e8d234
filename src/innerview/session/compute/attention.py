"""Where the tokens of a transformer look: one layer head by head, and followed through all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from innerview.errors import UsageError
from innerview.methods import attention, attention_rollout
from innerview.methods.attention import require_attention
from innerview.model import Attending
from innerview.results import Attention
from innerview.session.compute.computation import IMAGE, Computation, Source
from innerview.session.progress import Listener
from innerview.session.query import Query


@dataclass(frozen=True, eq=False)
class Looking:
    """What a viewer shows of a model's attention.

    Attributes:
        layers: names of those whose attention can be seen, in the order of their calls.
        chosen: of one layer, every head.
        rollout: through all layers; None where that has no meaning, and then `missing` says why.
    """

    layers: tuple[str, ...]
    chosen: Attention
    rollout: Attention | None
    missing: str


def _work(source: Source, query: Query, _: Listener) -> Looking:
    """The layer that is asked, the last one where that is none.

    Raises:
        UsageError: the model has no attention that can be seen.
    """
    model, image = source.model(query), source.photo(query).image
    require_attention(model)
    names = tuple(cast("Attending", model).attention_layers)
    chosen = attention(model, image, layer=query.layer if query.layer in names else None)
    try:
        return Looking(names, chosen, attention_rollout(model, image), "")
    except UsageError as problem:  # tokens that look within windows, or are not as many everywhere
        return Looking(names, chosen, None, str(problem))


ATTENTION: Final = Computation(IMAGE | {"layer"}, _work, lambda found: 2 * found.chosen.weights.nbytes)
