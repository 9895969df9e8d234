"""Event files hold every metric and every histogram of a run; a stand-in for the library notes what it is told."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from innerview.errors import MissingExtra
from innerview.runs import Manifest, RunFolder, histogram
from innerview.training.tensorboard import raw, write_events
from raising import raises


class Writer:
    """Notes what would be written."""

    said: list[tuple[object, ...]]
    times: dict[str, float]

    def __init__(self, folder: str) -> None:
        type(self).said = [("folder", folder)]
        type(self).times = {}

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.said.append(("closed",))

    def add_scalar(self, name: str, value: float, step: int, *, walltime: float) -> None:
        self.said.append((name, value, step))
        self.times[name] = walltime

    def add_histogram_raw(self, name: str, *, num: int, global_step: int, walltime: float, **_: object) -> None:
        self.said.append((name, num, global_step))
        self.times[name] = walltime


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = RunFolder.create(tmp_path / "run", Manifest({}, {}, {}))
    run.log({"step": 1, "epoch": 0.5, "loss": 2.0, "accuracy": 0.5, "seconds": 3.0})
    run.log({"step": 2, "epoch": 1.0, "test_accuracy": 0.25})
    run.checkpoint(2, {"conv1.weight": np.zeros((2, 3), np.float32)}, {})
    return run


def test_everything_is_written(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("tensorboardX")
    monkeypatch.setattr(module, "SummaryWriter", Writer, raising=False)
    monkeypatch.setitem(sys.modules, "tensorboardX", module)
    assert write_events(run, tmp_path / "events") == 4
    assert Writer.said[0] == ("folder", str(tmp_path / "events"))
    assert sorted(Writer.said[1:-1]) == [
        ("accuracy", 0.5, 1),
        ("conv1.weight", 6, 2),
        ("loss", 2.0, 1),
        ("test_accuracy", 0.25, 2),
    ]
    assert Writer.said[-1] == ("closed",)
    begun = (run.path / "manifest.json").stat().st_mtime
    assert Writer.times == {
        "loss": begun + 3,
        "accuracy": begun + 3,
        "test_accuracy": begun + 3,
        "conv1.weight": begun + 3,
    }


def test_a_histogram_keeps_its_numbers() -> None:
    values = np.random.default_rng(0).normal(0, 0.5, 10_000)
    told = raw(histogram(values).coarser(16))
    assert told["num"] == 10_000
    assert len(told["bucket_limits"]) == len(told["bucket_counts"])
    assert told["min"] <= values.min()
    assert told["max"] >= values.max()
    assert told["sum"] / 10_000 == pytest.approx(values.mean(), abs=1 / 32)
    assert told["sum_squares"] / 10_000 == pytest.approx((values**2).mean(), abs=0.01)


def test_values_outside_are_counted_at_the_ends() -> None:
    told = raw(histogram(np.array([-100.0, 100.0, 100.0])).coarser(16))
    assert told["bucket_counts"][0] == 1
    assert told["bucket_counts"][-1] == 2


def test_no_values_are_no_error() -> None:
    assert raw(histogram(np.zeros(0)))["num"] == 0


def test_without_the_library_the_extra_is_named(run: RunFolder, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with raises(MissingExtra, "extra", extra="tensorboard"):
        write_events(run, tmp_path / "events")
