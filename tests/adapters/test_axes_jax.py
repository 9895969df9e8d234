"""Values that a JAX function names: their axes are what the function does, their wiring is that of its jaxpr."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from innerview.model import InputSpec, OutputSpec, TokenGrid, ends

pytestmark = pytest.mark.jax

CLASSES = OutputSpec(("a", "b", "c"))
RANDOM = np.random.default_rng(0)
KERNEL, OTHER, HEAD = (
    RANDOM.normal(0, 0.3, shape).astype(np.float32) for shape in ((4, 4, 3, 5), (3, 3, 5, 5), (5, 3))
)


def conv(value: Any, kernel: Any = KERNEL, stride: int = 4) -> Any:
    import jax

    return jax.lax.conv_general_dilated(
        value, kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def chain(x: Any) -> Any:
    import jax

    from innerview.adapters.jax.model import tap

    value = tap("conv", conv(x), "convolution")
    value = tap("relu", jax.nn.relu(value), "activation")
    front = tap("in front", value.transpose(0, 3, 1, 2))
    tokens = tap("tokens", front.reshape(len(front), 5, -1).transpose(0, 2, 1))
    extra = tap("extra", jax.numpy.concatenate([tokens[:, :1] * 0 + 1, tokens], 1))
    heads = tap("heads", tokens.reshape(len(tokens), 54, 5, 1).transpose(0, 2, 1, 3))
    tap("declared", heads, order="first")
    return extra[:, 1:].mean(1) @ HEAD


def residual(x: Any) -> Any:
    import jax

    from innerview.adapters.jax.model import tap

    first = tap("relu1", jax.nn.relu(tap("conv1", conv(x), "convolution")), "activation")
    second = tap("conv2", conv(first, OTHER, 1), "convolution")
    value = tap("relu2", jax.nn.relu(second + first), "activation")
    return tap("head", value.mean((1, 2)) @ HEAD, "dense")


def model(function: Callable[[Any], Any]) -> Any:
    from innerview.adapters.jax.model import JaxModel

    return JaxModel(function, InputSpec(24, 36), CLASSES)


def test_axes_are_what_the_function_does() -> None:
    layers = {layer.name: layer for layer in model(chain).layers}
    image, tokens = "height width channel", "token channel"
    assert {name: (layer.axes, layer.shape) for name, layer in layers.items()} == {
        "conv": (image, (6, 9, 5)),
        "relu": (image, (6, 9, 5)),
        "in front": (image, (6, 9, 5)),
        "tokens": (tokens, (54, 5)),
        "extra": (tokens, (55, 5)),
        "heads": ("", (5, 54, 1)),
        "declared": (image, (54, 1, 5)),  # where what it does doesn't tell, the function's word is taken
    }
    assert layers["tokens"].tokens == TokenGrid(54, 0, 6, 9)
    assert layers["extra"].tokens == TokenGrid(55, 1, 6, 9)


@pytest.mark.parametrize("compiled", [False, True])
def test_wiring_is_that_of_the_jaxpr(compiled: bool) -> None:
    import jax

    layers = model(jax.jit(residual) if compiled else residual).layers
    assert {layer.name: layer.sources for layer in layers} == {
        "conv1": ("input",),
        "relu1": ("conv1",),
        "conv2": ("relu1",),
        "relu2": ("relu1", "conv2"),
        "head": ("relu2",),
    }
    assert [layer.name for layer in ends(layers)] == ["relu1", "conv2", "head"]


def test_values_are_turned_there_and_back() -> None:
    subject = model(chain)
    images = np.random.default_rng(1).random((2, 24, 36, 3)).astype(np.float32)
    names = ["relu", "in front", "tokens"]
    answer = subject.vjp(images, {"output": lambda z: np.ones((1, *z.shape), z.dtype)}, names)
    relu = answer.activations["relu"]
    np.testing.assert_array_equal(answer.activations["in front"], relu)
    np.testing.assert_array_equal(answer.activations["tokens"].reshape(relu.shape), relu)
    np.testing.assert_allclose(answer.layer_gradients["in front"], answer.layer_gradients["relu"])
