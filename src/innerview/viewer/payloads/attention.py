"""Where the tokens of a transformer look: of one layer every head, and the rollout over all layers."""

from __future__ import annotations

from collections.abc import Sequence

from innerview.results import Attention
from innerview.types import Array
from innerview.viewer.payload import Payload, companded, make_payload
from innerview.viewer.payloads.stamp import Stamp


def attention_payload(
    chosen: Attention, rollout: Attention | None, stamp: Stamp, *, layers: Sequence[str], missing: str
) -> Payload:
    """Show one layer's attention among `layers`; `missing` says why there is no rollout where there is none."""
    arrays: dict[str, Array] = companded("weights", chosen.weights, keep=(0,))
    if rollout is not None:
        arrays |= companded("rollout", rollout.weights[0])
    grid = chosen.grid
    return make_payload(
        "attention",
        arrays,
        **stamp.texts,
        layers=list(layers),
        layer=chosen.layer,
        start=grid.start,
        rows=grid.height,
        columns=grid.width,
        missing=missing or None,
    )
