"""Resizing as the libraries do it: sizes, the middle, and what is left as it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image as Pillow

from innerview.data.fitting import preprocess
from innerview.data.image import Image
from innerview.errors import ModelError
from innerview.model import InputSpec
from innerview.resize import resize_levels, short_side
from innerview.spec import INTERPOLATIONS, Resize
from raising import raises
from typecheck import unchecked


def photo(height: int, width: int) -> Image:
    levels = np.random.default_rng(0).integers(0, 256, (height, width, 3))
    return Image("photo", levels.astype(np.float32) / np.float32(255))


@given(some.integers(1, 900), some.integers(1, 900), some.integers(1, 400))
def test_the_shorter_side_is_what_was_asked_and_the_longer_follows(width: int, height: int, length: int) -> None:
    found = short_side((width, height), length)
    assert min(found) == length
    assert abs(max(found) - length * max(width, height) / min(width, height)) < 1


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_pillow_does_it(interpolation: str) -> None:
    levels = photo(61, 90).levels()
    how = Resize(40, interpolation)  # type: ignore[arg-type]
    whole = Pillow.fromarray(levels).resize((59, 40), Pillow.Resampling[interpolation.upper()])
    np.testing.assert_array_equal(resize_levels(levels, how, 32, 32), np.asarray(whole)[4:36, 14:46])


def test_where_an_odd_number_is_cut_off_the_library_says_how() -> None:
    levels = photo(28, 39).levels()
    for odd, left in (("round", 6), ("floor", 5)):
        found = resize_levels(levels, Resize(28, "bicubic", odd), 28, 28)
        np.testing.assert_array_equal(found, levels[:, left : left + 28])


def test_the_crop_says_where_the_model_looks() -> None:
    spec = InputSpec(32, 32, resize=Resize(40, "bilinear"))
    seen = preprocess(photo(60, 90), spec)
    assert seen.crop == (21, 6, 48, 48)
    assert "bilinear" in seen.words
    squeezed = preprocess(photo(60, 90), InputSpec(32, 32, resize=Resize(None, "bilinear")))
    assert squeezed.crop == (0, 0, 90, 60)
    assert "squeezed" in squeezed.words


def test_an_image_of_the_models_size_is_left_as_it_is() -> None:
    image = photo(32, 32)
    np.testing.assert_array_equal(preprocess(image, InputSpec(32, 32, resize=Resize(40))).pixels, image.pixels)


def test_a_part_that_somebody_chose_is_squeezed_to_size() -> None:
    image, spec = photo(60, 90), InputSpec(32, 32, resize=Resize(40, "bicubic"))
    part = Pillow.fromarray(image.levels()[5:55, 10:60]).resize((32, 32), Pillow.Resampling.BICUBIC)
    np.testing.assert_array_equal(preprocess(image, spec, (10, 5, 50, 50)).levels(), np.asarray(part))


def test_the_least_shorter_side_is_a_field() -> None:
    with raises(ModelError, "resize", asked=31, limit=32):
        InputSpec(32, 48, resize=Resize(31))
    assert InputSpec(32, 48, resize=Resize(32)).resize == Resize(32)


@pytest.mark.parametrize("given", [{"interpolation": "magic"}, {"short_side": 0}, {"short_side": 1.5}])
def test_what_has_no_meaning_is_refused(given: dict[str, object]) -> None:
    with unchecked(), pytest.raises(ModelError):
        Resize(**given)  # type: ignore[arg-type]
    with raises(ModelError, "resize", asked=63, limit=64):
        InputSpec(64, 64, resize=Resize(63))
