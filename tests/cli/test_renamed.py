"""An old command or option is answered with the new one, and nothing is done."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from innerview import cli
from innerview.cli import main
from innerview.cli.renamed import COMMANDS, OPTIONS


def commands() -> dict[str, click.Command]:
    context = click.Context(cli.innerview)
    found = {name: cli.innerview.get_command(context, name) for name in cli.COMMANDS}
    return {name: command for name, command in found.items() if command is not None}


@pytest.mark.parametrize("old", COMMANDS)
def test_an_old_command_is_answered_with_the_new_one(old: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert COMMANDS[old] in commands()
    assert main([old, "cat"]) == 2
    assert f"innerview {COMMANDS[old]}" in capsys.readouterr().err


@pytest.mark.parametrize("old", OPTIONS)
def test_an_old_option_is_answered_with_the_new_one(
    old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    options = {name: {one for each in command.params for one in each.opts} for name, command in commands().items()}
    taking = [name for name, known in options.items() if OPTIONS[old] in known and old not in known]
    assert taking
    for name in taking:
        assert main([name, old, "1"]) == 2
        assert f"use {OPTIONS[old]}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("word", ["logit", "contrast", "probability"])
def test_an_objective_given_as_the_target_is_answered_with_the_option(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "--target", word]) == 2
    assert f"--objective {word}" in capsys.readouterr().err
