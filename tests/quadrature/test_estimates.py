"""What the estimate of the rest says of series whose rest is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.quadrature import remaining


@pytest.mark.parametrize("ratio", [0.25, 0.4, 0.5, 0.8])
def test_steps_that_all_point_the_same_way_are_a_geometric_series(ratio):
    step = np.array([1.0, -2.0, 0.5])
    rest = sum(ratio**k * step for k in range(1, 400))
    assert remaining([step / ratio, step], safety=1) * np.abs(step).sum() == pytest.approx(np.abs(rest).sum())


@pytest.mark.parametrize("ratio", [0.25, 0.5])
def test_steps_at_random_angles_add_up_as_a_random_walk(ratio):
    rng = np.random.default_rng(3)
    steps = [ratio**k * rng.standard_normal(20_000) for k in range(12)]
    rest = sum(steps[2:])
    estimate = remaining(steps[:2], safety=1) * np.abs(steps[1]).sum()
    assert estimate == pytest.approx(np.abs(rest).sum(), rel=0.03)


def test_the_factors_of_kinks_and_jumps():
    before, last = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert remaining([before, last / 4], safety=1) == pytest.approx(1 / math.sqrt(15))
    assert remaining([before, last / 2], safety=1) == pytest.approx(1 / math.sqrt(3))


def test_luck_is_not_believed():
    before, last = np.array([1.0, 0.0]), np.array([0.0, 1e-9])
    assert remaining([before, last], safety=1) == pytest.approx(1 / math.sqrt(15))
    assert remaining([last, before], safety=1) == pytest.approx(0.95 / math.sqrt(1 - 0.95**2))
    assert remaining([before, 2 * before], safety=1) == pytest.approx(19)
    assert remaining([np.zeros(2), last], safety=1) == pytest.approx(0.95 / math.sqrt(1 - 0.95**2) * math.sqrt(39))


def test_one_small_ratio_is_not_believed_when_the_one_before_was_larger():
    first, second, third = np.array([1.0, 0, 0]), np.array([0, 0.5, 0]), np.array([0, 0, 0.125])
    assert remaining([second, third], safety=1) == pytest.approx(1 / math.sqrt(15))
    mean = math.sqrt(0.5 * 0.25)
    assert remaining([first, second, third], safety=1) == pytest.approx(mean / math.sqrt(1 - mean**2))
    assert remaining([third, first, second, third], safety=1) == pytest.approx(mean / math.sqrt(1 - mean**2))
    assert remaining([second, third, 2 * first], safety=1) == pytest.approx(0.95 / math.sqrt(1 - 0.95**2))


@given(st.floats(1e-100, 1e100), st.floats(0.5, 3), st.integers(0, 2**32 - 1))
def test_the_factor_has_no_unit_and_grows_with_safety(scale, safety, seed):
    before, last = np.random.default_rng(seed).standard_normal((2, 7))
    factor = remaining([before, last], safety)
    assert remaining([before * scale, last * scale], safety) == pytest.approx(factor, rel=1e-9)
    assert factor == pytest.approx(safety * remaining([before, last], 1))
    assert safety / math.sqrt(15) - 1e-12 <= factor <= 19 * safety + 1e-9


def trapezoid_errors(places, panels, order):
    """Error of even nodes on a unit jump (order 0) or kink (order 1) at each of `places`."""
    nodes = np.arange(panels + 1) / panels
    weights = np.full(panels + 1, 1 / panels)
    weights[[0, -1]] /= 2
    values = np.maximum(nodes - places[:, None], 0) ** order * (nodes > places[:, None])
    return values @ weights - (1 - places) ** (order + 1) / (order + 1)


@pytest.mark.parametrize(("order", "uncorrelated", "larger"), [(0, True, math.sqrt(3)), (1, False, math.sqrt(10))])
def test_the_derivation_of_the_random_walk(order, uncorrelated, larger):
    """docs/quadrature.md: what a step says of the error that remains, for places spread evenly."""
    places = (np.arange(20_000) + 0.5) / 20_000
    coarse, fine = (trapezoid_errors(places, panels, order) for panels in (8, 16))
    step = coarse - fine
    assert np.linalg.norm(step) / np.linalg.norm(fine) == pytest.approx(larger, rel=1e-3)
    cosine = step @ fine / np.linalg.norm(step) / np.linalg.norm(fine)
    assert (abs(cosine) < 1e-3) == uncorrelated
    assert np.linalg.norm(coarse) / np.linalg.norm(fine) == pytest.approx(2 ** (order + 1), rel=1e-3)
