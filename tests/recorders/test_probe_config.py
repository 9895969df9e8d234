"""What is looked at: declarations that fit together, and the layers that people mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from innerview.errors import ModelError, UnknownLayer, UsageError
from innerview.model import InputSpec, Layer, OutputSpec
from innerview.recorders.probe_config import ProbeConfig, chosen_layers
from raising import raises

SPEC, CLASSES = InputSpec(4, 4), OutputSpec(("a", "b"))
PIXELS = np.zeros((2, 4, 4, 3), np.float32)
LAYERS = [
    Layer("conv", "convolution"),
    Layer("norm", "normalisation"),
    Layer("relu", "activation"),
    Layer("drop", "dropout"),
    Layer("pool", "pooling"),
    Layer("conv2", "convolution"),
    Layer("norm2", "normalisation"),
    Layer("pool2", "pooling"),
    Layer("relu2", "activation"),
    Layer("dense", "dense"),
]


def test_by_default_each_weighted_layer_is_looked_at_behind_its_activation() -> None:
    assert chosen_layers(LAYERS, ()) == ("relu", "conv2", "dense")


def test_layers_can_be_asked_for_by_name_and_by_number() -> None:
    assert chosen_layers(LAYERS, ("pool", 2, "pool")) == ("pool", "norm2")
    with raises(UnknownLayer, "layer", asked="relu3"):
        chosen_layers(LAYERS, ("relu3",))


WRONG = {
    "half a declaration": ({"input": SPEC}, {"about": "input"}),
    "labels without images": ({"labels": (1,)}, {"about": "probes", "found": 0}),
    "layers without images": ({"layers": ("conv",)}, {"about": "probes", "found": 0}),
    "too few labels": ({"probes": PIXELS, "labels": (1,)}, {"about": "labels", "asked": 2, "found": 1}),
    "a class that is not there": (
        {"probes": PIXELS, "labels": (0, 2), "input": SPEC, "output": CLASSES},
        {"about": "labels", "asked": 2, "limit": 1},
    ),
    "fewer than no maps": ({"probes": PIXELS, "maps": -1}, {"about": "maps", "asked": -1, "limit": 0}),
}


@pytest.mark.parametrize(("given", "said"), WRONG.values(), ids=WRONG)
def test_declarations_fit_together(given: dict[str, object], said: dict[str, Any]) -> None:
    with raises(UsageError, **said):
        ProbeConfig(**given)


def test_pixels_are_floats_of_the_declared_size() -> None:
    assert ProbeConfig(PIXELS, input=SPEC, output=CLASSES).pixels is not None
    assert ProbeConfig(PIXELS).pixels is None
    with raises(UsageError, "dtype", found="uint8"):
        _ = ProbeConfig(PIXELS.astype(np.uint8), input=SPEC, output=CLASSES).pixels
    with raises(ModelError, "images", asked=(4, 4, 3), found=(2, 3, 4, 3)):
        _ = ProbeConfig(PIXELS[:, 1:], input=SPEC, output=CLASSES).pixels
