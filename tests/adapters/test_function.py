"""Functions as models: what they are given, and what may come back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from innerview.adapters import FunctionModel
from innerview.errors import ModelError, UsageError
from innerview.model import InputSpec, OutputSpec
from innerview.types import Array
from raising import raises

SPEC = InputSpec(2, 5, 3, mean=(1.0, 2.0, 3.0), std=(2.0, 4.0, 8.0), value_range=(0.0, 255.0))
CLASSES = OutputSpec(("a", "b"))


def two(inputs: Array) -> Array:
    return inputs.reshape(len(inputs), -1)[:, :2]


@pytest.mark.parametrize("layout", ["HWC", "CHW"])
def test_the_function_is_given_the_models_input(layout) -> None:
    given: list[Array] = []

    def function(inputs: Array) -> Array:
        given.append(inputs)
        return two(inputs)

    spec = InputSpec(2, 5, 3, mean=SPEC.mean, std=SPEC.std, value_range=(0.0, 255.0), layout=layout)
    images = np.random.default_rng(0).random((4, 2, 5, 3))
    FunctionModel(function, spec, CLASSES, np.float64).forward(images)
    wanted = (255 * images - np.array(SPEC.mean)) / np.array(SPEC.std)
    np.testing.assert_allclose(given[0], wanted if layout == "HWC" else wanted.transpose(0, 3, 1, 2))
    assert given[0].flags.c_contiguous


def test_the_function_may_write_on_what_it_is_given_and_reuse_its_output() -> None:
    buffer = np.zeros((1, 2), np.float32)

    def function(inputs: Array) -> Array:
        buffer[...] = two(inputs)
        inputs[...] = -1
        return buffer

    model = FunctionModel(function, InputSpec(2, 5), CLASSES)
    black, white = np.zeros((1, 2, 5, 3)), np.ones((1, 2, 5, 3))
    first = model.forward(black).outputs
    assert (model.forward(white).outputs == 1).all()
    assert (first == 0).all()
    assert (white == 1).all()


def test_anything_that_numpy_reads_is_an_output() -> None:
    model = FunctionModel(lambda inputs: [[1, 2]] * len(inputs), SPEC, CLASSES)
    answer = model.forward(np.zeros((3, 2, 5, 3))).outputs
    assert answer.dtype == np.float32
    np.testing.assert_array_equal(answer, [[1, 2]] * 3)


@pytest.mark.parametrize("shape", [(3,), (3, 3), (1, 2), (3, 2, 1)])
def test_outputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    model = FunctionModel(lambda inputs: np.zeros(shape), SPEC, CLASSES)
    with raises(ModelError, "outputs", asked=2):
        model.forward(np.zeros((3, 2, 5, 3)))


def fails(inputs: Array) -> Array:
    raise ZeroDivisionError("no luck")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (fails, {"about": "function", "asked": (3, 2, 5, 3), "found": "ZeroDivisionError"}),
        (lambda inputs: ["a"], {"about": "function", "asked": (3, 2, 5, 3), "found": "ValueError"}),
    ],
)
def test_a_function_that_fails_is_named_with_what_it_was_given(function, said: dict[str, Any]) -> None:
    with raises(ModelError, **said) as caught:
        FunctionModel(function, SPEC, CLASSES).forward(np.zeros((3, 2, 5, 3)))
    assert "(3, 2, 5, 3)" in str(caught.value)
    assert caught.value.__cause__ is not None


def test_other_precisions_are_refused() -> None:
    with raises(ModelError, "dtype", asked="float16"):
        FunctionModel(two, SPEC, CLASSES, np.float16)


def test_a_function_of_several_inputs_is_refused_and_defaults_are_none() -> None:
    with raises(ModelError, "inputs", found=("images", "ages")):
        FunctionModel(lambda images, ages: two(images), SPEC, CLASSES)
    found = FunctionModel(lambda given, scale=2, *more, **named: scale * two(given), SPEC, CLASSES)
    images = np.random.default_rng(0).random((2, *SPEC.shape)).astype(np.float32)
    np.testing.assert_allclose(
        found.forward(images).outputs, 2 * FunctionModel(two, SPEC, CLASSES).forward(images).outputs
    )


def test_layers_are_refused_with_advice() -> None:
    with raises(UsageError, "layers", asked=("conv1",)):
        FunctionModel(two, SPEC, CLASSES).forward(np.zeros((1, 2, 5, 3)), ["conv1"])


def test_what_the_function_closes_over_changes_its_identity() -> None:
    factor = np.ones(1)
    model = FunctionModel(lambda inputs: two(inputs) * factor, SPEC, CLASSES)
    before = model.fingerprint
    factor[0] = 2
    assert model.fingerprint != before
    factor[0] = 1
    assert model.fingerprint == before
