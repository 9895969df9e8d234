"""PBM, PGM and PPM (P1 to P6), as data sets of traffic signs and of older days have them: exactly, at any depth.

The formats have no compression and no metadata: a header in words, then numbers as text or as bytes (two of them, the
higher first, above 255). Netpbm's other formats (PAM, PFM) are refused by their names.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from innerview.data.colours import samples_raster
from innerview.data.found import Allow, Found
from innerview.data.raster import array_samples
from innerview.errors import ImageError
from innerview.types import Array

_BLANK: Final = rb"(?:\s|#[^\r\n]*[\r\n])+"
_HEAD: Final = re.compile(rb"P([1-6])" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,9})")
_MOST: Final = re.compile(_BLANK + rb"(\d{1,5})")
_OTHERS: Final = {b"P7": "a PAM image", b"PF": "a PFM image (floats)", b"Pf": "a PFM image (floats)"}


def is_netpbm(data: bytes) -> bool:
    """Whether a file begins as one of Netpbm's formats does."""
    return data[:1] == b"P" and data[1:2] in {*(b"%d" % one for one in range(1, 8)), b"F", b"f"} and data[2:3].isspace()


def read_netpbm(data: bytes, allow: Allow) -> Found:
    """Read one.

    Raises:
        ImageError: it is one of Netpbm's formats that are not read.
        ValueError: it is broken.
    """
    if data[:2] in _OTHERS:
        raise ImageError(f"is {_OTHERS[data[:2]]}, which is not read; save it as PPM or PNG").of(
            "kind", found=_OTHERS[data[:2]]
        )
    head = _HEAD.match(data)
    if head is None:
        raise ValueError("no header")
    kind, width, height = int(head[1]), int(head[2]), int(head[3])
    allow(width, height)
    place, white = head.end(), 1
    if kind not in {1, 4}:
        most = _MOST.match(data, place)
        if most is None or not 1 <= int(most[1]) <= 65535:
            raise ValueError("no largest value")
        place, white = most.end(), int(most[1])
    channels = 3 if kind in {3, 6} else 1
    values = (
        _binary(data[place + 1 :], kind, width, height, channels, white)
        if kind > 3
        else _text(data[place:], kind, width * height * channels)
    )
    values = values.reshape(height, width, channels)
    if int(values.max()) > white:
        raise ValueError(f"values above {white}")
    found = Found(b"", (width, height))
    if kind in {1, 4}:
        values = 1 - values  # ink on paper: 1 is black
    if white not in {1, 255}:
        found.notes.append(f"numbers up to {white}, divided by it")
    found.raster = samples_raster(array_samples(values), (width, height), white, found)
    return found


def _binary(data: bytes, kind: int, width: int, height: int, channels: int, white: int) -> Array:
    if kind == 4:
        row = -(-width // 8)
        packed = np.frombuffer(data, np.uint8, row * height).reshape(height, row)
        return np.unpackbits(packed, axis=1)[:, :width]
    return np.frombuffer(data, np.uint8 if white < 256 else ">u2", width * height * channels)


def _text(data: bytes, kind: int, count: int) -> Array:
    """Numbers with blanks between them; the digits of a P1 need none."""
    words = re.sub(rb"#[^\r\n]*", b" ", data)
    if kind == 1:
        digits = np.frombuffer(b"".join(words.split()), np.uint8)[:count] - ord("0")
        if len(digits) < count:
            raise ValueError("cut short")
        return digits
    found = words.split(None, count)[:count]
    if len(found) < count or max(map(len, found)) > 5 or not all(one.isdigit() for one in found):
        raise ValueError("cut short, or no numbers")
    return np.array(found, dtype="S5").astype(np.uint32)
