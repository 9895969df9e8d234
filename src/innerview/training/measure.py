"""What a model makes of images that are left as they are: loss and accuracy, always in float32."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
import torch.nn.functional as functional

from innerview.data.labelled import LabelledImages
from innerview.runs.answers import Answers
from innerview.training.augment import as_pixels
from innerview.training.model import AllCnn

CPU: Final = torch.device("cpu")

BATCH: Final = 250
"""Images at a time: enough to fill a processor, and 32 × 32 images stay below 1 GB."""


def measured(
    model: AllCnn,
    weights: Mapping[str, torch.Tensor],
    images: LabelledImages,
    temperature: float,
    place: torch.device = CPU,
) -> tuple[float, float]:
    """Measure weights on images; see `logits_of` and `scored`."""
    return scored(logits_of(model, weights, images, place), images, temperature)


@torch.no_grad()
def logits_of(
    model: AllCnn, weights: Mapping[str, torch.Tensor], images: LabelledImages, place: torch.device = CPU
) -> torch.Tensor:
    """Show images to weights; gives image × class, on the processor.

    Args:
        model: lends its layers; its own weights are put back.
        weights: by name.
        images: of the size that the model takes.
        place: the device that model and weights are on.
    """
    own = {name: weight.detach().clone() for name, weight in model.named().items()}
    model.take(weights)
    try:
        starts = range(0, len(images.images), BATCH)
        return torch.cat([model(as_pixels(images.images[start : start + BATCH]).to(place)).cpu() for start in starts])
    finally:
        model.take(own)


def scored(logits: torch.Tensor, images: LabelledImages, temperature: float) -> tuple[float, float]:
    """Compare logits (image × class) with the truth.

    Returns:
        The mean cross-entropy of softmax(logits / temperature) in nats, without label smoothing, and the accuracy in
        [0, 1].
    """
    labels = torch.from_numpy(images.labels)
    loss = functional.cross_entropy(logits / temperature, labels)
    return loss.item(), (logits.argmax(1) == labels).float().mean().item()


def answers_of(logits: torch.Tensor, images: LabelledImages, temperature: float, step: int) -> Answers:
    """What logits (image × class) say of each image, to be kept in the run folder."""
    probabilities, said = functional.softmax(logits / temperature, dim=1).max(1)
    return Answers(said.numpy(), probabilities.numpy(), images.labels.astype(np.int64), step)


def balanced(images: LabelledImages, wanted: int) -> LabelledImages:
    """The first images of each class, the same number of each, `wanted` in all or fewer."""
    classes = np.unique(images.labels)
    each = max(1, wanted // len(classes))
    numbers = np.concatenate([np.flatnonzero(images.labels == one)[:each] for one in classes])
    return LabelledImages(images.images[numbers], images.labels[numbers])
