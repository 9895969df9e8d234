"""`innerview train` as a user calls it: it trains, stops when asked, goes on, and says in a sentence what is wrong."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from innerview.cli import main
from innerview.cli.training_progress import Screen, left
from innerview.data import cifar10
from innerview.errors import OutputError
from innerview.runs import RunFolder
from innerview.training import Configuration, Progress, precision, tensorboard
from training.killing import random_data

Run = Callable[..., tuple[int, str, str]]
QUICK = ("--steps", "6", "--batch-size", "6", "--channels", "4", "--image-size", "8", "--precision", "float32")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    # tests/training/test_precision.py measures it, which takes seconds
    monkeypatch.setattr(precision, "fast_precision", lambda: "float32")
    colours(tmp_path / "data")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["train", *arguments])
        streams = capsys.readouterr()
        assert "Traceback" not in streams.err
        return code, streams.out, streams.err

    return call


def colours(folder: Path, names: tuple[str, ...] = ("red", "green"), count: int = 7) -> None:
    random = np.random.default_rng(0)
    for index, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            image = random.integers(0, 156, (9, 11, 3))
            image[..., index] += 100
            Image.fromarray(image.astype(np.uint8)).save(folder / name / f"{number}.png")


def test_it_trains_on_class_folders_and_says_how_well(run: Run) -> None:
    code, out, err = run("--data", "data", *QUICK, "-o", "run")
    assert code == 0
    assert "of 2 images; of their moving average (EMA)" in out
    assert "innerview inspect run" in out
    assert "6 steps of 6 on 12 images of 8 × 8 in 2 classes, tested on 2; float32, 1 thread, seed 0" in err
    assert "Training: step 6 of 6: epoch 3.00, loss" in err
    found = RunFolder.open(Path("run"))
    assert found.steps() == (0, 1, 3, 6)
    assert found.manifest.configuration["channels"] == 4
    sizes = found.curve("size")[1]
    assert sizes[0] < sizes[-1] == 8, "smaller images come first, and none is larger than the data's own"


@pytest.mark.parametrize("asked", [("--image-size", "16"), ("--crop", "whole")])
def test_images_of_one_size_are_not_cropped_without_a_word(run: Run, asked: tuple[str, str]) -> None:
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (8, 8, 8, 3), dtype=np.uint8), np.arange(8) % 2
    np.savez("own.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    code, _, err = run("--data", "own.npz", *QUICK[:6], *asked, "-o", "run")
    assert code == 2
    assert "are 8 pixels high and taken whole" in err
    assert "leave --image-size and --crop out" in err
    assert run("--data", "own.npz", *QUICK, "-o", "run")[0] == 0  # 8 pixels: as they are


@pytest.mark.parametrize("asked", [("--image-size", "16"), ("--crop", "whole")])
@pytest.mark.parametrize("source", ["--data", "--download"])
def test_cifar_10_is_not_read_or_fetched_for_what_will_be_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, source: str, asked: tuple[str, str]
) -> None:
    """Its images have one size, which is known before; read or downloaded, they would take a while."""
    Path("cifar/cifar-10-batches-py").mkdir(parents=True)
    Path("cifar/cifar-10-batches-py/test_batch").touch()
    for name in ("load", "fetch"):
        monkeypatch.setattr(cifar10, name, lambda *_, **__: pytest.fail("all was read"))
    code, _, err = run(source, "cifar", *QUICK[:6], *asked, "-o", "run")
    assert code == 2
    assert "the images at cifar are 32 pixels high and taken whole" in err
    assert "leave --image-size and --crop out" in err


def test_ctrl_c_keeps_what_there_is_and_says_how_to_go_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("--data", "data", *QUICK, "-o", "whole")
    report = Screen.report

    def pressed(self: Screen, now: Progress) -> None:
        report(self, now)
        if now.step == 3:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Screen, "report", pressed)
        code, _, err = run("--data", "data", *QUICK, "-o", "run")
    assert code == 1
    assert "stopped at step 3. Continue with\n" in err
    line = err.splitlines()[-2].split()
    assert line == ["innerview", "train", "--resume", "-o", "run", "--data", "data", "--image-size", "8"]
    assert run(*line[2:])[0] == 0
    ours, theirs = (RunFolder.open(Path(name)).read(6).weights for name in ("run", "whole"))
    assert all((ours[name] == theirs[name]).all() for name in theirs)


def test_a_full_disk_names_the_command_that_goes_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    log = RunFolder.log

    def full(self: RunFolder, *records: Mapping[str, float | int | str]) -> None:
        if records[0]["step"] == 4:
            raise OutputError("run/metrics.jsonl can't be written (No space left on device)")
        log(self, *records)

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "log", full)
        code, _, err = run("--data", "data", *QUICK, "-o", "run")
    assert code == 1
    assert "No space left on device). Make room there, then continue with\n" in err
    line = err.splitlines()[-1].rstrip(".").split()
    assert line[:5] == ["innerview", "train", "--resume", "-o", "run"]
    assert run(*line[2:])[0] == 0


def test_ctrl_c_before_the_first_step_leaves_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar10, "load", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    code, _, err = run("--data", "data", *QUICK, "-o", "run")
    assert code == 1
    assert "stopped before the training had begun. Nothing is left" in err
    assert not Path("run").exists()


def test_ctrl_c_in_a_download_says_what_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(folder: Path, **_: object) -> None:
        folder.mkdir()
        (folder / "cifar-10-python.tar.gz.0123.partial").write_bytes(bytes(3_000_000))
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(cifar10, "fetch", pressed)
    code, _, err = run("--download", "there", *QUICK[:6], "-o", "run")
    assert code == 1
    assert "3 MB of the download are kept in there; the same command goes on from there" in " ".join(err.split())
    assert not Path("run").exists()


def test_cifar_10_is_fetched_when_asked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def fetch(folder: Path, *, progress: Callable[[int, int, str], None]) -> cifar10.Dataset:
        asked.append(folder)
        progress(85_000_000, 170_000_000, "https://example.org/a.tar.gz")
        return random_data()

    monkeypatch.setattr(cifar10, "fetch", fetch)
    code, _, err = run("--download", "cifar", *QUICK[:6], *QUICK[8:], "-o", "run")
    assert code == 0
    assert asked == [Path("cifar")]
    assert "Downloading: 85 of 170 MB from example.org" in err


def test_two_trainings_never_write_into_one_folder(run: Run) -> None:
    run("--data", "data", *QUICK, "-o", "run")
    with RunFolder.open(Path("run")).writing():
        code, _, err = run("--data", "data", "--resume", "-o", "run")
    assert code == 1
    assert "another training is writing into run; wait for it, or choose another folder" in err


def test_a_loss_that_is_no_number_stops_and_says_where_it_began(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rate = Configuration.rate
    monkeypatch.setattr(Configuration, "rate", lambda self, step: 1e30 if step == 2 else rate(self, step))
    code, _, err = run("--data", "data", *QUICK, "-o", "run")
    assert code == 1
    assert "the loss became" in err
    assert "it began in" in err
    assert "keeps what was good: checkpoints up to step 3" in err


def test_event_files_are_written_at_the_end(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[int, Path]] = []
    monkeypatch.setattr(tensorboard, "tensorboardx", lambda: sys)
    monkeypatch.setattr(tensorboard, "write_events", lambda run, folder: written.append((run.steps()[-1], folder)))
    assert run("--data", "data", *QUICK, "--tensorboard", "events", "-o", "run")[0] == 0
    assert written == [(6, Path("events"))]


def test_unreadable_images_are_listed_and_left_out_when_asked(run: Run) -> None:
    Path("data/red/2.png").write_bytes(b"meow")
    code, _, err = run("--data", "data", *QUICK, "-o", "run")
    assert code == 1
    assert "1 image can't be read:\n  red:2 (2.png) is text" in err
    assert not Path("run").exists()
    code, _, err = run("--data", "data", *QUICK, "--skip-bad", "-o", "run")
    assert code == 0
    assert err.index("left out: red:2") < err.index("Training: step 1")
    assert RunFolder.open(Path("run")).manifest.notes == ("1 images could not be read and were left out",)


WRONG = {
    "a seed below 0": (("--data", "data", "--seed", "-1", "-o", "run"), 2, "-1 is not in the range x>=0"),
    "no data": ((), 2, "no data was named: give --data PATH, or --download FOLDER to fetch CIFAR-10"),
    "data twice": (("--data", "data", "--download", "x"), 2, "--data and --download were both given"),
    "no such data": (("--data", "nowhere"), 1, "nowhere is not there; name a tarball"),
    "one class": (("--data", "one"), 1, "one holds one class folder (red)"),
    "an empty class": (("--data", "hollow"), 1, "hollow/green holds no image; every class needs some"),
    "an unknown configuration": (
        ("--data", "data", "--config", "resnet"),
        2,
        "no configuration 'resnet'; the configurations are allcnn",
    ),
    "no steps": (("--data", "data", "--steps", "0"), 2, "--steps"),
    "an odd size": (("--data", "data", "--image-size", "10"), 1, "10 × 10 pixels; the model takes squares"),
    "an unknown crop": (("--data", "data", "--crop", "left"), 2, "no crop 'left'"),
    "a run that is there": (("--data", "data", "-o", "old"), 1, "old holds a run already; go on with it by --resume"),
    "a file for a folder": (("--data", "data", "-o", "note"), 1, "note is a file; name a folder for the run"),
    "nothing to resume": (("--data", "data", "--resume"), 1, "innerview-training is no run folder"),
    "another version": (
        ("--data", "data", "--resume", "-o", "other"),
        1,
        "version 99; this program reads versions 1 to 2",
    ),
    "another configuration": (
        ("--data", "data", "--resume", "--config", "tutorial2018", "-o", "old"),
        2,
        "has the configuration allcnn",
    ),
    "another seed": (
        ("--data", "data", "--resume", "--seed", "5", "-o", "old"),
        1,
        "another configuration (seed: 0 in the folder",
    ),
    "other data": (("--data", "blue", "--resume", "-o", "old"), 1, "can't be resumed with other data"),
    "event files without the extra": (("--data", "data", "--tensorboard", "tb"), 2, "innerview[tensorboard]"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_sentence(run: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments, code, message = WRONG[name]
    colours(Path("one"), ("red",))
    colours(Path("hollow"), ("red",))
    Path("hollow/green").mkdir()
    colours(Path("blue"), ("blue", "red"))
    Path("note").touch()
    Path("other").mkdir()
    Path("other/manifest.json").write_text('{"version": 99}')
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    if "old" in arguments:
        assert run("--data", "data", *QUICK, "-o", "old")[0] == 0
    found, out, err = run(*arguments)
    assert (found, out) == (code, "")
    assert message in err


def test_without_pytorch_the_extra_is_named(tmp_path: Path) -> None:
    code = "import sys\nsys.modules['torch'] = None\nfrom innerview.cli import main\nsys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "train", "--data", "x", "-o", str(tmp_path / "run")]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 2
    assert answer.stderr.endswith("training a model needs a package that is not installed: "
                                  "pip install 'innerview[train]'.\n")  # fmt: skip


def test_a_terminal_has_one_live_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    with Screen() as screen:
        for step in (1, 2):
            screen.report(Progress(step, 4, step / 2, 1.5, 0.25, 61.0, 7500.0, 0.5 if step == 2 else None))
    assert screen.step == 2
    shown = terminal.getvalue()
    assert "loss 1.500, 25 % (test 50.0 %), 61 images/s, 2 h 5 min left" in shown


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (89.4, "89 s"), (720, "12 min"), (7500, "2 h 5 min")])
def test_durations_are_written_as_people_say_them(seconds: float, text: str) -> None:
    assert left(seconds) == text
