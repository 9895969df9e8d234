from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import ImageError, UsageError
from innerview.methods.partitions import bricks, name_regions, partition
from raising import raises


@given(st.integers(12, 40), st.integers(12, 40), st.integers(1, 12))
def test_bricks_cover_the_image_and_are_of_about_one_size(height: int, width: int, number: int) -> None:
    labels = bricks(height, width, number)
    sizes = np.bincount(labels.ravel())
    assert labels.shape == (height, width)
    assert len(sizes) == number
    assert sizes.min() >= height * width / number / 2
    assert sizes.max() <= height * width / number * 2
    for region in range(number):  # each is a rectangle
        rows, columns = np.nonzero(labels == region)
        assert sizes[region] == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)


def test_a_square_number_is_a_grid() -> None:
    np.testing.assert_array_equal(bricks(6, 6, 9), partition(6, 6, (3, 3)))
    assert [len(set(row)) for row in bricks(32, 32, 10)[::11]] == [3, 4, 3]


def test_labels_and_masks_are_taken_as_they_are() -> None:
    mask = np.array([[True, False], [False, False]])
    np.testing.assert_array_equal(partition(2, 2, mask), [[1, 0], [0, 0]])
    np.testing.assert_array_equal(partition(2, 2, np.array([[2, 0], [1, 1]], np.uint8)), [[2, 0], [1, 1]])


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros((2, 3), int),
        np.zeros((2, 2)),
        np.array([[0, -1], [0, 0]]),
        np.array([[0, 2], [0, 0]]),
        np.ones((2, 2), int),
        np.ones((2, 2), bool),
    ],
    ids=["another size", "no whole numbers", "below zero", "a gap", "none is 0", "a mask of all"],
)
def test_labels_that_are_no_regions_are_refused(labels: np.ndarray) -> None:
    with raises(ImageError, "regions"):
        partition(2, 2, labels)


@pytest.mark.parametrize("number", [0, -1, 7])
def test_more_regions_than_pixels_or_none(number: int) -> None:
    with pytest.raises(UsageError):
        bricks(2, 3, number)


def test_regions_of_a_grid_are_called_by_where_they_lie() -> None:
    names = name_regions(partition(32, 32, 9))
    assert names == ("top left", "top", "top right", "left", "middle", "right", "bottom left", "bottom", "bottom right")


def test_regions_that_lie_alike_are_told_apart_by_their_numbers() -> None:
    labels = np.zeros((9, 9), int)
    labels[4, 4] = 1
    assert name_regions(labels) == ("middle (0)", "middle (1)")


def test_masks_are_regions_in_their_order_and_the_rest_is_the_last() -> None:
    left, middle = (np.zeros((3, 4), bool) for _ in range(2))
    left[:, 0], middle[1, 1:3] = True, True
    found = partition(3, 4, [left, middle])
    np.testing.assert_array_equal(found, [[0, 2, 2, 2], [0, 1, 1, 2], [0, 2, 2, 2]])
    assert partition(3, 4, [left, ~left]).max() == 1  # nothing is left over
    for masks, said in (
        ([left, np.ones((3, 4), bool)], "mask 1 and mask 0 overlap"),
        ([left, np.zeros((3, 4), bool)], "mask 1, .* without a pixel"),
        ([np.ones((4, 3), bool)], r"mask 0, with shape \(4, 3\)"),
        ([left.astype(int)], "type int64"),
    ):
        with pytest.raises(ImageError, match=said):
            partition(3, 4, masks)
    with raises(UsageError, "mask", found=0):
        partition(3, 4, [])
