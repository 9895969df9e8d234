"""How PyTorch's layers hang together is followed through the operations, and "after layer n" goes by it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from adapters.torch_axes_models import CLASSES
from adapters.torch_wirings import WIRINGS
from innerview.adapters.torch.model import TorchModel
from innerview.model import InputSpec, ends

SPEC = InputSpec(8, 12, layout="CHW")


@pytest.mark.parametrize("name", WIRINGS)
def test_layers_are_wired_as_values_flow(name: str) -> None:
    torch.manual_seed(0)
    case = WIRINGS[name]
    model = TorchModel(case.build().eval(), SPEC, CLASSES)
    layers = {layer.name: layer for layer in model.layers}
    assert {known: layers[known].sources for known in case.sources} == case.sources
    assert tuple(layer.name for layer in ends(model.layers)) == case.ends


def test_what_follows_is_given_the_value_as_it_is() -> None:
    torch.manual_seed(0)
    model = TorchModel(WIRINGS["chain"].build().eval(), SPEC, CLASSES)
    image = np.random.default_rng(0).random((1, 8, 12, 3), np.float32)
    seen = model.forward(image, ["norm", "act", "drop"]).activations
    assert [(layer.name, layer.follows) for layer in model.layers if layer.follows] == [
        ("norm", "conv1"), ("act", "norm"), ("drop", "act"), ("pool", "drop"), ("conv2", "pool"),
    ]  # fmt: skip
    np.testing.assert_array_equal(seen["act"], np.maximum(seen["norm"], 0))
    np.testing.assert_array_equal(seen["drop"], seen["act"])
