"""NumPy against PyTorch: the same weights, the same values and gradients at every layer, in both precisions."""

from __future__ import annotations

import numpy as np
import pytest

from contract.closeness import assert_close
from innerview import allcnn
from innerview.network import OUTPUT
from innerview.targets import Logit, together
from networks import MODELS, Model, numpy_network, torch_network

REFERENCE = allcnn.build(allcnn.initial_weights(0, 8))
SUBJECTS = {
    **MODELS,
    "allcnn": Model(REFERENCE.input, allcnn.shapes(8), REFERENCE.operations, output=REFERENCE.output),
}
"""The small networks, and the built-in architecture with few channels."""


@pytest.mark.torch
@pytest.mark.parametrize("name", SUBJECTS)
def test_values_and_gradients_agree_at_every_layer(name: str, dtype) -> None:
    model = SUBJECTS[name]
    weights = model.weights()
    images = np.random.default_rng(2).random((2, *model.input.shape))
    cotangents = {OUTPUT: together([Logit(0), Logit(2)])}
    ours, theirs = (build(model, weights, dtype) for build in (numpy_network, torch_network))
    taps = [layer.name for layer in ours.layers]
    found, wanted = (network.pullback(images, cotangents, taps) for network in (ours, theirs))
    assert_close(found.logits, wanted.logits, dtype)
    assert_close(found.input_gradients, wanted.input_gradients, dtype)
    for tap in taps:
        assert_close(found.activations[tap], wanted.activations[tap], dtype)
        assert_close(found.tap_gradients[tap], wanted.tap_gradients[tap], dtype)


@pytest.mark.torch
@pytest.mark.parametrize("name", SUBJECTS)
def test_layers_agree(name: str) -> None:
    model = SUBJECTS[name]
    ours, theirs = (build(model, model.weights(), np.float64).layers for build in (numpy_network, torch_network))
    assert [(one.name, one.shape, one.axes, one.parameters) for one in ours] == [
        (one.name, one.shape, one.axes, one.parameters) for one in theirs
    ]
