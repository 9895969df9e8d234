"""The built-in model: its table, its weights before training, its files. No figure of the weights is named here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from innerview import allcnn
from innerview.errors import ModelError, UsageError
from innerview.model import OUTPUT, InputSpec, OutputSpec, find_layer
from innerview.runs import RunFolder, observations
from innerview.targets import Logit, together
from raising import raises

LAYERS = [
    *("conv1", "elu1", "conv2", "elu2", "conv3", "elu3", "pool3"),
    *("conv4", "elu4", "conv5", "elu5", "conv6", "elu6", "pool6"),
    *("conv7", "elu7", "conv8", "elu8", "conv9", "elu9", "mean"),
]


def test_the_table_is_the_recipes() -> None:
    shapes = allcnn.shapes()
    assert sum(np.prod(shape) for shape in shapes.values()) == 905_856
    assert [row.kernel for row in allcnn.TABLE] == [3, 3, 3, 3, 3, 3, 3, 1, 1]
    assert [row.std for row in allcnn.TABLE] == [0.04, 0.05, 0.06, 0.04, 0.05, 0.06, 0.06, 0.05, 0.04]
    assert shapes["conv1.weight"] == (128, 3, 3, 3)
    assert shapes["conv9.weight"] == (10, 128, 1, 1)


@pytest.mark.parametrize(("channels", "size"), [(1, 4), (8, 32), (5, 20)])
def test_any_number_of_channels_and_any_size(channels: int, size: int) -> None:
    model = allcnn.build(allcnn.initial_weights(0, channels), size=size)
    assert [layer.name for layer in model.layers] == LAYERS
    shapes = {layer.name: layer.shape for layer in model.layers}
    assert shapes["elu3"] == (size, size, channels)
    assert shapes["pool3"] == (size // 2, size // 2, channels)
    assert shapes["elu9"] == (size // 4, size // 4, 10)
    assert shapes["mean"] == (10,)


def test_layers_are_counted_from_1_and_end_before_the_pooling() -> None:
    layers = allcnn.build(allcnn.initial_weights(0, 2)).layers
    assert [find_layer(layers, number).name for number in (1, 3, 6, 9)] == ["elu1", "elu3", "elu6", "elu9"]


def test_the_layers_do_what_their_names_say() -> None:
    model = allcnn.build(allcnn.initial_weights(0, 4))
    seen = model.forward(np.random.default_rng(0).random((2, 32, 32, 3)), LAYERS).activations
    below = seen["conv3"] < 0
    np.testing.assert_allclose(seen["elu3"][below], np.expm1(seen["conv3"][below]), rtol=1e-6)
    np.testing.assert_array_equal(seen["elu3"][~below], seen["conv3"][~below])
    np.testing.assert_allclose(seen["pool3"][:, 0, 0], seen["elu3"][:, :2, :2].mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(seen["mean"], seen["elu9"].mean(axis=(1, 2)), rtol=1e-5)


def test_raw_black_stays_black_through_all_layers() -> None:
    model = allcnn.build(allcnn.initial_weights(0, 4))
    seen = model.forward(np.zeros((1, 32, 32, 3)), LAYERS).activations
    assert not any(value.any() for value in seen.values())


def test_initial_weights_are_normal_with_the_tables_deviations() -> None:
    weights = allcnn.initial_weights(3)
    for row, (name, shape) in zip(allcnn.TABLE, allcnn.shapes().items(), strict=True):
        value = weights[name]
        assert (value.shape, value.dtype) == (shape, np.float32)
        # four standard errors of the mean and of the deviation
        assert abs(value.mean()) < 4 * row.std / np.sqrt(value.size)
        assert abs(value.std() - row.std) < 4 * row.std / np.sqrt(2 * value.size)


def test_a_seed_gives_its_weights_again() -> None:
    first, again, other = (allcnn.initial_weights(seed, 4)["conv2.weight"] for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_bundled_model_can_be_explained() -> None:
    model = allcnn.load_pretrained()
    assert model.dtype == np.float32
    assert model.output.class_names == allcnn.CLASS_NAMES
    assert model.output.kind == "logits"
    assert model.weights().keys() == allcnn.shapes().keys()
    answer = model.vjp(np.random.default_rng(0).random((1, 32, 32, 3)), {OUTPUT: together([Logit(7)])})
    assert np.isfinite(answer.outputs).all()
    assert answer.input_gradients.any()
    assert model.output.probabilities(answer.outputs).sum() == pytest.approx(1)


def test_it_is_the_same_model_each_time_and_in_each_precision() -> None:
    assert allcnn.load_pretrained().fingerprint == allcnn.load_pretrained("allcnn", dtype=np.float64).fingerprint


def test_an_unknown_name_lists_the_known_ones() -> None:
    with raises(UsageError, "model", asked="resnet"):
        allcnn.load_pretrained("resnet")
    with raises(UsageError, "model", asked="resnet"):
        allcnn.load_pretrained("resnet", "initial")


def test_a_checkpoint_that_was_not_kept_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allcnn, "FOLDER", tmp_path)
    for checkpoint in ("initial", "final", 7):
        with raises(UsageError, "checkpoint", asked=checkpoint):
            allcnn.load_pretrained("allcnn", checkpoint)


def test_both_checkpoints_are_read_where_they_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allcnn, "FOLDER", tmp_path)
    before, after = (allcnn.build(allcnn.initial_weights(seed, 2)) for seed in (0, 1))
    folder = tmp_path / "allcnn" / "checkpoints"
    folder.mkdir(parents=True)
    allcnn.write(folder / "step-000000.safetensors", before, notes={}, half=False)
    allcnn.write(folder / "step-000012.safetensors", after, notes={}, half=False)
    assert allcnn.load_pretrained("allcnn", "initial").fingerprint == before.fingerprint
    assert (
        allcnn.load_pretrained("allcnn", "final").fingerprint
        == allcnn.load_pretrained().fingerprint
        == after.fingerprint
    )


SPECIFICATIONS = {
    "raw pixels": (InputSpec(32, 32), OutputSpec(allcnn.CLASS_NAMES)),
    "standardised": (
        InputSpec(32, 32, mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6)),
        OutputSpec(allcnn.CLASS_NAMES, temperature=0.2),
    ),
}


@pytest.mark.parametrize(("entrance", "output"), SPECIFICATIONS.values(), ids=SPECIFICATIONS)
@pytest.mark.parametrize("half", [True, False])
def test_a_file_gives_back_what_was_written(tmp_path: Path, entrance, output, half) -> None:
    weights = allcnn.initial_weights(0, 3)
    model = allcnn.build(weights, input=entrance, output=output)
    allcnn.write(tmp_path / "x.safetensors", model, notes={"from": "a test"}, half=half)
    found = allcnn.read(tmp_path / "x.safetensors")
    assert (found.input, found.output, found.dtype) == (entrance, output, np.float32)
    for name, value in found.weights().items():
        wanted = weights[name].astype(np.float16) if half else weights[name]
        np.testing.assert_array_equal(value, wanted)


def test_a_file_without_notes_is_of_raw_pixels_at_temperature_1(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file(allcnn.initial_weights(0, 2), tmp_path / "x.safetensors")
    found = allcnn.read(tmp_path / "x.safetensors")
    assert (found.input, found.output) == SPECIFICATIONS["raw pixels"]


def test_weights_too_large_for_float16_are_refused_by_name(tmp_path: Path) -> None:
    weights = allcnn.initial_weights(0, 2)
    weights["conv8.weight"][0] = 70_000
    model = allcnn.build(weights)
    with raises(ModelError, "half", asked="conv8.weight", found="overflow"):
        allcnn.write(tmp_path / "x.safetensors", model, notes={})
    allcnn.write(tmp_path / "x.safetensors", model, notes={}, half=False)
    assert allcnn.read(tmp_path / "x.safetensors").fingerprint == model.fingerprint


@pytest.mark.parametrize("content", [None, b"", b"no weights", b"\x08\0\0\0\0\0\0\0[1, 2]  "])
def test_a_file_that_holds_no_weights_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.safetensors"
    if content is not None:
        path.write_bytes(content)
    with raises(ModelError, "weights", file="x.safetensors"):
        allcnn.read(path)


def test_weights_of_another_architecture_are_refused_by_name() -> None:
    weights = allcnn.initial_weights(0, 2)
    with raises(ModelError, "weights", asked=["conv4.weight"]):
        allcnn.build({name: value for name, value in weights.items() if name != "conv4.weight"})
    with raises(ModelError, "shape", asked=2, found=(2, 3, 3, 3), layer="conv5"):
        allcnn.build({**weights, "conv5.weight": np.zeros((2, 3, 3, 3))})


@pytest.mark.parametrize("name", allcnn.NAMES)
class TestBundledRuns:
    def test_it_is_a_run_folder_whose_ends_are_the_model(self, name: str) -> None:
        run = RunFolder.open(allcnn.run_folder(name))
        assert run.manifest.configuration["name"] == name
        assert len(run.steps()) == 2
        for step, when in zip(run.steps(), ("before", "after"), strict=True):
            kept = allcnn.load_pretrained(name, "initial" if when == "before" else "final").weights()
            for layer, values in run.read(step).weights.items():
                np.testing.assert_array_equal(values, kept[layer])

    def test_histograms_count_every_weight_at_more_steps_than_weights_are_kept(self, name: str) -> None:
        run = RunFolder.open(allcnn.run_folder(name))
        assert set(run.steps()) < set(run.counted())
        sizes = {layer: values.size for layer, values in allcnn.load_pretrained(name).weights().items()}
        for step in run.counted():
            for layer, counted in run.histograms(step).items():
                assert counted.counts.sum() + counted.below + counted.above == sizes[layer]
                assert counted.not_numbers == 0

    def test_its_films_end_with_what_the_model_says(self, name: str) -> None:
        run, model = RunFolder.open(allcnn.run_folder(name)), allcnn.load_pretrained(name)
        images, _ = observations.images(run)
        seen = observations.probes(run, run.observed("probes")[-1])
        # the timelines were made before the weights were rounded to float16
        np.testing.assert_allclose(seen.outputs, model.forward(images).outputs, atol=0.02)
        for place, target in enumerate(seen.classes):
            change = seen.outputs[place, target] - model.forward(np.zeros_like(images[:1])).outputs[0, target]
            assert float(seen.maps[place].sum()) == pytest.approx(float(change + seen.gaps[place]), abs=0.02)

    def test_its_log_ends_with_a_test_on_all_images(self, name: str) -> None:
        run = RunFolder.open(allcnn.run_folder(name))
        assert 0 < run.curve("final_accuracy")[1][-1] <= 1
        assert run.curve("loss")[0].size > 100


def test_an_unknown_run_lists_the_known_ones() -> None:
    with raises(UsageError, "model", asked="resnet"):
        allcnn.run_folder("resnet")
