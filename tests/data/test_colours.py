from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from data.files_made import encoded, png, random_bytes
from innerview.data.image import Image as Loaded
from innerview.data.reading import load_image
from innerview.errors import ImageError
from raising import raises

GREY = np.array([[0, 17, 128, 255]], np.uint8)


def pixel(image: Loaded) -> list[float]:
    """The first pixel, to two places."""
    return [round(float(value), 2) for value in image.pixels[0, 0]]


def test_one_bit() -> None:
    image = load_image(encoded(Image.fromarray(np.array([[True, False]])), "PNG"))
    np.testing.assert_array_equal(image.pixels, [[[1, 1, 1], [0, 0, 0]]])


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_grey(kind: str) -> None:
    image = load_image(encoded(Image.fromarray(GREY), kind))
    np.testing.assert_allclose(image.pixels, np.repeat(GREY[..., None] / 255, 3, axis=2), atol=1e-7)
    assert image.notes == ()


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF"])
def test_palette(kind: str) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 0])
    image.putpixel((1, 0), 1)
    read = load_image(encoded(image, kind))
    np.testing.assert_allclose(read.pixels * 255, [[[10, 20, 30], [200, 100, 0]]], atol=1e-4)
    assert read.notes == ()


OVER_WHITE = ("see-through parts are laid over white",)


class TestSeeThrough:
    @pytest.mark.parametrize(("alpha", "red"), [(0, 1.0), (255, 0.0), (51, 0.8)])
    def test_colours(self, alpha: int, red: float) -> None:
        image = load_image(encoded(Image.new("RGBA", (2, 2), (0, 255, 255, alpha))))
        assert pixel(image) == [red, 1, 1]
        assert image.notes == (() if alpha == 255 else OVER_WHITE)

    def test_grey(self) -> None:
        image = load_image(encoded(Image.new("LA", (2, 2), (0, 51))))
        assert pixel(image) == [0.8, 0.8, 0.8]
        assert image.notes == OVER_WHITE

    @pytest.mark.parametrize("kind", ["PNG", "GIF"])
    def test_palette(self, kind: str) -> None:
        image = Image.new("P", (2, 1))
        image.putpalette([10, 20, 30, 200, 100, 0])
        image.putpixel((1, 0), 1)
        read = load_image(encoded(image, kind, transparency=1))
        np.testing.assert_allclose(read.pixels * 255, [[[10, 20, 30], [255, 255, 255]]], atol=1e-4)
        assert read.notes == OVER_WHITE

    def test_one_colour_of_an_ordinary_png(self) -> None:
        image = load_image(encoded(Image.new("RGB", (2, 2), (1, 2, 3)), "PNG", transparency=(1, 2, 3)))
        assert pixel(image) == [1, 1, 1]
        assert image.notes == OVER_WHITE

    def test_one_grey_of_an_ordinary_png(self) -> None:
        assert pixel(load_image(encoded(Image.new("L", (2, 2), 9), "PNG", transparency=9))) == [1, 1, 1]


class TestDeep:
    def test_sixteen_bit_grey_keeps_all_its_levels(self) -> None:
        values = np.array([[0, 1, 256, 65535]], np.uint16)
        image = load_image(encoded(Image.fromarray(values), "PNG"))
        np.testing.assert_allclose(image.pixels[..., 0], values / 65535, rtol=1e-6)
        assert image.notes == ("16-bit grey, divided by 65535",)

    @pytest.mark.parametrize("order", ["<u2", ">u2"])
    def test_sixteen_bit_grey_in_either_byte_order(self, order: str) -> None:
        values = np.array([[0, 1, 256, 65535]], order)
        mode = "I;16" if order == "<u2" else "I;16B"
        data = encoded(Image.frombytes(mode, (4, 1), values.tobytes()), "TIFF")
        np.testing.assert_allclose(load_image(data).pixels[..., 2], values / 65535, rtol=1e-6)

    def test_sixteen_bit_colour_keeps_all_its_levels(self) -> None:
        rows = b"\0" + struct.pack(">3H", 0x80FF, 0xFF00, 0x00FF)
        image = load_image(png(1, 1, 16, 2, rows))
        np.testing.assert_allclose(image.pixels[0, 0] * 65535, [0x80FF, 0xFF00, 0x00FF], rtol=1e-6)
        assert image.notes == ("16 bits per channel, divided by 65535",)

    @pytest.mark.parametrize(("largest", "scale"), [(1, 255), (255, 255), (256, 65535), (65536, 2**31 - 1)])
    def test_whole_numbers_take_the_smallest_usual_scale(self, largest: int, scale: int) -> None:
        values = np.array([[0, largest]], np.int32)
        image = load_image(encoded(Image.fromarray(values), "TIFF"))
        np.testing.assert_allclose(image.pixels[..., 0], values / scale, rtol=1e-6)
        assert image.notes == (f"32-bit whole numbers, divided by {scale}",)

    @pytest.mark.parametrize(
        ("largest", "scale", "words"),
        [
            (0.5, 1, "as they are"),
            (1.0, 1, "as they are"),
            (1.5, 255, "divided by 255"),
            (4095.0, 65535, "divided by 65535"),
        ],
    )
    def test_floats_take_the_smallest_usual_scale(self, largest: float, scale: int, words: str) -> None:
        values = np.array([[0, largest]], np.float32)
        image = load_image(encoded(Image.fromarray(values), "TIFF"))
        np.testing.assert_allclose(image.pixels[..., 0], values / scale, rtol=1e-6)
        assert image.notes == (f"32-bit floats, {words}",)

    @pytest.mark.parametrize("value", [-0.1, np.nan, np.inf, 1e20])
    def test_numbers_that_are_no_brightness_are_refused(self, value: float) -> None:
        data = encoded(Image.fromarray(np.array([[0, value]], np.float32)), "TIFF")
        with raises(ImageError, "values"):
            load_image(data, name="scan.tiff")

    def test_negative_whole_numbers_are_refused(self) -> None:
        with raises(ImageError, "values", found=(-3.0, 7.0)):
            load_image(encoded(Image.fromarray(np.array([[-3, 7]], np.int32)), "TIFF"))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
@pytest.mark.parametrize(("inks", "colour"), [((0, 0, 0, 0), [1, 1, 1]), ((0, 0, 0, 255), [0, 0, 0])])
def test_printing_inks(kind: str, inks: tuple[int, ...], colour: list[float]) -> None:
    image = load_image(encoded(Image.new("CMYK", (8, 8), inks), kind))
    assert pixel(image) == colour
    assert len(image.notes) == 1


def test_brightness_and_colour_difference() -> None:
    """YCbCr in a TIFF; (255, 128, 128) is white in it."""
    image = load_image(encoded(Image.new("YCbCr", (4, 4), (255, 128, 128)), "TIFF"))
    assert pixel(image) == [1, 1, 1]


@pytest.mark.parametrize(("lab", "colour"), [((255, 0, 0), [1, 1, 1]), ((0, 0, 0), [0, 0, 0])])
def test_lab(lab: tuple[int, ...], colour: list[float]) -> None:
    """L* from 0 to 255, a* and b* signed in a TIFF: zero is grey."""
    data = encoded(Image.frombytes("LAB", (2, 2), bytes(lab * 4)), "TIFF")
    image = load_image(data)
    np.testing.assert_allclose(image.pixels[0, 0], colour, atol=0.02)
    assert image.notes == ("L*a*b* colours turned to sRGB",)


class TestColourProfiles:
    @staticmethod
    def with_profile(profile: bytes, mode: str = "RGB") -> bytes:
        return encoded(Image.fromarray(random_bytes(4, 4)).convert(mode), "PNG", icc_profile=profile)

    def test_srgb_changes_nothing(self) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        image = load_image(self.with_profile(profile))
        np.testing.assert_array_equal(np.rint(image.pixels * 255), random_bytes(4, 4))
        assert image.notes == ()

    def test_another_one_is_applied(self) -> None:
        """A profile that swaps two of sRGB's primaries must swap them in the image."""
        profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
        for name in (b"sRGB", "sRGB".encode("utf-16-be")):
            while name in profile:
                start = profile.index(name)
                profile[start : start + len(name)] = name.replace(b"s", b"x")
        table = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * 40, 12)}
        red, blue = table[b"rXYZ"], table[b"bXYZ"]
        profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
        image = load_image(encoded(Image.new("RGB", (2, 2), (255, 0, 0)), "PNG", icc_profile=bytes(profile)))
        np.testing.assert_allclose(image.pixels[0, 0], [0, 0, 1], atol=0.02)
        assert image.notes[0].startswith("colours turned from ")

    def test_a_broken_one_is_passed_over_and_said(self) -> None:
        image = load_image(self.with_profile(b"nonsense" * 40))
        np.testing.assert_array_equal(np.rint(image.pixels * 255), random_bytes(4, 4))
        assert "was not applied" in image.notes[0]

    def test_one_that_can_not_be_used_is_said(self) -> None:
        assert "was not applied" in load_image(self.with_profile(b"nonsense" * 40, "L")).notes[0]
