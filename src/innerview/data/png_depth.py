"""PNGs of 16 bits per channel, exactly: Pillow gives the upper halves of colours, asked again it gives the lower ones.

Its names for how samples lie in a file are turned round for the second time ("RGB;16L" takes the second byte of each
pair). Grey with opacity has no such name, but as many bits as red, green, blue and opacity of 8. An image of more than
MOST_PIXELS keeps its upper halves only, as its two halves would fill memory; the note says so.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any, Final

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFile

from innerview.data.colours import deep_raster, to_raster
from innerview.data.found import Found
from innerview.data.raster import Raster, pillow_samples
from innerview.types import Array

MOST_PIXELS: Final = 24_000_000
_DEPTH_PLACE: Final = 24
"""In a PNG; the colour's kind stands behind it, then three bytes more, and the header's check sum."""

_GREY_WITH_OPACITY: Final = 4


def deep_png(found: Found, image: ImageFile.ImageFile) -> Raster:
    """Decode an opened PNG of 16 bits per channel; its file is `found.clean`."""
    if image.mode.startswith("I"):
        image.load()
        return to_raster(image, found)
    if image.size[0] * image.size[1] > MOST_PIXELS:
        image.load()
        found.notes.append("16 bits per channel, of which the upper 8 are used")
        found.key = tuple(one >> 8 for one in found.key)
        return to_raster(image, found)
    if found.clean[_DEPTH_PLACE + 1] == _GREY_WITH_OPACITY:
        four = _halves(_as_four(found.clean), "")
        read = pillow_samples(four)

        def paired(left: int, top: int, right: int, bottom: int) -> Array:
            bytes_ = read(left, top, right, bottom).astype(np.uint16)
            return bytes_[..., 0::2] << 8 | bytes_[..., 1::2]

        return deep_raster(paired, four.size, found)
    upper = pillow_samples(_halves(found.clean, f"{image.mode};16B"))
    lower = pillow_samples(_halves(found.clean, f"{image.mode};16L"))

    def joined(left: int, top: int, right: int, bottom: int) -> Array:
        box = (left, top, right, bottom)
        return upper(*box).astype(np.uint16) << 8 | lower(*box)

    return deep_raster(joined, image.size, found)


def _halves(data: bytes, samples: str) -> Pillow.Image:
    """Decode with Pillow's own name for how samples lie, or with another."""
    with Pillow.open(io.BytesIO(data), formats=("PNG",)) as image:
        if samples:
            kind: Any = type(image.tile[0])  # a plain tuple in older Pillows
            kept: list[Any] = [(one[0], one[1], one[2], samples) for one in image.tile]
            image.tile = [one if kind is tuple else kind(*one) for one in kept]
        image.load()
        return image


def _as_four(data: bytes) -> bytes:
    """The same PNG declared as red, green, blue and opacity of 8 bits."""
    head = data[12:_DEPTH_PLACE] + b"\x08\x06" + data[_DEPTH_PLACE + 2 : 29]
    return data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:]
