"""What a map is held against: controls, the worth of its order, its complexity, and where it points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.methods.complexity import entropy, rise
from innerview.methods.controls import CONTROLS
from innerview.methods.orders import FRACTIONS, MOST_CELLS, Orders, cells, moved, worth
from innerview.methods.pointing import mosaic, pointed, quarter
from innerview.targets import LogOdds
from methods.analytic import Analytic


def image_of(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize("shape", [(7, 5), (1, 6), (6, 1)])
def test_a_control_is_a_finite_map_that_the_seed_repeats(name: str, shape: tuple[int, int]) -> None:
    image = image_of(*shape)
    one, same = (CONTROLS[name](image, np.random.default_rng(1)) for _ in range(2))
    assert one.shape == shape
    assert np.isfinite(one).all()
    assert np.array_equal(one, same)


def test_controls_are_what_they_are_called() -> None:
    random = np.random.default_rng(0)
    image = np.zeros((9, 9, 3), np.float32)
    image[:, 5:] = 1
    assert np.unravel_index(CONTROLS["centre"](image, random).argmax(), (9, 9)) == (4, 4)
    edges = CONTROLS["edges"](image, random)
    assert (edges[:, [4, 5]] == 0.5).all()
    assert edges.sum() == edges[:, [4, 5]].sum()
    noise, smooth = (CONTROLS[name](image_of(32, 32), random) for name in ("random", "blurred random"))
    assert np.abs(np.diff(smooth)).mean() / smooth.std() < 0.5 * np.abs(np.diff(noise)).mean() / noise.std()


def exact_of_two(seed: int = 0) -> tuple[Analytic, np.ndarray, np.ndarray]:
    """A model of two classes that is a sum over pixels, an image, and what each pixel gives to the log-odds."""
    model = Analytic.random(seed, 6, 6, classes=2)
    model.curved[:] = 0
    image = image_of(6, 6, seed)
    index = int(model.forward(image[None]).outputs.argmax())
    given = ((model.linear[index] - model.linear[1 - index]) * (image - image.mean(axis=(0, 1)))).sum(axis=2)
    return model, image, given


def test_the_order_of_the_truth_is_worth_most() -> None:
    for seed in range(5):
        model, image, given = exact_of_two(seed)
        target = LogOdds().resolve(model.forward(image[None]).outputs[0], model.output)
        orders = Orders(model, image, target)
        best = worth(orders.curves(given))
        random = np.random.default_rng(seed)
        others = [worth(orders.curves(random.normal(size=given.shape))) for _ in range(10)]
        assert best > max(others)
        assert worth(orders.curves(-given)) == pytest.approx(-best, abs=1e-6)
        assert all(len(one) == len(FRACTIONS) for one in orders.curves(given))


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
def test_a_map_laid_elsewhere_keeps_its_values(height: int, width: int, seed: int) -> None:
    values = np.arange(float(height * width)).reshape(height, width)
    found = moved(values, np.random.default_rng(seed))
    assert found.shape == values.shape
    assert sorted(found.ravel()) == sorted(values.ravel())


def test_large_images_are_taken_away_in_cells() -> None:
    assert cells(224, 224).max() == MOST_CELLS**2 - 1
    assert len(np.unique(cells(20, 30))) == 600
    model = Analytic.random(0, 64, 80, classes=2)
    image = image_of(64, 80)
    target = LogOdds().resolve(model.forward(image[None]).outputs[0], model.output)
    model.seen.clear()
    Orders(model, image, target).curves(np.random.default_rng(0).normal(size=(64, 80)))
    shown = np.concatenate(model.seen)
    kept = (shown == image).all(axis=3)
    assert kept.mean(axis=(1, 2)) == pytest.approx([1 - one for one in FRACTIONS] * 2, abs=0.02)
    assert (shown >= image.min() - 0.1).all()
    labels = cells(64, 80)
    for one in kept:
        shares = np.bincount(labels.ravel(), weights=one.ravel()) / np.bincount(labels.ravel())
        assert set(np.round(shares, 6)) <= {0.0, 1.0}


def test_entropy_of_known_maps() -> None:
    assert entropy(np.full((4, 4), 3.0)) == 0
    assert entropy(np.array([[0.0, 1], [0, 1]])) == pytest.approx(np.log(2))
    assert entropy(np.arange(100.0).reshape(10, 10)) == pytest.approx(np.log(100))
    assert rise(2.0, 3.0) == 0.5
    assert np.isnan(rise(0.0, 1.0))


def test_pointing_on_a_mosaic() -> None:
    images = [np.full((2, 3, 3), value, np.float32) for value in range(4)]
    laid = mosaic(images)
    assert laid.shape == (4, 6, 3)
    for number in range(4):
        inside = quarter(4, 6, number)
        assert (laid[inside] == number).all()
        assert pointed(np.where(inside, 1.0, -1.0), inside) == 1
        assert pointed(np.where(inside, -1.0, 1.0), inside) == 0
        assert pointed(np.ones((4, 6)), inside) == 0.25
        assert pointed(np.zeros((4, 6)), inside) == 0.25
