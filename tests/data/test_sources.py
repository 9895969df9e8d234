"""Everything that people have in hand for an image is read alike, or refused for what it is."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data.files_made import animation, encoded, png, random_bytes
from innerview.data.reading import load_image
from innerview.errors import ImageError
from innerview.types import Array
from raising import raises
from typecheck import unchecked

VALUES = random_bytes(4, 6)
FILE = encoded(Image.fromarray(VALUES))


class Unseekable(io.RawIOBase):
    """A stream that gives a few bytes at a time, as a socket does."""

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        part, self._rest = self._rest[:7], self._rest[7:]
        return part


class Failing(io.RawIOBase):
    def read(self, size: int = -1, /) -> bytes:
        raise ConnectionResetError("the other side hung up")


def at_its_end() -> io.BytesIO:
    file = io.BytesIO()
    Image.fromarray(VALUES).save(file, "PNG")
    return file


TAKEN: dict[str, Callable[[Path], object]] = {
    "a path": lambda path: path,
    "text": str,
    "bytes": lambda path: path.read_bytes(),
    "a bytearray": lambda path: bytearray(path.read_bytes()),
    "a memoryview": lambda path: memoryview(path.read_bytes()),
    "an open file": lambda path: path.open("rb"),
    "a file in memory, written a moment ago": lambda _: at_its_end(),
    "a stream": lambda path: Unseekable(path.read_bytes()),
    "a PIL image": lambda _: Image.fromarray(VALUES),
    "a PIL image that is not decoded yet": Image.open,
    "a PIL image of a file": lambda path: Image.open(path).rotate(0),
    "bytes of an array": lambda _: VALUES,
    "floats": lambda _: VALUES / np.float64(255),
    "half floats": lambda _: (VALUES / np.float64(255)).astype(np.float16),
    "16 bits": lambda _: VALUES.astype(np.uint16) * 257,
    "opacity": lambda _: np.concatenate([VALUES, np.full((4, 6, 1), 255, np.uint8)], axis=2),
}


@pytest.mark.parametrize("give", TAKEN.values(), ids=TAKEN)
def test_all_are_read_alike(tmp_path: Path, give: Callable[[Path], object]) -> None:
    path = tmp_path / "moose.png"
    path.write_bytes(FILE)
    with unchecked():
        image = load_image(give(path))  # pyright: ignore[reportArgumentType]
    np.testing.assert_allclose(image.pixels, VALUES / 255, atol=1e-3)
    assert image.name in {"moose.png", "the image"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[True, False]]), [[1, 0]]),
        (np.array([[0, 65535]], np.uint16), [[0, 1]]),
        (np.array([[[51]]], np.uint8), [[0.2]]),
        (np.array([[0.25, 1.0]]), [[0.25, 1]]),
    ],
)
def test_arrays_without_colours(values: Array, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(load_image(values).pixels[..., 1], expected, atol=1e-6)


def test_an_image_does_not_change_with_somebodys_array() -> None:
    values = np.zeros((2, 2, 3), np.uint8)
    image = load_image(values)
    values += 9
    assert image.pixels.max() == 0


REFUSED: dict[str, tuple[object, str]] = {
    "nothing": (None, {"about": "image", "found": "None"}),
    "a number": (3, {"about": "image", "found": "an int"}),
    "a list": ([[0, 1]], {"about": "image", "found": "a list"}),
    "channels in front": (np.zeros((3, 8, 8)), {"about": "shape", "found": (3, 8, 8)}),
    "a batch": (np.zeros((2, 8, 8, 3)), {"about": "shape", "found": (2, 8, 8, 3)}),
    "no pixels": (np.zeros((0, 8, 3)), {"about": "shape", "found": (0, 8, 3)}),
    "whole numbers": (np.zeros((8, 8, 3), np.int64), {"about": "dtype", "found": "int64"}),
    "bytes as floats": (np.full((8, 8, 3), 255.0), {"about": "values"}),
    "a normalised one": (np.full((8, 8, 3), -2.1), {"about": "values"}),
    "NaN": (np.full((8, 8, 3), np.nan), {"about": "values"}),
    "text": (io.StringIO("GIF89a"), {"about": "file", "found": "text"}),
    "an empty file": (io.BytesIO(), {"about": "size", "found": 0, "limit": 268435456}),
    "a file that fails": (Failing(), {"about": "file", "found": "ConnectionResetError"}),
    "numbers in a PIL image": (Image.fromarray(np.full((2, 2), -1, np.int32)), {"about": "values"}),
}


@pytest.mark.parametrize(("what", "said"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused_for_what_it_is(what: object, said: dict[str, Any]) -> None:
    with unchecked(), raises(ImageError, **said):
        load_image(what)  # pyright: ignore[reportArgumentType]


class TestPIL:
    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "F", "I;16"])
    def test_every_mode(self, mode: str) -> None:
        grey = mode in {"F", "I;16"}
        white = Image.new("RGB", (3, 2), "white")
        image = Image.new(mode, (3, 2), 1.0 if mode == "F" else 65535) if grey else white.convert(mode)
        assert load_image(image).pixels.min() > 0.99

    def test_its_own_info_counts(self) -> None:
        image = Image.new("RGB", (3, 2), (1, 2, 3))
        image.info["transparency"] = (1, 2, 3)
        image.getexif()[0x0112] = 6
        found = load_image(image)
        assert found.size == (2, 3)
        assert found.pixels.min() == 1
        assert len(found.notes) == 2

    def test_one_that_is_not_decoded_keeps_the_depth_of_its_file(self, tmp_path: Path) -> None:
        """Pillow would give the upper halves."""
        data = png(1, 1, 16, 2, b"\0\x80\xff\xff\x00\x00\xff")
        with Image.open(io.BytesIO(data)) as image:
            np.testing.assert_allclose(load_image(image).pixels[0, 0] * 65535, [0x80FF, 0xFF00, 0xFF], atol=0.01)
            image.load()  # and it can still be used

    def test_a_frame_that_was_chosen_is_that_frame(self) -> None:
        with Image.open(io.BytesIO(animation("GIF"))) as image:
            image.seek(2)
            np.testing.assert_allclose(load_image(image).pixels, 200 / 255, atol=0.01)

    def test_it_stays_as_it_is(self) -> None:
        image = Image.fromarray(VALUES)
        found = load_image(image)
        image.paste((0, 0, 0), (0, 0, 6, 4))
        np.testing.assert_allclose(found.pixels, VALUES / 255, atol=1e-6)

    def test_size_is_bounded(self) -> None:
        with raises(ImageError, "side", found=(1, 40000), limit=32768):
            load_image(Image.new("L", (40_000, 1)))


@pytest.mark.parametrize(
    ("name", "shown"),
    [(b"caf\xe9.png", r"caf\xe9.png"), ("cafe\u0301.png".encode(), "café.png"), (b"a\nb.png", r"a\nb.png")],
)
def test_names_of_files_can_be_shown(tmp_path: Path, name: bytes, shown: str) -> None:
    path = os.path.join(os.fsencode(tmp_path), name)  # noqa: PTH118 — a path of bytes
    Path(os.fsdecode(path)).write_bytes(FILE)
    assert load_image(os.fsdecode(path)).name == shown
    with pytest.raises(ImageError) as caught:
        load_image(os.fsdecode(path) + "x")
    assert str(caught.value).encode()
