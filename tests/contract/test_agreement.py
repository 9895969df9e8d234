"""NumPy against every framework: the same weights, the same values and gradients at every layer, in both precisions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

import innerview
from contract.closeness import assert_close
from innerview import allcnn
from innerview.model import OUTPUT
from innerview.targets import Logit, Margin, together
from models import BUILDERS, FEW, HERE, MODELS, ModelSpec, numpy_model

REFERENCE = allcnn.build(allcnn.initial_weights(0, 8))
WIDE = allcnn.build(allcnn.initial_weights(0, 32), size=16)  # wide enough for convolutions by tiles
SUBJECTS = {
    **MODELS,
    "allcnn": ModelSpec(REFERENCE.input, allcnn.shapes(8), REFERENCE.operations, output=REFERENCE.output),
    "allcnn, wide": ModelSpec(WIDE.input, allcnn.shapes(32), WIDE.operations, output=WIDE.output),
}
"""The small models, and the built-in architecture with few channels and with more."""

LIGHT = ("linear", "quadratic", "allcnn, wide")
"""What nothing is compiled for: the others have all their operations."""

FRAMEWORKS = [name for name in HERE if name not in {"numpy", "function"}]


def every(names: Iterable[str]) -> pytest.MarkDecorator:
    """A test's cases: these models in every framework; where each shape is compiled, the ones of all operations.

    The wide one is there for our tiles.
    """
    return pytest.mark.parametrize(
        ("framework", "name"),
        [
            pytest.param(framework, name, marks=getattr(pytest.mark, framework))
            for framework in FRAMEWORKS
            for name in names
            if framework not in FEW or name not in LIGHT
        ],
    )


def common(name: str) -> str:
    """A weight's name as PyTorch writes it."""
    return name.replace("/kernel", ".weight").replace("/bias", ".bias")


@every(SUBJECTS)
def test_values_and_gradients_agree_at_every_layer(framework: str, name: str, dtype) -> None:
    model = SUBJECTS[name]
    weights = model.weights()
    images = np.random.default_rng(2).random((2, *model.input.shape))
    grad_outputs = {OUTPUT: together([Logit(0), Logit(2)])}
    ours, theirs = (make(model, weights, dtype) for make in (numpy_model, BUILDERS[framework]))
    layers = [layer.name for layer in ours.layers]
    found, wanted = (wrapped.vjp(images, grad_outputs, layers) for wrapped in (ours, theirs))
    assert_close(found.outputs, wanted.outputs, dtype)
    assert_close(found.input_gradients, wanted.input_gradients, dtype)
    for tap in layers:
        assert_close(found.activations[tap], wanted.activations[tap], dtype)
        assert_close(found.layer_gradients[tap], wanted.layer_gradients[tap], dtype)


@every(SUBJECTS)
def test_layers_agree(framework: str, name: str) -> None:
    model = SUBJECTS[name]
    ours, theirs = (make(model, model.weights(), np.float32) for make in (numpy_model, BUILDERS[framework]))
    assert [(one.name, one.shape, one.axes, one.parameters) for one in ours.layers] == [
        (one.name, one.shape, one.axes, tuple(map(common, one.parameters))) for one in theirs.layers
    ]


@every(["allcnn"])
def test_integrated_gradients_agree(framework: str, name: str, dtype) -> None:
    model = SUBJECTS[name]
    image = np.random.default_rng(3).random(model.input.shape).astype(dtype)
    found, wanted = (
        innerview.integrated_gradients(
            make(model, model.weights(), dtype), image, Margin(0, 1), baseline=np.zeros_like(image), n_steps=4
        ).attribution.astype(dtype)
        for make in (BUILDERS[framework], numpy_model)
    )
    assert_close(found, wanted, dtype)
