"""Values of games against their definitions: by all orders of the players, and by all coalitions one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.methods.coalitions import banzhaf_values, interactions, members, minimal_sets, shapley_values


def game(seed: int, number: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=2**number)


def index(coalition: tuple[int, ...]) -> int:
    return sum(1 << player for player in coalition)


def dividends(values: np.ndarray) -> np.ndarray:
    """Harsanyi's: the game is the sum of what each coalition has that no part of it has."""
    found = values.copy()
    for player in range(len(values).bit_length() - 1):
        pairs = found.reshape(-1, 2, 2**player)
        pairs[:, 1] -= pairs[:, 0]
    return found


SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(1, 5))
def test_shapley_values_are_the_mean_over_all_orders(seed: int, number: int) -> None:
    values, added = game(seed, number), np.zeros(number)
    orders = list(itertools.permutations(range(number)))
    for order in orders:
        for place, player in enumerate(order):
            added[player] += values[index(order[: place + 1])] - values[index(order[:place])]
    np.testing.assert_allclose(shapley_values(values), added / len(orders), atol=1e-12)


@given(SEEDS, st.integers(2, 8))
def test_all_values_follow_from_the_dividends(seed: int, number: int) -> None:
    values = game(seed, number)
    parts, inside = dividends(values), members(number)
    sizes = inside.sum(axis=1)
    of_pairs = inside[:, :, None] & inside[:, None, :]
    expected = (parts[:, None, None] * of_pairs / np.maximum(sizes - 1, 1)[:, None, None]).sum(axis=0)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(interactions(values), expected, atol=1e-11)
    np.testing.assert_allclose(
        banzhaf_values(values),
        (parts[:, None] * inside / 2.0 ** np.maximum(sizes - 1, 0)[:, None]).sum(axis=0),
        atol=1e-11,
    )
    np.testing.assert_allclose(
        shapley_values(values), (parts[:, None] * inside / np.maximum(sizes, 1)[:, None]).sum(axis=0), atol=1e-11
    )


@given(SEEDS, st.integers(1, 12), st.floats(-1e6, 1e6))
def test_they_add_up_whatever_all_scores_have_in_common(seed: int, number: int, common: float) -> None:
    values = game(seed, number)
    found = shapley_values(values + common)
    assert found.sum() == pytest.approx(values[-1] - values[0], abs=1e-8)
    np.testing.assert_allclose(found, shapley_values(values), atol=1e-8)


@given(SEEDS, st.integers(2, 7), st.data())
def test_who_adds_nothing_has_nothing_and_twins_have_the_same(seed: int, number: int, data: st.DataObject) -> None:
    small = game(seed, number - 1)
    player = data.draw(st.integers(0, number - 1))
    low = np.arange(2**number) & (2**player - 1)
    high = np.arange(2**number) >> (player + 1) << player
    values = small[low | high]  # the same with and without that player
    for found in (shapley_values(values), banzhaf_values(values), interactions(values)[player]):
        np.testing.assert_allclose(found[player], 0, atol=1e-12)
    np.testing.assert_allclose(interactions(values)[player], 0, atol=1e-12)
    of_sizes = np.random.default_rng(seed).normal(size=number + 1)
    np.testing.assert_allclose(np.ptp(shapley_values(of_sizes[members(number).sum(axis=1)])), 0, atol=1e-12)


def test_two_of_three_must_be_there() -> None:
    both = members(3)[:, 0] & members(3)[:, 2]
    values = both.astype(float)
    np.testing.assert_allclose(shapley_values(values), [0.5, 0, 0.5])
    np.testing.assert_allclose(banzhaf_values(values), [0.5, 0, 0.5])
    np.testing.assert_allclose(interactions(values), [[0, 0, 1], [0, 0, 0], [1, 0, 0]])
    assert minimal_sets(both) == ((0, 2),)


def test_a_majority_of_five() -> None:
    wins = members(5).sum(axis=1) >= 3
    np.testing.assert_allclose(shapley_values(wins.astype(float)), 0.2)
    np.testing.assert_allclose(banzhaf_values(wins.astype(float)), 6 / 16)
    assert minimal_sets(wins) == tuple(itertools.combinations(range(5), 3))


@given(SEEDS, st.integers(1, 6), st.floats(0, 1))
def test_minimal_sets_are_those_without_a_smaller_one_inside(seed: int, number: int, often: float) -> None:
    holds = np.random.default_rng(seed).random(2**number) < often
    subsets = [one for size in range(number + 1) for one in itertools.combinations(range(number), size)]
    having = [one for one in subsets if holds[index(one)]]
    expected = [one for one in having if not any(set(other) < set(one) for other in having)]
    assert minimal_sets(holds) == tuple(sorted(expected, key=lambda one: (len(one), one)))
    assert minimal_sets(np.zeros(2**number, bool)) == ()
