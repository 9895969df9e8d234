"""An image's samples as its file holds them, turned to colours a part at a time.

A photo of 24 megapixels fills 96 MB as bytes and 288 MB as float32. A model sees a small copy, so samples stay as
they are, and only the rows that are being averaged become floats. EXIF's orientation is applied to each part in the
same way, since a turned copy would double what is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from PIL import Image as Pillow

from innerview.types import Array, Image

Reading: TypeAlias = Callable[[int, int, int, int], Array]
"""Left, top, right, bottom of a part as stored; gives its samples or colours, height × width × channel."""

STRIP: Final = 2**20
"""Pixels that are turned to floats at a time."""

_SWAPPED: Final = frozenset({5, 6, 7, 8})
_ROWS_FLIPPED: Final = frozenset({3, 4, 6, 7})
_COLUMNS_FLIPPED: Final = frozenset({2, 3, 7, 8})
"""What EXIF's orientations do to the rows and columns as stored, before the axes are swapped."""


@dataclass(frozen=True, eq=False)
class Raster:
    """Colours that can be asked for in parts.

    Attributes:
        stored: width and height of what the file holds.
        read: gives red, green and blue of a part of it, float32 in [0, 1].
        orientation: EXIF's, 1 to 8.
    """

    stored: tuple[int, int]
    read: Reading
    orientation: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, the right way up."""
        across, down = self.stored
        return (down, across) if self.orientation in _SWAPPED else (across, down)

    def part(self, left: int, top: int, width: int, height: int) -> Image:
        """Colours of a part of the upright image, height × width × 3."""
        box = (left, top, left + width, top + height)
        if self.orientation in _SWAPPED:
            box = (box[1], box[0], box[3], box[2])
        across, down = self.stored
        if self.orientation in _COLUMNS_FLIPPED:
            box = (across - box[2], box[1], across - box[0], box[3])
        if self.orientation in _ROWS_FLIPPED:
            box = (box[0], down - box[3], box[2], down - box[1])
        found = self.read(*box)
        found = found[::-1] if self.orientation in _ROWS_FLIPPED else found
        found = found[:, ::-1] if self.orientation in _COLUMNS_FLIPPED else found
        return np.ascontiguousarray(found.transpose(1, 0, 2) if self.orientation in _SWAPPED else found)


def strips(width: int, height: int) -> Iterator[tuple[int, int]]:
    """First row of each strip, and the row after its last."""
    step = max(1, STRIP // max(1, width))
    return ((top, min(height, top + step)) for top in range(0, height, step))


def pillow_samples(image: Pillow.Image) -> Reading:
    """Samples of a decoded image as Pillow holds them, always with a channel axis."""

    def read(left: int, top: int, right: int, bottom: int) -> Array:
        return with_channels(np.asarray(image.crop((left, top, right, bottom))))

    return read


def array_samples(values: Array) -> Reading:
    """Samples of an array, height × width × channel."""

    def read(left: int, top: int, right: int, bottom: int) -> Array:
        return values[top:bottom, left:right]

    return read


def with_channels(values: Array) -> Array:
    """Height × width becomes height × width × 1."""
    return values[..., None] if values.ndim == 2 else values
