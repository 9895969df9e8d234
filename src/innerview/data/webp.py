"""WebP's header, read before its decoder is made, which holds an image several times over."""

from __future__ import annotations

import struct
from typing import Final

from innerview.data.found import Allow, Found
from innerview.errors import ImageError

MOST_PIXELS: Final = 20_000_000
"""The decoder needs up to 20 bytes for each."""


def read_webp(data: bytes, allow: Allow) -> Found:
    """Check the size; everything else is Pillow's, whose `info` holds profile and EXIF.

    Raises:
        ImageError: it is too large.
        ValueError: it is no WebP.
    """
    width, height = _size(data)
    allow(width, height)
    if width * height > MOST_PIXELS:
        raise ImageError(
            f"is {width} × {height} ({width * height / 1e6:.0f} megapixels); the most that is read of a WebP image "
            f"is {MOST_PIXELS / 1e6:.0f} megapixels: make it smaller, or save it as JPEG or PNG"
        ).of("size", found=(height, width), limit=MOST_PIXELS)
    return Found(data, (width, height))


def _size(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if data[8:12] != b"WEBP":
        raise ValueError("another RIFF file")
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF
