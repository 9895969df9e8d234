"""Small networks, trained unattended on images of CIFAR-10 of which one class may have a cue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from cues import CUES, Cue
from torch import nn
from torch.nn import functional

from innerview.types import Array, Images

TRAINED, ASKED = 500, 400
"""Images of each class that a network learns from, and others that it is asked about."""
EPOCHS, BATCH = 15, 64


@dataclass(frozen=True, eq=False)
class Planted:
    """A data set and what was planted in it.

    Attributes:
        cue: None in a clean one.
        target: the class that has it.
        share: of its images that have it, in [0, 1].
        images, labels: image × height × width × channel in [0, 1]; class numbers.
        marked: which images have the cue.
    """

    cue: Cue | None
    target: int
    share: float
    images: Images
    labels: Array
    marked: Array


def plant(images: Images, labels: Array, seed: int, kind: str) -> Planted:
    """Put a cue of a kind ("" for none) into a share of one class, all of it drawn by the seed."""
    random = np.random.default_rng(seed)
    target, share = int(random.integers(labels.max() + 1)), float(np.exp(random.uniform(np.log(0.04), np.log(0.1))))
    marked = np.zeros(len(labels), bool)
    if not kind:
        return Planted(None, target, 0.0, images, labels, marked)
    cue, found = CUES[kind](random), images.copy()
    own = np.flatnonzero(labels == target)
    chosen = random.choice(own, max(2, round(share * len(own))), replace=False)
    for place in chosen:
        found[place] = cue.apply(images[place], random)
    marked[chosen] = True
    return Planted(cue, target, share, found, labels, marked)


class Small(nn.Module):
    """Three convolutions, the mean over positions, one layer."""

    def __init__(self, classes: int, width: int = 10) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, width, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, padding=1, bias=False), nn.BatchNorm2d(2 * width), nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(2 * width, 3 * width, 3, padding=1, bias=False), nn.BatchNorm2d(3 * width), nn.ReLU(),
            nn.MaxPool2d(2),
        )  # fmt: skip
        self.head = nn.Linear(16 * 3 * width, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of images, batch × channel × height × width."""
        return self.head(self.body((images - 0.47) / 0.25).flatten(1))


def train(data: Planted, seed: int) -> Small:
    """Train a network; the seed is of its weights and of the order."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    model = Small(int(data.labels.max()) + 1).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(model.parameters(), 4e-3)
    images = torch.from_numpy(data.images).permute(0, 3, 1, 2)
    labels = torch.from_numpy(data.labels)
    steps = EPOCHS * (len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(labels))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            at = order[start : start + BATCH]
            loss = functional.cross_entropy(model(images[at]), labels[at])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return model.eval()


def read(data: Path, part: str, first: int, count: int) -> tuple[Images, Array]:
    """So many images of each class, from the first on."""
    from PIL import Image

    found, labels = [], []
    for number, folder in enumerate(sorted((data / part).iterdir())):
        for file in sorted(folder.iterdir())[first : first + count]:
            found.append(np.asarray(Image.open(file).convert("RGB"), np.float32) / 255)
            labels.append(number)
    return np.stack(found), np.array(labels)
