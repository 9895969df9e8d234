"""JPEG's segments, taken apart before Pillow sees the file.

The colour profile and the two blocks that say which way up it is are taken out; texts, thumbnails and further images
are left away. A progressive file may go over its image as often as it likes, each time for a few bytes: how often
times how many blocks is bounded.
"""

from __future__ import annotations

import re
import struct
from typing import Final

from innerview.data.found import Allow, Found
from innerview.errors import ImageError

MOST_WORK: Final = 2_000_000_000
"""Pixels times scans. A photo of 64 megapixels in ten scans has a third of it."""

MOST_COEFFICIENTS: Final = 400 * 2**20
"""Bytes that a progressive image's coefficients may fill."""

_MARKER: Final = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_READ: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_PROGRESSIVE: Final = frozenset({0xC2, 0xCA})
_SCAN, _END = 0xDA, 0xD9
_ALONE: Final = frozenset({0x01, 0xD8, _END})
_EXIF, _XMP, _ICC, _SEVERAL = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0", b"MPF\0"


def read_jpeg(data: bytes, allow: Allow) -> Found:
    """Take a JPEG apart.

    Raises:
        ImageError: it is of a kind that is not read, or meant to take for ever.
    """
    found = Found(b"")
    kept: list[bytes] = [data[:2]]
    profile: dict[int, bytes] = {}
    frame, scans, place, adobe = (0, b""), 0, 2, False
    while (marker := _MARKER.search(data, place)) is not None:
        kind, after = marker[1][0], marker.end()
        if kind in _ALONE:
            kept.append(data[place:after])
            if kind == _END:
                break
            place = after
            continue
        end = after + (struct.unpack_from(">H", data, after)[0] if after + 2 <= len(data) else len(data))
        content = data[after + 2 : end]
        if 0xE0 <= kind <= 0xEF or kind == 0xFE:
            kept.append(data[place : marker.start()])
            adobe |= kind == 0xEE and content.startswith(b"Adobe")
            if (kind == 0xE0 and content.startswith(b"JFIF")) or (kind == 0xEE and content.startswith(b"Adobe")):
                kept.append(data[marker.start() : end])
            _segment(found, kind, content, profile)
        else:
            kept.append(data[place:end])
            frame = (kind, content) if kind in _FRAMES and not frame[1] else frame
            scans += kind == _SCAN
        place = end
    else:
        kept.append(data[place:])
    found.clean = b"".join(kept)
    found.icc = b"".join(profile[number] for number in sorted(profile))
    _check(frame, scans, allow, adobe=adobe)
    return found


def _segment(found: Found, kind: int, content: bytes, profile: dict[int, bytes]) -> None:
    """Take out of a segment what says something about colours or which way up."""
    if kind == 0xE1 and content.startswith(_EXIF) and not found.exif:
        found.exif = content
    elif kind == 0xE1 and content.startswith(_XMP) and not found.xmp:
        found.xmp = content[len(_XMP) :]
    elif kind == 0xE2 and content.startswith(_ICC) and len(content) > len(_ICC) + 2:
        profile.setdefault(content[len(_ICC)], content[len(_ICC) + 2 :])
    elif kind == 0xE2 and content.startswith(_SEVERAL):
        found.several = True


def _check(frame: tuple[int, bytes], scans: int, allow: Allow, *, adobe: bool) -> None:
    """Refuse what is of another kind, or would take for ever."""
    kind, content = frame
    if len(content) < 6:
        return  # Pillow says what is wrong
    precision, height, width, channels = struct.unpack_from(">BHHB", content)
    allow(width, height)
    way = "save it as an ordinary JPEG or PNG"
    if kind not in _READ:
        raise ImageError(f"is a JPEG of a kind that is not read (lossless or in levels, SOF{kind - 0xC0}); {way}").of(
            "kind", found=f"SOF{kind - 192}"
        )
    if precision != 8:
        raise ImageError(f"is a JPEG with {precision} bits per channel; 8 are read: {way}").of("depth", found=precision)
    if channels not in {1, 3, 4}:
        raise ImageError(f"is a JPEG with {channels} channels; 1, 3 or 4 are read: {way}").of(
            "channels", found=channels
        )
    if channels == 4 and not adobe:
        raise ImageError(
            f"is a JPEG in four inks without Adobe's mark, so that nobody knows whether 0 is all ink or none; {way} in "
            "RGB"
        ).of("inks", found=channels)
    if scans * width * height > MOST_WORK and scans > 10:
        raise ImageError(f"goes over its {width} × {height} pixels {scans} times, which is no photo; {way}").of(
            "scans", found=scans
        )
    sampled = 2 * width * height * channels
    if kind in _PROGRESSIVE and sampled > MOST_COEFFICIENTS:
        raise ImageError(
            f"is a progressive JPEG of {width} × {height}, which needs {sampled / 1e6:.0f} MB while it is read; "
            "save it without the option 'progressive', or smaller"
        ).of("progressive", found=(height, width))
