"""The walk that ARCHITECTURE.md describes is the one that an image takes, and it does not grow."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib import import_module
from inspect import unwrap
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import innerview
from innerview.cli.explain import command

PACKAGE = Path(innerview.__file__).parent
STATIONS = (
    ("innerview.data.samples", "load_image"),
    ("innerview.session.images", "preprocess"),
    ("innerview.session.compute.integrated", "integrate_jobs"),
    ("innerview.pictures", "attribution_views"),
)
MOST = 16
"""Hops of an example; the walk was 19 long once. Who makes it longer has a reason, and changes this."""


def described() -> list[tuple[str, str]]:
    """Function and file of every hop on the page."""
    text = (Path(__file__).parents[2] / "ARCHITECTURE.md").read_text(encoding="utf-8")
    lines = text.partition("```walk\n")[2].partition("\n```")[0].splitlines()
    return [(name, file) for name, file, *_ in map(str.split, lines)]


def on_the_stack() -> list[tuple[str, str]]:
    """Functions of the package that are running, the first one first; not those inside of others."""
    found: list[tuple[str, str]] = []
    frame = sys._getframe(1)
    while frame is not None:
        file, name = Path(frame.f_code.co_filename), frame.f_code.co_qualname
        if file.is_relative_to(PACKAGE) and not re.search("<", name):
            found.append((name, file.relative_to(PACKAGE).as_posix()))
        frame = frame.f_back
    return found[::-1]


def test_the_walk_is_as_described_and_not_longer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    passed: list[tuple[str, str]] = []

    def station(function: Callable[..., Any]) -> Callable[..., Any]:
        plain: Any = unwrap(function)

        def stop(*given: Any, **named: Any) -> Any:
            own = (plain.__qualname__, Path(plain.__code__.co_filename).relative_to(PACKAGE).as_posix())
            passed.extend(hop for hop in [*on_the_stack(), own] if hop not in passed)
            return function(*given, **named)

        return stop

    for module, name in STATIONS:
        monkeypatch.setattr(f"{module}.{name}", station(getattr(import_module(module), name)))
    asked = ["cat", "--n-steps", "4", "--no-judge", "--output", str(tmp_path / "found")]
    answer = CliRunner().invoke(command, asked, catch_exceptions=False)
    assert answer.exit_code == 0
    assert passed == described()
    assert len(passed) <= MOST
