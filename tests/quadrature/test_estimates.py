"""What the estimate of the rest says of series whose rest is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.quadrature import remaining
from innerview.quadrature.estimates import SAFETY, rest, shrinking


@pytest.mark.parametrize("ratio", [0.25, 0.4, 0.5, 0.8])
def test_steps_that_all_point_the_same_way_are_a_geometric_series(ratio):
    assert rest(ratio, 1.0) == pytest.approx(sum(ratio**k for k in range(1, 400)))


@pytest.mark.parametrize("ratio", [0.25, 0.5])
@pytest.mark.parametrize("cosine", [0.0, 0.3, 1.0])
def test_the_formula_is_the_size_of_a_sum_of_random_steps(ratio, cosine):
    rng = np.random.default_rng(3)
    common, own = rng.standard_normal(40_000), rng.standard_normal((14, 40_000))
    steps = [ratio**k * (np.sqrt(cosine) * common + np.sqrt(1 - cosine) * one) for k, one in enumerate(own)]
    assert rest(ratio, cosine) == pytest.approx(np.abs(sum(steps[1:])).sum() / np.abs(steps[0]).sum(), rel=0.03)


def test_the_factors_of_kinks_and_jumps():
    assert rest(1 / 4, 0) == pytest.approx(1 / math.sqrt(15))
    assert rest(1 / 2, 0) == pytest.approx(1 / math.sqrt(3))


def perpendicular(*sizes):
    return [size * np.eye(len(sizes))[place] for place, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "ratio"),
    [
        ((4, 2), 0.5),
        ((1, 0.35), math.sqrt(0.5 * 0.35)),  # the ratio before the first one counts as 1/2
        ((1, 1e-9), 0.3),  # luck is not believed
        ((1, 2), 0.95),
        ((0, 1), 0.95),
        ((0, 0), 0.95),
        ((1, 0.5, 0.2), math.sqrt(0.5 * 0.4)),  # one small ratio is not believed when the one before was larger
        ((1, 0.4, 0.2), 0.5),
        ((9, 1, 0.5, 0.2), math.sqrt(0.5 * 0.4)),  # no more than three steps count
    ],
)
def test_the_ratio_is_taken_with_care(sizes, ratio):
    steps = perpendicular(*sizes)
    cosine = 0.0 if all(sizes[-2:]) else 1.0  # nothing is known: the worst is taken
    assert shrinking(steps) == pytest.approx((ratio, cosine))


def test_every_estimate_has_something_to_spare():
    steps = perpendicular(1, 0.3, 0.06)
    assert remaining(steps) == pytest.approx(SAFETY * rest(*shrinking(steps)))


def test_steps_against_each_other_are_taken_for_unrelated():
    before = np.array([2.0, 1.0])
    assert remaining([before, -before / 2]) == pytest.approx(SAFETY * rest(0.5, 0))
    assert remaining([before, before / 2]) == pytest.approx(SAFETY * rest(0.5, 1))


@given(st.floats(1e-100, 1e100), st.floats(0.5, 3), st.integers(0, 2**32 - 1))
def test_the_factor_has_no_unit_and_grows_with_safety(scale, safety, seed):
    before, last = np.random.default_rng(seed).standard_normal((2, 7))
    factor = remaining([before, last], safety)
    assert remaining([before * scale, last * scale], safety) == pytest.approx(factor, rel=1e-9)
    assert factor == pytest.approx(safety * remaining([before, last]))
    assert 1.4 * safety * rest(0.3, 0) - 1e-12 <= factor <= 1.4 * 19 * safety + 1e-9


def trapezoid_errors(places, panels, order):
    """Error of even nodes on a unit jump (order 0) or kink (order 1) at each of `places`."""
    nodes = np.arange(panels + 1) / panels
    weights = np.full(panels + 1, 1 / panels)
    weights[[0, -1]] /= 2
    values = np.maximum(nodes - places[:, None], 0) ** order * (nodes > places[:, None])
    return values @ weights - (1 - places) ** (order + 1) / (order + 1)


@pytest.mark.parametrize(("order", "uncorrelated", "larger"), [(0, True, math.sqrt(3)), (1, False, math.sqrt(10))])
def test_the_derivation_of_the_random_walk(order, uncorrelated, larger):
    """docs/evidence/quadrature.md: what a step says of the error that remains, for places spread evenly."""
    places = (np.arange(20_000) + 0.5) / 20_000
    coarse, fine = (trapezoid_errors(places, panels, order) for panels in (8, 16))
    step = coarse - fine
    assert np.linalg.norm(step) / np.linalg.norm(fine) == pytest.approx(larger, rel=1e-3)
    cosine = step @ fine / np.linalg.norm(step) / np.linalg.norm(fine)
    assert (abs(cosine) < 1e-3) == uncorrelated
    assert np.linalg.norm(coarse) / np.linalg.norm(fine) == pytest.approx(2 ** (order + 1), rel=1e-3)
