"""Whole cells, exact colours, hatched holes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.pictures.pixels import (
    LARGE,
    average,
    cells_for,
    enlarge,
    show_colours,
    show_image,
    show_map,
    signed_bytes,
    to_bytes,
)
from innerview.pictures.ramps import colour, parse
from innerview.pictures.scale import Scale
from innerview.pictures.tokens import BORDER, PAGE


@pytest.mark.parametrize(
    ("height", "width", "size"),
    [
        (32, 32, (320, 320)),
        (28, 28, (336, 336)),
        (10, 20, (320, 160)),
        (224, 224, (448, 448)),
        (960, 320, (320, 960)),
        (1, 1, (320, 320)),
    ],
)
def test_a_map_is_enlarged_by_a_whole_factor_to_at_least_320_pixels(height, width, size) -> None:
    assert show_map(np.zeros((height, width)), Scale(1.0)).size == size


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_cells_are_enlarged_or_averaged_never_both(height, width) -> None:
    cells = cells_for(height, width, LARGE)
    assert 1 in (cells.enlarge, cells.block)
    side = max(height, width)
    if cells.block == 1:
        assert LARGE <= side * cells.enlarge <= max(3 * LARGE, side)
    else:
        assert -(-side // cells.block) <= 3 * LARGE
        assert cells.note == f"shown at 1/{cells.block}, averaged"


def test_every_pixel_of_a_cell_has_the_cells_colour() -> None:
    values = np.random.default_rng(0).normal(size=(8, 5))
    shown = np.asarray(show_map(values, Scale(2.0), "value", 40))
    assert (shown == colour(values, 2.0, "value").repeat(5, axis=0).repeat(5, axis=1)).all()


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))
def test_averaging_keeps_the_mean_of_a_constant_and_the_sum_of_whole_blocks(rows, columns, block) -> None:
    values = np.random.default_rng(rows).normal(size=(rows * block, columns * block))
    assert average(values, block).sum() * block**2 == pytest.approx(values.sum())
    assert np.allclose(average(np.ones((rows + block, columns, 3)), block), 1)


def test_only_a_block_with_a_hole_becomes_a_hole() -> None:
    values = np.zeros((5, 5))
    values[0, 0] = np.nan
    assert np.isnan(average(values, 2)).tolist() == [[True, False, False], [False] * 3, [False] * 3]


def test_holes_are_hatched_and_nothing_else_is() -> None:
    values = np.zeros((4, 4))
    values[1, 2], values[3, 3] = np.nan, np.inf
    shown = np.asarray(show_map(values, Scale(1.0), size=80))
    holes = (~np.isfinite(values)).repeat(20, axis=0).repeat(20, axis=1)
    hatch = {tuple(map(int, cell)) for cell in shown[holes]}
    assert hatch == {parse(BORDER), parse(PAGE)}
    assert {tuple(map(int, cell)) for cell in shown[~holes]} == {parse("#F7F7F7")}


def test_images_become_bytes() -> None:
    image = np.array([[[0.0], [0.5], [1.0], [1.5], [-0.5], [np.nan]]])
    assert to_bytes(image)[0].tolist() == [[0] * 3, [128] * 3, [255] * 3, [255] * 3, [0] * 3, [0] * 3]


def test_three_signed_channels_stand_about_mid_grey() -> None:
    values = np.array([[[0.0, 2.0, -2.0], [9.0, -9.0, np.nan]]])
    assert signed_bytes(values, 2.0)[0].tolist() == [[128, 255, 1], [255, 1, 128]]
    assert show_colours(values, Scale(2.0), 40).size == (40, 20)


def test_a_large_image_is_shown_whole() -> None:
    image = np.full((2000, 1000, 1), 0.25)
    shown = np.asarray(show_image(image))
    assert shown.shape == (667, 334, 3)
    assert (shown == 64).all()


def test_enlarging_without_holes_changes_no_colour() -> None:
    colours = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert (np.asarray(enlarge(colours, 3))[::3, ::3] == colours).all()
