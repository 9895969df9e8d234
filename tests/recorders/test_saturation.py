"""A channel's statistics are those of NumPy; a value is saturated where the slope of its function says so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from innerview.recorders.saturation import FLAT, channel_statistics, flat_outputs

LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772
FUNCTIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "celu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: LAMBDA * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0))),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "hardsigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "tanh": np.tanh,
    "hardtanh": lambda x: np.clip(x, -1, 1),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "softplus": lambda x: np.log1p(np.exp(x)),
}


def test_every_function_of_the_table_is_tested() -> None:
    assert FUNCTIONS.keys() == FLAT.keys()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_saturated_means_a_slope_below_a_hundredth(name: str) -> None:
    x, small = np.linspace(-12, 12, 4801), 1e-6
    slope = (FUNCTIONS[name](x + small) - FUNCTIONS[name](x - small)) / (2 * small)
    sure = np.abs(slope - 0.01) > 2e-4  # the table's ends are rounded
    for corner in (-3, -1, 0, 1, 3, 6):  # at a corner there are two slopes
        sure &= np.abs(x - corner) > 2 * small
    low, high = flat_outputs(name) or (np.nan, np.nan)
    y = FUNCTIONS[name](x)
    np.testing.assert_array_equal(((y <= low) | (y >= high))[sure], (slope < 0.01)[sure])


def test_names_of_all_frameworks_are_known() -> None:
    assert flat_outputs("ReLU") == flat_outputs("relu")
    assert flat_outputs("hard_sigmoid") == flat_outputs("Hardsigmoid")
    assert flat_outputs("ELU", 2.0) == (-1.99, np.inf)
    assert flat_outputs("GELU") is None


@given(
    arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(1, 3), st.just(4)), elements=st.floats(-8, 8, width=32))
)
def test_statistics_are_those_of_numpy(values: np.ndarray) -> None:
    found = channel_statistics(values, (0.0, np.inf))
    columns = values.reshape(-1, 4).astype(np.float64)
    np.testing.assert_allclose(found.mean, columns.mean(0), atol=1e-6)
    np.testing.assert_allclose(found.std, columns.std(0), atol=1e-5)
    np.testing.assert_array_equal(found.minimum, columns.min(0))
    np.testing.assert_array_equal(found.maximum, columns.max(0))
    np.testing.assert_allclose(found.positive + found.saturated, 1)
    assert set(found.dead) == set(np.flatnonzero(columns.max(0) <= 0))


def test_what_is_no_number_is_counted_and_left_out() -> None:
    values = np.array([[1.0, np.nan, -1.0], [3.0, np.nan, np.inf], [np.nan, -np.inf, -3.0]], np.float32)
    found = channel_statistics(values, None)
    assert found.nan.tolist() == [1, 2, 0]
    assert found.infinite.tolist() == [0, 1, 1]
    np.testing.assert_allclose(found.mean, [2, np.nan, -2])
    np.testing.assert_allclose(found.std, [1, np.nan, 1])
    np.testing.assert_allclose(found.maximum, [3, np.nan, -1])
    np.testing.assert_allclose(found.positive, [1, np.nan, 0])
    assert np.isnan(found.saturated).all()
    assert found.dead.tolist() == [], "nobody said that it is an activation"
    assert channel_statistics(values, (0.0, np.inf)).dead.tolist() == [2]
