from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from innerview.data.resizing import resize, weights

SIZES = st.integers(1, 40)


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(height * 41 + width).random((height, width, channels), dtype=np.float32)


@given(SIZES, SIZES)
def test_every_new_pixel_is_a_mean(before: int, after: int) -> None:
    """Rows that sum to 1 and hold nothing negative keep every image in [0, 1] and every plain one as it is."""
    rows = weights(before, after)
    assert rows.shape == (after, before)
    assert rows.min() >= 0
    assert_allclose(rows.sum(axis=1), 1, rtol=1e-6)


@given(SIZES, SIZES)
def test_shrinking_counts_every_old_pixel_alike(before: int, after: int) -> None:
    """So the mean of the image stays: columns sum to after / before."""
    small = min(before, after)
    assert_allclose(weights(before, small).sum(axis=0), small / before, rtol=1e-5)


@given(SIZES, SIZES, SIZES)
def test_the_mean_stays(height: int, width: int, size: int) -> None:
    image = noise(height, width)
    small = resize(image, min(size, height), min(size, width))
    assert_allclose(small.mean(axis=(0, 1)), image.mean(axis=(0, 1)), rtol=1e-5)


@given(SIZES, SIZES)
def test_turning_first_or_last_is_the_same(height: int, width: int) -> None:
    """Rows and columns are treated alike, and neither end is preferred."""
    image = noise(height, width)
    there = resize(image, 7, 5)
    assert_allclose(resize(image.transpose(1, 0, 2), 5, 7).transpose(1, 0, 2), there, atol=1e-6)
    assert_allclose(resize(image[::-1, ::-1], 7, 5)[::-1, ::-1], there, atol=1e-6)


def test_whole_ratios_are_means_of_blocks() -> None:
    image = noise(12, 20)
    assert_allclose(resize(image, 4, 5), image.reshape(4, 3, 5, 4, 3).mean(axis=(1, 3)), rtol=1e-5)


def test_parts_of_pixels_count_in_part() -> None:
    """Three pixels to two: the middle one is shared."""
    assert_allclose(weights(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]], rtol=1e-6)


def test_enlarging_is_linear_between_centres() -> None:
    assert_allclose(weights(2, 4), [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]], rtol=1e-6)


def test_a_ramp_that_is_enlarged_is_a_ramp() -> None:
    ramp = np.arange(8, dtype=np.float32)[None, :, None]
    inside = resize(ramp, 1, 32)[0, 4:-4, 0]
    assert_allclose(np.diff(inside), 0.25, rtol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(6, 9), (6, 4), (3, 9)])
def test_an_axis_of_the_right_size_is_left_alone(height: int, width: int) -> None:
    image = noise(6, 9)
    there = resize(image, height, width)
    assert there.dtype == np.float32
    if (height, width) == (6, 9):
        assert_array_equal(there, image)
    else:  # the other axis alone was changed: every row, or column, by itself
        again = resize(image[:2], 2, width) if height == 6 else resize(image[:, :2], height, 2)
        assert_allclose(again, there[:2] if height == 6 else there[:, :2], atol=1e-6)
