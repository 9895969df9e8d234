"""Flax and Equinox modules as the documentation wraps them: the same answers and gradients as JAX's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx

import innerview
from adapters.torch_models import CLASSES, EVERY, random_images
from innerview.adapters import wrap
from innerview.adapters.jax.model import tap
from innerview.errors import ModelError, UsageError
from innerview.model import OUTPUT, InputSpec, Model
from raising import raises

SPEC = InputSpec(6, 8, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.5))
FRONT = InputSpec(6, 8, mean=SPEC.mean, std=SPEC.std, layout="CHW")
KEY = jax.random.key(0)


class Linen(linen.Module):
    """Names its activation, so that it can be looked at."""

    @linen.compact
    def __call__(self, value: Any) -> Any:
        value = linen.Conv(4, (3, 3), name="conv")(value)
        value = tap("relu", linen.relu(value), kind="activation")
        return linen.Dense(3, name="dense")(value.mean((1, 2)))


class Nnx(nnx.Module):
    """With batch statistics, which stay as they are in evaluation mode."""

    def __init__(self) -> None:
        rngs = nnx.Rngs(0)
        self.conv = nnx.Conv(3, 4, (3, 3), rngs=rngs)
        self.norm = nnx.BatchNorm(4, rngs=rngs)
        self.dense = nnx.Linear(4, 3, rngs=rngs)

    def __call__(self, value: Any) -> Any:
        return self.dense(nnx.relu(self.norm(self.conv(value))).mean((1, 2)))


class Eqx(eqx.Module):
    """Of one image, channels in front, as Equinox has it."""

    conv: eqx.nn.Conv2d
    dense: eqx.nn.Linear

    def __init__(self) -> None:
        first, second = jax.random.split(KEY)
        self.conv = eqx.nn.Conv2d(3, 4, 3, padding=1, key=first)
        self.dense = eqx.nn.Linear(4, 3, key=second)

    def __call__(self, value: Any) -> Any:
        return self.dense(jax.nn.relu(self.conv(value)).mean((1, 2)))


def of_linen() -> tuple[Model, Callable[[Any], Any]]:
    model = Linen()
    variables = model.init(KEY, jnp.zeros((1, 6, 8, 3)))
    return wrap(model.apply, parameters=variables, input=SPEC, output=CLASSES), lambda x: model.apply(variables, x)


def of_nnx() -> tuple[Model, Callable[[Any], Any]]:
    model = Nnx()
    model.eval()
    graph, state = nnx.split(model)
    wrapped = wrap(lambda state, x: nnx.merge(graph, state)(x), parameters=state, input=SPEC, output=CLASSES)
    return wrapped, model


def of_equinox() -> tuple[Model, Callable[[Any], Any]]:
    model = Eqx()
    wrapped = wrap(lambda model, x: jax.vmap(model)(x), parameters=model, input=FRONT, output=CLASSES)
    return wrapped, lambda x: jax.vmap(model)(x.transpose(0, 3, 1, 2))


MODULES = {"flax linen": of_linen, "flax nnx": of_nnx, "equinox": of_equinox}


@pytest.mark.parametrize("make", MODULES.values(), ids=MODULES)
def test_a_module_gives_what_it_gives_alone(make: Callable[[], tuple[Model, Callable[[Any], Any]]]) -> None:
    model, direct = make()
    images, mean, std = random_images(), np.array(SPEC.mean, np.float32), np.array(SPEC.std, np.float32)

    def logits(given: Any) -> Any:
        return direct((given - mean) / std)

    np.testing.assert_allclose(model.forward(images).outputs, logits(images), rtol=1e-5, atol=1e-6)
    found = model.vjp(images, {OUTPUT: EVERY}).input_gradients
    wanted = [jax.grad(lambda given, number=number: logits(given)[:, number].sum())(images) for number in range(3)]
    np.testing.assert_allclose(found, np.stack(wanted), rtol=1e-4, atol=1e-6)
    assert len(model.weights()) >= 4
    black = np.zeros_like(images[0])
    result = innerview.integrated_gradients(model, images[0], innerview.Logit(1), baseline=black, n_steps=16)
    assert result.attribution.sum() == pytest.approx(result.score - result.baseline_score, abs=0.01)


def test_batch_statistics_that_are_left_in_training_mode_are_noticed() -> None:
    model = Nnx()
    model.train()
    graph, state = nnx.split(model)
    with raises(ModelError, "batch"):
        wrap(lambda state, x: nnx.merge(graph, state)(x), parameters=state, input=SPEC, output=CLASSES)


def test_several_inputs_are_refused_and_parameters_are_asked_for() -> None:
    @jax.jit
    def function(parameters: Any, images: Any, age: Any) -> Any:
        return images.mean((1, 2)) * parameters + age

    with raises(ModelError, "inputs", found=("images", "age")):
        wrap(function, parameters=jnp.ones(3), input=SPEC, output=CLASSES)
    with raises(ModelError, "inputs", found=("parameters", "images", "age")):
        wrap(function, input=SPEC, output=CLASSES)


def test_weights_that_are_not_finite_are_named() -> None:
    model = Linen()
    variables = model.init(KEY, jnp.zeros((1, 6, 8, 3)))
    variables["params"]["dense"]["bias"] = jnp.array([0, jnp.nan, 0])
    with raises(ModelError, "weights", asked="params.dense.bias", found=1):
        wrap(model.apply, parameters=variables, input=SPEC, output=CLASSES)


def test_what_a_flax_module_names_is_a_layer() -> None:
    model, _ = of_linen()
    assert [(layer.name, layer.kind, layer.shape) for layer in model.layers] == [("relu", "activation", (6, 8, 4))]
    assert model.forward(random_images(), ["relu"]).activations["relu"].min() >= 0


@pytest.mark.parametrize("model", [Linen(), Eqx()], ids=["flax", "equinox"])
def test_a_module_alone_is_refused_with_the_line_that_works(model: Any) -> None:
    with raises(UsageError, "model"):
        wrap(model, input=SPEC, output=CLASSES)
