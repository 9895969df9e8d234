"""A run that was stopped anywhere, by anything, ends with the same bits as one that was not."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from innerview.errors import DataError, ModelError, OutputError
from innerview.files import atomic
from innerview.runs import RunFolder, folder, status
from innerview.runs.status import RunStatus
from innerview.training import Optimisation, Progress, train
from innerview.training.model import AllCnn
from raising import raises
from training.killing import SMALL, assert_same, kill_and_resume, random_data

SHORT = replace(SMALL, steps=8, checkpoints=(1, 3))


class Stopped(Exception):
    """What stands for a kill within this process."""


def stop_at(step: int, do: Callable[[], Any]) -> Callable[[Progress], None]:
    def look(progress: Progress) -> None:
        if progress.step == step:
            do()

    return look


def raise_stopped() -> None:
    raise Stopped


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return train(SHORT, random_data(), tmp_path_factory.mktemp("run") / "undisturbed")


def test_two_runs_of_one_seed_are_the_same(undisturbed: RunFolder, tmp_path: Path) -> None:
    assert_same(undisturbed, train(SHORT, random_data(), tmp_path / "again"))


def test_another_seed_is_another_run(undisturbed: RunFolder, tmp_path: Path) -> None:
    other = train(replace(SHORT, seed=1), random_data(), tmp_path / "other")
    assert (other.read(0).weights["conv1.weight"] != undisturbed.read(0).weights["conv1.weight"]).any()


@pytest.mark.parametrize("step", range(1, 9))
def test_stopping_after_any_step_changes_nothing(undisturbed: RunFolder, tmp_path: Path, step: int) -> None:
    with pytest.raises(Stopped):
        train(SHORT, random_data(), tmp_path / "run", progress=stop_at(step, raise_stopped))
    assert_same(undisturbed, train(SHORT, random_data(), tmp_path / "run", resume=True))


def test_stopping_before_any_write_changes_nothing(
    undisturbed: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every write of a run fails once: the whole run, write by write, each time resumed."""
    real, left = atomic.write, [0]

    def write(path: Path, content: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Stopped
        real(path, content)

    monkeypatch.setattr(folder.atomic, "write", write)
    # resuming rewrites the metrics first, so each attempt is allowed two writes more than the last
    path, finished, attempts = tmp_path / "run", False, 0
    while not finished:
        attempts += 1
        left[0] = 2 + attempts
        try:
            train(SHORT, random_data(), path, resume=(path / "manifest.json").exists())
            finished = True
        except Stopped:
            pass
    assert attempts > 5
    assert_same(undisturbed, RunFolder.open(path))


def test_a_full_disk_is_said_so_and_loses_nothing(
    undisturbed: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as during, raises(OutputError, "writing", file="step-000006.npz"):
        train(SHORT, random_data(), tmp_path / "run", progress=stop_at(4, lambda: during.setattr(os, "fsync", full)))
    assert RunFolder.open(tmp_path / "run").steps()[-1] < SHORT.steps
    assert_same(undisturbed, train(SHORT, random_data(), tmp_path / "run", resume=True))


def test_five_kills_change_nothing(tmp_path: Path) -> None:
    undisturbed = train(SMALL, random_data(), tmp_path / "undisturbed")
    assert kill_and_resume(SMALL, tmp_path / "killed", kills=5, seed=0) > 0
    assert_same(undisturbed, RunFolder.open(tmp_path / "killed"))


def test_ctrl_c_keeps_the_running_step(undisturbed: RunFolder, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    interrupt = stop_at(5, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        train(SHORT, random_data(), tmp_path / "run", progress=interrupt)
    assert signal.getsignal(signal.SIGINT) is before
    state = RunFolder.open(tmp_path / "run").load_state()
    assert state is not None
    assert state[1]["step"] == "5"
    assert status.latest(RunFolder.open(tmp_path / "run")) == RunStatus("interrupted", 5)
    resumed = train(SHORT, random_data(), tmp_path / "run", resume=True)
    assert_same(undisturbed, resumed)
    assert status.latest(resumed) == RunStatus("done", SHORT.steps)


def test_resuming_a_finished_run_changes_nothing(undisturbed: RunFolder, tmp_path: Path) -> None:
    run = train(SHORT, random_data(), tmp_path / "run")
    assert_same(undisturbed, train(SHORT, random_data(), run.path, resume=True))


def test_a_run_is_not_begun_over_another(undisturbed: RunFolder) -> None:
    with raises(OutputError, "run", file="undisturbed"):
        train(SHORT, random_data(), undisturbed.path)


def test_two_trainings_do_not_write_into_one_folder(undisturbed: RunFolder) -> None:
    with undisturbed.writing(), raises(OutputError, "lock", file="undisturbed"):
        train(SHORT, random_data(), undisturbed.path, resume=True)


def test_nothing_is_resumed_where_no_run_is(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no run folder"):
        train(SHORT, random_data(), tmp_path, resume=True)


@pytest.mark.parametrize(
    ("configuration", "data", "said"),
    [
        (
            replace(SHORT, batch_size=13),
            random_data(),
            "batch_size",
        ),
        (replace(SHORT, channels=7), random_data(), "channels"),
        (SHORT, random_data(seed=9), "sha256"),
    ],
)
def test_another_run_is_not_continued(undisturbed: RunFolder, configuration, data, said: str) -> None:
    with raises(DataError, said):
        train(configuration, data, undisturbed.path, resume=True)


def test_a_loss_that_is_no_number_stops_and_says_where(tmp_path: Path) -> None:
    wild = replace(SHORT, optimisation=Optimisation(muon_lr=1e38, fix_weight_norm=False, adam_lr=1e-3, warmup=0))
    with raises(ModelError, "loss", file="run") as caught:
        train(wild, random_data(), tmp_path / "run")
    assert caught.value.found[0] == 2
    run = RunFolder.open(tmp_path / "run")
    assert 0 in run.steps()
    for step in run.steps():
        assert all(np.isfinite(values).all() for values in run.read(step).weights.values())
    assert all(np.isfinite(record["loss"]) for record in run.metrics() if "loss" in record)


def test_a_gradient_that_is_no_number_moves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss is a number still, the gradient is not: the step is not taken."""
    real = AllCnn.gradient_norm

    def poisoned(model: AllCnn) -> float:
        model.weights[6].grad[0, 0, 0, 0] = torch.nan
        model.weights[2].grad.fill_(torch.nan)
        return real(model)

    monkeypatch.setattr(AllCnn, "gradient_norm", poisoned)
    with raises(ModelError, "loss", file="run") as caught:
        train(SHORT, random_data(), tmp_path / "run")
    assert caught.value.found[0] == 1
    assert status.latest(RunFolder.open(tmp_path / "run")) == RunStatus("diverged", 0, "the gradient of conv7")


def test_a_gradient_too_large_for_its_norm_names_the_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every gradient is a number, the root of the sum of their squares is not."""
    real = AllCnn.gradient_norm

    def huge(model: AllCnn) -> float:
        model.weights[4].grad.fill_(2e38)
        return real(model)

    monkeypatch.setattr(AllCnn, "gradient_norm", huge)
    with raises(ModelError, "loss", file="run") as caught:
        train(SHORT, random_data(), tmp_path / "run")
    assert caught.value.found[0] == 1
