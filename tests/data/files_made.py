"""Image files made on the spot, so that the tests need none."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

from innerview.types import Array


def random_bytes(height: int, width: int, channels: int = 3, seed: int = 0) -> Array:
    """Noise, uint8, height × width × channels."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The content of a file that holds `image`."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def animation(kind: str, levels: tuple[int, ...] = (10, 90, 200)) -> bytes:
    """Grey frames of 6 × 4 pixels, one level each."""
    frames = [Image.new("RGB", (6, 4), (level, level, level)) for level in levels]
    options = {"lossless": True} if kind == "WEBP" else {}
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, **options)


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(
    width: int, height: int, depth: int, colour: int, rows: bytes, *, extra: tuple[tuple[bytes, bytes], ...] = ()
) -> bytes:
    """A PNG by hand, chunk by chunk, for what Pillow can't write: any size in the header, 16-bit colour.

    `colour` is PNG's own: 0 grey, 2 red green blue, 6 with alpha. `rows` are the bytes of all rows, each with its
    filter (0) in front. `extra` are chunks between header and pixels, names and contents.
    """
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    more = b"".join(chunk(*one) for one in extra)
    body = chunk(b"IHDR", header) + more + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def tiff(
    values: Array,
    *,
    photometric: int,
    order: str = "<",
    extra: tuple[int, ...] = (),
    separate: bool = False,
    tile: int = 0,
    compression: int = 1,
    predictor: int = 1,
    bits: int = 0,
    more: dict[int, tuple[int, bytes, int]] | None = None,
) -> bytes:
    """A TIFF by hand, for what Pillow can't write: height × width × channel of any kind, whole numbers or floats.

    `tile` is the side of square tiles (0: strips of two rows), `compression` 1 or 8 (deflate), `bits` those of a
    packed sample where they are no whole bytes; `more` are tags as kind, content and count.
    """
    height, width, samples = values.shape
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    planes = [values[..., [one]] for one in range(samples)] if separate else [values]
    parts = [part for plane in planes for part in _tiff_parts(plane, tile)]
    blocks = [_tiff_bytes(part, order, predictor, bits) for part in parts]
    blocks = [zlib.compress(block) for block in blocks] if compression == 8 else blocks
    each = bits or values.dtype.itemsize * 8
    places, lengths = (324, 325) if tile else (273, 279)
    rows: dict[int, tuple[int, bytes, int]] = {
        256: (4, struct.pack(order + "I", width), 1),
        257: (4, struct.pack(order + "I", height), 1),
        258: (3, struct.pack(f"{order}{samples}H", *[each] * samples), samples),
        259: (3, struct.pack(order + "H", compression), 1),
        262: (3, struct.pack(order + "H", photometric), 1),
        277: (3, struct.pack(order + "H", samples), 1),
        278: (3, struct.pack(order + "H", 2), 1),
        284: (3, struct.pack(order + "H", 2 if separate else 1), 1),
        317: (3, struct.pack(order + "H", predictor), 1),
        338: (3, struct.pack(f"{order}{len(extra)}H", *extra), len(extra)),
        339: (3, struct.pack(f"{order}{samples}H", *[kind] * samples), samples),
        places: (4, b"", len(blocks)),
        lengths: (4, struct.pack(f"{order}{len(blocks)}I", *map(len, blocks)), len(blocks)),
        **({322: (3, struct.pack(order + "H", tile), 1), 323: (3, struct.pack(order + "H", tile), 1)} if tile else {}),
        **(more or {}),
    }
    rows = {tag: row for tag, row in rows.items() if row[2] and not (tile and tag == 278)}
    start = 8 + sum(map(len, blocks))
    starts = np.cumsum([8, *map(len, blocks)])[:-1].tolist()
    rows[places] = (4, struct.pack(f"{order}{len(blocks)}I", *starts), len(blocks))
    beyond = start + 2 + 12 * len(rows) + 4
    table, outside = struct.pack(order + "H", len(rows)), b""
    for tag in sorted(rows):
        form, content, count = rows[tag]
        table += struct.pack(order + "HHI", tag, form, count)
        if len(content) > 4:
            table += struct.pack(order + "I", beyond + len(outside))
            outside += content
        else:
            table += content.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    return head + b"".join(blocks) + table + bytes(4) + outside


def _tiff_parts(plane: Array, tile: int) -> list[Array]:
    height, width = plane.shape[:2]
    if not tile:
        return [plane[top : top + 2] for top in range(0, height, 2)]
    padded = np.pad(plane, ((0, -height % tile), (0, -width % tile), (0, 0)))
    return [
        padded[top : top + tile, left : left + tile] for top in range(0, height, tile) for left in range(0, width, tile)
    ]


def _tiff_bytes(part: Array, order: str, predictor: int, bits: int) -> bytes:
    """One strip or tile; differences to the left neighbour (2), or of ranked bytes (3), first."""
    rows, width, samples = part.shape
    size = part.dtype.itemsize
    if bits:
        flat = part.reshape(rows, -1).astype(np.uint32)
        single = (flat[..., None] >> np.arange(bits - 1, -1, -1)) & 1
        return np.packbits(single.reshape(rows, -1).astype(np.uint8), axis=1).tobytes()
    if predictor == 2:
        whole = part.view(f"u{size}")
        part = np.diff(whole, axis=1, prepend=np.zeros_like(whole[:, :1]))
    if predictor == 3:
        ranked = part.astype(f">f{size}").view(np.uint8).reshape(rows, width * samples, size).transpose(0, 2, 1)
        flat = np.ascontiguousarray(ranked).reshape(rows, -1, samples)
        return np.diff(flat, axis=1, prepend=np.zeros_like(flat[:, :1])).tobytes()
    return part.astype(part.dtype.newbyteorder(order)).tobytes()
