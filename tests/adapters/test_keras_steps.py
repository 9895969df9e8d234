"""A Keras model as plain steps: they give what Keras gives, or the model is refused by what it is made of.

The steps are run here by a few lines of NumPy; that the engine in the page runs such steps is tested in
frontend/tests/engine.test.ts.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest

from innerview.adapters import wrap
from innerview.adapters.keras.steps import Steps, followed
from innerview.errors import UsageError
from innerview.model import InputSpec, OutputSpec
from innerview.types import Array
from innerview.workbench.network import page_network
from raising import raises

layers = keras.layers
ERF = np.vectorize(math.erf)
CURVES = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: x * (1 + ERF(x / np.sqrt(2))) / 2,
    "gelu-tanh": lambda x: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "hard-sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard-swish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True),
}


def windows(x: Array, size: tuple[int, int], stride: list[int], around: list[int], filled: float) -> Array:
    """Image × row × column × channel × down × across."""
    top, bottom, left, right = around
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=filled)
    return np.lib.stride_tricks.sliding_window_view(padded, size, (1, 2))[:, :: stride[0], :: stride[1]]


def run(steps: Steps, images: Array) -> Array:
    """What the steps give, in float64."""
    values = [images.astype(np.float64)]
    for step in steps.operations:
        one = values[step["from"][0]]
        weight, bias = (steps.weights.get(step.get(key, ""), 0.0) for key in ("weight", "bias"))
        match step["kind"]:
            case "convolution":
                one = one if one.ndim == 4 else one[:, None, None]
                seen = windows(one, weight.shape[2:], step["stride"], step["padding"], 0.0)
                count = step.get("groups", 1)
                parts = zip(np.split(seen, count, 3), np.split(weight, count), strict=True)
                value = np.concatenate([np.einsum("bhwcyx,ocyx->bhwo", *one) for one in parts], -1) + bias
            case "dense":
                value = one @ weight.T + bias
            case "affine":
                value = one * weight + bias
            case "add" | "multiply":
                other = values[step["from"][1]]
                other = other if other.ndim == one.ndim else other[:, None, None]
                value = one + other if step["kind"] == "add" else one * other
            case "global-mean":
                value = one.mean((1, 2))
            case "flatten":
                value = one.reshape(len(one), -1)
            case "max-pooling" | "mean-pooling":
                size, sides = (step["size"],) * 2, [step["padding"]] * 4
                seen = windows(one, size, [step["stride"]] * 2, sides, np.nan)
                value = (np.nanmax if step["kind"] == "max-pooling" else np.nanmean)(seen, axis=(4, 5))
            case kind:
                value = CURVES[kind](one)
        values.append(value)
    return values[-1]


def drawn(seed: int) -> keras.Model:
    """A network of any of the layers, with statistics as a training leaves them."""
    random = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    entering = keras.Input((int(random.integers(21, 25)), int(random.integers(21, 25)), 3))
    value = layers.Rescaling(1.5, offset=-0.3)(entering) if seed % 3 == 0 else entering
    for number in range(3):
        padding, kernel = ("same", "valid")[int(random.integers(2))], random.integers(1, 4, 2).tolist()
        stride = int(random.integers(1, 3)) if number == 1 else 1
        activation = (None, "relu", "gelu", "silu", "elu")[int(random.integers(5))]
        if number == 1 and seed % 2:
            value, padding = layers.ZeroPadding2D(((1, 0), (0, 2)))(value), "valid"
        value = layers.Conv2D(
            5, kernel, strides=stride, padding=padding, activation=activation, use_bias=bool(random.integers(2))
        )(value)
        if number == 1:
            value = layers.DepthwiseConv2D(kernel, padding=padding, depth_multiplier=1 + seed % 2, strides=stride)(
                value
            )
            value = layers.Conv2D(10, 2, groups=5, activation="relu6", padding="same")(value)
        if random.integers(2):
            value = layers.BatchNormalization(scale=bool(random.integers(2)))(value)
        if number == 0:
            inside = layers.Conv2D(5, 3, padding="same", activation="tanh")(value)
            value = layers.Add()([value, inside]) if seed % 2 else value + keras.ops.relu(inside)
            pool = (layers.MaxPooling2D, layers.AveragePooling2D)[seed % 2]
            value = pool(3, strides=1, padding="same")(value) if seed % 4 < 2 else pool(2)(value)
    value = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(value)) if seed % 2 else layers.Flatten()(value)
    model = keras.Model(entering, layers.Dense(4)(layers.Dense(6, activation="sigmoid")(value)))
    for variable in model.weights:
        noise = random.normal(size=variable.shape)
        variable.assign(np.abs(noise) + 0.5 if variable.name == "moving_variance" else noise * 0.4)
    return model


def image_of(model: keras.Model, count: int = 2) -> Array:
    return np.random.default_rng(9).random((count, *model.inputs[0].shape[1:])).astype(np.float32)


def given(model: keras.Model, images: Array) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(model(images, training=False)))


@pytest.mark.parametrize("seed", range(16))
def test_the_steps_give_what_keras_gives(seed: int) -> None:
    model = drawn(seed)
    images = image_of(model)
    np.testing.assert_allclose(run(followed(model), images), given(model, images), rtol=2e-4, atol=2e-5)


def sequential(*ends: Any) -> keras.Sequential:
    keras.utils.set_random_seed(0)
    body = [layers.Conv2D(4, 3, use_bias=False), layers.BatchNormalization(), layers.ReLU()]
    return keras.Sequential([keras.Input((8, 8, 3)), *body, layers.GlobalAveragePooling2D(), *ends])


def test_normalisation_is_folded_and_nested_models_are_followed() -> None:
    model = sequential(layers.Dense(3))
    assert [one["kind"] for one in followed(model).operations] == ["convolution", "relu", "global-mean", "dense"]
    entering = keras.Input((8, 8, 3))
    outer = keras.Model(entering, layers.Dense(2)(model(entering)))
    images = image_of(outer)
    np.testing.assert_allclose(run(followed(outer), images), given(outer, images), rtol=1e-4, atol=1e-5)


def squeezed(seed: int) -> keras.Model:
    """A gate for each channel, arithmetic with numbers, and a product of values of one shape."""
    keras.utils.set_random_seed(seed)
    entering = keras.Input((9, 8, 3))
    value = layers.Conv2D(6, 3, padding="same", activation=("hard_silu", "silu")[seed % 2])((entering - 0.5) / 0.25)
    gate = layers.GlobalAveragePooling2D(keepdims=bool(seed % 2))(value)
    if not seed % 2:
        gate = layers.Reshape((1, 1, 6))(gate)
    gate = layers.Conv2D(6, 1, activation="hard_sigmoid")(layers.Conv2D(2, 1, activation="relu")(gate))
    gate = (1 - gate * 0.5) + 0.25
    value = layers.Multiply()([gate, value] if seed // 2 else [value, gate])
    value = value * keras.ops.sigmoid(layers.Conv2D(6, 1)(value))
    return keras.Model(entering, layers.Dense(3)(layers.GlobalAveragePooling2D()(value)))


@pytest.mark.parametrize("seed", range(4))
def test_gates_and_arithmetic_give_what_keras_gives(seed: int) -> None:
    model = squeezed(seed)
    images = image_of(model)
    np.testing.assert_allclose(run(followed(model), images), given(model, images), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("ends", [[layers.Dense(3, activation="softmax")], [layers.Dense(3), layers.Softmax()]])
def test_a_model_that_ends_in_softmax_goes_into_a_page_with_its_logits(ends: list[Any]) -> None:
    model = wrap(sequential(*ends), input=InputSpec(8, 8, mean=0.5, std=0.25), output=OutputSpec(("a", "b", "c")))
    found = page_network(model, "small")
    assert found["network"]["fingerprint"] == model.fingerprint
    assert found["network"]["operations"][-1]["kind"] == "dense"
    assert set(found["layers"]) <= {one["name"] for one in found["network"]["operations"]}
    images = image_of(model.model)
    steps = followed(model.model, model.set_aside)
    entering = (images - 0.5) / 0.25
    np.testing.assert_allclose(run(steps, entering), model.forward(images).outputs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("ends", [[layers.Dense(3, activation="softmax")], [layers.Dense(3), layers.Softmax()]])
def test_probabilities_go_into_a_page_as_they_are(ends: list[Any]) -> None:
    output = OutputSpec(("a", "b", "c"), kind="probabilities")
    model = wrap(sequential(*ends), input=InputSpec(8, 8), output=output)
    assert page_network(model, "small")["network"]["operations"][-1]["kind"] == "softmax"
    images = image_of(model.model)
    np.testing.assert_allclose(run(followed(model.model), images), model.forward(images).outputs, rtol=1e-4, atol=1e-5)


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, value: Any) -> Any:
        return self.dense(keras.ops.mean(value, (1, 2)))


def of(*made: Any) -> keras.Model:
    return keras.Sequential([keras.Input((8, 8, 3)), *made])


REFUSED = {
    "gaps": (lambda: of(layers.Conv2D(6, 3, dilation_rate=2)), {"found": "is a convolution with gaps"}),
    "two at once": (lambda: of(layers.SeparableConv2D(3, 3, name="two")), {"found": "is a SeparableConv2D"}),
    "a bounded ReLU": (lambda: of(layers.ReLU(5.0, name="five")), {"found": "is a ReLU", "layer": "five"}),
    "an activation": (
        lambda: of(layers.Conv2D(3, 3, activation="selu", name="conv")), {"found": "has the activation selu"},
    ),
    "softmax of rows": (
        lambda: of(layers.Softmax(axis=1, name="rows")), {"found": "is a softmax over another axis than the channels"},
    ),
    "padding alone": (
        lambda: of(layers.ZeroPadding2D(1), layers.MaxPooling2D(2, name="pool")),
        {"found": "stands behind a padding that no convolution takes", "layer": "pool"},
    ),
    "uneven pools": (
        lambda: of(layers.MaxPooling2D(2, strides=1, padding="same", name="pool")),
        {"found": "pools windows of another kind"},
    ),
    "channels in front": (
        lambda: of(layers.GlobalAveragePooling2D(data_format="channels_first", name="mean")),
        {"found": "has its channels in front"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("build", "said"), REFUSED.values(), ids=REFUSED)
def test_what_the_engine_does_not_have_is_refused_by_name(build, said: dict[str, Any]) -> None:
    with raises(UsageError, **{"about": "operation", **said}):
        followed(build())


def test_a_model_without_a_graph_is_refused() -> None:
    model = Subclassed()
    model(np.zeros((1, 8, 8, 3), np.float32))
    with raises(UsageError, "trace", found="Subclassed"):
        followed(model)
