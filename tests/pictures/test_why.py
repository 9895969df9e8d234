"""The image of why: colour where evidence lies and nowhere else, a number for every region."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow

from innerview.pictures.why import evidence_on_image, regions_on_image, written

PHOTO = np.random.default_rng(0).random((48, 60, 3)).astype(np.float32)


def colour(image: Pillow.Image) -> np.ndarray:
    """How far each pixel is from grey."""
    pixels = np.asarray(image, np.float64)
    return pixels.max(axis=2) - pixels.min(axis=2)


def test_a_photo_loses_its_colour_where_nothing_speaks_for_the_class() -> None:
    for evidence in (np.zeros((4, 5)), -np.ones((4, 5))):
        assert colour(evidence_on_image(PHOTO, evidence)).max() == 0


def test_a_photo_keeps_its_colour_where_all_speaks_for_the_class() -> None:
    kept = np.asarray(evidence_on_image(PHOTO, np.ones((4, 5)), size=60))
    np.testing.assert_array_equal(kept, np.rint(255 * PHOTO).astype(np.uint8))


def test_colour_lies_on_the_side_of_the_evidence() -> None:
    evidence = np.zeros((4, 5))
    evidence[:, 0] = 1
    left, right = np.array_split(colour(evidence_on_image(PHOTO, evidence)), 2, axis=1)
    assert left.mean() > 5 * right.mean()


@pytest.mark.parametrize("channels", [1, 3])
def test_regions_are_drawn_in_the_size_of_a_tile_with_lines_between_them(channels: int) -> None:
    image = np.full((32, 32, channels), 0.5, np.float32)
    labels = np.repeat(np.repeat(np.arange(4).reshape(2, 2), 16, axis=0), 16, axis=1)
    drawn = np.asarray(regions_on_image(image, labels, np.array([1.0, -1.0, 0.0, 0.5]), [3]))
    assert drawn.shape == (320, 320, 3)
    assert (drawn[160] == 255).all()
    assert (drawn[:, 160] == 255).all()
    blue, red = drawn[10, 10], drawn[10, 310]
    assert blue[2] > blue[0]
    assert red[0] > red[2]


def test_a_number_stands_in_its_own_region() -> None:
    """A region that bends around another one has its middle in that."""
    labels = np.ones((32, 32), np.int64)
    labels[10:22, 10:22] = 0
    image = np.full((32, 32, 3), 0.5, np.float32)
    both = np.asarray(regions_on_image(image, labels, np.array([0.0, 0.9]))).astype(int)
    alone = np.asarray(regions_on_image(image, labels, np.array([0.0, 0.7]))).astype(int)
    changed = np.argwhere(np.abs(both - alone).max(axis=2) > 60)  # the digits, and not the shade
    assert len(changed)
    assert labels[tuple(changed.mean(axis=0).astype(int) // 10)] == 1


def test_regions_that_all_do_nothing_are_drawn() -> None:
    labels = np.arange(4).reshape(2, 2)
    regions_on_image(np.zeros((2, 2, 3), np.float32), labels, np.zeros(4))


@pytest.mark.parametrize(
    ("value", "limit", "text"),
    [(1.23, 2.0, "+1.2"), (-0.04, 2.0, "0.0"), (-0.5, 2.0, "−0.5"), (123.4, 150.0, "+123"), (0.0123, 0.02, "+0.012")],
)
def test_values_are_written_as_finely_as_the_largest_allows(value: float, limit: float, text: str) -> None:
    assert written(value, limit) == text
