"""PNG's chunks, taken apart before Pillow sees the file.

Pillow reads pixels; what they mean is read here: the see-through colour at its own depth, tones and primaries, the
profile, which way up. Everything else (texts, thumbnails, animation) is left out of what Pillow gets, so that a text
that unpacks to gigabytes is never unpacked. Damage in what pixels depend on is an error, elsewhere a note.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple, cast

from innerview.data.found import Allow, Found
from innerview.data.tones import DISPLAY_P3, Points, Tones, declared, usable
from innerview.errors import ImageError

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MOST_PROFILE: Final = 4 * 2**20
_MOST_RAW: Final = 2**18
_NEEDED: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"})
_KEPT: Final = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"gAMA", b"cHRM", b"sRGB", b"cICP", b"eXIf", b"acTL", b"zTXt", b"iTXt"}
)
_RAW_EXIF: Final = (b"Raw profile type exif\0", b"Raw profile type APP1\0")
_XMP: Final = b"XML:com.adobe.xmp\0"
_TRANSFERS: Final = {
    1: "BT.709",
    8: "linear",
    13: "sRGB",
    16: "PQ (high dynamic range)",
    18: "HLG (high dynamic range)",
}


class Header(NamedTuple):
    """The IHDR chunk."""

    width: int
    height: int
    depth: int
    colour: int
    compression: int
    filtering: int
    interlaced: int


def read_png(data: bytes, allow: Allow) -> Found:
    """Take a PNG apart.

    Raises:
        ImageError: it declares colours that are not read.
        ValueError: it is broken.
    """
    chunks, pixels, notes = _gathered(data)
    header = Header(*struct.unpack(">IIBBBBB", chunks[b"IHDR"]))
    allow(header.width, header.height)
    found = Found(b"", (header.width, header.height), header.depth, notes=notes)
    found.clean = rebuilt(header, chunks.get(b"PLTE"), pixels)
    found.several = len(chunks.get(b"acTL", b"")) == 8 and struct.unpack(">I", chunks[b"acTL"][:4])[0] > 1
    _see_through(found, header, chunks.get(b"tRNS", b""))
    _meaning(found, chunks)
    found.exif = chunks.get(b"eXIf", b"") or chunks.get(b"zTXt", b"")
    found.xmp = chunks.get(b"iTXt", b"")
    return found


def rebuilt(header: Header, palette: bytes | None, pixels: bytes) -> bytes:
    """A PNG with nothing in it but pixels."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", *header)) + (_chunk(b"PLTE", palette) if palette else b"")
    return SIGNATURE + head + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    return b"".join(
        (struct.pack(">I", len(content)), name, content, struct.pack(">I", zlib.crc32(content, zlib.crc32(name))))
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Name, content and whether the check sum is right, up to the end or the first chunk that is cut short."""
    place, view = len(SIGNATURE), memoryview(data)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        name, end = data[place + 4 : place + 8], place + 8 + length
        if end + 4 > len(data):
            if name == b"IDAT":  # Pillow says that it is cut short
                yield name, data[place + 8 :], True
            return
        right = name not in _NEEDED | _KEPT or struct.unpack_from(">I", data, end)[0] == zlib.crc32(
            view[place + 4 : end]
        )
        yield name, data[place + 8 : end] if name in _NEEDED | _KEPT else b"", right
        if name == b"IEND":
            return
        place = end + 4


def _gathered(data: bytes) -> tuple[dict[bytes, bytes], bytes, list[str]]:
    """The first of each chunk that counts, all pixels, and what is damaged."""
    chunks: dict[bytes, bytes] = {}
    pixels: list[bytes] = []
    notes: list[str] = []
    for name, content, right in _chunks(data):
        if not right:
            if name in _NEEDED:
                raise ValueError(f"the check sum of {name.decode()} is wrong")
            notes.append(f"its {name.decode()} chunk is damaged and was passed over")
        elif name == b"IDAT":
            pixels.append(content)
        elif name in {b"zTXt", b"iTXt"}:
            _text(chunks, name, content)
        else:
            chunks.setdefault(name, content)
    if len(chunks.get(b"IHDR", b"")) != 13 or not pixels:
        raise ValueError("no header or no pixels")
    return chunks, b"".join(pixels), list(dict.fromkeys(notes))


def _text(chunks: dict[bytes, bytes], name: bytes, content: bytes) -> None:
    """Keep the two texts that say which way up an image is, unpacked to a bounded size."""
    if name == b"iTXt" and content.startswith(_XMP):
        start = len(_XMP)
        packed, rest = content[start : start + 1] == b"\1", content[start + 2 :].split(b"\0", 2)
        if len(rest) == 3:
            chunks.setdefault(name, (unpacked(rest[2], 2**20) or b"") if packed else rest[2])
    for mark in _RAW_EXIF:
        if name == b"zTXt" and content.startswith(mark):
            words = (unpacked(content[len(mark) + 1 :], _MOST_RAW) or b"").split()  # a kind, a length, hexadecimals
            try:
                chunks.setdefault(name, bytes.fromhex(b"".join(words[2:]).decode("ascii")))
            except ValueError:
                continue


def unpacked(data: bytes, most: int) -> bytes | None:
    """Unpack at most so many bytes; None where it is no zlib stream or there are more."""
    engine = zlib.decompressobj()
    try:
        found = engine.decompress(data, most)
    except zlib.error:
        return None
    return found if engine.eof else None


def _see_through(found: Found, header: Header, content: bytes) -> None:
    """What the tRNS chunk says, at the depth that the file has."""
    if header.colour == 3:
        found.alphas = content[:256]
    elif header.colour in {0, 2} and len(content) >= (2 if header.colour == 0 else 6):
        count = 1 if header.colour == 0 else 3
        # Of a depth below 16 only the lower bits count.
        found.key = tuple(one & (1 << header.depth) - 1 for one in struct.unpack(f">{count}H", content[: 2 * count]))


def _meaning(found: Found, chunks: dict[bytes, bytes]) -> None:
    """Colours as declared; the first of cICP, iCCP, sRGB, gAMA with cHRM counts, as the specification orders them."""
    if len(cicp := chunks.get(b"cICP", b"")) == 4:
        found.tones = _coded(cicp)
    elif profile := chunks.get(b"iCCP"):
        packed = profile.partition(b"\0")[2][1:]
        found.icc = unpacked(packed, MOST_PROFILE) or b""
        if not found.icc:
            found.notes.append("its colour profile is damaged or too large, and was not applied")
    elif b"sRGB" not in chunks:
        _numbers(found, chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b""))


def _coded(content: bytes) -> Tones | None:
    primaries, transfer, matrix, whole = content
    known = {(1, 13): None, (12, 13): Tones(None, DISPLAY_P3, "Display P3"), (1, 8): Tones(1.0, None, "linear sRGB")}
    if (primaries, transfer) not in known or matrix != 0 or whole != 1:
        raise ImageError(
            f"declares colours that are not read (cICP: primaries {primaries}, transfer {transfer}"
            f"{', ' + _TRANSFERS[transfer] if transfer in _TRANSFERS else ''}); convert it to sRGB"
        ).of("colours", found=(primaries, transfer))
    return known[primaries, transfer]


def _numbers(found: Found, gamma: bytes, points: bytes) -> None:
    power = struct.unpack(">I", gamma)[0] / 100_000 if len(gamma) == 4 else None
    places = tuple(one / 100_000 for one in struct.unpack(">8I", points)) if len(points) == 32 else None
    if power is None and places is not None:
        places = None  # without a gamma the specification gives primaries no meaning
    if not usable(power, cast("Points | None", places)):
        found.notes.append("its gAMA and cHRM chunks make no sense and were passed over")
        return
    found.tones = declared(power, cast("Points | None", places))
