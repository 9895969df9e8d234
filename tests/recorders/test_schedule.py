"""What is due is made or put off so that the share of time holds at every moment."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import UsageError
from innerview.recorders.schedule import Budget, is_early
from raising import raises


class Clock:
    """Seconds that pass only when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_powers_of_two_are_early() -> None:
    assert [step for step in range(100) if is_early(step)] == [1, 2, 4, 8, 16, 32, 64]


@given(
    st.lists(st.tuples(st.floats(0.001, 10), st.floats(0, 1), st.sampled_from("ab")), max_size=60),
    st.floats(0.01, 1),
)
def test_the_share_holds_when_prices_are_known(steps: list[tuple[float, float, str]], share: float) -> None:
    """Each kind costs the same every time, so a record that is allowed never breaks the share."""
    clock = Clock()
    budget = Budget(share, clock)
    prices = {kind: price for _, price, kind in steps}
    for kind, price in prices.items():
        with budget.spending(kind):
            clock.now += price
    budget.begin()
    for passing, _, kind in steps:
        clock.now += passing
        if budget.allows(kind):
            with budget.spending(kind):
                clock.now += prices[kind]
        assert budget.spent <= share * budget.elapsed * (1 + 1e-9) + 1e-9


def test_what_is_put_off_is_counted_and_made_later() -> None:
    clock = Clock()
    budget = Budget(0.1, clock)
    with budget.spending("maps"):
        clock.now += 1
    budget.begin()
    assert not budget.allows("maps")
    clock.now += 8.9
    assert not budget.allows("maps")
    clock.now += 0.2
    assert budget.allows("maps")
    assert budget.put_off == {"maps": 2}


def test_without_a_share_everything_is_made() -> None:
    clock = Clock()
    budget = Budget(None, clock)
    with budget.spending("maps"):
        clock.now += 1000
    assert budget.allows("maps")


def test_what_fails_costs_too() -> None:
    clock = Clock()
    budget = Budget(0.5, clock)
    with suppress(ValueError), budget.spending("maps"):
        clock.now += 3
        raise ValueError
    assert budget.spent == 3


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_a_share_is_between_nothing_and_all(share: float) -> None:
    with raises(UsageError, "share"):
        Budget(share)


def test_the_trainings_own_seconds_stand_still_while_some_are_spent() -> None:
    clock = Clock()
    budget = Budget(None, clock)
    clock.now += 2
    seen = [budget.unspent]
    with budget.spending("maps"):
        clock.now += 5
        seen.append(budget.unspent)
    seen.append(budget.unspent)
    clock.now += 1
    assert [*seen, budget.unspent] == [2, 2, 2, 3]
