"""A question of the viewer, read from JSON that anyone may have sent: every field checked, nothing of it opened."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final, cast

from innerview.errors import UsageError
from innerview.methods.registry import USUAL
from innerview.viewer.hello import BASELINES
from innerview.viewer.schema import schema

LONGEST: Final = 512
"""Characters of a text, at most; a mask takes 172."""

MOST_MORE: Final = 3
BASELINE: Final = re.compile(rf"({'|'.join(BASELINES)})(:[0-9.]{{1,12}})?")


@dataclass(frozen=True)
class Query:
    """A question; two that are equal have the same answer.

    Attributes:
        kind: of the payload.
        network: identity of the network.
        picture: eight hexadecimal digits.
        target: number of a class, or None for the winner; `versus`: the one it is set against.
        method: key of a method; `baseline`: name of a baseline, never a file; `fill` likewise.
        tolerance: of the map.
        target_kind: "logit", "contrast", "probability", or "" for what the network has.
        mask: base64 of bits; `cells`: rows and columns of them.
        layer: name of the one layer that is wanted whole; empty for all, in part.
        run: of a training.
        more: how often a budget that was too small is made four times as large.
    """

    kind: str
    network: str = ""
    picture: str = ""
    target: int | None = None
    versus: int | None = None
    method: str = USUAL
    baseline: str = "black"
    fill: str = ""
    tolerance: float = 0.01
    target_kind: str = ""
    mask: str = ""
    cells: tuple[int, ...] = ()
    layer: str = ""
    run: str = ""
    more: int = 0


def read_query(message: Mapping[str, Any]) -> Query:
    """Read a question.

    Raises:
        UsageError: the kind is unknown, or a field is not what it should be; says which.
    """
    found = {name: _READERS[name](name, message[name]) for name in _READERS if message.get(name) is not None}
    if found.get("kind") not in schema()["kinds"]:
        raise UsageError(
            f"there is nothing of kind {found.get('kind')!r} to show; there is {', '.join(schema()['kinds'])}"
        )
    return Query(**cast("dict[str, Any]", found))


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST:
        raise UsageError(f"{name} is {type(value).__name__} or too long; give a text of at most {LONGEST} characters")
    return value


def _shown(value: object) -> str:
    """A value of a question in words: whatever is no number by its type, since a list may be nested without end."""
    return ascii(value)[:40] if isinstance(value, bool | int | float) else type(value).__name__


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise UsageError(f"{name} is {_shown(value)}; give a whole number from 0")
    return value


def _baseline(name: str, value: object) -> str:
    text = _text(name, value)
    if text and not BASELINE.fullmatch(text):
        raise UsageError(f"there is no {name} {text[:40]!r}; there are {', '.join(BASELINES)}")
    return text


def _tolerance(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1e-6 <= value <= 1:
        raise UsageError(f"{name} is {_shown(value)}; give a number between 0.000001 and 1: 0.01 is 1 %")
    return float(value)


def _cells(name: str, value: object) -> tuple[int, ...]:
    if not isinstance(value, list | tuple):
        raise UsageError(f"{name} is {type(value).__name__}; give rows and columns")
    listed = cast("list[object]", value)
    if len(listed) != 2:
        raise UsageError(f"{name} has {len(listed)} numbers; give rows and columns")
    return tuple(_whole(name, one) for one in listed)


_READERS: Final[Mapping[str, Callable[[str, object], object]]] = MappingProxyType(
    {
        **{one.name: _text for one in fields(Query)},
        "target": _whole,
        "versus": _whole,
        "baseline": _baseline,
        "fill": _baseline,
        "tolerance": _tolerance,
        "cells": _cells,
        "more": lambda name, value: min(_whole(name, value), MOST_MORE),
    }
)
