"""What the network says of a part of the pixels: by a ranking, at random, or as somebody chose them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from innerview.results import MaskingCurve, Prediction
from innerview.types import Array
from innerview.viewer.payload import Payload, counted, make_payload, numbered, to_bytes
from innerview.viewer.payloads.stamp import Stamp, answered, shown_classes

RANKED = ("strongest", "highest", "lowest")
"""The orders that follow the map; those behind them in a payload are random."""


def masking_payload(
    found: Sequence[MaskingCurve], stamp: Stamp, *, fill: str, seed: int, versus: int | None = None
) -> Payload:
    """Show what is said at each share.

    Args:
        found: one for each of `RANKED`, then one for each random order, all at the same shares.
        stamp: network and image.
        fill: what stands in the place of the others, in words.
        seed: of the random orders.
        versus: class that the target is set against.
    """
    first = found[0]
    classes = shown_classes(first.logits[int(first.fractions.argmax())], (first.target, versus))
    ranks = np.stack([one.ranking for one in found[: len(RANKED)]])
    small = ranks.max(initial=0) < 2**16
    return make_payload(
        "masking",
        {
            "fractions": numbered(first.fractions),
            "n_pixels": counted(first.kept),
            "logits": numbered(np.stack([one.logits[:, classes] for one in found])),
            "probabilities": numbered(np.stack([one.probabilities[:, classes] for one in found])),
            "classes": counted(classes),
            **_said(found),
            "rankings": ranks.astype(np.uint16 if small else np.uint32),
            "fill": to_bytes(first.fill),
        },
        **stamp.texts,
        orders=[*RANKED, *(f"random {number}" for number in range(1, len(found) - len(RANKED) + 1))],
        target=first.target,
        versus=versus,
        fill=fill,
        seed=seed,
    )


def _said(found: Sequence[MaskingCurve]) -> dict[str, Array]:
    """What is said at each share: by each of the ranked orders, then of the mean outputs of all random ones."""
    rows = list(found[: len(RANKED)])
    if randoms := found[len(RANKED) :]:
        rows.append(
            replace(
                randoms[0],
                logits=np.mean([one.logits for one in randoms], axis=0),
                probabilities=np.mean([one.probabilities for one in randoms], axis=0),
            )
        )
    each = [answered([one.prediction(place) for place in range(len(one.fractions))]) for one in rows]
    return {name: np.stack([one[name] for one in each]) for name in each[0]}


def mask_payload(prediction: Prediction, stamp: Stamp, *, pixels: int, fraction: float, fill: str) -> Payload:
    """Show what is said of pixels that somebody chose.

    Args:
        prediction: of the image with the other pixels taken away.
        stamp: network and image.
        pixels: how many are left.
        fraction: that is of all, in [0, 1].
        fill: what stands in the place of the others, in words.
    """
    return make_payload(
        "mask",
        {
            "logits": numbered(prediction.logits),
            "probabilities": numbered(prediction.probabilities),
            **answered([prediction]),
        },
        **stamp.texts,
        fraction=float(fraction),
        pixels=pixels,
        fill=fill,
    )
