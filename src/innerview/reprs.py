"""What Python prints of an object: at most five lines, however many layers, classes or pixels it holds.

A `repr` is read in a notebook's cell, a debugger or an assertion that failed. Numbers and short texts stand as they
are; arrays by their type and shape; what is long by its first parts and how many there are. Nothing is worked out for
it: no pass is run, no weight is read.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Final, TypeVar, cast

import numpy as np

LINES: Final = 5
WIDTH: Final = 100
"""Lines, and characters in each."""

SHOWN: Final = 3
"""Parts of a list that are shown; of a longer one the last stands behind them."""

LONGEST: Final = 60
"""Characters of a text that are shown."""

T = TypeVar("T")


def short(kind: type[T]) -> type[T]:
    """Give a dataclass a `repr` of at most five lines."""
    setattr(kind, "__repr__", in_short)  # noqa: B010 a plain assignment would claim that it is the method of `T`
    return kind


def in_short(found: object) -> str:
    """Write a dataclass: its name, then its fields, as many as five lines hold."""
    inside = [f"{one.name}={brief(getattr(found, one.name))}" for one in fields(cast("Any", found)) if one.repr]
    return cut(f"{type(found).__name__}({', '.join(inside)})")


def cut(text: str) -> str:
    """Break a text into at most five lines."""
    lines = textwrap.wrap(text, WIDTH, subsequent_indent="    ", break_on_hyphens=False)
    if len(lines) <= LINES:
        return "\n".join(lines)
    return "\n".join([*lines[: LINES - 1], f"{lines[LINES - 1][: WIDTH - 3]} …)"])


def brief(value: object) -> str:
    """Write a value on part of a line."""
    for kinds, write in FORMS:
        if isinstance(value, kinds):
            return write(cast("Any", value))
    return f"<{type(value).__name__}>" if is_dataclass(value) else _cut_text(repr(value))


def _cut_text(text: str) -> str:
    one = " ".join(text.split())
    return one if len(one) <= LONGEST else f"{one[: LONGEST - 1]}…"


def _array(value: Any) -> str:
    return f"{value.dtype} {' × '.join(map(str, value.shape))}" if value.ndim else f"{value.dtype} {value[()]:.6g}"


def _table(value: Mapping[object, object]) -> str:
    parts = [f"{brief(key)}: {brief(one)}" for key, one in list(value.items())[:SHOWN]]
    more = len(value) - len(parts)
    return f"{{{', '.join(parts)}{f', … {more:,} more' if more else ''}}}"


def _list(value: list[object] | tuple[object, ...]) -> str:
    parts = list(value) if len(value) <= SHOWN + 1 else [*value[:SHOWN], value[-1]]
    written = [brief(one) for one in parts]
    if len(value) > len(parts):
        written.insert(SHOWN, f"… {len(value) - len(parts):,} more …")
    inside = ", ".join(written)
    return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' * (len(value) == 1)})"


FORMS: Final[tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...]] = (
    (Enum, lambda value: str(value.name)),
    (bool, repr),
    ((float, np.floating), lambda value: f"{value:.6g}"),
    (str, lambda value: _cut_text(repr(value))),
    (np.ndarray, _array),
    (Mapping, _table),
    ((list, tuple), _list),
)
"""How a value is written, by its type; the first that fits."""
