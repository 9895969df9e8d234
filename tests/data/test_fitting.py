from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from data.files_made import encoded, random_bytes
from innerview.data.fitting import parse_crop, preprocess
from innerview.data.image import Box
from innerview.data.image import Image as Loaded
from innerview.data.reading import load_image
from innerview.errors import ImageError, UsageError
from innerview.model import InputSpec
from raising import raises

SMALL = InputSpec(32, 32)
SIDES = st.integers(1, 60)


def image(width: int, height: int) -> Loaded:
    return Loaded("moose.jpg", np.random.default_rng(width + height).random((height, width, 3), dtype=np.float32))


class TestTheRightSizeAlready:
    def test_passes_bit_for_bit(self) -> None:
        values = random_bytes(32, 32)
        fitted = preprocess(load_image(encoded(Image.fromarray(values))), SMALL)
        assert_array_equal(fitted.pixels, values.astype(np.float32) / np.float32(255))
        assert (fitted.box, fitted.words) == ((0, 0, 32, 32), "32 × 32, as it is")

    def test_is_a_copy(self) -> None:
        original = image(32, 32)
        before = original.pixels.copy()
        preprocess(original, SMALL).pixels[:] = 0
        assert_array_equal(original.pixels, before)

    def test_a_box_of_the_right_size_is_taken_pixel_by_pixel(self) -> None:
        original = image(50, 40)
        fitted = preprocess(original, SMALL, (3, 5, 32, 32))
        assert_array_equal(fitted.pixels, original.pixels[5:37, 3:35])
        assert fitted.words == "32 × 32 of 50 × 40: 32 × 32 at left 3, top 5, pixel by pixel"


SQUEEZED = "shrunk by area averaging, its proportions squeezed"
MIXED = "shrunk by area averaging along one side and enlarged linearly along the other, its proportions squeezed"
WORDS = {
    "wide": ((451, 300), "center", (75, 0, 300, 300), "the middle 300 × 300, shrunk by area averaging"),
    "high": ((300, 451), "center", (0, 75, 300, 300), "the middle 300 × 300, shrunk by area averaging"),
    "square": ((512, 512), "center", (0, 0, 512, 512), "all of it, shrunk by area averaging"),
    "small": ((20, 16), "center", (2, 0, 16, 16), "the middle 16 × 16, enlarged linearly"),
    "squeezed": (
        (451, 300),
        "whole",
        (0, 0, 451, 300),
        f"all of it, {SQUEEZED}",
    ),
    "a line": (
        (451, 3),
        "whole",
        (0, 0, 451, 3),
        f"all of it, {MIXED}",
    ),
    "a box": ((451, 300), (10, 20, 64, 64), (10, 20, 64, 64), "64 × 64 at left 10, top 20, shrunk by area averaging"),
    "a speck": ((1, 5000), "center", (0, 2499, 1, 1), "the middle 1 × 1, enlarged linearly"),
}


@pytest.mark.parametrize(("size", "crop", "box", "words"), WORDS.values(), ids=WORDS)
def test_what_was_done_is_said(size: tuple[int, int], crop, box: Box, words: str) -> None:
    fitted = preprocess(image(*size), SMALL, crop)
    assert fitted.box == box
    assert fitted.words == f"32 × 32 of {size[0]} × {size[1]}: {words}"
    assert fitted.pixels.shape == (32, 32, 3)


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from([1, 3]))
def test_any_image_fits_any_model(width: int, height: int, wide: int, high: int, channels: int) -> None:
    original = image(width, height)
    spec = InputSpec(high, wide, channels)
    fitted = preprocess(original, spec)
    assert fitted.pixels.shape == spec.shape
    assert fitted.pixels.dtype == np.float32
    assert 0 <= fitted.pixels.min() <= fitted.pixels.max() <= 1 + 1e-6
    left, top, across, down = fitted.box
    assert 0 <= left < left + across <= width
    assert 0 <= top < top + down <= height
    assert across == width or down == height or max(wide / width, high / height) > 1
    assert abs(across * high - down * wide) <= max(wide, high) / 2 + max(across, down)
    assert abs((width - across) - 2 * left) <= 1
    assert abs((height - down) - 2 * top) <= 1


def test_a_map_on_the_box_lies_where_the_model_looked() -> None:
    """A bright square in the original appears at the same share of the box."""
    original = image(90, 60)
    original.pixels[:] = 0
    original.pixels[30:45, 45:60] = 1
    fitted = preprocess(original, InputSpec(12, 12))
    left, top, side, _ = fitted.box
    rows, columns = np.nonzero(fitted.pixels[..., 0] > 0.5)
    assert (rows.min() * side / 12 + top, columns.min() * side / 12 + left) == (30, 45)
    assert ((rows.max() + 1) * side / 12 + top, (columns.max() + 1) * side / 12 + left) == (45, 60)


class TestGrey:
    spec = InputSpec(4, 4, 1)

    @pytest.mark.parametrize(("colour", "brightness"), [((1, 0, 0), 0.299), ((0, 1, 0), 0.587), ((0, 0, 1), 0.114)])
    def test_colours_have_their_brightness(self, colour: tuple[int, ...], brightness: float) -> None:
        plain = Loaded("plain", np.full((8, 8, 3), colour, np.float32))
        fitted = preprocess(plain, self.spec)
        assert_allclose(fitted.pixels, brightness, rtol=1e-6)
        assert fitted.words.endswith("in grey (ITU-R 601)")

    def test_grey_stays_as_it_is(self) -> None:
        values = random_bytes(4, 4, 1)
        fitted = preprocess(load_image(encoded(Image.fromarray(values[..., 0]))), self.spec)
        assert_array_equal(fitted.pixels, values.astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("box", [(-1, 0, 5, 5), (0, 0, 0, 5), (6, 0, 5, 5), (0, 4, 5, 5), (0, 0, 11, 8)])
def test_a_box_outside_the_image_is_refused(box: Box) -> None:
    with raises(ImageError, "crop", found=(8, 10)):
        preprocess(image(10, 8), SMALL, box)


@pytest.mark.parametrize(
    ("text", "crop"),
    [
        ("center", "center"),
        ("centre", "center"),
        ("whole", "whole"),
        ("1,2,30,40", (1, 2, 30, 40)),
        (" 1, 2,3 ,4", (1, 2, 3, 4)),
    ],
)
def test_crops_can_be_written(text: str, crop: object) -> None:
    assert parse_crop(text) == crop


@pytest.mark.parametrize("text", ["", "middle", "1,2,3", "1,2,3,x", "-1,2,3,4", "1,2,3,4,5"])
def test_what_is_no_crop_is_refused(text: str) -> None:
    with raises(UsageError, "crop", asked=text):
        parse_crop(text)
