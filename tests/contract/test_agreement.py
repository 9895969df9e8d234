"""NumPy against every framework: the same weights, the same values and gradients at every layer, in both precisions."""

from __future__ import annotations

import numpy as np
import pytest

import innerview
from contract.closeness import assert_close
from innerview import allcnn
from innerview.model import OUTPUT
from innerview.targets import Logit, Margin, together
from models import BUILDERS, HERE, MODELS, ModelSpec, numpy_model

REFERENCE = allcnn.build(allcnn.initial_weights(0, 8))
WIDE = allcnn.build(allcnn.initial_weights(0, 32), size=16)  # wide enough for convolutions by tiles
SUBJECTS = {
    **MODELS,
    "allcnn": ModelSpec(REFERENCE.input, allcnn.shapes(8), REFERENCE.operations, output=REFERENCE.output),
    "allcnn, wide": ModelSpec(WIDE.input, allcnn.shapes(32), WIDE.operations, output=WIDE.output),
}
"""The small models, and the built-in architecture with few channels and with more."""

FRAMEWORKS = [
    pytest.param(name, marks=getattr(pytest.mark, name)) for name in HERE if name not in {"numpy", "function"}
]


@pytest.fixture(params=FRAMEWORKS)
def build(request: pytest.FixtureRequest):
    """Builds a model in a framework."""
    return BUILDERS[request.param]


def common(name: str) -> str:
    """A weight's name as PyTorch writes it."""
    return name.replace("/kernel", ".weight").replace("/bias", ".bias")


@pytest.mark.parametrize("name", SUBJECTS)
def test_values_and_gradients_agree_at_every_layer(name: str, build, dtype) -> None:
    model = SUBJECTS[name]
    weights = model.weights()
    images = np.random.default_rng(2).random((2, *model.input.shape))
    grad_outputs = {OUTPUT: together([Logit(0), Logit(2)])}
    ours, theirs = (make(model, weights, dtype) for make in (numpy_model, build))
    layers = [layer.name for layer in ours.layers]
    found, wanted = (wrapped.vjp(images, grad_outputs, layers) for wrapped in (ours, theirs))
    assert_close(found.outputs, wanted.outputs, dtype)
    assert_close(found.input_gradients, wanted.input_gradients, dtype)
    for tap in layers:
        assert_close(found.activations[tap], wanted.activations[tap], dtype)
        assert_close(found.layer_gradients[tap], wanted.layer_gradients[tap], dtype)


@pytest.mark.parametrize("name", SUBJECTS)
def test_layers_agree(name: str, build) -> None:
    model = SUBJECTS[name]
    ours, theirs = (make(model, model.weights(), np.float32) for make in (numpy_model, build))
    assert [(one.name, one.shape, one.axes, one.parameters) for one in ours.layers] == [
        (one.name, one.shape, one.axes, tuple(map(common, one.parameters))) for one in theirs.layers
    ]


@pytest.mark.parametrize("name", ["mixed", "allcnn"])
def test_integrated_gradients_agree(name: str, build, dtype) -> None:
    model = SUBJECTS[name]
    image = np.random.default_rng(3).random(model.input.shape).astype(dtype)
    found, wanted = (
        innerview.integrated_gradients(
            make(model, model.weights(), dtype), image, Margin(0, 1), baseline=np.zeros_like(image), n_steps=4
        ).attribution.astype(dtype)
        for make in (build, numpy_model)
    )
    assert_close(found, wanted, dtype)
