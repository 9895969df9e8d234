"""Picture files made on the spot, so that the tests need none."""

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


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The content of a file that holds `picture`."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def animation(kind: str, levels: tuple[int, ...] = (10, 90, 200)) -> bytes:
    """Grey frames of 6 × 4 pixels, one level each."""
    frames = [Image.new("RGB", (6, 4), (level, level, level)) for level in levels]
    options = {"lossless": True} if kind == "WEBP" else {}
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, **options)


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG by hand, chunk by chunk, for what Pillow can't write: any size in the header, 16-bit colour.

    `colour` is PNG's own: 0 grey, 2 red green blue, 6 with alpha. `rows` are the bytes of all rows, each with its
    filter (0) in front.
    """

    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
