"""What people see when something is wrong: one message, the right exit code, no traceback unless they ask."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from innerview import cli
from innerview.cli import main
from patience import PATIENCE, until

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str]:
        code = main(arguments)
        streams = capsys.readouterr()
        assert "Traceback" not in streams.err + streams.out
        return code, streams.err + streams.out

    return call


WRONG = {
    "an unknown command": (["xyzzy"], "No such command"),
    "a command that is nearly one": (["lok"], "Did you mean 'explain'?"),
    "an unknown option": (["explain", "--clas", "3"], "--clas"),
    "an unknown class": (["explain", "--target", "cow"], "no class 'cow'; the classes are 0 airplane, 1 automobile"),
    "an unknown rival": (["explain", "--versus", "10"], "no class '10'"),
    "a class against itself": (["explain", "--target", "3", "--versus", "cat"], "3 cat was to be explained against"),
    "an unknown layer": (["explain", "--layers", "3,12"], "no layer '12'; the layers are 1 to 9, conv1, elu1"),
    "an alpha above 1": (["explain", "--alphas", "0.5,1.5"], "alpha 1.5 was asked for; alphas are places"),
    "alphas that are no numbers": (["explain", "--alphas", "a,b"], "'a,b' is not a list of numbers"),
    "an unknown rule": (["explain", "--rule", "simpson"], "no quadrature rule 'simpson'; the rules are riemann-right"),
    "too few evaluations for the rule": (["explain", "--rule", "trapezoid", "--n-steps", "1"], "trapezoid"),
    "a tolerance beyond the precision": (["explain", "--tolerance", "1e-9"], "a tolerance of 1e-09 was asked for"),
    "an unknown target": (["explain", "--objective", "loss"], "no objective 'loss'; objectives are log-odds, logit"),
    "an unknown baseline": (["explain", "--baseline", "purple"], "no baseline and no file 'purple'"),
    "an unknown style": (["explain", "--overlay", "rainbow"], "no style 'rainbow'; the styles are tint"),
    "a scale of nothing": (["explain", "--vmax", "0"], "vmax '0' was asked for; it is per-image, shared"),
    "an unknown crop": (["explain", "--crop", "left"], "no crop 'left'"),
    "a pick without data": (["explain", "--select", "3"], "needs a data set: name it with --data"),
    "a share above 1": (["explain", "--fractions", "0.5,2"], "fractions [0.5, 2.0] were asked for"),
    "an unknown network": (["info", "--model", "resnet"], "no model 'resnet'; the built-in models are allcnn"),
    "bins that leave out 0": (["weights", "--bins", "7"], "7 bins were asked for"),
    "an example with dots": (["info", "--model", "json:JSONDecoder", "--classes", "2"], "224x224x3 range=0..1 mean="),
    "no data set": (["saturation"], "Missing option '--data'"),
    "a blurred start of all paths": (["saturation", "--data", ".", "--baseline", "blur"], "another one for every"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG)
def test_wrong_usage_is_2(run: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    code, text = run(*arguments)
    assert message in text
    assert code == 2
    assert list(tmp_path.iterdir()) == []  # it was told before anything was written


FAILED = {
    "a missing image": (["explain", "nowhere.jpg"], "nowhere.jpg"),
    "an image that is text": (["explain", "note.txt"], "note.txt is text"),
    "a crop outside the image": (["explain", "--crop", "0,0,5000,10"], "5000"),
    "a folder that holds other things": (["explain", "-o", "full"], "holds other things (thesis.tex"),
    "an output below a file": (["explain", "-o", "note.txt/out"], "note.txt/out can't be used"),
    "a baseline of another size": (["explain", "--baseline", "large.png"], "large.png has 40 × 30 pixels"),
    "weights of a folder": (["weights", "."], "is a folder, and weights are read from files"),
    "weights that are no safetensors": (["weights", "note.txt"], "note.txt can't be read"),
    "data that are not there": (["saturation", "--data", "nowhere"], "nowhere"),
    "data without classes": (["saturation", "--data", "full"], "no class folder"),
}


@pytest.mark.parametrize(("arguments", "message"), FAILED.values(), ids=FAILED)
def test_a_failed_run_is_1_and_loses_nothing(run: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "note.txt").write_text("not an image")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("irreplaceable")
    Image.fromarray(np.zeros((30, 40, 3), dtype=np.uint8)).save(tmp_path / "large.png")
    code, text = run(*arguments)
    assert message in text
    assert code == 1
    assert [one.name for one in (tmp_path / "full").iterdir()] == ["thesis.tex"]
    assert (tmp_path / "note.txt").read_text() == "not an image"


def test_help_and_version_are_0(run: Run) -> None:
    for arguments in (["--help"], ["explain", "--help"], ["--version"], []):
        code, text = run(*arguments)
        assert code == (0 if arguments else 2)
        assert "innerview" in text


def test_every_command_has_help_without_abbreviations(run: Run) -> None:
    for name in cli.COMMANDS:
        alone: click.Command = import_module(f"innerview.cli.{name}").command
        assert CliRunner().invoke(alone, ["--help"]).exit_code == 0  # whoever read it first, and how
        code, text = run(name, "-h")
        assert code == 0, (name, text)
        assert "..." not in text.partition("\n")[2]  # after the usage line, where it means several


def test_a_mistake_of_ours_is_one_line_and_debug_shows_where(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command("broken")
    def broken() -> None:
        raise ZeroDivisionError("half of nothing")

    monkeypatch.setattr(cli.innerview, "get_command", lambda ctx, name: broken)
    code, text = run("broken")
    assert code == 1
    assert text == (
        "innerview: unexpected ZeroDivisionError: half of nothing. This is a mistake in innerview; "
        "--debug shows where.\n"
    )
    with pytest.raises(ZeroDivisionError):
        main(["broken", "--debug"])


def test_ctrl_c_leaves_whole_folders_and_exits_with_1(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "innerview", "explain", *["cat", "moose", "coffee", "rocket"] * 10, "-o", "out"]
    with subprocess.Popen(arguments, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        until((tmp_path / "out" / "cat").exists, "the first folder")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "innerview: stopped. Every file that was finished is whole" in errors
    assert "Traceback" not in errors
    left = sorted(one.name for one in (tmp_path / "out").iterdir())
    assert "cat" in left
    assert not [name for name in left if name.endswith(".partial")]
    for folder in (tmp_path / "out").iterdir():
        if folder.is_dir():
            assert {"index.html", "result.json", "arrays.safetensors"} <= {one.name for one in folder.iterdir()}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGPIPE")
def test_a_reader_that_goes_away_is_no_drama() -> None:
    line = f"{sys.executable} -m innerview info | true"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
