"""How often each layer's weights have which value, in every checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from innerview.results import WeightHistograms
from innerview.viewer.payload import Payload, counted, make_payload, numbered
from innerview.viewer.payloads.stamp import Stamp

COUNTS = ("under", "over", "nan", "infinite")
STATISTICS = ("mean", "std", "minimum", "maximum")


def weights_payload(
    found: WeightHistograms,
    stamp: Stamp,
    *,
    steps: Sequence[float] = (),
    epochs: Sequence[float] = (),
    health: Sequence[dict[str, object]] = (),
) -> Payload:
    """Show histograms.

    Args:
        found: of one or more checkpoints.
        stamp: the network.
        steps: of the checkpoints; unknown if empty.
        epochs: of the checkpoints; unknown if empty.
        health: what is wrong: layer, words, figure.
    """
    unknown = np.full(len(found.checkpoints), np.nan)
    arrays = {
        "steps": numbered(np.asarray(steps) if len(steps) else unknown),
        "epochs": numbered(np.asarray(epochs) if len(epochs) else unknown),
        **{name: counted(getattr(found, name)) for name in COUNTS},
        **{name: numbered(getattr(found, name)) for name in STATISTICS},
    }
    if found.distance is not None:
        arrays["distance"] = numbered(found.distance)
    for place in range(len(found.layers)):
        arrays[f"counts/{place}"] = counted(found.counts[:, place])
        arrays[f"edges/{place}"] = numbered(found.edges[place])
    return make_payload(
        "weights",
        arrays,
        **stamp.texts,
        layers=list(found.layers),
        checkpoints=list(found.checkpoints),
        health=[*health, *({"layer": "", "words": note, "figure": None} for note in found.notes)],
    )
