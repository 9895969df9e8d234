"""Changing the size of a picture by one matrix per axis.

Shrinking averages exactly: each new pixel is the mean of the area that it covers, parts of pixels counted in part.
So the picture's mean stays as it was, nothing leaves [0, 1] (a sharper filter rings), and no detail that is too fine
turns into a pattern that was never there. Pillow's BOX filter, the obvious choice, takes whole pixels only: at a
ratio like 300 : 32 its pixels count unequally. Enlarging is linear between the centres of the pixels, for the same
reasons. An axis that keeps its size is left alone, bit for bit.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def resize(
    image: Float[np.ndarray, "old_height old_width channel"], height: int, width: int
) -> Float[np.ndarray, "{height} {width} channel"]:
    """Give `image` (float32, height × width × channel) in another size, each axis by its own rule."""
    if image.shape[0] != height:
        image = np.tensordot(weights(image.shape[0], height), image, axes=(1, 0))
    if image.shape[1] != width:
        image = np.moveaxis(np.tensordot(weights(image.shape[1], width), image, axes=(1, 1)), 0, 1)
    return np.ascontiguousarray(image)


def weights(before: int, after: int) -> Float[np.ndarray, "{after} {before}"]:
    """How much each old pixel of an axis counts in each new one, float32; every row sums to 1."""
    return (_area if after < before else _linear)(before, after).astype(np.float32)


def _area(before: int, after: int) -> Float[np.ndarray, "{after} {before}"]:
    """What new pixel i, from i r to (i + 1) r, shares with old pixel j, from j to j + 1; r = before / after."""
    ratio = before / after
    start = np.arange(after)[:, None] * ratio
    pixel = np.arange(before)[None, :]
    shared = np.minimum(start + ratio, pixel + 1) - np.maximum(start, pixel)
    return np.clip(shared, 0, None) / ratio


def _linear(before: int, after: int) -> Float[np.ndarray, "{after} {before}"]:
    """A new pixel's centre lies between two old ones, which count by their nearness; beyond the last, the last."""
    centre = np.clip((np.arange(after) + 0.5) * before / after - 0.5, 0, before - 1)
    return np.clip(1 - np.abs(centre[:, None] - np.arange(before)[None, :]), 0, None)
