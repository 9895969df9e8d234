"""What a network makes of pictures that are left as they are: loss and accuracy, always in float32."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
import torch.nn.functional as functional

from innerview.data.labelled import LabelledPictures
from innerview.training.augment import as_pixels
from innerview.training.model import AllCnn

BATCH: Final = 250
"""Pictures at a time: enough to fill a processor, and 32 × 32 pictures stay below 1 GB."""


@torch.no_grad()
def measured(
    network: AllCnn, weights: Mapping[str, torch.Tensor], pictures: LabelledPictures, temperature: float
) -> tuple[float, float]:
    """Measure weights on pictures.

    Args:
        network: lends its layers; its own weights are put back.
        weights: by name.
        pictures: of the size that the network takes.
        temperature: T in softmax(logits / T).

    Returns:
        The mean cross-entropy in nats, without label smoothing, and the accuracy in [0, 1].
    """
    own = {name: weight.detach().clone() for name, weight in network.named().items()}
    network.take(weights)
    try:
        starts = range(0, len(pictures.images), BATCH)
        logits = torch.cat([network(as_pixels(pictures.images[start : start + BATCH])) for start in starts])
    finally:
        network.take(own)
    labels = torch.from_numpy(pictures.labels)
    loss = functional.cross_entropy(logits / temperature, labels)
    return loss.item(), (logits.argmax(1) == labels).float().mean().item()


def balanced(pictures: LabelledPictures, wanted: int) -> LabelledPictures:
    """The first pictures of each class, the same number of each, `wanted` in all or fewer."""
    classes = np.unique(pictures.labels)
    each = max(1, wanted // len(classes))
    numbers = np.concatenate([np.flatnonzero(pictures.labels == one)[:each] for one in classes])
    return LabelledPictures(pictures.images[numbers], pictures.labels[numbers])
