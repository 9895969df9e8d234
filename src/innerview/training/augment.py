"""Which images a step sees, and how they are changed: functions of the seed and the step alone.

Nothing here has a state. The order of an epoch and every toss of a coin come from a generator seeded with (seed,
purpose, number), so a resumed run draws what the undisturbed one would have drawn, and there is no random state to
save or to get wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as functional

from innerview.training.recipe import Augmentation
from innerview.types import Array

ORDER, CHANGE, FLIP, SAMPLE = 0, 1, 2, 3


def order(seed: int, epoch: int, n_images: int) -> Array:
    """The order of the images in an epoch (from 0): each number below `n_images` once."""
    return np.random.default_rng([seed, ORDER, epoch]).permutation(n_images)


@dataclass(frozen=True)
class Draw:
    """The images of one step.

    Attributes:
        numbers: of the images in the data set.
        mirrored: which of them an alternating flip mirrors.
    """

    numbers: Array
    mirrored: Array


def drawn(seed: int, step: int, batch: int, n_images: int) -> Draw:
    """Choose the images of a step (from 0).

    The epochs follow one another without a gap: a batch may end one and begin the next, so every image is seen
    equally often and no epoch loses its tail.
    """
    positions = np.arange(step * batch, (step + 1) * batch)
    epochs = positions // n_images
    numbers = np.empty(batch, dtype=np.int64)
    for epoch in np.unique(epochs):
        here = epochs == epoch
        numbers[here] = order(seed, int(epoch), n_images)[positions[here] % n_images]
    first = np.random.default_rng([seed, FLIP]).integers(0, 2, n_images)[numbers]
    return Draw(numbers, (first + epochs) % 2 == 1)


def changed(images: Array, draw: Draw, how: Augmentation, seed: int, step: int) -> torch.Tensor:
    """Change the images of a step and hand them to PyTorch.

    Args:
        images: the drawn images, batch × height × width × channel, uint8.
        draw: which they are.
        how: see Augmentation.
        seed: of the run.
        step: from 0.

    Returns:
        batch × channel × height × width in [0, 1], float32, its memory channel-last: 1.5 times as fast in training
        as channel-first where this was written.
    """
    random = np.random.default_rng([seed, CHANGE, step])
    batch, height, width, _ = images.shape
    touched = random.random(batch) < how.fraction
    tossed = random.random(batch) < 0.5
    sides = {"alternating": draw.mirrored, "random": tossed, "none": np.zeros(batch, dtype=np.bool_)}
    reach = how.shift
    down, right = random.integers(-reach, reach + 1, (2, batch)) * touched
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="reflect")
    rows = np.arange(height) + reach + down[:, None]
    columns = np.arange(width)[None, :]
    columns = np.where((sides[how.flip] & touched)[:, None], width - 1 - columns, columns)
    columns = columns + reach + right[:, None]
    moved = padded[np.arange(batch)[:, None, None], rows[:, :, None], columns[:, None, :]]
    pixels = as_pixels(moved)
    return turned(pixels, how, touched, random) if how.rotation or how.scale else pixels


def turned(pixels: torch.Tensor, how: Augmentation, touched: Array, random: np.random.Generator) -> torch.Tensor:
    """Rotate and scale images about their centre, reflecting what lies outside."""
    angle, size = random.uniform(-1, 1, (2, len(pixels))) * touched
    angle = angle * math.radians(how.rotation)
    size = 1 / (1 + size * how.scale)
    rows = [[size * np.cos(angle), -size * np.sin(angle)], [size * np.sin(angle), size * np.cos(angle)]]
    linear = torch.from_numpy(np.moveaxis(np.asarray(rows), 2, 0).astype(np.float32))
    grid = functional.affine_grid(
        torch.cat([linear, torch.zeros(len(pixels), 2, 1)], dim=2), list(pixels.shape), align_corners=False
    )
    new = functional.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)
    return torch.where(torch.from_numpy(touched)[:, None, None, None], new, pixels)


def as_pixels(images: Array) -> torch.Tensor:
    """Bytes (batch × height × width × channel) as [0, 1], batch × channel × height × width, channel-last memory."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(255)


def resized(pixels: torch.Tensor, size: int) -> torch.Tensor:
    """Shrink images to size × size pixels, each new pixel the mean of what it covers; 0 leaves them."""
    if size in {0, pixels.shape[-1]}:
        return pixels
    return functional.interpolate(
        pixels, (size, size), mode="bilinear", antialias=True, align_corners=False
    ).contiguous(memory_format=torch.channels_last)
