"""Bringing an image to a model's size as timm, torchvision and transformers do it: by Pillow, on levels of 0 to 255.

The shorter side becomes what is declared, the longer one follows, rounded down, and the middle is cut out; or all of
the image is squeezed to the model's size. The last level is theirs too, since it is the same code with the same sizes.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Shaped
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
