"""Keras models are given back as they were; layouts, endings, several inputs and outputs, on this process's backend."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from capabilities import lacks, need
from innerview.adapters import FunctionModel, wrap
from innerview.adapters.keras.files import found_input, open_keras
from innerview.adapters.keras.model import KerasModel
from innerview.cli import main
from innerview.errors import DataError, ModelError, UsageError
from innerview.methods import grad_cam, integrated_gradients, occlusion
from innerview.model import OUTPUT, InputSpec, OutputSpec, precision_of
from innerview.results import Status
from innerview.session.models import ModelRequest, open_model
from innerview.targets import Logit, together
from innerview.types import Array
from models import BACKEND, DTYPES
from raising import raises

CLASSES = OutputSpec(("a", "b", "c"))
SPEC = InputSpec(6, 8)
EVERY = together([Logit(index) for index in range(3)])
layers = keras.layers


def random_images(count: int = 2) -> Array:
    return np.random.default_rng(1).random((count, 6, 8, 3)).astype(np.float32)


def reused(ending: str | None = None, front: bool = False) -> keras.Model:
    """One activation after two convolutions, batch statistics, dropout, an activation that is no layer."""
    keras.utils.set_random_seed(0)
    named: dict[str, Any] = {"padding": "same", "data_format": "channels_first" if front else "channels_last"}
    entering = keras.Input((3, 6, 8) if front else (6, 8, 3))
    relu = layers.ReLU(name="relu")
    norm = layers.BatchNormalization(axis=1 if front else -1, name="norm")
    value = relu(norm(layers.Conv2D(4, 3, name="conv1", **named)(entering)))
    value = keras.ops.elu(value + relu(layers.Conv2D(4, 3, name="conv2", **named)(value)))
    value = layers.Dropout(0.5, name="drop")(value)
    value = layers.GlobalAveragePooling2D(data_format=named["data_format"], name="mean")(value)
    model = keras.Model(entering, layers.Dense(3, activation=ending, name="out")(value))
    norm.moving_mean.assign([0.1, -0.2, 0.3, 0.0])
    return model


def numbers(model: keras.Model) -> list[Array]:
    return [np.array(keras.ops.convert_to_numpy(variable.value)) for variable in model.variables]


def state(model: keras.Model) -> dict[str, Any]:
    """What someone could find changed, beside the numbers."""
    inner = model._flatten_layers()
    return {
        "calls": ["call" in layer.__dict__ for layer in inner],
        "activations": [layer.__dict__.get("activation") for layer in inner],
        "trainable": [layer.trainable for layer in inner],
        "policies": [layer.dtype_policy.name for layer in inner],
        "losses": len(model.losses),
        "default": (keras.config.floatx(), keras.config.dtype_policy().name),
    }


def assert_unchanged(model: keras.Model, numbers_before: list[Array], before: dict[str, Any]) -> None:
    assert state(model) == before
    assert all(np.array_equal(a, b) for a, b in zip(numbers(model), numbers_before, strict=True))


def test_a_model_comes_back_as_it_was_after_use_and_errors() -> None:
    model = reused("softmax")
    model.get_layer("conv2").trainable = False
    model.compile("sgd", "categorical_crossentropy")
    held, before = numbers(model), state(model)
    wrapped = wrap(model, input=SPEC, output=CLASSES)
    layers = [layer.name for layer in wrapped.layers]
    for _ in range(5):
        wrapped.forward(random_images(), layers)
        wrapped.vjp(random_images(), {OUTPUT: EVERY}, layers)
    _ = wrapped.fingerprint, wrapped.weights(), wrapped.astype(np.float32)

    def refuse(value: Array) -> Array:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wrapped.vjp(random_images(), {OUTPUT: refuse}, layers)
    assert_unchanged(model, held, before)


def test_a_layer_that_fails_is_named_with_what_it_was_given_and_nothing_is_left_behind() -> None:
    class Fails(layers.Layer):
        def call(self, inputs: Any) -> Any:
            if inputs.shape[0] == 3:  # the dry run's batch
                raise ArithmeticError("no luck")
            return inputs

    model = keras.Sequential([keras.Input((6, 8, 3)), Fails(name="trap"), layers.Flatten(), layers.Dense(3)])
    before = state(model)
    with pytest.raises(ModelError, match=r"in layer trap \(Fails\), which was given \(3, 6, 8, 3\)"):
        wrap(model, input=SPEC, output=CLASSES)
    assert state(model) == before


def test_a_failure_between_layers_names_the_layer_before_it() -> None:
    class Bare(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.flat, self.head = layers.Flatten(name="flat"), layers.Dense(3)

        def call(self, inputs: Any) -> Any:
            value = self.flat(inputs)
            return self.head(keras.ops.reshape(value, (5, 7)) if inputs.shape[0] == 3 else value)

    model = Bare()
    model(random_images())
    with pytest.raises(ModelError, match=r"shape \(3, 6, 8, 3\), after layer flat, which gave \(3, 144\): "):
        wrap(model, input=SPEC, output=CLASSES)


def test_layers_are_calls() -> None:
    model = KerasModel(reused(), SPEC, CLASSES)
    assert [layer.name for layer in model.layers] == [
        "conv1", "norm", "relu", "conv2", "relu#2", "drop", "mean", "out"
    ]  # fmt: skip
    assert model.layers[0].parameters == ("conv1/kernel", "conv1/bias")
    seen = model.vjp(random_images(), {OUTPUT: EVERY}, ["norm", "relu", "conv2", "relu#2"]).activations
    np.testing.assert_array_equal(seen["relu"], np.maximum(seen["norm"], 0))
    np.testing.assert_array_equal(seen["relu#2"], np.maximum(seen["conv2"], 0))


def test_it_is_looked_at_in_evaluation_mode() -> None:
    model = reused()
    wrapped = KerasModel(model, SPEC, CLASSES)
    wanted = keras.ops.convert_to_numpy(model(random_images(), training=False))
    np.testing.assert_allclose(wrapped.forward(random_images()).outputs, wanted, rtol=1e-5)
    assert np.array_equal(wrapped.forward(random_images()).outputs, wrapped.forward(random_images()).outputs)


def test_channels_in_front_give_the_same_answers() -> None:
    need("convolution with channels in front")
    last = KerasModel(reused(), SPEC, CLASSES)
    model = reused(front=True)
    model.set_weights(reused().get_weights())
    first = KerasModel(model, InputSpec(6, 8, layout="CHW"), CLASSES)
    layers = ["conv1", "norm", "relu#2", "drop"]
    assert [layer.shape for layer in first.layers] == [layer.shape for layer in last.layers]
    found, wanted = (wrapped.vjp(random_images(), {OUTPUT: EVERY}, layers) for wrapped in (first, last))
    np.testing.assert_allclose(found.input_gradients, wanted.input_gradients, atol=1e-6)
    for tap in layers:
        np.testing.assert_allclose(found.activations[tap], wanted.activations[tap], atol=1e-5)
        np.testing.assert_allclose(found.layer_gradients[tap], wanted.layer_gradients[tap], atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "capability"),
    [
        (layers.Conv2D, "convolution with channels in front"),
        (layers.Conv2DTranspose, "transposed convolution with channels in front"),
    ],
)
def test_a_convolution_that_this_processor_lacks_is_said_with_the_way_out(kind: Any, capability: str) -> None:
    entering = keras.Input((3, 6, 8))
    value = kind(4, 3, name="conv", data_format="channels_first")(entering)
    model, spec = keras.Model(entering, layers.Dense(3)(layers.Flatten()(value))), InputSpec(6, 8, layout="CHW")
    if not lacks(capability):
        assert wrap(model, input=spec, output=CLASSES).layers[0].name == "conv"
        return
    with pytest.raises(ModelError, match=r"in layer conv \(Conv2D.*channels in front.*KERAS_BACKEND=torch"):
        wrap(model, input=spec, output=CLASSES)


ENDINGS = {
    "softmax in the last layer": (lambda: reused("softmax"), "logits"),
    "softmax as a layer": (lambda: keras.Sequential([reused(), layers.Softmax()]), "logits"),
    "softmax as an activation": (lambda: keras.Sequential([reused(), layers.Activation("softmax")]), "logits"),
    "sigmoid": (lambda: reused("sigmoid"), "sigmoid"),
}


@pytest.mark.parametrize(("build", "kind"), ENDINGS.values(), ids=ENDINGS)
def test_logits_are_taken_from_before_the_ending(build, kind) -> None:
    model, spec = build(), OutputSpec(CLASSES.class_names, kind=kind)
    wrapped = wrap(model, input=SPEC, output=spec)
    plain = KerasModel(reused(), SPEC, CLASSES)
    np.testing.assert_allclose(
        wrapped.forward(random_images()).outputs, plain.forward(random_images()).outputs, rtol=1e-6
    )
    wanted = keras.ops.convert_to_numpy(model(random_images(), training=False))
    np.testing.assert_allclose(spec.probabilities(wrapped.forward(random_images()).outputs), wanted, rtol=1e-5)
    found, same = (one.vjp(random_images(), {OUTPUT: EVERY}).input_gradients for one in (wrapped, plain))
    np.testing.assert_allclose(found, same, rtol=1e-5, atol=1e-7)
    assert "its logits are taken from before it" in wrapped.notes[0]


def test_probabilities_are_taken_as_they_are_where_they_are_declared() -> None:
    model = wrap(reused("softmax"), input=SPEC, output=OutputSpec(CLASSES.class_names, kind="probabilities"))
    np.testing.assert_allclose(model.forward(random_images()).outputs.sum(axis=1), 1, rtol=1e-5)
    assert model.notes == ()


@pytest.mark.parametrize(
    ("ending", "kind"), [("softmax", "sigmoid"), ("sigmoid", "logits"), ("sigmoid", "probabilities")]
)
def test_a_declaration_that_contradicts_the_ending_is_refused(ending: str, kind) -> None:
    with pytest.raises(ModelError, match=f"the model ends in {ending}.*declare kind"):
        wrap(reused(ending), input=SPEC, output=OutputSpec(CLASSES.class_names, kind=kind))


def wrapped(give) -> keras.Model:
    entering = keras.Input((6, 8, 3))
    return keras.Model(entering, give(reused()(entering)))


@pytest.mark.parametrize(
    ("give", "key"),
    [(lambda z: {"wide": z * 2, "narrow": z}, "narrow"), (lambda z: (z * 2, z), 1)],
    ids=["dict", "tuple"],
)
def test_one_of_several_outputs_is_picked_or_the_keys_are_listed(give, key) -> None:
    model = wrap(wrapped(give), input=SPEC, output=OutputSpec(CLASSES.class_names, output=key))
    wanted = KerasModel(reused(), SPEC, CLASSES).forward(random_images()).outputs
    np.testing.assert_allclose(model.forward(random_images()).outputs, wanted, rtol=1e-5)
    with pytest.raises(ModelError, match=rf"{key!r} of shape \(3, 3\)"):
        wrap(wrapped(give), input=SPEC, output=CLASSES)


def test_several_inputs_are_refused() -> None:
    left, right = keras.Input((6, 8, 3), name="left"), keras.Input((2,), name="right")
    model = keras.Model([left, right], layers.Dense(3)(layers.Concatenate()([layers.Flatten()(left), right])))
    with raises(ModelError, "inputs", found=2):
        wrap(model, input=SPEC, output=CLASSES)
    with raises(ModelError, "inputs", found=2):
        found_input(model)  # a command would ask for its size first


class Twice(layers.Layer):
    """A class of someone's own."""

    def call(self, inputs: Any) -> Any:
        return inputs * 2


class Written(keras.Model):
    """A subclassed model with a block inside, whose layers have equal names."""

    def __init__(self) -> None:
        super().__init__()
        self.block = keras.Sequential([layers.Conv2D(4, 3, name="same"), layers.ReLU(name="relu")], name="block")
        self.flat, self.head = layers.Flatten(name="flat"), layers.Dense(3, name="same")

    def call(self, inputs: Any) -> Any:
        return self.head(self.flat(self.block(inputs)))


def test_a_subclassed_model_is_taken_once_it_is_built() -> None:
    keras.utils.set_random_seed(0)
    model = Written()
    with raises(ModelError, "weights", found="none yet"):
        wrap(model, input=SPEC, output=CLASSES)
    model(random_images())
    wrapped = wrap(model, input=SPEC, output=CLASSES)
    assert [layer.name for layer in wrapped.layers] == ["block.same", "block.relu", "flat", "same"]
    assert list(wrapped.weights()) == ["block.same/kernel", "block.same/bias", "same/kernel", "same/bias"]
    assert wrapped.vjp(random_images(), {OUTPUT: EVERY}).input_gradients.any()


def test_weights_that_are_not_finite_are_refused_by_name_but_can_be_looked_at() -> None:
    model = reused()
    model.get_layer("conv2").bias.assign([np.nan, 0, 0, 0])
    with raises(ModelError, "weights", asked="conv2/bias", found=1):
        wrap(model, input=SPEC, output=CLASSES)
    assert np.isnan(wrap(model, input=SPEC, output=CLASSES, allow_nonfinite=True).weights()["conv2/bias"][0])


def test_changes_of_the_weights_are_seen() -> None:
    model = reused()
    wrapped = KerasModel(model, SPEC, CLASSES)
    before, fingerprint = wrapped.forward(random_images()).outputs, wrapped.fingerprint
    model.get_layer("norm").moving_mean.assign([1, 1, 1, 1])
    assert wrapped.fingerprint != fingerprint
    assert not np.array_equal(wrapped.forward(random_images()).outputs, before)


def test_the_architecture_is_in_the_identity_and_given_names_are_not() -> None:
    def build(name: str, strides: int) -> KerasModel:
        conv = layers.Conv2D(3, 2, strides, name=name)
        model = keras.Sequential([keras.Input((6, 8, 3)), conv, layers.GlobalAveragePooling2D()])
        conv.set_weights([np.ones((2, 2, 3, 3)), np.zeros(3)])
        return KerasModel(model, SPEC, CLASSES)

    assert build("one", 1).fingerprint == build("two", 1).fingerprint
    assert build("one", 1).fingerprint != build("one", 2).fingerprint


@pytest.mark.parametrize("wanted", [np.float32, np.float64])
def test_a_copy_is_independent_and_has_the_precision_or_is_refused(wanted) -> None:
    model = reused()
    wrapped = KerasModel(model, SPEC, CLASSES)
    if wanted not in DTYPES:
        with pytest.raises(ModelError, match="Keras computes in float32 whatever"):
            wrapped.astype(wanted)
        return
    copy = wrapped.astype(wanted)
    model.get_layer("conv1").kernel.assign(np.zeros((3, 3, 3, 4)))
    assert copy.fingerprint != wrapped.fingerprint
    assert copy.dtype == wanted
    assert copy.forward(random_images()).outputs.dtype == wanted


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_file_of_stock_layers_opens_as_the_model_that_was_saved(tmp_path: Path, name: str) -> None:
    inner = keras.Sequential([keras.Input((6, 8, 3)), layers.Conv2D(3, 2, activation="relu", kernel_regularizer="l2")])
    model = keras.Sequential([inner, layers.Rescaling(2.0), layers.GlobalMaxPooling2D(), layers.Softmax()])
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.save(tmp_path / name)
    found = open_keras(tmp_path / name, trust=False)
    assert found_input(found) == (6, 8, 3, "HWC")
    one, other = (KerasModel(each, SPEC, CLASSES).forward(random_images()).outputs for each in (found, model))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_file_with_a_lambda_does_not_open_without_trust(tmp_path: Path, name: str) -> None:
    model = keras.Sequential(
        [keras.Input((6, 8, 3)), layers.Lambda(lambda x: x * 2), layers.Flatten(), layers.Dense(3)]
    )
    model.save(tmp_path / name)
    with raises(UsageError, "trust_code"):
        open_keras(tmp_path / name, trust=False)
    wrap(open_keras(tmp_path / name, trust=True), input=SPEC, output=CLASSES)


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_file_that_is_none_of_keras_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("weights")
    with raises(DataError, "file", file=name):
        open_keras(tmp_path / name, trust=False)


def test_a_saved_model_is_opened_on_trust_and_looked_at_from_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    line = ["--model", "saved", "--classes", "3", "--input-spec", "6x8 range=0..1 layout=HWC"]
    if BACKEND != "tensorflow":  # nobody else opens this format
        (tmp_path / "saved").mkdir()
        (tmp_path / "saved" / "saved_model.pb").touch()
        assert main(["info", *line, "--trust-code"]) == 1
        assert "KERAS_BACKEND=tensorflow" in capsys.readouterr().err
        return
    model = reused()
    model.export(tmp_path / "saved", verbose=False)
    assert main(["info", "cat", *line]) == 2
    assert "saved runs code that is in it; if you trust where it came from, add --trust-code" in capsys.readouterr().err
    assert main(["info", "cat", *line, "--trust-code"]) == 0
    wrapped = open_model(ModelRequest("saved", classes="3", input="6x8 range=0..1 layout=HWC", trust=True))
    assert isinstance(wrapped, FunctionModel)
    wanted = KerasModel(model, SPEC, CLASSES).forward(random_images()).outputs
    np.testing.assert_allclose(wrapped.forward(random_images()).outputs, wanted, rtol=1e-5, atol=1e-6)
    hidden = occlusion(wrapped, random_images()[0], Logit(1), fill=np.zeros((6, 8, 3), np.float32), window=2, stride=2)
    assert np.isfinite(hidden.heatmap).all()
    assert main(["explain", "cat", *line, "--trust-code", "--no-judge", "-o", "seen"]) == 0
    assert (tmp_path / "seen" / "cat" / "index.html").is_file()
    assert main(["explain", "cat", *line, "--trust-code", "--method", "gradient"]) == 2
    assert "can only be run forward" in capsys.readouterr().err


def test_a_class_of_ones_own_that_is_missing_is_named_with_the_way_out(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((6, 8, 3)), Twice(), layers.Flatten(), layers.Dense(3)])
    model.save(tmp_path / "model.keras")
    with raises(UsageError, "trust_code", found="tests.adapters.test_keras.Twice", file="model.keras"):
        open_keras(tmp_path / "model.keras", trust=False)
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "elsewhere.keras", "w") as archive:
        for name, content in held.items():  # as it would be found on another machine
            archive.writestr(name, content.replace(__name__.encode(), b"not_here").replace(b"Twice", b"Thrice"))
    with raises(ModelError, "model", file="elsewhere.keras"):
        open_keras(tmp_path / "elsewhere.keras", trust=True)


def test_batch_statistics_that_are_left_in_training_mode_are_noticed() -> None:
    class Always(layers.BatchNormalization):
        def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
            return super().call(inputs, training=True, mask=mask)

    model = keras.Sequential([keras.Input((6, 8, 3)), layers.Conv2D(4, 3), Always(), layers.Flatten(), layers.Dense(3)])
    with raises(ModelError, "batch"):
        wrap(model, input=SPEC, output=CLASSES)


POLICIES = {
    "mixed_bfloat16": ("bfloat16", None, {}),
    "mixed_float16": ("float16", None, {}),
    "mixed_bfloat16, head in float32": ("bfloat16", "float32", {}),
    "bfloat16": ("bfloat16", None, {}),
    "float16": ("float16", None, {}),
    "float32 asked for bfloat16": ("bfloat16", None, {"precision": "bf16"}),
    "mixed_bfloat16 asked for float32": ("float32", None, {"precision": "float32"}),
}


@pytest.mark.parametrize("name", POLICIES)
def test_policies_in_half_precision_are_taken_as_they_are(name: str) -> None:
    """The other frameworks' half of the table is in test_precision.py."""
    kind, head, options = POLICIES[name]
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(name.partition(",")[0].partition(" ")[0])
    try:
        model = keras.Sequential(
            [
                keras.Input((6, 8, 3)),
                layers.Conv2D(4, 3, activation="gelu"),
                layers.BatchNormalization(),
                layers.GlobalAveragePooling2D(),
                layers.Dense(3, activation="softmax", dtype=head),
            ]
        )
    finally:
        keras.config.set_dtype_policy("float32")
    before = numbers(model)
    wrapped = wrap(model, input=SPEC, output=CLASSES, **options)
    assert (precision_of(wrapped), wrapped.dtype) == (kind, np.float32)
    assert all(value.dtype == np.float32 for value in wrapped.weights().values())
    image = random_images(1)[0]
    found = integrated_gradients(wrapped, image, Logit(1), baseline=image * 0, tolerance=0.05)
    assert found.status in {Status.CONVERGED, Status.ROUNDED}
    exact = integrated_gradients(
        wrapped.astype(np.float32), image, Logit(1), baseline=image * 0, tolerance=1e-3
    ).heatmap
    off = np.abs(found.heatmap - exact).sum() / np.abs(exact).sum()
    assert off <= found.error + 1e-3
    assert np.isfinite(grad_cam(wrapped, image, Logit(1), wrapped.layers[0].name).heatmap).all()
    for old, new in zip(before, numbers(model), strict=True):
        np.testing.assert_array_equal(old, new)
