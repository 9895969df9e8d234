"""Changing the size of an image by one matrix per axis.

Shrinking averages exactly: each new pixel is the mean of the area that it covers, parts of pixels counted in part.
So the image's mean stays as it was, nothing leaves [0, 1] (a sharper filter rings), and no detail that is too fine
turns into a pattern that was never there. Pillow's BOX filter, the obvious choice, takes whole pixels only: at a
ratio like 300 : 32 its pixels count unequally. Enlarging is linear between the centres of the pixels, for the same
reasons. An axis that keeps its size is left alone, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from jaxtyping import Float

from innerview.data.raster import STRIP, strips
from innerview.resize import area, linear
from innerview.types import Array


def resize(
    image: Float[np.ndarray, "old_height old_width channel"], height: int, width: int
) -> Float[np.ndarray, "{height} {width} channel"]:
    """Give `image` (float32, height × width × channel) in another size, each axis by its own rule."""
    if image.shape[0] != height:
        image = np.tensordot(weights(image.shape[0], height), image, axes=(1, 0))
    if image.shape[1] != width:
        image = np.moveaxis(np.tensordot(weights(image.shape[1], width), image, axes=(1, 1)), 0, 1)
    return np.ascontiguousarray(image)


def resize_strips(rows: Callable[[int, int], Array], before: tuple[int, int], height: int, width: int) -> Array:
    """The same for an image that gives its rows in strips, of which only one at a time is held as floats.

    Args:
        rows: gives the rows from the first to before the last, height × width × channel.
        before: height and width of the image.
        height: wanted.
        width: wanted.
    """
    if before[0] * before[1] <= STRIP:
        return resize(rows(0, before[0]), height, width)
    table = weights(before[0], height) if before[0] != height else None
    found: Array | None = None
    for top, bottom in strips(before[1], before[0]):
        part = rows(top, bottom)
        found = np.zeros((height, *part.shape[1:]), np.float32) if found is None else found
        if table is None:
            found[top:bottom] = part
            continue
        touched = np.flatnonzero(table[:, top:bottom].any(axis=1))
        first, last = int(touched[0]), int(touched[-1]) + 1
        found[first:last] += np.tensordot(table[first:last, top:bottom], part, axes=(1, 0))
    return resize(cast("Array", found), height, width)


def weights(before: int, after: int) -> Float[np.ndarray, "{after} {before}"]:
    """How much each old pixel of an axis counts in each new one, float32; every row sums to 1."""
    return (area if after < before else linear)(before, after).astype(np.float32)
