"""Damaged images without end: seeded mutations of a file of every form, and what must hold for each.

Whatever the bytes, the answer is an image in [0, 1] or one of our errors; nothing is written to the terminal, and
neither processor time nor memory follows what a header claims. As a program, it reads as many as it is told (10,000)
and counts the endings, the slowest and the largest: `python tests/data/mutating.py 10000`.
"""

from __future__ import annotations

import os
import resource
import struct
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from data.files_made import animation, chunk, encoded, png, random_bytes, tiff
from data.forms import LINEAR, grey_profile
from innerview.data.reading import load_image
from innerview.errors import ImageError
from innerview.types import Array

SLOW = 2.0
"""Seconds of processor time for one image; files here have a few kilobytes."""

GROWTH = 500_000
"""kB by which the process may grow over all of them."""

FIELDS = (0, 1, 2, 8, 16, 32, 255, 256, 4096, 8000, 32767, 65535, 1 << 20, 64_000_000, 2**31 - 1, 2**32 - 1)


def whole_files() -> dict[str, bytes]:
    """A small file of every form."""
    photo = Image.fromarray(random_bytes(12, 14))
    smooth = Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker"
    grey16 = Image.fromarray(np.arange(48, dtype=np.uint16).reshape(6, 8) * 1300)
    bomb = (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(10**6)))
    return {
        "png": encoded(photo, icc_profile=LINEAR, exif=exif),
        "png palette": encoded(photo.quantize(16), transparency=3),
        "png grey 16": encoded(grey16),
        "png alpha 16": png(
            3, 2, 16, 6, (b"\0" + bytes(range(24))) * 2, extra=(bomb, (b"gAMA", struct.pack(">I", 70_000)))
        ),
        "png key": png(4, 2, 2, 0, b"\0\x1b\0\xe4", extra=((b"tRNS", b"\0\2"),)),
        "apng": animation("PNG"),
        "jpeg": encoded(photo, "JPEG", exif=exif, icc_profile=LINEAR),
        "jpeg progressive": encoded(smooth, "JPEG", progressive=True),
        "jpeg grey": encoded(photo.convert("L"), "JPEG", icc_profile=grey_profile()),
        "jpeg inks": encoded(smooth.convert("CMYK"), "JPEG"),
        "mpo": animation("MPO"),
        "webp": encoded(photo, "WEBP", exif=exif),
        "webp lossless": encoded(photo.convert("RGBA"), "WEBP", lossless=True, icc_profile=LINEAR),
        "webp animated": animation("WEBP"),
        "gif": encoded(photo, "GIF", transparency=2),
        "gif animated": animation("GIF"),
        "bmp": encoded(photo, "BMP"),
        "bmp palette": encoded(photo.quantize(16), "BMP"),
        "bmp one bit": encoded(photo.convert("1"), "BMP"),
        "tiff": encoded(photo, "TIFF", exif=exif, icc_profile=LINEAR),
        "tiff lzw": encoded(photo, "TIFF", compression="tiff_lzw"),
        "tiff jpeg": encoded(Image.new("RGB", (16, 16)), "TIFF", compression="jpeg"),
        "tiff fax": encoded(photo.convert("1"), "TIFF", compression="group4"),
        "tiff floats": tiff(
            np.random.default_rng(0).random((6, 7, 3)).astype("f4"), photometric=2, compression=8, predictor=3
        ),
        "tiff tiles": tiff(random_bytes(18, 20).astype(np.uint16), photometric=2, tile=16, separate=True, order=">"),
        "tiff opacity": tiff(random_bytes(6, 7, 4), photometric=2, extra=(1,)),
        "tiff 12 bits": tiff(random_bytes(6, 7, 1).astype(np.uint16), photometric=0, bits=12),
        "tiff pages": animation("TIFF"),
        "ppm": b"P6\n# made\n7 5\n255\n" + random_bytes(5, 7).tobytes(),
        "pgm text": b"P2 3 2 700 " + b" ".join(b"%d" % value for value in (1, 2, 300, 4, 5, 700)),
        "pbm": b"P4 12 3\n" + bytes(range(6)),
    }


def mutations(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Give `count` damaged files: bits turned over, cut short, spliced, numbers in their headers replaced."""
    files = list(whole_files().items())
    generator = np.random.default_rng(seed)
    for number in range(count):
        name, data = files[number % len(files)]
        for _ in range(int(generator.integers(1, 4))):
            data = WAYS[int(generator.integers(len(WAYS)))](data, generator, files)
        yield name, mended(data) if name.startswith(("png", "apng")) and generator.random() < 0.7 else data


def _bits(data: bytes, generator: np.random.Generator, _files: list[tuple[str, bytes]]) -> bytes:
    found = bytearray(data)
    for place in generator.integers(0, max(1, len(found)), int(generator.integers(1, 9))):
        if place < len(found):
            found[place] ^= 1 << int(generator.integers(8))
    return bytes(found)


def _cut(data: bytes, generator: np.random.Generator, _files: list[tuple[str, bytes]]) -> bytes:
    return data[: int(generator.integers(0, len(data) + 1))]


def _splice(data: bytes, generator: np.random.Generator, files: list[tuple[str, bytes]]) -> bytes:
    other = files[int(generator.integers(len(files)))][1] if generator.random() < 0.5 else data
    here, there = int(generator.integers(0, len(data) + 1)), int(generator.integers(0, len(other) + 1))
    return data[:here] + other[there : there + int(generator.integers(1, 200))] + data[here:]


def _field(data: bytes, generator: np.random.Generator, _files: list[tuple[str, bytes]]) -> bytes:
    """A number of 1, 2 or 4 bytes, most often where headers have sizes and depths."""
    kind = ("B", "<H", ">H", "<I", ">I")[int(generator.integers(5))]
    size = struct.calcsize(kind)
    end = 60 if generator.random() < 0.7 else len(data)
    place = int(generator.integers(0, max(1, min(end, len(data)) - size)))
    value = FIELDS[int(generator.integers(len(FIELDS)))] % (1 << 8 * size)
    return data[:place] + struct.pack(kind, value) + data[place + size :]


WAYS = (_bits, _cut, _splice, _field, _field)


def mended(data: bytes) -> bytes:
    """A PNG with its check sums made right, so that damage gets past them."""
    found, place = data[:8], 8
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        if place + 12 + length > len(data):
            break
        found += chunk(data[place + 4 : place + 8], data[place + 8 : place + 8 + length])
        place += 12 + length
    return found + data[place:]


def outcome(data: bytes) -> str:
    """Read a file: "read" or "refused"; anything else is raised."""
    try:
        image = load_image(data)
    except ImageError as problem:
        said = str(problem)
        if not said.startswith("the image ") or "\n" in said:
            raise AssertionError(said) from problem
        return "refused"
    width, height = image.size
    pixels: Array = image.part(0, 0, width, min(height, 1 + 10**6 // width))
    if not (pixels.dtype == np.float32 and 0 <= pixels.min() <= pixels.max() <= 1):
        raise AssertionError(f"{pixels.dtype} from {pixels.min()} to {pixels.max()}")
    return "read"


@contextmanager
def silence() -> Iterator[None]:
    """Fail if anything reaches file descriptor 2 in the block."""
    with tempfile.TemporaryFile() as caught:
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        caught.seek(0)
        said = caught.read(2000)
    assert said == b"", said


def soak(count: int, seed: int) -> str:
    """Read so many, and say how it went."""
    ends: Counter[str] = Counter()
    slowest = (0.0, "", 0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with silence():
        for number, (name, data) in enumerate(mutations(count, seed)):
            begun = time.process_time()
            try:
                ends[outcome(data)] += 1
            except Exception as problem:  # noqa: BLE001 — every one of them is a fault, to be counted and shown
                ends[f"{type(problem).__name__}: {problem} ({name}, no. {number})"[:300]] += 1
            slowest = max(slowest, (time.process_time() - begun, name, number))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1000
    lines = [
        f"{count:,} damaged images (seed {seed})",
        *(f"  {number:,} {end}" for end, number in ends.most_common()),
    ]
    lines.append(
        f"  slowest {slowest[0]:.2f} s of processor time ({slowest[1]}, no. {slowest[2]}); grown by {grown} MB"
    )
    bad = set(ends) - {"read", "refused"} or slowest[0] > SLOW or grown * 1000 > GROWTH
    return "\n".join(lines) + ("\nFAILED" if bad else "")


if __name__ == "__main__":
    told = soak(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    sys.stdout.write(told + "\n")
    sys.exit(told.endswith("FAILED"))
