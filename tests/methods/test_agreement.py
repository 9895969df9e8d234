from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.methods.agreement import ranks, spearman


def test_equal_values_share_their_places() -> None:
    np.testing.assert_array_equal(ranks(np.array([5.0, 1.0, 5.0, 0.0, 5.0])), [3, 1, 3, 0, 3])


@given(st.integers(0, 2**32 - 1), st.integers(2, 30))
def test_only_the_order_matters(seed: int, count: int) -> None:
    one, other = np.random.default_rng(seed).normal(size=(2, count))
    assert spearman(one, np.exp(one)) == pytest.approx(1)
    assert spearman(one, -(one**3)) == pytest.approx(-1)
    assert spearman(one, other) == pytest.approx(spearman(np.exp(other), one))


def test_as_in_a_textbook() -> None:
    # 1 − 6 Σ d² / (n³ − n), d = 0, 1, 1, 1, 1
    assert spearman(np.array([1, 2, 3, 4, 5.0]), np.array([1, 3, 2, 5, 4.0])) == pytest.approx(1 - 6 * 4 / 120)
    assert np.isnan(spearman(np.ones(3), np.arange(3.0)))
