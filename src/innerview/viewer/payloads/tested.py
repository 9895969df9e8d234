"""What a training's network answers on test images, and the mistakes that it is surest of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from innerview.types import Array, Image
from innerview.viewer.payload import Payload, counted, make_payload, numbered, to_bytes


@dataclass(frozen=True, eq=False)
class Wrong:
    """Wrong answers, the surest first; all of these one per mistake.

    Attributes:
        images: pixels in [0, 1], height × width × 1 or 3; none where they are not at hand.
        names: of the images.
        held: by which the images can be asked for; empty where they can't.
        predicted: number of the prediction; `label`: of the true class; `probability`: of the prediction.
    """

    images: Sequence[Image]
    names: Sequence[str]
    held: Sequence[str]
    predicted: Sequence[int]
    label: Sequence[int]
    probability: Sequence[float]


def tested_payload(
    run: str,
    *,
    step: int,
    classes: Sequence[str],
    confusion: Array,
    wrong: Wrong,
    about: str,
    mistakes_about: str,
    more: bool,
) -> Payload:
    """Show answers.

    Args:
        run: its name.
        step: of the weights that answered.
        classes: names.
        confusion: images by label (rows) and prediction (columns).
        wrong: the surest mistakes; none where their images are not at hand.
        about: what was counted, in words.
        mistakes_about: where the mistakes are from, or why there are none.
        more: whether more images can be tested.
    """
    arrays: dict[str, Array] = {
        "confusion": counted(confusion),
        "predicted": counted(wrong.predicted),
        "label": counted(wrong.label),
        "probability": numbered(np.asarray(wrong.probability, dtype=np.float64)),
    }
    if wrong.images:
        bytes_of = to_bytes(np.stack(wrong.images))
        arrays["images"] = np.broadcast_to(bytes_of, (*bytes_of.shape[:3], 3))
    return make_payload(
        "tested",
        arrays,
        model=run,
        image="",
        classes=list(classes),
        step=step,
        about=about,
        mistakes_about=mistakes_about,
        names=list(wrong.names),
        held=list(wrong.held),
        more=more,
    )
