"""Scales: rounded up to few steps, never shifted, and honest about what exceeds them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from innerview.errors import UsageError
from innerview.pictures.scale import STEPS, Scale, choose_scales, own_limit, round_up
from raising import raises

positive = st.floats(min_value=1e-300, max_value=1e300)


@given(positive)
def test_rounding_goes_up_to_a_step_and_not_further_than_the_next(value) -> None:
    rounded = round_up(value)
    assert rounded >= value
    assert rounded <= 1.34 * value
    exponent = math.floor(math.log10(rounded) + 1e-9)
    assert any(math.isclose(rounded, float(f"{step}e{exponent}"), rel_tol=1e-12) for step in STEPS)


@given(positive)
def test_a_rounded_limit_stays(value) -> None:
    assert round_up(round_up(value)) == round_up(value)


@pytest.mark.parametrize("value", [5e-324, 1e-310, 1.7e308, 1.0, 1.25, 8.0, 8.1, 0.1, 1e23])
def test_extreme_values_have_a_limit_too(value) -> None:
    assert value <= round_up(value) < math.inf


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        (1.0, 1.0),
        (1.01, 1.25),
        (1.3, 1.5),
        (1.6, 2),
        (2.2, 2.5),
        (2.7, 3),
        (3.5, 4),
        (4.5, 5),
        (5.5, 6),
        (7, 8),
        (8.5, 10),
    ],
)
def test_each_step_is_used(value, limit) -> None:
    assert round_up(value) == limit
    assert round_up(value / 1000) == pytest.approx(limit / 1000)


def test_the_own_limit_is_the_rounded_percentile() -> None:
    values = np.linspace(-1, 1, 1001).reshape(7, 143)
    assert own_limit(values) == round_up(float(np.percentile(np.abs(values), 99)))


@given(arrays.arrays(np.float64, (6, 7), elements=st.floats(-1e9, 1e9)))
def test_the_sign_does_not_change_the_limit(values) -> None:
    assert own_limit(values) == own_limit(-values)


@given(arrays.arrays(np.float32, (12, 12), elements=st.floats(-1000, 1000, width=32)))
def test_hardly_anything_exceeds_the_own_limit(values) -> None:
    assert Scale(own_limit(values)).beyond(values) <= 0.02


@pytest.mark.parametrize(
    ("values", "limit"),
    [
        (np.zeros((4, 4)), 1.0),
        (np.full((4, 4), np.nan), 1.0),
        (np.array([[np.inf, 0.3, np.nan]]), 0.3),
        (np.eye(20)[:1].repeat(20, axis=0) * np.eye(20)[0] * 7, 8.0),
    ],
    ids=["all zero", "nothing finite", "some not finite", "few not zero"],
)
def test_odd_maps_have_a_limit(values, limit) -> None:
    assert own_limit(values) == limit


def test_one_pixel_among_many_zeros_decides() -> None:
    values = np.zeros((32, 32))
    values[3, 4] = -0.7
    assert own_limit(values) == 0.8


def test_beyond_counts_the_finite_values_outside() -> None:
    values = np.array([[-3.0, 2.0, 2.1, np.nan, np.inf, 0.0]])
    assert Scale(2.0).beyond(values) == 2 / 4


def test_a_shared_scale_is_the_largest_own_one_and_ignores_empty_maps() -> None:
    maps = [np.full((2, 2), 0.1), np.full((2, 2), -3.0), np.zeros((2, 2))]
    assert choose_scales(maps, "shared") == [Scale(3.0, "shared")] * 3
    assert [scale.limit for scale in choose_scales(maps, "per-image")] == [0.1, 3.0, 1.0]
    assert choose_scales(maps, 0.5) == [Scale(0.5, "given")] * 3
    assert choose_scales([np.zeros((2, 2))], "shared")[0].limit == 1.0


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.inf, math.nan, "mine"])
def test_a_scale_without_meaning_is_refused(wrong) -> None:
    with raises(UsageError, "scale"):
        choose_scales([np.ones((2, 2))], wrong)
