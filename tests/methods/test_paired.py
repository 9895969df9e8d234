"""Paired tests: as SciPy has them, uniform where nothing differs, and honest about how many were made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from innerview.methods.paired import (
    CONFIDENCE,
    EXACT,
    drawn_anew,
    holm,
    mean_interval,
    median_interval,
    signed_rank,
)


@pytest.mark.parametrize("count", [5, EXACT, EXACT + 1, 40])
def test_the_test_is_that_of_scipy(count: int) -> None:
    random = np.random.default_rng(count)
    for _ in range(20):
        differences = random.normal(0.3, 1, count)
        how = {"method": "exact"} if count <= EXACT else {"method": "approx", "correction": True}
        assert signed_rank(differences) == pytest.approx(stats.wilcoxon(differences, **how).pvalue, rel=1e-9)


def test_equal_sizes_share_ranks_and_nothing_is_left_out_silently() -> None:
    assert signed_rank(np.zeros(10)) == 1
    assert signed_rank(np.array([np.nan, np.nan])) == 1
    assert signed_rank(np.ones(6)) == pytest.approx(2 / 64)
    assert signed_rank(np.array([1.0, 1, 1, 1, 1, 1, 0, 0, np.nan])) == pytest.approx(2 / 64)
    assert signed_rank(np.array([1.0, -1] * 10)) == 1


def test_p_values_are_uniform_where_nothing_differs() -> None:
    random = np.random.default_rng(20)
    found = np.array([signed_rank(random.standard_t(3, 60)) for _ in range(1000)])
    assert stats.kstest(found, "uniform").pvalue > 0.01
    few = np.array([signed_rank(random.normal(size=8)) for _ in range(1000)])
    assert (few <= 0.05).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1000)


def test_one_false_alarm_among_all_is_as_rare_as_one_test_promises() -> None:
    random = np.random.default_rng(21)
    alarms = [min(holm(np.array([signed_rank(random.normal(size=25)) for _ in range(12)]))) < 0.05 for _ in range(400)]
    assert np.mean(alarms) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_holm_by_hand() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    found = holm(np.array([0.01, np.nan, 0.6]))
    assert found[0] == pytest.approx(0.02)
    assert np.isnan(found[1])
    assert holm(np.array([np.nan])).shape == (1,)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_keeps_the_order_and_never_lowers(values: list[float]) -> None:
    given_values = np.array(values)
    found = holm(given_values)
    assert (found >= given_values).all()
    assert (found <= 1).all()
    assert (np.diff(found[np.argsort(given_values, kind="stable")]) >= 0).all()


def test_intervals_hold_as_often_as_they_say() -> None:
    random = np.random.default_rng(3)
    held = np.zeros(2)
    for _ in range(200):
        values = random.normal(1, 1, 50)
        low, high = mean_interval(values[None], drawn_anew(50, random))
        _, below, above = median_interval(values, random)
        held += [low[0] <= 1 <= high[0], below <= 1 <= above]
    assert (np.abs(held / 200 - CONFIDENCE) < 0.05).all()


def test_intervals_pass_over_what_was_not_measured() -> None:
    random = np.random.default_rng(4)
    values = np.array([[1.0, 2, 3, np.nan], [np.nan] * 4, [5.0, 5, 5, 5]])
    low, high = mean_interval(values, drawn_anew(4, random))
    assert 1 <= low[0] <= 2 <= high[0] <= 3
    assert np.isnan([low[1], high[1]]).all()
    assert (low[2], high[2]) == (5, 5)
    assert np.isnan(median_interval(values[1], random)).all()
