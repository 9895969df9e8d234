"""Bringing an image to a model's size as timm, torchvision and transformers do it: by Pillow, on levels of 0 to 255.

The shorter side becomes what is declared, the longer one follows, rounded down, and the middle is cut out; or all of
the image is squeezed to the model's size. The last level is theirs too, since it is the same code with the same sizes.
Where nothing is declared we resize by one matrix an axis, `area` or `linear`.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Shaped
from PIL import Image as Pillow

from innerview.spec import Resize


def resize_levels(
    levels: Shaped[np.ndarray, "old_height old_width 3"], how: Resize, height: int, width: int
) -> Shaped[np.ndarray, "{height} {width} 3"]:
    """Resize, and cut out the middle where that is declared.

    Args:
        levels: height × width × 3, 0 to 255.
        how: as declared.
        height: of what is wanted, in pixels.
        width: of what is wanted.
    """
    image, resample = Pillow.fromarray(levels), Pillow.Resampling[how.interpolation.upper()]
    if how.short_side is None:
        return np.asarray(image.resize((width, height), resample))
    larger = short_side(image.size, how.short_side)
    begin = round if how.odd == "round" else math.floor
    left, top = begin((larger[0] - width) / 2), begin((larger[1] - height) / 2)
    return np.asarray(image.resize(larger, resample).crop((left, top, left + width, top + height)))


def short_side(size: tuple[int, int], length: int) -> tuple[int, int]:
    """Width and height of an image whose shorter side becomes `length`."""
    width, height = size
    return (length, int(length * height / width)) if width <= height else (int(length * width / height), length)


def area(before: int, after: int) -> Float[np.ndarray, "{after} {before}"]:
    """What new pixel i, from i r to (i + 1) r, shares with old pixel j, from j to j + 1; r = before / after."""
    ratio = before / after
    start = np.arange(after)[:, None] * ratio
    pixel = np.arange(before)[None, :]
    shared = np.minimum(start + ratio, pixel + 1) - np.maximum(start, pixel)
    return np.clip(shared, 0, None) / ratio


def linear(before: int, after: int) -> Float[np.ndarray, "{after} {before}"]:
    """A new pixel's centre lies between two old ones, which count by their nearness; beyond the last, the last."""
    centre = np.clip((np.arange(after) + 0.5) * before / after - 0.5, 0, before - 1)
    return np.clip(1 - np.abs(centre[:, None] - np.arange(before)[None, :]), 0, None)
