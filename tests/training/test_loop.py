"""A run learns, and its folder tells all about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from innerview.allcnn import build
from innerview.data.labelled import Dataset, LabelledImages
from innerview.errors import DataError
from innerview.methods import predict
from innerview.model import OutputSpec
from innerview.runs import RunFolder, answers
from innerview.training import TUTORIAL2018, Augmentation, Configuration, Progress, train
from innerview.training.measure import balanced
from raising import raises
from training.killing import SMALL, random_data

said: list[Progress] = []


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Forty steps on images whose class is their colour."""
    return train(SMALL, random_data(), tmp_path_factory.mktemp("run") / "run", progress=said.append, notes=("a note",))


def test_it_learns(run: RunFolder) -> None:
    record = run.metrics()[-1]
    assert record["final_accuracy"] > 0.9
    _, loss = run.curve("loss")
    assert loss[-5:].mean() < 0.7 * loss[:5].mean()


def test_the_recipe_runs_too(tmp_path: Path) -> None:
    small = replace(TUTORIAL2018, steps=3, batch_size=8, channels=4, test_images=6, precision="float32")
    run = train(small, random_data(), tmp_path / "run")
    assert "final_accuracy" in run.metrics()[-1]
    assert "ema_accuracy" not in run.metrics()[-1]
    assert abs(run.read(0).weights["conv3.weight"].std() - 0.06) < 0.01


def test_every_step_is_logged_once(run: RunFolder) -> None:
    steps, _ = run.curve("loss")
    assert steps.tolist() == list(range(1, SMALL.steps + 1))
    assert [progress.step for progress in said] == steps.tolist()


def test_tests_come_when_they_should(run: RunFolder) -> None:
    steps, accuracy = run.curve("test_accuracy")
    assert steps.tolist() == list(range(4, SMALL.steps, 4))
    assert ((accuracy >= 0) & (accuracy <= 1)).all()


def test_checkpoints_are_dense_early_on(run: RunFolder) -> None:
    assert run.steps()[:6] == (0, 1, 3, 6, 9, 10)
    assert run.steps()[-1] == SMALL.steps
    for step in run.steps():
        counted = run.histograms(step)["conv2.weight"]
        assert counted.total == run.read(step).weights["conv2.weight"].size


def test_a_checkpoint_holds_what_is_needed_to_run_it(run: RunFolder) -> None:
    checkpoint = run.read(SMALL.steps)
    assert checkpoint.metadata["temperature"] == "1"
    assert checkpoint.metadata["classes"] == "red,green,blue"
    assert checkpoint.metadata["layout"] == "OIHW"
    assert list(checkpoint.weights) == [f"conv{number}.weight" for number in range(1, 10)]
    assert all(values.dtype == np.float32 for values in checkpoint.weights.values())


def test_the_weights_do_in_numpy_what_was_tested_in_torch(run: RunFolder) -> None:
    data = random_data()
    model = build(run.read(SMALL.steps).weights, size=12, output=OutputSpec(data.classes))
    logits = model.forward(data.test.images / np.float32(255)).outputs
    accuracy = (logits.argmax(1) == data.test.labels).mean()
    assert accuracy == pytest.approx(run.metrics()[-1]["final_accuracy"])


def test_the_answers_of_the_last_weights_are_kept(run: RunFolder) -> None:
    data = random_data()
    kept = answers.latest(run)
    assert kept is not None
    model = build(run.read(SMALL.steps).weights, size=12, output=OutputSpec(data.classes))
    said = predict(model, data.test.images / np.float32(255))
    assert kept.predicted.tolist() == [one.index for one in said]
    assert kept.label.tolist() == data.test.labels.tolist()
    assert kept.probability == pytest.approx([one.probabilities.max() for one in said], abs=1e-4)
    assert (kept.step, kept.accuracy) == (SMALL.steps, pytest.approx(run.metrics()[-1]["final_accuracy"]))


def test_the_manifest_says_how_it_was_made(run: RunFolder) -> None:
    manifest = run.manifest
    assert Configuration.from_dict(manifest.configuration) == SMALL
    assert manifest.data["sha256"] == random_data().identity()["sha256"]
    assert len(manifest.code["sha256"]) == 64
    assert {"python", "torch", "numpy"} <= set(manifest.versions)
    assert manifest.notes == ("a note",)


def test_progress_ends_at_nothing_left(run: RunFolder) -> None:
    assert run.steps()
    assert said[-1].seconds_left == 0
    assert all(progress.seconds_left > 0 for progress in said[:-1])
    assert said[-1].epoch == pytest.approx(SMALL.steps * SMALL.batch_size / 50)
    assert said[2].test_accuracy is None
    assert said[-1].test_accuracy is not None


def test_the_images_for_tests_in_between_are_of_every_class_alike() -> None:
    chosen = balanced(random_data().test, 10)
    assert np.bincount(chosen.labels).tolist() == [3, 3, 3]


@pytest.mark.parametrize("shape", [(12, 16), (10, 10)])
def test_images_that_can_not_be_pooled_are_refused(tmp_path: Path, shape: tuple[int, int]) -> None:
    part = LabelledImages(np.zeros((2, *shape, 3), np.uint8), np.arange(2))
    with raises(DataError, "size", limit=4):
        train(SMALL, Dataset(part, part, ("a", "b"), "none"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_unchanged_images_can_be_trained_on(tmp_path: Path) -> None:
    plain = replace(SMALL, steps=2, augmentation=Augmentation(flip="none", shift=0))
    assert train(plain, random_data(), tmp_path / "run").steps()[-1] == 2
