"""A layer's axes are what it does with an image, whatever its class is called and however long its axes are."""

from __future__ import annotations

import pytest
import torch

from adapters.torch_axes_models import CASES, CLASSES, IMAGE, TOKENS, Case
from innerview.adapters.torch.model import TorchModel


def model(case: Case, seed: int = 0) -> TorchModel:
    torch.manual_seed(seed)
    return TorchModel(case.build().eval(), case.input, CLASSES)


@pytest.mark.parametrize("name", CASES)
def test_axes_are_what_a_layer_does(name: str) -> None:
    case = CASES[name]
    layers = {layer.name: layer for layer in model(case).layers}
    found = {known: (layers[known].axes, layers[known].shape) for known in case.layers}
    assert found == case.layers
    for layer in layers.values():
        assert layer.tokens == (case.grid if layer.axes == TOKENS else None)
    assert {known: layers[known].axes for known in case.unknown} == dict.fromkeys(case.unknown, "")
    assert {layer.axes for layer in layers.values()} <= {IMAGE, TOKENS, "channel", ""}
