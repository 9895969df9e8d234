"""The first directory of a TIFF: read within the file's own size, and written anew with nothing else in it.

A directory may claim any number of values at any place, many times over the same bytes; readers that gather them all
(Pillow's does) make gigabytes of a small file. Here only tags that pixels depend on are taken, each no larger than the
file, and what Pillow gets has these tags alone.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Values: TypeAlias = "tuple[int, ...]"

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS, STRIP_BYTES, PLANAR = 273, 274, 277, 278, 279, 284
PREDICTOR, PALETTE, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES = 317, 320, 322, 323, 324, 325
INK_SET, EXTRA, FORM, JPEG_TABLES, XMP, PROFILE = 332, 338, 339, 347, 700, 34675
_FAX = (292, 293)
_LUMA = (530, 531)

BYTES: Final = frozenset({JPEG_TABLES, XMP, PROFILE})
"""Tags that hold bytes, not numbers."""

WANTED: Final = BYTES | {
    *(
        WIDTH,
        HEIGHT,
        BITS,
        COMPRESSION,
        PHOTOMETRIC,
        FILL_ORDER,
        STRIP_OFFSETS,
        ORIENTATION,
        SAMPLES,
        ROWS,
        STRIP_BYTES,
    ),
    *(PLANAR, PREDICTOR, PALETTE, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES, INK_SET, EXTRA, FORM),
    *(*_FAX, *_LUMA),
}
_KINDS: Final = {1: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 16: "Q", 17: "q", 13: "I"}
_MOST_VALUES: Final = 2**21


@dataclass(frozen=True)
class Directory:
    """Tags of a TIFF's first image.

    Attributes:
        order: "<" or ">", as `struct` writes it.
        large: it is a BigTIFF.
        numbers: values by tag.
        blocks: bytes by tag.
        several: another image follows.
    """

    order: str
    large: bool
    numbers: Mapping[int, Values]
    blocks: Mapping[int, bytes]
    several: bool

    def first(self, tag: int, otherwise: int) -> int:
        """The first value of a tag, or what holds where there is none."""
        return self.numbers.get(tag, (otherwise,))[0]


def read_directory(data: bytes) -> Directory:
    """Read the first directory.

    Raises:
        ValueError: it is broken (`struct.error` too).
    """
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    large = struct.unpack_from(f"{order}H", data, 2)[0] == 43
    offset, counted, entry = ("Q", "Q", 20) if large else ("I", "H", 12)
    (start,) = struct.unpack_from(order + offset, data, 8 if large else 4)
    (count,) = struct.unpack_from(order + counted, data, start)
    first = start + struct.calcsize(counted)
    if count > 65535:
        raise ValueError(f"{count} entries")
    numbers: dict[int, Values] = {}
    blocks: dict[int, bytes] = {}
    for place in range(first, first + entry * count, entry):
        tag, kind = struct.unpack_from(f"{order}HH", data, place)
        if tag not in WANTED or tag in numbers or tag in blocks:
            continue
        content = _content(data, order, offset, place + 4, kind)
        if tag in BYTES:
            blocks[tag] = content
        elif kind in _KINDS and content:
            letter = _KINDS[kind]
            numbers[tag] = struct.unpack(f"{order}{len(content) // struct.calcsize('=' + letter)}{letter}", content)
    after = data[first + entry * count :][: struct.calcsize(order + offset)]
    following = int.from_bytes(after, "little" if order == "<" else "big")
    return Directory(order, large, numbers, blocks, 0 < following < len(data))


def _content(data: bytes, order: str, offset: str, place: int, kind: int) -> bytes:
    """The bytes of an entry's values, within the file."""
    size = struct.calcsize("=" + _KINDS.get(kind, "B"))
    (count,) = struct.unpack_from(order + offset, data, place)
    at = place + struct.calcsize(offset)
    if count * size > struct.calcsize(offset):
        (at,) = struct.unpack_from(order + offset, data, at)
    if at + count * size > len(data) or (size > 1 and count > _MOST_VALUES):
        raise ValueError("a tag reaches beyond the file")
    return data[at : at + count * size]


def rewritten(data: bytes, directory: Directory, numbers: Mapping[int, Sequence[int]]) -> bytes:
    """The file with one directory of these numbers (and the JPEG tables that were there) in place of all others."""
    order, large = directory.order, directory.large
    offset, letter, kind = ("Q", "Q", 16) if large else ("I", "I", 4)
    size = struct.calcsize(offset)
    start = len(data) + (-len(data)) % 8
    entries = sorted(set(numbers) | (set(directory.blocks) & {JPEG_TABLES}))
    head = struct.pack(f"{order}{'Q' if large else 'H'}", len(entries))
    beyond = start + len(head) + len(entries) * (20 if large else 12) + size
    rows: list[bytes] = []
    more = b""
    for tag in entries:
        short = tag in {BITS, EXTRA, FORM, PALETTE} | set(_LUMA)
        if tag == JPEG_TABLES:
            packed, form, count = directory.blocks[tag], 7, len(directory.blocks[tag])
        else:
            values = numbers[tag]
            form, count = (3 if short else kind), len(values)
            packed = struct.pack(f"{order}{count}{'H' if short else letter}", *values)
        if len(packed) > size:
            place = struct.pack(order + offset, beyond + len(more))
            more += packed + b"\0" * (-len(packed) % 8)
        else:
            place = packed.ljust(size, b"\0")
        rows.append(struct.pack(f"{order}HH{offset}", tag, form, count) + place)
    table = head + b"".join(rows) + bytes(size) + more
    top = data[:8] + struct.pack(f"{order}Q", start) if large else data[:4] + struct.pack(f"{order}I", start)
    return top + data[len(top) :] + bytes(start - len(data)) + table
