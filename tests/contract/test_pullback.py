"""What every differentiable network answers to a pullback, whatever the adapter."""

from __future__ import annotations

import numpy as np
import pytest

from contract.closeness import assert_close
from innerview.errors import NetworkError, UnknownLayer, UsageError
from innerview.network import OUTPUT, Cotangent, Differentiable, require_differentiable
from innerview.targets import Logit, row_by_row, together
from innerview.types import Array
from networks import MODELS, Subject
from typecheck import unchecked

CLASSES = 3
EVERY = together([Logit(index) for index in range(CLASSES)])


def constant(factors: Array) -> Cotangent:
    return lambda value: factors


def random_factors(shape: tuple[int, ...], targets: int = 2, seed: int = 7) -> Array:
    return np.random.default_rng(seed).normal(size=(targets, *shape))


def test_gradients_are_those_of_the_formula(known_differentiable: Subject, dtype) -> None:
    subject = known_differentiable
    images = subject.images(5, dtype)
    _, wanted = subject.model.known(images, subject.model.weights())
    assert_close(subject.build(dtype).pullback(images, {OUTPUT: EVERY}).input_gradients, wanted, dtype)


@pytest.mark.float64
def test_gradients_are_slopes(differentiable: Subject) -> None:
    network, images = differentiable.build(), differentiable.images(2)
    directions = np.random.default_rng(3).normal(size=(4, *images.shape))
    gradients = network.pullback(images, {OUTPUT: EVERY}).input_gradients
    step = 1e-6
    for direction in directions:
        there, back = (network.forward(images + sign * step * direction).logits for sign in (1, -1))
        slopes = (gradients * direction).sum(axis=(2, 3, 4)).T
        np.testing.assert_allclose(slopes, (there - back) / (2 * step), rtol=1e-6, atol=1e-7)


def test_a_pullback_is_a_forward_pass_too(differentiable: Subject, dtype) -> None:
    network, images = differentiable.build(dtype), differentiable.images(3, dtype)
    taps = [layer.name for layer in network.layers]
    forward, pulled = network.forward(images, taps), network.pullback(images, {OUTPUT: EVERY}, taps)
    assert_close(pulled.logits, forward.logits, dtype)
    assert list(pulled.activations) == list(pulled.tap_gradients) == taps
    for name in taps:
        assert_close(pulled.activations[name], forward.activations[name], dtype)
        assert pulled.tap_gradients[name].shape == (CLASSES, *forward.activations[name].shape)
        assert pulled.tap_gradients[name].dtype == dtype


def test_several_targets_are_single_targets(differentiable: Subject, dtype) -> None:
    network, images = differentiable.build(dtype), differentiable.images(3, dtype)
    at_once = network.pullback(images, {OUTPUT: EVERY}).input_gradients
    for index in range(CLASSES):
        single = network.pullback(images, {OUTPUT: together([Logit(index)])}).input_gradients
        assert_close(single, at_once[[index]], dtype)


def test_every_row_may_have_its_own_target(differentiable: Subject, dtype) -> None:
    network, images = differentiable.build(dtype), differentiable.images(3, dtype)
    every = network.pullback(images, {OUTPUT: EVERY}).input_gradients
    mixed = network.pullback(images, {OUTPUT: row_by_row([Logit(2), Logit(0), Logit(1)])}).input_gradients
    assert_close(mixed[0], np.stack([every[2, 0], every[0, 1], every[1, 2]]), dtype)


def test_the_chain_rule_holds_at_every_layer(differentiable: Subject, dtype) -> None:
    """The gradient at a tap, put back in as a cotangent on that layer, gives the gradient by the pixels."""
    network, images = differentiable.build(dtype), differentiable.images(3, dtype)
    taps = [layer.name for layer in network.layers]
    whole = network.pullback(images, {OUTPUT: EVERY}, taps)
    for name in taps:
        part = network.pullback(images, {name: constant(whole.tap_gradients[name])})
        assert_close(part.input_gradients, whole.input_gradients, dtype)


@pytest.mark.float64
def test_tap_gradients_are_slopes_of_the_rest_of_the_network(differentiable: Subject) -> None:
    """At the last layer the value is the output, so the gradient there is the cotangent."""
    network, images = differentiable.build(), differentiable.images()
    last = network.layers[-1].name
    pulled = network.pullback(images, {OUTPUT: constant(random_factors((3, CLASSES)))}, [last])
    assert np.array_equal(pulled.tap_gradients[last], random_factors((3, CLASSES)))


def test_cotangents_add_up(differentiable: Subject, dtype) -> None:
    network, images = differentiable.build(dtype), differentiable.images(3, dtype)
    layers = {layer.name: constant(random_factors((3, *layer.shape))) for layer in network.layers}
    cotangents = {OUTPUT: constant(random_factors((3, CLASSES))), **layers}
    first = network.layers[0].name
    sum_of_parts = sum(network.pullback(images, {name: one}).input_gradients for name, one in cotangents.items())
    whole = network.pullback(images, cotangents, [first])
    assert_close(whole.input_gradients, np.asarray(sum_of_parts), dtype)
    assert np.abs(whole.tap_gradients[first]).max() > 0


def test_a_tap_behind_every_cotangent_has_no_gradient(differentiable: Subject) -> None:
    network, images = differentiable.build(), differentiable.images()
    first, last = network.layers[0], network.layers[-1]
    pulled = network.pullback(images, {first.name: constant(random_factors((3, *first.shape)))}, [last.name])
    assert pulled.tap_gradients[last.name].shape == (2, 3, *last.shape)
    assert not pulled.tap_gradients[last.name].any()
    assert pulled.input_gradients.any()


def test_a_cotangent_sees_the_value_of_its_layer(differentiable: Subject) -> None:
    network, images = differentiable.build(), differentiable.images()
    name = network.layers[0].name
    seen: list[Array] = []

    def cotangent(value: Array) -> Array:
        seen.append(value.copy())
        value[...] = np.nan  # it is a copy: nothing may come of this
        return np.ones((1, *value.shape))

    gradients = network.pullback(images, {name: cotangent}).input_gradients
    assert np.isfinite(gradients).all()
    assert np.array_equal(seen[0], network.forward(images, [name]).activations[name])


def test_gradients_are_copies(differentiable: Subject) -> None:
    network, images = differentiable.build(), differentiable.images()
    taps = [layer.name for layer in network.layers]
    first = network.pullback(images, {OUTPUT: EVERY}, taps)
    wanted = first.input_gradients.copy()
    arrays = [first.logits, first.input_gradients, *first.activations.values(), *first.tap_gradients.values()]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])
    for array in arrays:
        array[...] = np.nan
    assert np.array_equal(network.pullback(images, {OUTPUT: EVERY}, taps).input_gradients, wanted)


def test_no_picture_at_all_is_an_empty_answer(differentiable: Subject) -> None:
    images = differentiable.images(0)
    assert differentiable.build().pullback(images, {OUTPUT: EVERY}).input_gradients.shape == (CLASSES, *images.shape)


def test_it_is_differentiable(differentiable: Subject) -> None:
    network = differentiable.build()
    assert isinstance(network, Differentiable)
    require_differentiable(network)


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.formula])
def test_gradients_of_a_function_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="only be run forward"):
        require_differentiable(Subject("function", name).build())


BAD = {
    "no cotangent": ({}, "without a cotangent"),
    "no target axis": ({OUTPUT: np.ones_like}, "target ×"),
    "a class too few": ({OUTPUT: lambda value: np.ones((1, len(value), CLASSES - 1))}, "target ×"),
    "no target": ({OUTPUT: lambda value: np.ones((0, *value.shape))}, "at least one"),
}


@pytest.mark.parametrize(("cotangents", "message"), BAD.values(), ids=BAD)
def test_bad_cotangents_are_refused(differentiable: Subject, cotangents, message: str) -> None:
    with unchecked(), pytest.raises(UsageError, match=message):
        differentiable.build().pullback(differentiable.images(), cotangents)


def test_different_numbers_of_targets_are_refused(differentiable: Subject) -> None:
    network = differentiable.build()
    layer = network.layers[0]
    cotangents = {OUTPUT: EVERY, layer.name: constant(random_factors((3, *layer.shape)))}
    with pytest.raises(UsageError, match="same number of targets"):
        network.pullback(differentiable.images(), cotangents)


def test_unknown_layers_and_wrong_pictures_are_refused(differentiable: Subject) -> None:
    network, images = differentiable.build(), differentiable.images()
    with pytest.raises(UnknownLayer, match="nowhere"):
        network.pullback(images, {OUTPUT: EVERY}, ["nowhere"])
    with pytest.raises(UnknownLayer, match="nowhere"):
        network.pullback(images, {"nowhere": EVERY})
    with unchecked(), pytest.raises(NetworkError, match="divide bytes by 255"):
        network.pullback(images.astype(np.uint8), {OUTPUT: EVERY})


def test_an_error_in_a_cotangent_passes_and_leaves_the_network_as_it_was(differentiable: Subject) -> None:
    network, images = differentiable.build(), differentiable.images()
    before = network.pullback(images, {OUTPUT: EVERY}).input_gradients

    def cotangent(value: Array) -> Array:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        network.pullback(images, {OUTPUT: cotangent})
    assert np.array_equal(network.pullback(images, {OUTPUT: EVERY}).input_gradients, before)
