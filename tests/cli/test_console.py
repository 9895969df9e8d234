"""Whatever the console can show and whatever names hold: every command writes its lines, and none of them steers it."""

from __future__ import annotations

import io
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from innerview import cli
from innerview.cli import main
from innerview.cli.console import HANDLER, SUBSTITUTES, say, writable
from innerview.cli.progress import steps

ENCODINGS = ("ascii", "cp1252", "latin-1", "cp437", "shift_jis", "utf-8", "utf-16")
NASTY = "\x1b[31m\x1b]0;owned\x07\r\b\u202e\udcff\x9b2Jツ"
"""Colours, a window's title, going back over what is there, another direction, no UTF-8, and a letter of Japan."""

Run = Callable[..., tuple[int, str]]


class Screen(io.TextIOWrapper):
    """A stream of an encoding, perhaps a terminal."""

    terminal = False

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)

    def call(encoding: str, *arguments: str) -> tuple[int, str]:
        out, err = (Screen(io.BytesIO(), encoding=encoding) for _ in range(2))
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        code = main(arguments)
        monkeypatch.undo()
        text = ""
        for stream in (out, err):
            stream.flush()
            assert stream.errors == "strict"  # as it was
            text += stream.buffer.getvalue().decode(encoding)
        assert not steering(text), text
        assert "unexpected" not in text
        assert "Traceback" not in text
        return code, text

    return call


def steering(text: str) -> list[str]:
    """What of a text a terminal would obey."""
    return [one for one in text if unicodedata.category(one) in {"Cc", "Cf"} and one != "\n"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_fact_is_told_on_every_console(run: Run, encoding: str) -> None:
    code, text = run(encoding, "info", "cat")
    assert code == 0
    assert "airplane" in text
    assert "conv9" in text
    assert "?" not in text
    assert ("32 × 32 × 3" in text) == (encoding not in {"ascii", "cp437"})
    assert ("32 x 32 x 3" in text) == (encoding in {"ascii", "cp437"})


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("command", ["", *cli.COMMANDS])
def test_help_is_written_on_every_console(run: Run, command: str, encoding: str) -> None:
    code, text = run(encoding, *([command] if command else []), "--help")
    assert code == 0
    assert "Usage" in text
    if encoding == "ascii":
        assert text.isascii()


WRONG = {
    "a class": ("explain", "--target", "ツ"),
    "a class that steers": ("explain", "--target", NASTY),
    "a file": ("explain", f"{NASTY}.png"),
    "a command": (NASTY,),
    "an option": ("explain", f"--{NASTY}"),
    "a value": ("explain", "--alphas", NASTY),
    "a baseline": ("explain", "--baseline", NASTY),
    "a model": ("info", "--model", f"{NASTY}.py:build"),
    "weights": ("weights", f"{NASTY}.safetensors"),
    "data": ("saturation", "--data", NASTY),
    "a run": ("inspect", NASTY),
}


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_whatever_it_is_called(run: Run, arguments: tuple[str, ...], encoding: str) -> None:
    code, text = run(encoding, *arguments)
    assert code in {1, 2}
    assert text.strip()


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_names_of_classes_are_text(run: Run, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "model.py").write_text(
        "import numpy as np\ndef build():\n    return lambda batch: np.asarray(batch).mean((1, 2)) @ np.eye(3, 4)\n"
    )
    names = ["café ツ", "[red]x[/red]", ":cat:", "\x1b[2Jx\x9b"]
    (tmp_path / "names.txt").write_text("\n".join(names), encoding="utf-8")
    line = ["info", "--model", "model.py:build", "--classes", "names.txt", "--input-spec", "4x4 range=0..1 layout=HWC"]
    code, text = run(encoding, *line, "--trust-code")
    assert code == 0, text
    told = " ".join(text.split())
    assert "[red]x[/red]" in told
    assert ":cat:" in told
    assert "[2Jx" in told
    assert ("cafe" if encoding == "ascii" else "café ツ") in told


@pytest.mark.parametrize("surroundings", [{"TERM": "dumb"}, {"NO_COLOR": "1"}, {"COLUMNS": "40"}, {"COLUMNS": "1"}])
def test_any_terminal_will_do(run: Run, monkeypatch: pytest.MonkeyPatch, surroundings: dict[str, str]) -> None:
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    code, text = run("ascii", "info")
    assert code == 0
    assert text.isascii()


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_progress_on_a_terminal_shows_names_as_they_are(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    screen = Screen(io.BytesIO(), encoding=encoding)
    screen.terminal = True
    monkeypatch.setattr(sys, "stderr", screen)
    with writable(), steps("Looking") as progress:
        progress(1, 2, f"[/] [red]{NASTY}")
    screen.flush()
    text = screen.buffer.getvalue().decode(encoding)
    assert "[red]" in text
    assert "\x1b]" not in text
    assert "\x07" not in text
    assert "\u202e" not in text


def test_what_an_encoding_lacks_is_written_in_ascii() -> None:
    assert "32 × 32 − é ½ ツ \udc80 ß".encode("ascii", HANDLER) == rb"32 x 32 - e 1/2 \u30c4 \x80 \xdf"
    assert all(letter.encode("ascii", HANDLER).decode() == plain for letter, plain in SUBSTITUTES.items())
    assert not [letter for letter in SUBSTITUTES if letter.isascii()]
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", HANDLER)


def test_a_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\nb", "c")
    assert capsys.readouterr().out == "a\\nb\nc\n"


def test_nothing_is_said_where_there_is_no_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with writable():
        say("into nothing")
        say("into nothing", err=True)


def test_a_mistake_with_many_lines_is_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    @click.command("broken")
    def broken() -> None:
        raise RuntimeError("first\n  second\x1b[2J")

    monkeypatch.setattr(cli.innerview, "get_command", lambda ctx, name: broken)
    assert main(["broken"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "first second\\x1b[2J" in said


def test_in_a_log_a_line_is_a_step_and_none_says_the_same_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr("innerview.cli.progress.time.monotonic", lambda: now)
    with steps("Explaining") as progress:
        for tenth in range(31):  # three images, a tenth of one every three seconds
            now = 3.0 * tenth
            progress(tenth / 10, 3, f"part {tenth}")
    told = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in told] == [
        "Explaining: 0 of 3", "Explaining: 1 of 3", "Explaining: 2 of 3", "Explaining: 3 of 3",
    ]  # fmt: skip
    with steps("One long") as progress:
        for second in range(0, 100, 5):
            now = 1000.0 + second
            progress(0.5, 1, f"{second} s")
    assert capsys.readouterr().err.splitlines() == [
        "One long: 0 of 1, 0 s",
        "One long: 0 of 1, 30 s",
        "One long: 0 of 1, 60 s",
        "One long: 0 of 1, 90 s",
    ]
