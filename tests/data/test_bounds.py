"""What a small file may cost: sizes are checked first, and what a file claims beside its pixels is never unpacked."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from data.files_made import encoded, png, random_bytes, tiff
from innerview.data import raster, resizing
from innerview.data.decoding import DENSE, MOST_SIDE, SPARSEST, check_size
from innerview.data.reading import load_image
from innerview.data.resizing import resize, resize_strips
from innerview.errors import ImageError
from raising import raises

LITTLE = 12 * 2**20


def cost(data: bytes) -> int:
    """Bytes that Python and NumPy held at most while an image was read."""
    load_image(data)  # what is loaded once does not count
    tracemalloc.start()
    try:
        load_image(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def directory(entries: int, size: int) -> bytes:
    """A directory of EXIF or TIFF whose entries all claim the same `size` bytes."""
    rows = b"".join(struct.pack("<HHII", 0x9000 + one, 7, size, 8) for one in range(entries))
    return b"II*\0" + struct.pack("<IH", 8, entries) + rows + bytes(4)


HUNDRED_MEGABYTES = zlib.compress(bytes(10**8), 1)

BOMBS = {
    "text in a PNG": png(1, 1, 8, 0, b"\0\7", extra=((b"zTXt", b"a\0\0" + HUNDRED_MEGABYTES),)),
    "XMP in a PNG": png(1, 1, 8, 0, b"\0\7", extra=((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + HUNDRED_MEGABYTES),)),
    "a profile in a PNG": png(1, 1, 8, 0, b"\0\7", extra=((b"iCCP", b"a\0\0" + zlib.compress(bytes(10**7))),)),
    "EXIF in a PNG": png(1, 1, 8, 0, b"\0\7", extra=((b"eXIf", directory(2000, 20_000)),)),
    "EXIF in a JPEG": encoded(Image.new("L", (8, 8)), "JPEG", exif=b"Exif\0\0" + directory(2000, 20_000)),
    "a directory of a TIFF": tiff(
        np.zeros((2, 2, 1), np.uint8),
        photometric=1,
        more={40_000 + one: (7, b"x" * 60_000, 60_000) for one in range(20)},
    ),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_what_a_file_claims_beside_its_pixels_is_not_unpacked(data: bytes) -> None:
    assert cost(data) < LITTLE + 2 * len(data)


class TestSizes:
    @pytest.mark.parametrize("size", [(MOST_SIDE, 1), (6000, 4000), (1, MOST_SIDE)])
    def test_of_any_file(self, size: tuple[int, int]) -> None:
        check_size(*size, length=1)

    @pytest.mark.parametrize("size", [(MOST_SIDE + 1, 1), (1, MOST_SIDE + 1), (8000, 8001)])
    def test_of_no_file(self, size: tuple[int, int]) -> None:
        with pytest.raises(ImageError, match="the most that is read is"):
            check_size(*size, length=10**9)

    def test_of_a_file_of_its_length(self) -> None:
        pixels = 8000 * 4000
        assert pixels > DENSE
        check_size(8000, 4000, length=pixels // SPARSEST)
        with raises(ImageError, "density", found=(4000, 8000), limit=24000000):
            check_size(8000, 4000, length=pixels // SPARSEST - 1)

    def test_of_a_frame_that_is_larger_than_its_canvas(self) -> None:
        data = bytearray(encoded(Image.new("P", (2, 2)), "GIF"))
        place = data.index(b"\x2c\0\0\0\0")
        data[place + 5 : place + 9] = struct.pack("<HH", 9000, 9000)
        with raises(ImageError, "size", found=(9000, 9000), limit=64000000):
            load_image(bytes(data))


@pytest.mark.parametrize(("height", "width"), [(5, 7), (40, 30), (40, 80), (90, 3), (33, 41)])
def test_strips_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch, height: int, width: int) -> None:
    monkeypatch.setattr(raster, "STRIP", 100)
    monkeypatch.setattr(resizing, "STRIP", 100)
    values = random_bytes(40, 41)
    image = load_image(values)
    found = resize_strips(lambda top, bottom: image.part(0, top, 41, bottom - top), (40, 41), height, width)
    np.testing.assert_allclose(found, resize((values / 255).astype(np.float32), height, width), atol=1e-6)
    np.testing.assert_array_equal(image.pixels, values.astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(image.levels(), values)
