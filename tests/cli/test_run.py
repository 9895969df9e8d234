"""`innerview inspect` as a user calls it: on a run, on several, on one of another architecture, on what is none."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from innerview.cli import main
from innerview.workbench.run import run as inspecting
from session.made_runs import made_folders, made_run

QUICK = ("--probe", "cat", "--num-checkpoints", "2", "--n-steps", "1", "-o", "out")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def table(name: str) -> list[dict[str, str]]:
    with Path("out", name).open() as file:
        return list(csv.DictReader(file))


def test_a_run_becomes_a_page_with_every_image_and_table(capsys: pytest.CaptureFixture[str]) -> None:
    made_run(Path("run"), final_accuracy=lambda step: 0.5, final_images=lambda step: 20)
    made_folders(Path("data"))
    assert main(["inspect", "run", "--data", "data", "-n", "4", *QUICK]) == 0
    out = capsys.readouterr().out
    assert "run: step 10 (1.0 epochs, 10 minutes of training)." in out
    assert "On all 20 test images the last weights' accuracy is 50 %" in out
    assert f"Open {Path('out/index.html').absolute()}" in out
    page = Path("out/index.html").read_text()
    files = {one.name for one in Path("out").iterdir()} - {"index.html", "innerview.json"}
    assert set(re.findall(r'(?:src|href|srcset)="([^"# ]+)', page)) == files
    for name in files:
        if name.endswith((".png", ".webp")):
            with Image.open(Path("out", name)) as image:
                image.load()
    rows = table("curves.csv")
    losses = [float(row["value"]) for row in rows if row["plot"].startswith("Loss") and row["part"] == "training"]
    assert losses == pytest.approx([2 / step for step in range(1, 11)])
    assert len(table("metrics.csv")) == 12
    assert {row["image"] for row in table("timelines.csv")} == {"cat"}
    assert len(table("timelines.csv")) == 2 * 10
    assert sum(int(value) for row in table("confusion.csv") for key, value in row.items() if key != "label") == 4
    assert len(table("predictions.csv")) == 4
    assert len(table("layers.csv")) == 4 * 9
    with np.load("out/weights.npz") as arrays:
        assert arrays["conv2.weight"].sum(axis=1).tolist() == [4 * 4 * 9] * 4
    with np.load("out/timelines.npz") as arrays:
        assert arrays["heatmaps"].shape == (1, 2, 8, 8)


def test_several_runs_are_overlaid_and_keep_their_files_apart() -> None:
    made_run(Path("one/run"))
    made_run(Path("two/run"), seed=1)
    assert main(["inspect", "one/run", "two/run", "--axis", "time", "--smooth", "3", *QUICK]) == 0
    names = {one.name for one in Path("out").iterdir()}
    assert {"curves.png", "ends.png", "one-run-ridges.png", "two-run-ridges.png", "one-run-timeline-cat.webp"} <= names
    page = Path("out/index.html").read_text()
    assert "<h1>2 trainings, side by side</h1>" in page
    times = {row["run"]: float(row["minutes of training"]) for row in table("curves.csv")}
    assert times == {"one-run": 10.0, "two-run": 10.0}


def test_another_architecture_has_curves_and_weights_and_the_reason_for_the_rest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made_run(Path("run"), model="resnet")
    assert main(["inspect", "run", *QUICK]) == 0
    assert (
        "left out: the run run trained 'resnet'; only checkpoints of the built-in architecture"
        in capsys.readouterr().err
    )
    names = {one.name for one in Path("out").iterdir()}
    assert {"curves.png", "ridges.png", "heat.png", "movement.png", "weights.npz"} <= names
    assert not any("timeline" in name or "units" in name for name in names)
    assert "There are no timelines: the run run trained" in Path("out/index.html").read_text()


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made, and not turned into images: for tests that ask what is said."""

    def write(image: object, file: Path, density: int) -> tuple[int, int, int]:
        file.write_bytes(b"")
        return 1, 1, density

    monkeypatch.setattr(inspecting, "_drawn", write)


@pytest.mark.usefixtures("undrawn")
def test_a_run_that_is_being_written_is_read_as_far_as_it_has_come(capsys: pytest.CaptureFixture[str]) -> None:
    run = made_run(Path("run"), steps=(0,), planned=100)
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 1, "loss": 2.5}\n{"step": 2, "lo')
    (run.path / "checkpoints" / "step-000001.safetensors.7.partial").write_bytes(b"half")
    with run.writing():
        assert main(["inspect", "run", *QUICK]) == 0
    assert "step 1 of 100, still being trained, or killed" in capsys.readouterr().out


def test_what_goes_wrong_is_said_first_and_no_framework_is_needed() -> None:
    made_run(Path("run"), steps=(0, 10, 20, 30), loss=lambda step: 2.3)
    code = "import sys\nsys.modules['torch'] = None\nfrom innerview.cli import main\nsys.exit(main(sys.argv[1:]))"
    answer = subprocess.run([sys.executable, "-c", code, "inspect", "run", *QUICK], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert "Warning: The loss has hardly fallen: 2.30 at the beginning, 2.30 at step 30." in answer.stdout
    page = Path("out/index.html").read_text()
    assert page.index("hardly fallen") < page.index('<div id="curves">')
    assert '<a href="#curves">See curves</a>' in page


WRONG = {
    "no run": ((), 2, "Missing argument 'RUN...'"),
    "a folder that is none": (("data",), 1, "data is no run folder: its manifest.json can't be read"),
    "the same run twice": (("run", "./run"), 2, "a run was named twice"),
    "too many runs": (("a", "b", "c", "d", "e", "f"), 2, "6 runs were asked for; 1 to 5 can be told apart"),
    "no such probe": (("run", "--probe", "zebra.png"), 1, "there is no file zebra.png"),
    "a pick without data": (("run", "--select", "cat"), 2, "needs a data set"),
    "no such data": (("run", "--data", "nowhere"), 1, "nowhere"),
    "strange classes": (("run", "--data", "strange"), 1, "the model does not know zebra"),
    "training images alone": (("run", "--data", "learnt"), 1, "there is no part 'test'"),
    "an unknown axis": (("run", "--axis", "epoch"), 2, "epoch"),
    "other things in the folder": (("run", "-o", "data"), 1, "the folder data holds other things"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, code, message = WRONG[name]
    made_run(Path("run"))
    made_folders(Path("data"))
    made_folders(Path("strange"), ("zebra", "cat"))
    made_folders(Path("learnt"), part="train")
    assert main(["inspect", *arguments, "--num-checkpoints", "2", "--n-steps", "1"]) == code
    streams = capsys.readouterr()
    assert message in streams.err
    assert "Traceback" not in streams.err


@pytest.mark.usefixtures("undrawn")
def test_a_damaged_checkpoint_is_told_and_a_run_without_any_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    run = made_run(Path("run"))
    (run.path / "checkpoints" / "step-000010.safetensors").write_bytes(b"broken")
    assert main(["inspect", "run", *QUICK]) == 0
    assert "step-000010.safetensors can't be read" in capsys.readouterr().err
    for path in (run.path / "checkpoints").iterdir():
        path.unlink()
    assert main(["inspect", "run", *QUICK]) == 1
    assert "run holds no checkpoint yet; wait for the training to begin" in capsys.readouterr().err
