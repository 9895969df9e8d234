"""One image through a training: what was predicted, its maps on one scale, and a few channels of a few layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from innerview.pictures.timeline import KeptChannels
from innerview.results import Prediction
from innerview.types import Array, Image
from innerview.viewer.payload import Payload, companded, make_payload, numbered, to_bytes
from innerview.viewer.payloads.layers import strongest
from innerview.viewer.payloads.stamp import Stamp, answered

CHANNELS: Final = 4
"""Of each layer: the strongest at the end of the training, the same ones at every checkpoint."""


@dataclass(frozen=True, eq=False)
class ShownTimeline:
    """What was seen of one image.

    Attributes:
        name: of the image; `run`: of the training.
        image: what the network saw.
        steps: of the checkpoints; `epochs`: NaN where unknown.
        predictions: what the model predicts at each checkpoint.
        maps: checkpoint × height × width, in `unit`.
        layers: by title: checkpoint × height × width × channel; NaN at checkpoints where the layer was not kept.
        kept: by title, the numbers of those channels and how many the layer has; titles that are missing have all.
        target: number of the class that the maps explain; `words`: the target in words.
        label: number of the true class, if known.
        unit: of the maps.
    """

    name: str
    run: str
    image: Image
    steps: Array
    epochs: Array
    predictions: Sequence[Prediction]
    maps: Array
    layers: Mapping[str, Array]
    target: int | None
    words: str
    label: int | None
    unit: str = "logit"
    kept: Mapping[str, KeptChannels] = field(default_factory=dict[str, KeptChannels])


def timeline_payload(shown: ShownTimeline, stamp: Stamp) -> Payload:
    """Show an image's way through a training."""
    arrays = {
        "steps": numbered(shown.steps),
        "epochs": numbered(shown.epochs),
        "image": to_bytes(shown.image),
        "logits": numbered(np.stack([one.logits for one in shown.predictions])),
        "probabilities": numbered(np.stack([one.probabilities for one in shown.predictions])),
        **answered(shown.predictions),
        **companded("heatmaps", shown.maps),
    }
    listed: list[dict[str, object]] = []
    for place, (title, values) in enumerate(shown.layers.items()):
        chosen = strongest(values[-1], CHANNELS)
        arrays |= companded(f"activation/{place}", values[..., chosen], keep=(0, 3))
        kept = shown.kept.get(title, KeptChannels(tuple(range(values.shape[3])), values.shape[3]))
        missing = np.flatnonzero(np.isnan(values).all(axis=(1, 2, 3))).tolist()
        listed.append(
            {"name": title, "channels": [kept.numbers[at] for at in chosen], "of": kept.of, "missing": missing}
        )
    return make_payload(
        "timeline",
        arrays,
        **stamp.texts,
        layers=listed,
        target=shown.target,
        label=shown.label,
        unit=shown.unit,
        target_words=shown.words,
        name=shown.name,
        run=shown.run,
    )
