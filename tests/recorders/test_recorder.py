"""A recording is a run, is made when it is due, and leaves the training as it would have been without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import innerview
from innerview.errors import DataError, ModelError, OutputError, UsageError
from innerview.files import atomic
from innerview.model import InputSpec, OutputSpec
from innerview.recorders import Recorder
from innerview.runs import RunFolder, observations
from raising import raises

SPEC, CLASSES = InputSpec(6, 6, layout="CHW"), OutputSpec(("a", "b", "c"), temperature=0.5)
PIXELS = np.random.default_rng(0).random((4, 6, 6, 3)).astype(np.float32)
LABELS = (0, 1, 2, 1)
DECLARED = {
    "probes": PIXELS,
    "labels": LABELS,
    "input": SPEC,
    "output": CLASSES,
    "n_attributions": 2,
    "max_overhead": None,
}


class Loop:
    """A training such as people write: dropout, batch statistics, momentum; in mixed precision if asked."""

    def __init__(self, *, mixed: bool = False) -> None:
        torch.manual_seed(1)
        self.mixed = mixed
        self.model = nn.Sequential(
            nn.Conv2d(3, 5, 3, padding=1, bias=False),
            nn.BatchNorm2d(5),
            nn.ELU(),
            nn.Dropout(0.3),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(5, 3),
        )
        self.optimiser = torch.optim.SGD(self.model.parameters(), 0.1, momentum=0.9)

    def update(self, recorder: Recorder | None = None) -> torch.Tensor:
        self.optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.mixed):
            loss = nn.functional.cross_entropy(self.model(torch.rand(4, 3, 6, 6)), torch.tensor([0, 1, 2, 0]))
            loss.backward()
            self.optimiser.step()
            if recorder is not None:
                recorder.step(loss=loss)
        return loss

    def train(self, recorder: Recorder, epochs: int = 2, steps: int = 5) -> None:
        for _ in range(epochs):
            for _ in range(steps):
                self.update(recorder)
            recorder.epoch(test_accuracy=0.5)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Two epochs of five steps, everything recorded."""
    loop = Loop()
    folder = tmp_path_factory.mktemp("recording") / "run"
    with Recorder(loop.model, folder, log_every=3, configuration={"rate": 0.1}, **DECLARED) as recorder:
        loop.train(recorder)
    return RunFolder.open(folder)


def test_it_can_be_had_from_the_top() -> None:
    assert innerview.Recorder is Recorder


@pytest.mark.parametrize("mixed", [False, True])
def test_the_training_is_the_same_to_the_bit(tmp_path: Path, mixed: bool) -> None:
    watched, alone = Loop(mixed=mixed), Loop(mixed=mixed)
    torch.manual_seed(7)
    for _ in range(10):
        alone.update()
    expected = torch.get_rng_state()
    torch.manual_seed(7)
    with Recorder(watched.model, tmp_path / "run", log_every=1, **DECLARED) as recorder:
        watched.train(recorder)
    for name, value in alone.model.state_dict().items():
        assert torch.equal(value, watched.model.state_dict()[name])
    assert torch.equal(expected, torch.get_rng_state())


def test_records_are_made_when_they_are_due(recording: RunFolder) -> None:
    assert recording.steps() == (0, 1, 2, 4, 5, 8, 10)
    for series in ("channel-stats", "probes"):
        assert recording.observed(series) == recording.steps()
    assert recording.observed("gradients") == recording.steps()[1:]
    assert recording.curve("loss")[0].tolist() == list(range(1, 11))
    assert recording.curve("update_ratio/0.weight")[0].tolist() == [1, 2, 3, 4, 6, 8, 9]
    assert recording.curve("test_accuracy")[0].tolist() == [5, 10]
    assert [line["epoch"] for line in recording.metrics()] == [0] * 6 + [1] * 6 + [2]


def test_a_checkpoint_is_the_model_of_its_step(recording: RunFolder) -> None:
    fresh = Loop()
    start = load_file(recording.path / "checkpoints" / "step-000000.safetensors")
    assert all(torch.equal(value, start[name]) for name, value in fresh.model.state_dict().items())
    last = load_file(recording.path / "checkpoints" / "step-000010.safetensors")
    fresh.model.load_state_dict(last)
    assert int(last["1.num_batches_tracked"]) == 10
    with torch.no_grad():
        outputs = fresh.model.eval()(torch.from_numpy(PIXELS).permute(0, 3, 1, 2))
    np.testing.assert_allclose(observations.probes(recording, 10).outputs, outputs.numpy(), rtol=1e-5, atol=1e-6)


def test_what_is_measured_is_the_update(recording: RunFolder) -> None:
    first, second = (recording.read(step).weights["0.weight"].astype(np.float64) for step in (0, 1))
    _, ratios = recording.curve("update_ratio/0.weight")
    assert ratios[0] == pytest.approx(np.linalg.norm(second - first) / np.linalg.norm(second), rel=1e-5)
    _, gradients = recording.curve("gradient_norm/0.weight")
    # the first step of gradient descent with momentum is the rate times the gradient
    assert gradients[0] == pytest.approx(np.linalg.norm(second - first) / 0.1, rel=1e-4)
    _, total = recording.curve("gradient_norm")
    assert total[0] > gradients[0]


def test_histograms_are_ready(recording: RunFolder) -> None:
    assert recording.history("0.weight").counts.sum(axis=1).tolist() == [135] * 7
    assert set(recording.histograms(4)) == {"0.weight", "1.weight", "1.bias", "6.weight", "6.bias"}
    counted = observations.gradients(recording, 4)
    assert {name: one.total for name, one in counted.items()} == {
        "0.weight": 135, "1.weight": 5, "1.bias": 5, "6.weight": 15, "6.bias": 3
    }  # fmt: skip


def test_maps_add_up_and_explain_the_true_class(recording: RunFolder) -> None:
    for step in recording.steps():
        seen = observations.probes(recording, step)
        assert seen.maps.shape == (2, 6, 6)
        assert seen.classes.tolist() == [0, 1]
        assert np.abs(seen.gaps).max() < 1e-3
        np.testing.assert_allclose(seen.probabilities.sum(1), 1)
        shifted = np.exp(seen.outputs.astype(np.float64) / 0.5)
        np.testing.assert_allclose(seen.probabilities, shifted / shifted.sum(1, keepdims=True), rtol=1e-5)


def test_layers_and_images_are_kept(recording: RunFolder) -> None:
    seen = observations.channels(recording, 8)
    assert list(seen) == ["2", "6"]
    assert len(seen["2"].mean) == 5
    images, labels = observations.images(recording)
    np.testing.assert_array_equal(images, PIXELS)
    assert labels is not None
    assert tuple(labels) == LABELS
    steps, silent = recording.curve("dead/2")
    assert steps.tolist() == list(recording.steps()), "one line each, so that curves have no double points"
    assert silent[steps == 8] == len(seen["2"].dead)
    steps, accuracy = recording.curve("probe_accuracy")
    right = [
        float((observations.probes(recording, step).outputs.argmax(1) == LABELS).mean()) for step in steps.tolist()
    ]
    assert accuracy.tolist() == right


def test_the_manifest_says_what_is_known(recording: RunFolder) -> None:
    manifest = recording.manifest
    assert manifest.model["framework"] == "torch"
    assert manifest.model["weights"]["0.weight"] == [5, 3, 3, 3]
    assert manifest.configuration["training"] == {"rate": 0.1}
    assert manifest.configuration["input"]["height"] == 6
    assert manifest.versions["torch"] == torch.__version__
    assert manifest.data["probes"]["pictures"] == 4


def test_a_table_of_everything_can_be_had(recording: RunFolder) -> None:
    head, *rows = recording.table().splitlines()
    assert {"step", "loss", "saturated/2", "recorder_seconds"} <= set(head.split(","))
    assert len(rows) == len(recording.metrics())


def test_with_nothing_declared_weights_are_recorded(tmp_path: Path) -> None:
    loop = Loop()
    recorder = Recorder(loop.model, tmp_path / "run", max_overhead=None)
    loop.train(recorder)
    assert recorder.run.steps() == (0, 1, 2, 4, 5, 8, 10)
    assert not recorder.run.observed("channel-stats")
    recorder.close()
    recorder.close()
    with raises(UsageError, "closed", file="run"):
        recorder.step()


def test_a_model_without_modules_to_look_at_is_recorded_all_the_same(tmp_path: Path) -> None:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.rand(3, 3 * 6 * 6))

        def forward(self, value: torch.Tensor) -> torch.Tensor:
            return nn.functional.elu(value.flatten(1) @ self.weight.T)

    with Recorder(Plain(), tmp_path / "run", **DECLARED) as recorder:
        pass
    assert observations.channels(recorder.run, 0) == {}
    assert observations.probes(recorder.run, 0).outputs.shape == (4, 3)
    assert recorder.run.manifest.model["layers"] == []


def test_closing_keeps_the_last_weights(tmp_path: Path) -> None:
    loop = Loop()
    with Recorder(loop.model, tmp_path / "run", **DECLARED) as recorder:
        loop.train(recorder, epochs=1, steps=3)
        recorder.step(loss=loop.update())
        recorder.step(loss=loop.update())
        recorder.step(loss=loop.update())
    assert recorder.run.steps() == (0, 1, 2, 3, 4, 6)


def test_an_error_in_the_training_loses_no_metrics(tmp_path: Path) -> None:
    loop = Loop()

    def breaking() -> None:
        with Recorder(loop.model, tmp_path / "run", max_overhead=None) as recorder:
            for _ in range(3):
                recorder.step(loss=loop.update())
            raise ValueError("of the training")

    with pytest.raises(ValueError, match="of the training"):
        breaking()
    run = RunFolder.open(tmp_path / "run")
    assert run.curve("loss")[0].tolist() == [1, 2, 3]
    assert run.steps() == (0, 1, 2), "weights that may be half updated are not kept"
    with run.writing():  # the folder was let go
        pass


def test_what_can_t_be_afforded_is_put_off_and_counted(tmp_path: Path) -> None:
    """A clock on which everything takes as long as it pleases: only the first look and the last are made."""
    now = iter(range(10**9))
    loop = Loop()
    with Recorder(
        loop.model, tmp_path / "run", **{**DECLARED, "max_overhead": 0.01, "clock": lambda: float(next(now))}
    ) as recorder:
        loop.train(recorder)
        put_off = recorder.put_off
    assert recorder.run.steps() == (0, 10)
    assert put_off["weights"] == put_off["maps"] == 6
    assert put_off["measures"] == 3, "the first was due before anything had cost anything"
    assert recorder.run.curve("loss")[0].tolist() == list(range(1, 11)), "metrics are never put off"


def test_a_recording_is_resumed_behind_a_step(tmp_path: Path) -> None:
    first = Loop()
    with Recorder(first.model, tmp_path / "run", **DECLARED) as recorder:
        first.train(recorder)
    again = Loop()
    again.model.load_state_dict(load_file(tmp_path / "run" / "checkpoints" / "step-000005.safetensors"))
    with Recorder(again.model, tmp_path / "run", resume_at=5, **DECLARED) as recorder:
        assert recorder.epochs == 1
        again.train(recorder, epochs=1, steps=4)
    assert recorder.run.steps() == (0, 1, 2, 4, 5, 8, 9)
    assert recorder.run.curve("loss")[0].tolist() == list(range(1, 10))
    assert recorder.run.curve("test_accuracy")[0].tolist() == [5, 9]
    seconds = [line["seconds"] for line in recorder.run.metrics()]
    assert seconds == sorted(seconds)


def test_a_recording_is_not_written_over_nor_mixed(tmp_path: Path) -> None:
    loop = Loop()
    recorder = Recorder(loop.model, tmp_path / "run")
    with raises(OutputError, "lock", file="run"):
        Recorder(loop.model, tmp_path / "run")
    recorder.close()
    with raises(OutputError, "run", file="run"):
        Recorder(loop.model, tmp_path / "run")
    with raises(DataError, "model", found="0.bias", file="run"):
        Recorder(nn.Sequential(nn.Linear(2, 2)), tmp_path / "run", resume_at=0)
    with raises(DataError, "manifest", file="nothing"):
        Recorder(loop.model, tmp_path / "nothing", resume_at=0)


def test_a_wrong_declaration_leaves_no_folder(tmp_path: Path) -> None:
    with raises(ModelError, "probes", found=(2, 4, 6, 6)):
        Recorder(Loop().model, tmp_path / "run", probes=torch.rand(2, 4, 6, 6))
    assert not (tmp_path / "run").exists()


WRONG = {
    "a name that is taken": ({"step": 3}, {"asked": "step"}),
    "words": ({"loss": "low"}, {"found": "str"}),
    "a batch": ({"loss": torch.zeros(3)}, {"found": "Tensor"}),
}


@pytest.mark.parametrize(("metrics", "fields"), WRONG.values(), ids=WRONG)
def test_a_metric_that_is_none_is_refused_and_no_step_counted(tmp_path: Path, metrics, fields: dict[str, str]) -> None:
    with Recorder(Loop().model, tmp_path / "run") as recorder:
        with raises(UsageError, "metric", **fields):
            recorder.step(**metrics)
        assert recorder.steps == 0


def test_settings_without_meaning_are_refused(tmp_path: Path) -> None:
    with raises(UsageError, "log_every", asked=0, limit=1):
        Recorder(Loop().model, tmp_path / "run", log_every=0)
    with raises(UsageError, "model", found="object"):
        Recorder(object(), tmp_path / "run")


def test_gradients_that_are_gone_are_told(tmp_path: Path) -> None:
    loop = Loop()
    with Recorder(loop.model, tmp_path / "run", max_overhead=None) as recorder:
        for _ in range(2):
            loop.update()
            loop.optimiser.zero_grad()
            if recorder.steps:
                recorder.step()
            else:
                with pytest.warns(RuntimeWarning, match="before optimizer.zero_grad"):
                    recorder.step()
    assert not recorder.run.observed("gradients")
    assert len(recorder.run.curve("gradient_norm")[0]) == 0


def test_a_model_that_breaks_is_recorded_to_the_end(tmp_path: Path) -> None:
    loop = Loop()
    with Recorder(loop.model, tmp_path / "run", **DECLARED) as recorder:
        recorder.step(loss=loop.update())
        with torch.no_grad():
            loop.model[6].weight[0, 0] = torch.nan
        recorder.step(loss=torch.tensor(torch.nan))
    run = recorder.run
    assert run.curve("weight_nan/6.weight")[1].tolist() == [1]
    assert run.curve("activation_nan/6")[1].tolist() == [4]
    assert run.curve("nan")[1].tolist() == [0, 1]
    assert np.isnan(run.curve("loss")[1][-1])
    assert len(observations.probes(run, 2).maps) == 0
    assert len(observations.probes(run, 1).maps) == 2


def test_a_full_disk_does_not_end_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OutputError(f"{path} can't be written (No space left on device)")

    loop = Loop()
    with Recorder(loop.model, tmp_path / "run", max_overhead=None) as recorder:
        with monkeypatch.context() as patch:
            patch.setattr(atomic, "write", full)
            with pytest.warns(RuntimeWarning, match=r"No space left on device\). The training goes on"):
                recorder.step(loss=loop.update())
        recorder.step(loss=loop.update())
    assert recorder.run.steps() == (0, 2)
    assert recorder.run.curve("loss")[0].tolist() == [1, 2]
