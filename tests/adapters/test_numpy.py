"""What the NumPy adapter asks of operations and weights, and what it does with those that are not finite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Dense, Flatten, ReLU
from innerview.errors import ModelError
from innerview.model import InputSpec, OutputSpec, find_layer
from models import MODELS, OUTPUT_SPEC, SMALL, numpy_model
from raising import raises

MIXED, LINEAR = MODELS["mixed"], MODELS["linear"]


def test_it_keeps_copies_of_the_weights() -> None:
    weights = LINEAR.weights()
    model = numpy_model(LINEAR, weights, np.float64)
    images = np.random.default_rng(0).random((2, *SMALL.shape))
    before = model.forward(images).outputs
    for value in weights.values():
        value[...] = np.nan
    assert np.array_equal(model.forward(images).outputs, before)


def test_layers_are_found_as_people_count_them() -> None:
    layers = numpy_model(MIXED, MIXED.weights(), np.float64).layers
    assert [find_layer(layers, number).name for number in (1, 2, 3, 4)] == ["elu1", "relu2", "elu3", "dense"]


def test_an_activation_has_the_axes_of_what_it_follows() -> None:
    layers = {
        layer.name: layer for layer in numpy_model(MODELS["hidden"], MODELS["hidden"].weights(), np.float64).layers
    }
    assert (layers["relu"].axes, layers["relu"].shape) == ("channel", (7,))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused_by_name(value: float) -> None:
    weights = MIXED.weights()
    weights["conv2.weight"][0, 0, 0, 0] = value
    with raises(ModelError, "weights", asked="conv2.weight", found=1):
        numpy_model(MIXED, weights, np.float64)


def test_they_can_be_looked_at_but_not_run() -> None:
    weights = LINEAR.weights()
    weights["dense.bias"][1] = np.nan
    model = NumpyModel(LINEAR.input, OUTPUT_SPEC, LINEAR.operations, weights, allow_nonfinite=True)
    assert np.isnan(model.weights()["dense.bias"][1])
    assert [layer.name for layer in model.layers] == ["flatten", "dense"]
    for other in (model, model.astype(np.float64)):
        with raises(ModelError, "allow_nonfinite"):
            other.forward(np.zeros((1, *SMALL.shape)))
        with raises(ModelError, "allow_nonfinite"):
            other.vjp(np.zeros((1, *SMALL.shape)), {"output": lambda value: value[None]})


def test_values_too_large_for_the_precision_are_refused_by_name() -> None:
    weights = LINEAR.weights()
    weights["dense.weight"][0, 0] = 1e300
    numpy_model(LINEAR, weights, np.float64)
    with raises(ModelError, "weights", asked="dense.weight", found=1):
        numpy_model(LINEAR, weights, np.float32)


BROKEN = {
    "no operation": ([], {"about": "operations"}),
    "a name twice": ([Flatten("a"), ReLU("a"), Dense("dense")], {"about": "operations"}),
    "a name that is taken": (
        [Flatten("output"), Dense("dense")],
        {"about": "operations", "found": ("output", "dense")},
    ),
    "a weight too few": (
        [Flatten("flatten"), Dense("other")],
        {"about": "weights", "asked": ["other.bias", "other.weight"], "found": ["dense.bias", "dense.weight"]},
    ),
    "a weight too many": (
        [Flatten("flatten"), Dense("dense", bias=False)],
        {"about": "weights", "asked": [], "found": ["dense.bias"]},
    ),
}


@pytest.mark.parametrize(("operations", "message"), BROKEN.values(), ids=BROKEN)
def test_operations_and_weights_must_belong_together(operations, message: dict[str, Any]) -> None:
    with raises(ModelError, **message):
        NumpyModel(SMALL, OUTPUT_SPEC, operations, LINEAR.weights())


def test_the_classes_must_be_as_many_as_the_outputs() -> None:
    with raises(ModelError, "classes", asked=2, found=(3,), layer="dense"):
        NumpyModel(SMALL, OutputSpec(("a", "b")), LINEAR.operations, LINEAR.weights())


def test_channels_are_last() -> None:
    with raises(ModelError, "layout", asked="CHW"):
        NumpyModel(InputSpec(3, 4, layout="CHW"), OUTPUT_SPEC, LINEAR.operations, LINEAR.weights())


def test_specification_and_operations_are_part_of_the_identity() -> None:
    weights = MODELS["hidden"].weights()
    linear = (*MODELS["hidden"].operations[:2], Dense("dense"))
    identities = {
        NumpyModel(SMALL, OUTPUT_SPEC, MODELS["hidden"].operations, weights).fingerprint,
        NumpyModel(SMALL, OUTPUT_SPEC, linear, weights).fingerprint,
        NumpyModel(InputSpec(3, 4), OUTPUT_SPEC, linear, weights).fingerprint,
        NumpyModel(InputSpec(3, 4), OutputSpec(OUTPUT_SPEC.class_names), linear, weights).fingerprint,
    }
    assert len(identities) == 4
