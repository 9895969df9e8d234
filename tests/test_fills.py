from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import UsageError
from innerview.fills import FILLS, SPELLINGS, Fill, impute, make_fill
from innerview.methods.registry import read_method
from innerview.session.query import Query
from methods.analytic import Analytic
from raising import raises

IMAGE = np.random.default_rng(1).random((6, 8, 3)).astype(np.float32)


@given(st.sampled_from(list(FILLS)), st.integers(0, 2**32 - 1))
def test_what_is_kept_stays_and_precision_too(name: str, seed: int) -> None:
    kept = np.random.default_rng(seed).random((3, 6, 8)) < 0.5
    fill = make_fill(name, IMAGE)
    found = fill.paint(IMAGE, kept)
    assert found.dtype == IMAGE.dtype
    for image, mask in zip(found, kept, strict=True):
        np.testing.assert_array_equal(image[mask], IMAGE[mask])
        assert np.isfinite(image).all()
    assert isinstance(fill, Fill)
    assert fill.name == name
    assert fill.words


def test_the_plain_ones_are_what_they_are_called() -> None:
    nothing = np.zeros((1, 6, 8), bool)
    for name, level in {"black": 0, "gray": 0.5, "white": 1}.items():
        np.testing.assert_array_equal(make_fill(name, IMAGE).paint(IMAGE, nothing), level)
    mean = make_fill("mean", IMAGE).paint(IMAGE, nothing)[0]
    np.testing.assert_allclose(mean.reshape(-1, 3), np.tile(IMAGE.mean(axis=(0, 1)), (48, 1)), rtol=1e-5)


def test_an_image_and_a_fill_of_ones_own() -> None:
    other = 1 - IMAGE
    kept = np.zeros((1, 6, 8), bool)
    np.testing.assert_array_equal(make_fill(other, IMAGE).paint(IMAGE, kept)[0], other)
    mine = make_fill("black", IMAGE)
    assert make_fill(mine, IMAGE) is mine
    with raises(UsageError, "fill", asked="green"):
        make_fill("green", IMAGE)


def solved(image: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The system of the imputation, written down pixel by pixel and solved as it stands."""
    height, width, _ = image.shape
    positions = [(row, column) for row in range(height) for column in range(width)]
    matrix, right = np.eye(len(positions)), image.reshape(-1, image.shape[2]).astype(np.float64)
    for number, (row, column) in enumerate(positions):
        if kept[row, column]:
            continue
        right[number] = 0
        weights = {
            (row + down, column + across): 2 if 0 in (down, across) else 1
            for down in (-1, 0, 1)
            for across in (-1, 0, 1)
            if (down, across) != (0, 0) and 0 <= row + down < height and 0 <= column + across < width
        }
        for place, weight in weights.items():
            matrix[number, positions.index(place)] = -weight / sum(weights.values())
    return np.linalg.solve(matrix, right).reshape(image.shape)


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
def test_what_is_imputed_is_the_mean_of_its_neighbours(seed: int, often: float) -> None:
    kept = np.random.default_rng(seed).random((2, 6, 8)) < often
    kept[:, 3, 4] = True
    found = impute(IMAGE, kept)
    for image, mask in zip(found, kept, strict=True):
        np.testing.assert_allclose(image, solved(IMAGE, mask), atol=2e-3)


def test_a_slope_is_imputed_without_a_trace_and_each_mask_by_itself() -> None:
    slope = np.linspace(0, 1, 8)[None, :, None] * np.ones((6, 1, 1))
    kept = np.ones((2, 6, 8), bool)
    kept[0, 2:4, 2:6] = False
    kept[1, 1:5, 1:3] = False
    np.testing.assert_allclose(impute(slope, kept), np.stack([slope, slope]), atol=1e-3)
    alone = make_fill("imputed", IMAGE).paint(IMAGE, kept[:1])
    np.testing.assert_array_equal(make_fill("imputed", IMAGE).paint(IMAGE, kept)[:1], alone)


def test_where_nothing_is_kept_all_is_the_mean_colour_and_noise() -> None:
    found = make_fill("imputed", IMAGE).paint(IMAGE, np.zeros((1, 6, 8), bool))[0]
    np.testing.assert_allclose(found.mean(axis=(0, 1)), IMAGE.mean(axis=(0, 1)), atol=0.01)
    assert 0.005 < found.std(axis=(0, 1)).max() < 0.02


@pytest.mark.parametrize(("spelt", "name"), SPELLINGS.items())
def test_other_spellings_are_understood_wherever_fills_are_named(spelt: str, name: str) -> None:
    image = np.random.default_rng(0).random((4, 4, 3), np.float32)
    assert make_fill(spelt, image).name == name
    assert Query(fills=[spelt, "white"]) == Query(fills=(name, "white"))
    model = Analytic.random(0, 4, 4)
    assert read_method(f"shapley:regions=2,fills={spelt}+white").settled(model).options["fills"] == (name, "white")
    both = read_method(f"removed-and-alone:regions=2,fills={spelt}+white")
    assert both.settled(model).options["fills"] == (name, "white")
    assert read_method(f"rise:fill={spelt}").settled(model).options["fill"] == name
