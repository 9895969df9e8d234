from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from data.files_made import animation, encoded, png, random_bytes
from innerview.data.decoding import FORMATS
from innerview.data.exif import DAMAGED
from innerview.data.reading import load_image
from innerview.errors import ImageError
from raising import raises

# Nothing of these changes a pixel on the way in and out.
LOSSLESS = {"PNG": {}, "WEBP": {"lossless": True}, "BMP": {}, "TIFF": {}}


@pytest.mark.parametrize("kind", LOSSLESS)
@given(height=st.integers(1, 9), width=st.integers(1, 9), seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_bytes_come_back_as_their_255th_parts(kind: str, height: int, width: int, seed: int) -> None:
    values = random_bytes(height, width, seed=seed)
    image = load_image(encoded(Image.fromarray(values), kind, **LOSSLESS[kind]))
    assert image.pixels.dtype == np.float32
    np.testing.assert_array_equal(image.pixels, values.astype(np.float32) / np.float32(255))
    assert image.size == (width, height)
    assert image.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "GIF"])
def test_lossy_formats_come_close(kind: str) -> None:
    image = load_image(encoded(Image.new("RGB", (9, 7), (200, 100, 50)), kind))
    np.testing.assert_allclose(image.pixels, np.broadcast_to(np.array([200, 100, 50]) / 255, (7, 9, 3)), atol=0.01)


def test_every_format_is_tried_here() -> None:
    assert {*LOSSLESS, "JPEG", "GIF"} == set(FORMATS)


def test_a_file_has_its_name_and_the_truth_that_was_given(tmp_path) -> None:
    (tmp_path / "moose.png").write_bytes(encoded(Image.new("RGB", (3, 2))))
    for place in (tmp_path / "moose.png", str(tmp_path / "moose.png")):
        image = load_image(place, label="deer")
        assert (image.name, image.label) == ("moose.png", "deer")
    assert load_image(tmp_path / "moose.png", name="Bull").name == "Bull"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_of_several_the_first_is_read_and_it_is_said(kind: str) -> None:
    image = load_image(animation(kind))
    np.testing.assert_allclose(image.pixels, 10 / 255, atol=0.01)
    assert image.notes == ("the first of several images in the file",)


def test_the_frames_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the size that is allowed holds millions of tiny ones, and counting walks through them all."""

    def count(_: GifImageFile) -> int:
        raise AssertionError("the frames were counted")

    monkeypatch.setattr(GifImageFile, "n_frames", property(count))
    assert load_image(animation("GIF")).notes == ("the first of several images in the file",)


ORIENTATIONS = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: np.rot90,
    7: lambda upright: np.rot90(upright, 2).transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_exif_orientation_is_applied_once(kind: str, orientation: int) -> None:
    upright = random_bytes(3, 5)
    stored = Image.fromarray(np.ascontiguousarray(ORIENTATIONS[orientation](upright)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = load_image(encoded(stored, kind, exif=exif, **LOSSLESS[kind]))
    np.testing.assert_array_equal(np.rint(image.pixels * 255), upright)
    assert len(image.notes) == (orientation != 1)
    assert all("EXIF" in note for note in image.notes)


@pytest.mark.parametrize(
    ("exif", "notes"),
    [
        (b"Exif\0\0nonsense", (DAMAGED,)),
        (b"Exif\0\0II*\0" + b"\xff" * 40, (DAMAGED,)),
    ],
    ids=["words", "numbers"],
)
def test_broken_exif_leaves_the_image_as_it_is(exif: bytes, notes: tuple[str, ...]) -> None:
    """What its reader has to say of it is kept and does not reach the terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = load_image(encoded(Image.new("RGB", (4, 3), (9, 9, 9)), "JPEG", exif=exif))
    assert image.size == (4, 3)
    assert image.notes == notes


def test_an_unknown_orientation_changes_nothing() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    assert load_image(encoded(Image.new("RGB", (4, 3)), "JPEG", exif=exif)).notes == ()


class TestTooLarge:
    def test_a_huge_header_is_refused_unread(self) -> None:
        """64 megapixels in the header and one byte behind it: decoding would complain of the byte."""
        with raises(ImageError, "size", found=(8000, 8001), limit=64000000):
            load_image(png(8001, 8000, 8, 2, b"\0"), name="huge.png")

    @pytest.mark.parametrize("side", [12_000, 60_000], ids=["Pillow would warn", "Pillow would refuse"])
    def test_pillow_has_its_own_limits(self, side: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with raises(ImageError, "size", limit=64000000):
                load_image(png(side, side, 8, 2, b"\0"))

    def test_the_limit_can_be_set_and_is_exact(self) -> None:
        data = encoded(Image.new("RGB", (10, 10)))
        assert load_image(data, max_pixels=100).size == (10, 10)
        with raises(ImageError, "size", found=(10, 10), limit=99):
            load_image(data, max_pixels=99)

    def test_files_are_bounded_too(self, tmp_path) -> None:
        data = encoded(Image.new("RGB", (10, 10)))
        path = tmp_path / "a.png"
        path.write_bytes(data)
        assert load_image(path, max_bytes=len(data)).size == (10, 10)
        for source in (path, data):
            with raises(ImageError, "size", found=70, limit=69):
                load_image(source, max_bytes=len(data) - 1)


BROKEN = {
    "empty": (b"", {"about": "size", "found": 0, "limit": 268435456}),
    "text": (b"This is a list of moose.\n" * 500, {"about": "kind", "found": "text, 12 kB"}),
    "a web page": (b"<!DOCTYPE html><html><body>404</body></html>", {"about": "kind", "found": "a web page, 44 bytes"}),
    "a drawing": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', {"about": "kind", "found": "an SVG drawing, 41 bytes"}),
    "a PDF": (b"%PDF-1.7\n" + bytes(99), {"about": "kind", "found": "a PDF document, 108 bytes"}),
    "PostScript, which Pillow would run": (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        {"about": "kind", "found": "a PostScript document, 47 bytes"},
    ),
    "a HEIC photo": (b"\0\0\0\x18ftypheic" + bytes(99), {"about": "kind", "found": "a HEIC image, 111 bytes"}),
    "an archive": (b"PK\x03\x04" + bytes(99), {"about": "kind", "found": "a ZIP archive, 103 bytes"}),
    "zeros": (bytes(64), {"about": "kind"}),
    "a PNG's first bytes": (
        b"\x89PNG\r\n\x1a\n",
        {"about": "kind", "found": "a PNG image that is broken at its start, 8 bytes"},
    ),
    "a JPEG's first bytes": (
        b"\xff\xd8\xff\xe0",
        {"about": "kind", "found": "a JPEG image that is broken at its start, 4 bytes"},
    ),
    "a PAM, which is not in the list": (b"P7\nWIDTH 1\nHEIGHT 1\n", {"about": "kind", "found": "a PAM image"}),
    "an image without pixels": (png(0, 5, 8, 2, b""), {"about": "damage", "found": "PNG"}),
}


@pytest.mark.parametrize(("data", "said"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_image_is_named(tmp_path, data: bytes, said: dict[str, Any]) -> None:
    path = tmp_path / "moose.png"
    path.write_bytes(data)
    with raises(ImageError, **said):
        load_image(path)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_that_was_cut_short_is_refused(kind: str) -> None:
    whole = encoded(Image.fromarray(random_bytes(40, 40)), kind)
    assert load_image(whole).size == (40, 40)
    with raises(ImageError, "damage"):
        load_image(whole[: len(whole) // 2])


@pytest.mark.parametrize("kind", FORMATS)
def test_damage_anywhere_is_survived(kind: str) -> None:
    """Whatever the bytes, the answer is an image in [0, 1] or a ImageError, and no warning."""
    whole = encoded(Image.fromarray(random_bytes(12, 12)), kind)
    generator = np.random.default_rng(7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(150):
            damaged = bytearray(whole)
            for place in generator.integers(0, len(whole), 4):
                damaged[place] = generator.integers(0, 256)
            try:
                image = load_image(bytes(damaged), max_pixels=1_000_000)
            except ImageError as problem:
                assert str(problem).startswith("the image ")  # noqa: PT017 — either way is right
            else:
                assert 0 <= image.pixels.min() <= image.pixels.max() <= 1


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    with pytest.raises(ImageError):
        load_image(data)
