"""Run folders of version 1 open under today's names, are not touched, and go on under the names they have."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from innerview.runs import RunFolder, answers, observations, status
from innerview.runs.manifest import Manifest
from innerview.runs.observations import Channels, Shots
from innerview.runs.status import RunStatus

OPTIMISATION = {"muon_rate": 0.02, "hold": True, "adam_rate": 0.003, "warm_up": 0.05, "decay": "linear"}
MANIFEST = {
    "network": {"name": "allcnn", "channels": 4},
    "configuration": {
        "name": "recipe",
        "steps": 8,
        "batch": 5,
        "average": 0.9,
        "snapshots": [1],
        "optimisation": OPTIMISATION,
        "initialisation": {"unit_variance": True},
        "augmentation": {"share": 0.5},
    },
    "data": {"sha256": "0"},
    "code": {},
    "versions": {},
    "notes": [],
    "version": 1,
}
LINES = [
    {"step": 1, "loss": 2.0, "learning_rate": 0.5},
    {"step": 8, "learning_rate": 1.0, "average_accuracy": 0.75, "final_pictures": 9},
]


def renamed(run: Path) -> None:
    """Give the files of a run the names of version 1."""
    (run / "checkpoints").rename(run / "snapshots")
    (run / "status.json").write_text(json.dumps({"how": "broken", "step": 8, "where": "conv3"}))
    (run / "status.json").rename(run / "ended.json")
    old = {"ema": "average", "predictions": "answers", "channel-stats": "channels", "activations": "layers"}
    for path in [*run.glob("*/*-*")]:
        series, _, rest = path.name.rpartition("-")
        path.rename(path.with_name(f"{old.get(series, series)}-{rest}"))
    (run / "manifest.json").write_text(json.dumps(MANIFEST))
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A run folder as version 1 wrote it."""
    run = RunFolder.create(tmp_path / "run", Manifest({}, {}, {}))
    run.checkpoint(0, {"w": np.ones(3, np.float32)}, {})
    run.checkpoint(8, {"w": np.zeros(3, np.float32)}, {})
    run.checkpoint(8, {"w": np.full(3, 2, np.float32)}, {}, "ema")
    one = np.ones(2)
    observations.keep_channels(run, 8, {"elu": Channels(*[one] * 6, *[one.astype(int)] * 2)})
    observations.keep_layers(run, 8, {"elu": Shots(np.ones((1, 2, 2, 1)), np.array([[0]]), 1)})
    answers.keep(run, answers.Answers(np.array([1]), np.array([0.9]), np.array([1]), 8))
    renamed(run.path)
    return run.path


def contents(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_it_is_read_under_today_s_names_and_not_touched(old: Path) -> None:
    before = contents(old)
    run = RunFolder.open(old)
    assert run.problems == ()
    assert run.manifest.model["name"] == "allcnn"
    told = run.manifest.configuration
    assert (told["name"], told["batch_size"], told["ema"], told["checkpoints"]) == ("tutorial2018", 5, 0.9, [1])
    assert told["initialisation"] == {"lsuv": True}
    assert told["augmentation"] == {"fraction": 0.5}
    assert told["optimisation"] == {
        "muon_lr": 0.02, "fix_weight_norm": True, "adam_lr": 0.003, "warmup": 0.05, "lr_schedule": "linear",
    }  # fmt: skip
    assert run.steps() == (0, 8)
    assert run.read(8, "ema").weights["w"].tolist() == [2, 2, 2]
    assert list(observations.channels(run, 8)) == list(observations.layers(run, 8)) == ["elu"]
    found = answers.latest(run)
    assert found is not None
    assert found.step == 8
    assert status.latest(run) == RunStatus("diverged", 8, "conv3")
    assert contents(old) == before


def test_its_learning_rate_is_a_learning_rate(old: Path) -> None:
    run = RunFolder.open(old)
    assert run.curve("learning_rate")[1].tolist() == [0.01, 0.02]
    assert run.curve("ema_accuracy")[1].tolist() == [0.75]
    assert run.metrics()[1]["final_images"] == 9


def test_what_goes_on_in_it_is_written_as_version_1_has_it(old: Path) -> None:
    """A folder never mixes two versions: the program that began it reads it still."""
    manifest = (old / "manifest.json").read_bytes()
    run = RunFolder.open(old)
    run.rewind(1)
    assert (run.steps(), run.metrics()) == ((0,), [{"step": 1, "loss": 2.0, "learning_rate": 0.01}])
    assert status.latest(run) is None
    run.log({"step": 2, "learning_rate": 0.015, "ema_accuracy": 0.5})
    run.checkpoint(2, {"w": np.ones(3, np.float32)}, {}, "ema")
    status.keep(run, RunStatus("diverged", 2))
    assert (old / "manifest.json").read_bytes() == manifest
    assert json.loads((old / "metrics.jsonl").read_text().splitlines()[-1]) == {
        "step": 2, "learning_rate": pytest.approx(0.75), "average_accuracy": 0.5,
    }  # fmt: skip
    assert (old / "snapshots" / "average-000002.safetensors").exists()
    assert json.loads((old / "ended.json").read_text())["how"] == "broken"
    assert not (old / "checkpoints").exists()
    assert run.curve("learning_rate")[1].tolist() == pytest.approx([0.01, 0.015])
