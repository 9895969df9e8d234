"""Files of every form and what is expected of them, for the tests of a form each."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image, ImageCms

from data.files_made import png
from innerview.data.image import Image as Loaded
from innerview.types import Array

EXACT = 0.51 / 255 / 256
"""Half a step of 16 bits."""


def over_white(colour: Array, alpha: Array) -> Array:
    return colour * alpha + 1 - alpha


def packed(samples: Array, depth: int) -> bytes:
    """Rows of a PNG, each with its filter in front; samples are height × width × channel."""
    rows = samples.reshape(len(samples), -1)
    if depth == 16:
        return b"".join(b"\0" + row.astype(">u2").tobytes() for row in rows)
    single = (rows[..., None].astype(np.uint8) >> np.arange(depth - 1, -1, -1)) & 1
    return b"".join(b"\0" + np.packbits(row.reshape(-1)).tobytes() for row in single)


def made_png(samples: Array, depth: int, colour: int, *extra: tuple[bytes, bytes]) -> bytes:
    return png(samples.shape[1], samples.shape[0], depth, colour, packed(samples, depth), extra=extra)


def near(image: Loaded, expected: Array, within: float = EXACT) -> None:
    np.testing.assert_allclose(image.pixels, np.broadcast_to(expected, image.pixels.shape), atol=within)


CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
DEPTHS = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (4, 8), (4, 16), (6, 8), (6, 16)]


def some(colour: int, depth: int) -> Array:
    samples = np.random.default_rng(colour + depth).integers(0, 1 << depth, (5, 9, CHANNELS[colour]))
    samples[0, :2, :] = [[0], [(1 << depth) - 1]]
    return samples


def srgb_curve(linear: Array) -> Array:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_curve(content: bytes) -> bytes:
    """sRGB's profile with other tone curves, still called sRGB."""
    profile = bytearray(srgb_profile())
    for at in range(132, 132 + 12 * struct.unpack(">I", profile[128:132])[0], 12):
        start, size = struct.unpack(">II", profile[at + 4 : at + 12])
        if profile[at + 1 : at + 4] == b"TRC":
            profile[start : start + size] = content.ljust(size, b"\0")
            profile[at + 8 : at + 12] = struct.pack(">I", len(content))
    return bytes(profile)


LINEAR = with_curve(b"curv" + bytes(8))
GAMMA = with_curve(b"curv" + bytes(4) + struct.pack(">IH", 1, round(1.8 * 256)))


def grey_profile() -> bytes:
    """A grey profile of gamma 1.8, made by hand: version 2, white point, curve, two texts."""
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78)
    tags = [
        (b"desc", text),
        (b"cprt", b"text" + bytes(4) + b"none\0"),
        (b"wtpt", b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)),
        (b"kTRC", b"curv" + bytes(4) + struct.pack(">IH", 1, round(1.8 * 256))),
    ]
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags:
        padded = content + b"\0" * (-len(content) % 4)
        table += name + struct.pack(">II", start + len(body), len(content))
        body += padded
    head = bytearray(128)
    head[0:4] = struct.pack(">I", start + len(body))
    head[8:12], head[12:16], head[16:20], head[20:24] = b"\x02\x10\0\0", b"mntr", b"GRAY", b"XYZ "
    head[36:40] = b"acsp"
    head[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    return bytes(head) + table + body


PROFILES = {"linear": LINEAR, "gamma 1.8": GAMMA}
PALETTED = ["PNG", "GIF", "TIFF"]


def by_littlecms(image: Image.Image, profile: bytes) -> Array:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    turned = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert turned is not None
    return np.asarray(turned) / 255
