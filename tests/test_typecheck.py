"""The checks on innerview's functions are there, and see what annotations say: types, axes, results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, is_dataclass
from types import FunctionType
from typing import TYPE_CHECKING

import numpy as np
import pytest
from jaxtyping import Float, TypeCheckError

from innerview import methods, targets
from typecheck import checked, every_call, unchecked

if TYPE_CHECKING:
    from nowhere import Unknown

Row = Float[np.ndarray, " class"]
TWO, THREE = np.zeros(2), np.zeros(3)


@checked
def added(first: Row, second: Row) -> Row:
    return first + second if len(first) < 3 else first[:1]


@checked
def each(row: Row) -> Iterator[Row]:
    yield row
    yield added(TWO, TWO)


@checked
def told(number: int, *more: int, unknown: Unknown = None, **named: str) -> str:
    return str(number) if number else number  # type: ignore[return-value]


@checked
def sized(size: int) -> Float[np.ndarray, "{size} 2"]:
    return np.zeros((min(size, 3), 2))


@checked
def nested(row: Row) -> Row:
    assert added(TWO, TWO).shape == (2,)
    return row


@checked
@dataclass
class Held:
    number: int


@pytest.mark.parametrize(
    "call",
    [
        lambda: added(TWO, THREE),
        lambda: added(THREE, THREE),
        lambda: added(np.zeros((2, 2)), TWO),
        lambda: each(0),
        lambda: told("1"),
        lambda: told(1, 2, "3"),
        lambda: told(1, named=2),
        lambda: told(0),
        lambda: sized(4),
        lambda: Held("1"),
    ],
)
def test_what_annotations_exclude_is_refused(call: Callable[[], object]) -> None:
    with pytest.raises(TypeCheckError):
        call()
    with unchecked(), suppress(ValueError):  # of NumPy
        call()


def test_what_they_allow_passes_and_axes_are_bound_anew_for_each_call() -> None:
    assert added(TWO, TWO).shape == (2,)
    assert nested(THREE).shape == (3,)
    assert [len(row) for row in each(THREE)] == [3, 2]
    assert told(1, 2, unknown=3, named="4") == "1"
    assert sized(3).shape == (3, 2)
    assert Held(1).number == 1


@pytest.mark.parametrize("module", [methods, targets])
def test_they_are_on_every_function_and_dataclass(module: object) -> None:
    own = [thing for thing in vars(module).values() if getattr(thing, "__module__", "").startswith("innerview.")]
    own = [thing.__init__ if is_dataclass(thing) else thing for thing in own]
    own = [thing for thing in own if isinstance(thing, FunctionType)]
    assert len(own) > 5
    assert [one for one in own if not hasattr(one, "__checked__")] == []


def test_what_is_called_often_is_checked_now_and_then_and_every_time_where_that_is_asked_for() -> None:
    @checked
    def doubled(value: int) -> int:
        return 2 * value

    for value in range(1000):
        assert doubled(value) == 2 * value
    raised = 0
    for _ in range(64):
        try:
            doubled("a")  # pyright: ignore[reportArgumentType]
        except TypeCheckError:
            raised += 1
    assert raised == 4
    with every_call(), pytest.raises(TypeCheckError):
        doubled("a")  # pyright: ignore[reportArgumentType]
