"""The one thing in EXIF and XMP that changes an image: which way up it is.

Only the first directory is looked through, entry by entry, and nothing is copied: a block may claim thousands of values
that overlap, of which a reader that gathers them all (Pillow's does) makes gigabytes.
"""

from __future__ import annotations

import re
import struct
from typing import Final

ORIENTATION: Final = 0x0112
DAMAGED: Final = "its EXIF block is damaged and was passed over"

_MOST_XMP: Final = 2**20
_XMP: Final = re.compile(rb"tiff:Orientation(?:=[\"']|>)\s*([1-8])\s*[\"'<]")


def orientation(block: bytes) -> int | None:
    """EXIF's orientation, 1 to 8; 1 where none is given, None where the block is damaged."""
    data = block.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, start)
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, number = struct.unpack_from(f"{order}HHI", data, place)
            if tag == ORIENTATION and kind == 3 and number == 1:
                (found,) = struct.unpack_from(f"{order}H", data, place + 8)
                return found if 1 <= found <= 8 else 1
    except struct.error:
        return None
    return 1


def xmp_orientation(packet: bytes) -> int:
    """XMP's orientation, which counts where EXIF has none."""
    found = _XMP.search(packet[:_MOST_XMP])
    return int(found[1]) if found else 1


def upright(exif: bytes, xmp: bytes) -> tuple[int, list[str]]:
    """The orientation from both blocks (empty where there is none), with notes."""
    if not exif:
        return xmp_orientation(xmp), []
    found = orientation(exif)
    return (1, [DAMAGED]) if found is None else (found, [])
