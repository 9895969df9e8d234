"""Every kind of file that is read, broken in every way: an error of ours or a result, within a second, in silence.

A cell ends in the kind's result or in an `InnerviewError` of one line. It may not hang (an alarm ends what does), write
to stderr, warn, run what is in the file, or take memory that a header asks for. `files.broken` has the two tables.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from conftest import WITHOUT
from files.broken import KINDS, NET, Kind, cells, put_away
from innerview.cli import main
from innerview.errors import InnerviewError

SECONDS = 10.0
"""Of the processor, for a file that is broken, at most: on a busy machine, with types checked, 2.9 were seen."""

HANGING = 20
"""Seconds after which what reads a broken file is ended."""

MEGABYTES = 700.0
"""By which the process may grow in all cells of a kind."""


@contextmanager
def nobody() -> Generator[None]:
    """Read as somebody to whom permissions apply: root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def alarmed() -> Iterator[None]:
    """End what takes longer than HANGING."""

    def ring(_number: int, _frame: object) -> None:
        raise AssertionError(f"it hangs: {HANGING} s are over")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANGING)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def terminal(told: list[bytes]) -> Iterator[None]:
    """Take down what reaches file descriptor 2, from libraries in C too."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = os.dup(2)
    os.dup2(writer, 2)
    os.close(writer)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.set_blocking(reader, False)
        with suppress(BlockingIOError):
            told.append(os.read(reader, 4000))
        os.close(reader)


def memory() -> float:
    """The most megabytes that the process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(kind: Kind, folder: Path, *, guarded: bool) -> str:
    """What came of it: "read", the error's words, or what may not happen, after "WRONG: "."""
    said: list[bytes] = []
    began, ending = time.process_time(), ""
    with warnings.catch_warnings(record=True) as warned, alarmed(), terminal(said):
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DeprecationWarning)  # Keras's of NumPy, at whole files too; nobody is shown it
        try:
            if guarded:
                with nobody():
                    kind.read(folder)
            else:
                kind.read(folder)
            ending = "read"
        except InnerviewError as error:
            ending = f"WRONG: several lines: {error}" if "\n" in str(error) else str(error)
            if not ending.strip():
                ending = "WRONG: an error without words"
        except BaseException as error:  # noqa: BLE001 which is what is looked for
            ending = f"WRONG: {type(error).__name__}: {str(error)[:300]}"
    took = time.process_time() - began
    if took > SECONDS:
        return f"WRONG: {took:.1f} s of the processor"
    if b"".join(said):
        return f"WRONG: on stderr: {b''.join(said)[:300]!r}"
    if warned:
        return f"WRONG: {warned[0].category.__name__}: {str(warned[0].message)[:300]}"
    return ending


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder that everybody may look into, unlike pytest's own; the process stands in it."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        with monkeypatch.context() as patch:
            patch.chdir(made)
            yield Path(made)


@pytest.mark.parametrize("name", KINDS)
def test_broken_files_are_refused_or_read(name: str, place: Path) -> None:
    kind = KINDS[name]
    if kind.framework in WITHOUT:
        pytest.skip(f"INNERVIEW_TEST_WITHOUT={kind.framework}")
    whole = place / "whole"
    whole.mkdir()
    kind.make(whole)
    if kind.opens:
        kind.read(whole)  # what is imported at the first reading is not counted
    content = (whole / kind.name).read_bytes()
    wrong, refused, before = [], 0, memory()
    for number, (cell, put) in enumerate(cells(kind).items()):
        folder = place / f"{number}"
        shutil.copytree(whole, folder)
        put_away(folder / kind.name)
        put(folder / kind.name, content)
        ending = read(kind, folder, guarded=cell == "a file that may not be read")
        refused += ending != "read"
        if ending.startswith("WRONG"):
            wrong.append(f"{cell}: {ending}")
        if (place / "ran").exists():
            wrong.append(f"{cell}: it ran")
            (place / "ran").rmdir()
        shutil.rmtree(folder)
    if memory() - before > MEGABYTES:
        wrong.append(f"memory grew by {memory() - before:.0f} MB")
    assert not wrong, "\n".join(wrong)
    assert refused > 10


ON_THE_LINE: dict[str, tuple[str, list[str]]] = {
    "an image": ("a.png", ["explain", "a.png"]),
    "weights": ("w.safetensors", ["weights", "w.safetensors"]),
    "a state dict": ("w.pt", ["weights", "w.pt"]),
    "settings": ("model.toml", ["info", "--model", "model.toml", "--trust-code"]),
    "a list of classes": ("c.json", ["info", "--model", "net.py:build", "--classes", "c.json"]),
    "a baseline": ("b.png", ["explain", "--baseline", "b.png"]),
    "data": ("d.npz", ["saturation", "--data", "d.npz"]),
    "a data set to learn": ("c.tar.gz", ["train", "--data", "c.tar.gz", "--steps", "1"]),
    "a run": ("run/manifest.json", ["inspect", "run"]),
}
PUT = ("cut in the middle", "random bytes", "brackets in brackets", "a pipe", "a link to itself", "a pickle that runs")


@pytest.mark.parametrize("name", ON_THE_LINE)
def test_a_broken_file_on_the_line_is_one_message_and_an_exit_code(
    name: str, place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file, arguments = ON_THE_LINE[name]
    kind = next(one for one in KINDS.values() if one.name == file or (file == "b.png" and one.name == "a.png"))
    (place / "whole").mkdir()
    kind.make(place / "whole")
    content = (place / "whole" / kind.name).read_bytes()
    (place / "net.py").write_text(NET)
    for number, cell in enumerate(PUT):
        (place / file).parent.mkdir(exist_ok=True)
        cells(kind)[cell](place / file, content)
        with alarmed():
            code = main([*arguments, "--output", f"out{number}"] if arguments[0] != "info" else arguments)
        (place / file).unlink()
        said = capfd.readouterr()
        assert code in {1, 2}, (cell, said)
        assert "Traceback" not in said.err, (cell, said.err)
        assert "unexpected" not in said.err, (cell, said.err)
        assert said.err.strip(), cell
    assert not (place / "ran").exists()
