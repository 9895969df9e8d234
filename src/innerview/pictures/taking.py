"""What draws a NumPy result draws the result of a tensor as well, and a tensor in place of an array."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from innerview.arrays import read_array
from innerview.results import Result

P = ParamSpec("P")
R = TypeVar("R")


def taking_tensors(draw: Callable[P, R]) -> Callable[P, R]:
    """Hand a function the NumPy that is in its arguments."""

    @functools.wraps(draw)
    def drawing(*asked: P.args, **named: P.kwargs) -> R:
        return cast("Any", draw)(*map(_take, asked), **{name: _take(value) for name, value in named.items()})

    return drawing


def _take(value: Any) -> Any:
    if isinstance(value, Result):
        return cast("Any", value.numpy)
    if isinstance(value, list | tuple):
        found = [_take(one) for one in cast("list[Any]", value)]
        return value if all(map(operator.is_, found, cast("list[Any]", value))) else found
    array = read_array(value)
    return value if array is None else array[0]
