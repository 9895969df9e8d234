"""What the Keras callback records of a training that ran in a process of its own (`keras_training.py`)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from innerview.runs import RunFolder, observations

pytestmark = pytest.mark.tensorflow

Training = tuple[RunFolder, dict[str, np.ndarray], dict[str, object]]


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Training:
    folder = tmp_path_factory.mktemp("keras")
    program = Path(__file__).with_name("keras_training.py")
    answer = subprocess.run([sys.executable, str(program), str(folder)], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr[-3000:]
    with np.load(folder / "expected.npz") as arrays:
        expected = {name: arrays[name] for name in arrays.files}
    return RunFolder.open(folder / "run"), expected, json.loads((folder / "said.json").read_text(encoding="utf-8"))


def part(expected: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    return {key.removeprefix(f"{name}/"): value for key, value in expected.items() if key.startswith(f"{name}/")}


def test_the_training_is_the_same_to_the_bit(training: Training) -> None:
    alone, watched = (list(part(training[1], name).values()) for name in ("alone", "watched"))
    assert len(alone) == 10
    for one, other in zip(alone, watched, strict=True):
        np.testing.assert_array_equal(one, other)


def test_records_are_made_when_they_are_due_and_a_second_fit_goes_on(training: Training) -> None:
    run = training[0]
    assert run.steps() == (0, 1, 2, 3, 4, 6, 8, 9)
    for series in ("channel-stats", "probes"):
        assert run.observed(series) == run.steps()
    assert run.curve("loss")[0].tolist() == list(range(1, 10))
    assert run.curve("epoch_loss")[0].tolist() == run.curve("val_accuracy")[0].tolist() == [3, 6, 9]
    assert [line["epoch"] for line in run.metrics() if "val_loss" in line] == [1, 2, 3]


def test_a_checkpoint_is_the_model_of_its_step(training: Training) -> None:
    run, expected, _ = training
    found = run.read(6).weights
    watched = part(expected, "watched")
    assert found.keys() == watched.keys()
    for name, value in watched.items():
        np.testing.assert_array_equal(found[name], value)
    assert run.read(6).metadata["layout"] == "HWIO"
    moving = [name for name in watched if "moving" in name]
    assert sorted(run.read(6).metadata["beside"].split(",")) == sorted(moving)
    assert set(run.histograms(6)) == watched.keys() - set(moving)


def test_layers_are_those_of_the_model_in_evaluation_mode(training: Training) -> None:
    run, expected, _ = training
    seen = observations.channels(run, 6)
    assert list(seen) == ["first", "relu", "scores"]
    for name, values in part(expected, "layer").items():
        columns = values.reshape(-1, values.shape[-1])
        np.testing.assert_allclose(seen[name].mean, columns.mean(0), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(seen[name].maximum, columns.max(0), rtol=1e-5, atol=1e-6)
    relu = expected["layer/relu"].reshape(-1, 5)
    np.testing.assert_allclose(seen["relu"].saturated, (relu == 0).mean(0), atol=1e-6)
    assert not np.isnan(seen["first"].saturated).any(), "the activation inside a convolution is known"
    assert np.isnan(seen["scores"].saturated).all()
    np.testing.assert_allclose(observations.probes(run, 6).outputs, expected["layer/scores"], rtol=1e-4, atol=1e-5)


def test_a_model_that_ends_in_softmax_is_asked_for_what_was_declared(training: Training) -> None:
    found = part(training[1], "softmax")
    np.testing.assert_allclose(found["plain"], found["probabilities"], rtol=1e-5)
    powers = np.exp(found["declared"].astype(np.float64))
    np.testing.assert_allclose(powers / powers.sum(1, keepdims=True), found["probabilities"], rtol=1e-4)
    assert np.abs(found["declared"].sum(1) - 1).max() > 0.01


def test_gradients_are_those_of_the_loss_on_the_probes(training: Training) -> None:
    run, expected, _ = training
    steps, _ = run.curve("gradient_norm")
    assert steps.tolist() == [1, 2, 4, 6, 8]
    for name, value in part(expected, "gradient").items():
        places, norms = run.curve(f"gradient_norm/{name}")
        assert norms[places.tolist().index(6)] == pytest.approx(np.linalg.norm(value), rel=1e-4)
        assert observations.gradients(run, 6)[name].total == value.size


def test_updates_are_told(training: Training) -> None:
    run = training[0]
    name = "second/kernel"
    before, after = (run.read(step).weights[name].astype(np.float64) for step in (0, 1))
    _, ratios = run.curve(f"update_ratio/{name}")
    assert ratios[0] == pytest.approx(np.linalg.norm(after - before) / np.linalg.norm(after), rel=1e-5)


def test_maps_add_up_and_explain_the_true_class(training: Training) -> None:
    run = training[0]
    for step in run.steps():
        seen = observations.probes(run, step)
        assert seen.maps.shape == (2, 8, 8)
        assert seen.classes.tolist() == [0, 1]
        assert np.abs(seen.gaps).max() < 0.02 * np.abs(seen.maps).sum((1, 2)).max()
        np.testing.assert_allclose(seen.probabilities.sum(1), 1)


def test_the_manifest_names_the_backend(training: Training) -> None:
    model = training[0].manifest.model
    assert model["framework"] == "keras"
    assert model["version"].endswith(" on tensorflow")


def test_a_loop_of_one_s_own_can_be_recorded(training: Training) -> None:
    own = RunFolder.open(training[0].path.parent / "own-loop")
    assert own.steps() == (0, 1)
    assert own.curve("loss")[1].tolist() == [1.5]
    assert own.curve("rate")[1].tolist() == [0.1]


def test_what_is_wrong_is_said(training: Training) -> None:
    words = training[2]
    assert str(words["not built"]).startswith("ModelError: the Keras model has no weights yet")
    assert "failed on the probe images, shape (2, 8, 8, 2)" in str(words["wrong probes"])
    assert str(words["no number"]).startswith("UsageError: a metric is one number")


def test_losses_are_found_by_name_and_need_labels(training: Training) -> None:
    words = training[2]
    assert len(words["loss by name"]) == 8
    assert words["no labels"] == []


def test_the_two_frameworks_stay_apart(training: Training) -> None:
    assert training[2]["torch"] is False
