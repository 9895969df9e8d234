"""A training elsewhere: on a device that keeps its memory apart, the weights are the processor's to the bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from elsewhere import NAME, Elsewhere
from innerview.errors import DataError, UsageError
from innerview.runs import RunFolder
from innerview.training import train
from raising import raises
from training.killing import SMALL, random_data

SHORT = replace(SMALL, steps=8)


def weights_of(run: RunFolder) -> list[np.ndarray]:
    return list(run.read(SHORT.steps).weights.values())


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return train(SHORT, random_data(), tmp_path_factory.mktemp("here") / "run")


def test_the_weights_are_the_same(here: RunFolder, tmp_path: Path) -> None:
    with Elsewhere() as place:
        run = train(replace(SHORT, device=NAME), random_data(), tmp_path / "run")
    for ours, theirs in zip(weights_of(run), weights_of(here), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert run.metrics()[-1]["ema_accuracy"] == here.metrics()[-1]["ema_accuracy"]
    assert place.worked > 100 * SHORT.steps


def test_a_resumed_run_goes_on_there(here: RunFolder, tmp_path: Path) -> None:
    def stop(now: object) -> None:
        if now.step == SHORT.state_every + 1:  # type: ignore[attr-defined]
            raise InterruptedError

    with Elsewhere():
        with pytest.raises(InterruptedError):
            train(replace(SHORT, device=NAME), random_data(), tmp_path / "run", progress=stop)
        with raises(DataError, "device", asked="cpu", found=NAME):
            train(SHORT, random_data(), tmp_path / "run", resume=True)
        run = train(replace(SHORT, device=NAME), random_data(), tmp_path / "run", resume=True)
    for ours, theirs in zip(weights_of(run), weights_of(here), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_only_images_and_labels_cross_in_a_step(tmp_path: Path) -> None:
    crossed: list[tuple[int, int]] = []
    quiet = replace(SHORT, test_every=100, state_every=100, checkpoints=(), device=NAME)
    with Elsewhere() as place:
        train(quiet, random_data(), tmp_path / "run", progress=lambda _: crossed.append((place.sent, place.fetched)))
    data = random_data().train
    sizes = [quiet.size(step) or data.images.shape[1] for step in range(1, quiet.steps - 1)]
    sent = np.diff([sent for sent, _ in crossed[:-1]])
    np.testing.assert_array_equal(sent, [quiet.batch_size * (4 * 3 * size**2 + 8) for size in sizes])
    assert len({fetched for _, fetched in crossed[:-1]}) == 1


def test_a_device_that_is_not_there_leaves_no_folder(tmp_path: Path) -> None:
    with raises(UsageError, "device", asked="moon"):
        train(replace(SHORT, device="moon"), random_data(), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_double_refuses_what_a_device_refuses() -> None:
    with Elsewhere():
        there = torch.ones(3).to(NAME)
        with pytest.raises(RuntimeError, match="same device"):
            there + torch.ones(3)
        with pytest.raises(TypeError, match="numpy"):
            there.numpy()
        assert (there * 2 + torch.tensor(1.0)).cpu().numpy().tolist() == [3, 3, 3]
