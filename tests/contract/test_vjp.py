"""What every differentiable model answers to a vjp, whatever the adapter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from contract.closeness import assert_close
from innerview.errors import ModelError, UnknownLayer, UsageError
from innerview.model import OUTPUT, DifferentiableModel, GradOutputs, require_differentiable
from innerview.targets import Logit, row_by_row, together
from innerview.types import Array
from models import MODELS, Subject
from raising import raises
from typecheck import unchecked

CLASSES = 3
EVERY = together([Logit(index) for index in range(CLASSES)])


def constant(factors: Array) -> GradOutputs:
    return lambda value: factors


def random_factors(shape: tuple[int, ...], targets: int = 2, seed: int = 7) -> Array:
    return np.random.default_rng(seed).normal(size=(targets, *shape))


def test_gradients_are_those_of_the_formula(known_differentiable: Subject, dtype) -> None:
    subject = known_differentiable
    images = subject.images(5, dtype)
    _, wanted = subject.model.known(images, subject.model.weights())
    assert_close(subject.build(dtype).vjp(images, {OUTPUT: EVERY}).input_gradients, wanted, dtype)


@pytest.mark.float64
def test_gradients_are_slopes(differentiable: Subject) -> None:
    model, images = differentiable.build(), differentiable.images(2)
    directions = np.random.default_rng(3).normal(size=(4, *images.shape))
    gradients = model.vjp(images, {OUTPUT: EVERY}).input_gradients
    step = 1e-6
    for direction in directions:
        there, back = (model.forward(images + sign * step * direction).outputs for sign in (1, -1))
        slopes = (gradients * direction).sum(axis=(2, 3, 4)).T
        np.testing.assert_allclose(slopes, (there - back) / (2 * step), rtol=1e-6, atol=1e-7)


def test_a_vjp_is_a_forward_pass_too(differentiable: Subject, dtype) -> None:
    model, images = differentiable.build(dtype), differentiable.images(3, dtype)
    layers = [layer.name for layer in model.layers]
    forward, pulled = model.forward(images, layers), model.vjp(images, {OUTPUT: EVERY}, layers)
    assert_close(pulled.outputs, forward.outputs, dtype)
    assert list(pulled.activations) == list(pulled.layer_gradients) == layers
    for name in layers:
        assert_close(pulled.activations[name], forward.activations[name], dtype)
        assert pulled.layer_gradients[name].shape == (CLASSES, *forward.activations[name].shape)
        assert pulled.layer_gradients[name].dtype == dtype


def test_several_targets_are_single_targets(differentiable: Subject, dtype) -> None:
    model, images = differentiable.build(dtype), differentiable.images(3, dtype)
    at_once = model.vjp(images, {OUTPUT: EVERY}).input_gradients
    for index in range(CLASSES):
        single = model.vjp(images, {OUTPUT: together([Logit(index)])}).input_gradients
        assert_close(single, at_once[[index]], dtype)


def test_every_row_may_have_its_own_target(differentiable: Subject, dtype) -> None:
    model, images = differentiable.build(dtype), differentiable.images(3, dtype)
    every = model.vjp(images, {OUTPUT: EVERY}).input_gradients
    mixed = model.vjp(images, {OUTPUT: row_by_row([Logit(2), Logit(0), Logit(1)])}).input_gradients
    assert_close(mixed[0], np.stack([every[2, 0], every[0, 1], every[1, 2]]), dtype)


def test_the_chain_rule_holds_at_every_layer(differentiable: Subject, dtype) -> None:
    """The gradient at a tap, put back in as a grad_output on that layer, gives the gradient by the pixels."""
    model, images = differentiable.build(dtype), differentiable.images(3, dtype)
    layers = [layer.name for layer in model.layers]
    whole = model.vjp(images, {OUTPUT: EVERY}, layers)
    for name in layers:
        part = model.vjp(images, {name: constant(whole.layer_gradients[name])})
        assert_close(part.input_gradients, whole.input_gradients, dtype)


@pytest.mark.float64
def test_layer_gradients_are_slopes_of_the_rest_of_the_model(differentiable: Subject) -> None:
    """At the last layer the value is the output, so the gradient there is the grad_output."""
    model, images = differentiable.build(), differentiable.images()
    last = model.layers[-1].name
    pulled = model.vjp(images, {OUTPUT: constant(random_factors((3, CLASSES)))}, [last])
    assert np.array_equal(pulled.layer_gradients[last], random_factors((3, CLASSES)))


def test_grad_outputs_add_up(differentiable: Subject, dtype) -> None:
    model, images = differentiable.build(dtype), differentiable.images(3, dtype)
    layers = {layer.name: constant(random_factors((3, *layer.shape))) for layer in model.layers}
    grad_outputs = {OUTPUT: constant(random_factors((3, CLASSES))), **layers}
    first = model.layers[0].name
    sum_of_parts = sum(model.vjp(images, {name: one}).input_gradients for name, one in grad_outputs.items())
    whole = model.vjp(images, grad_outputs, [first])
    assert_close(whole.input_gradients, np.asarray(sum_of_parts), dtype)
    assert np.abs(whole.layer_gradients[first]).max() > 0


def test_a_layer_behind_every_grad_output_has_no_gradient(differentiable: Subject) -> None:
    model, images = differentiable.build(), differentiable.images()
    first, last = model.layers[0], model.layers[-1]
    pulled = model.vjp(images, {first.name: constant(random_factors((3, *first.shape)))}, [last.name])
    assert pulled.layer_gradients[last.name].shape == (2, 3, *last.shape)
    assert not pulled.layer_gradients[last.name].any()
    assert pulled.input_gradients.any()


def test_a_grad_output_sees_the_value_of_its_layer(differentiable: Subject) -> None:
    model, images = differentiable.build(), differentiable.images()
    name = model.layers[0].name
    seen: list[Array] = []

    def grad_output(value: Array) -> Array:
        seen.append(value.copy())
        value[...] = np.nan  # it is a copy: nothing may come of this
        return np.ones((1, *value.shape))

    gradients = model.vjp(images, {name: grad_output}).input_gradients
    assert np.isfinite(gradients).all()
    assert np.array_equal(seen[0], model.forward(images, [name]).activations[name])


def test_gradients_are_copies(differentiable: Subject) -> None:
    model, images = differentiable.build(), differentiable.images()
    layers = [layer.name for layer in model.layers]
    first = model.vjp(images, {OUTPUT: EVERY}, layers)
    wanted = first.input_gradients.copy()
    arrays = [first.outputs, first.input_gradients, *first.activations.values(), *first.layer_gradients.values()]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])
    for array in arrays:
        array[...] = np.nan
    assert np.array_equal(model.vjp(images, {OUTPUT: EVERY}, layers).input_gradients, wanted)


def test_no_image_at_all_is_an_empty_answer(differentiable: Subject) -> None:
    images = differentiable.images(0)
    assert differentiable.build().vjp(images, {OUTPUT: EVERY}).input_gradients.shape == (CLASSES, *images.shape)


def test_it_is_differentiable(differentiable: Subject) -> None:
    model = differentiable.build()
    assert isinstance(model, DifferentiableModel)
    require_differentiable(model)


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.formula])
def test_gradients_of_a_function_are_refused(name: str) -> None:
    with raises(UsageError, "gradients", found="forward only"):
        require_differentiable(Subject("function", name).build())


BAD = {
    "no grad_output": ({}, {"about": "grad_output"}),
    "no target axis": ({OUTPUT: np.ones_like}, {"about": "grad_output", "asked": "output"}),
    "a class too few": (
        {OUTPUT: lambda value: np.ones((1, len(value), CLASSES - 1))},
        {"about": "grad_output", "asked": "output"},
    ),
    "no target": ({OUTPUT: lambda value: np.ones((0, *value.shape))}, {"about": "grad_output", "found": {"output": 0}}),
}


@pytest.mark.parametrize(("grad_outputs", "message"), BAD.values(), ids=BAD)
def test_bad_grad_outputs_are_refused(differentiable: Subject, grad_outputs, message: dict[str, Any]) -> None:
    with unchecked(), raises(UsageError, **message):
        differentiable.build().vjp(differentiable.images(), grad_outputs)


def test_different_numbers_of_targets_are_refused(differentiable: Subject) -> None:
    model = differentiable.build()
    layer = model.layers[0]
    grad_outputs = {OUTPUT: EVERY, layer.name: constant(random_factors((3, *layer.shape)))}
    with raises(UsageError, "grad_output"):
        model.vjp(differentiable.images(), grad_outputs)


def test_unknown_layers_and_wrong_images_are_refused(differentiable: Subject) -> None:
    model, images = differentiable.build(), differentiable.images()
    with raises(UnknownLayer, "layer", asked="nowhere"):
        model.vjp(images, {OUTPUT: EVERY}, ["nowhere"])
    with raises(UnknownLayer, "layer", asked="nowhere"):
        model.vjp(images, {"nowhere": EVERY})
    with unchecked(), raises(ModelError, "dtype", found="uint8"):
        model.vjp(images.astype(np.uint8), {OUTPUT: EVERY})


def test_an_error_in_a_grad_output_passes_and_leaves_the_model_as_it_was(differentiable: Subject) -> None:
    model, images = differentiable.build(), differentiable.images()
    before = model.vjp(images, {OUTPUT: EVERY}).input_gradients

    def grad_output(value: Array) -> Array:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        model.vjp(images, {OUTPUT: grad_output})
    assert np.array_equal(model.vjp(images, {OUTPUT: EVERY}).input_gradients, before)
