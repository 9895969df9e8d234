"""Each default stands in one place: an option has none of its own, but for what only the command line knows."""

from __future__ import annotations

import re
from inspect import Parameter
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from innerview import workbench
from innerview.allcnn import NAMES
from innerview.cli import COMMANDS, innerview
from innerview.cli.compare import command as compare
from innerview.cli.defaults import Elsewhere, default_of, signature_of
from innerview.fills import DEFAULT_FILLS

OWN: dict[tuple[str, str], object] = {
    ("labels", "count"): 400,
    ("train", "output"): Path("innerview-training"),
    ("serve", "port"): 8470,
    ("serve", "host"): "127.0.0.1",
    ("serve", "opened"): True,
}
"""Defaults that no function has."""


def options(command: str) -> list[click.Parameter]:
    found = innerview.get_command(click.Context(innerview), command)
    assert found is not None
    return list(found.params)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_option_repeats_a_default(command: str) -> None:
    for one in options(command):
        own, name = one.to_info_dict().get("default"), str(one.name)
        if isinstance(one, Elsewhere):
            assert own in (None, (), False), name  # left to where it stands
            default_of(one.home, name)
            if name == "fills":
                assert default_of(one.home, name) == DEFAULT_FILLS
        elif name == "model":
            assert own in (None, NAMES[0])
        else:
            assert own in (None, (), "", False) or own == OWN[command, name], name
        said = str(getattr(one, "help", ""))
        assert not re.search(r"\[(default: )?[\d.]", said), f"{name} says a number of its own: {said}"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_says_the_default_that_stands_elsewhere(command: str) -> None:
    context = click.Context(innerview)
    found = innerview.get_command(context, command)
    assert found is not None
    own = click.Context(found, info_name=command, max_content_width=10_000)
    for one in options(command):
        if isinstance(one, Elsewhere) and not str(one.help).endswith("]") and one.show_default is None:
            default, record = default_of(one.home, str(one.name)), one.get_help_record(own)
            assert record is not None
            if isinstance(default, int | float | str) and default not in (False, ""):
                assert f"[default: {'network' if default is True else default}" in record[1]
            if isinstance(default, tuple) and default and one.shown is None:
                assert f"[default: {', '.join(map(str, default))}" in record[1]


def test_whatever_has_a_usual_model_has_the_same_one() -> None:
    homes = {one.home for command in COMMANDS for one in options(command) if isinstance(one, Elsewhere)}
    usual = {home: found.default for home in homes if (found := signature_of(home).parameters.get("model"))}
    assert {one for one in usual.values() if one and one is not Parameter.empty} == {NAMES[0]}


def test_what_is_not_said_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def seen(*_: object, **asked: object) -> None:
        given.update(asked)
        raise SystemExit(0)

    monkeypatch.setattr(workbench, "compare", seen)
    CliRunner().invoke(compare, ["allcnn", "folder", "--limit", "7", "--regions", "2x4"])
    flags = {name for name, value in given.items() if value is False}
    assert given.keys() - flags - {"named", "progress"} == {"limit", "regions"}
    assert (given["limit"], given["regions"]) == (7, (2, 4))
