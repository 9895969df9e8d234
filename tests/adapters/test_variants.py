"""Models made of one: shuffled weights keep their distribution, another size keeps the function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from innerview import allcnn
from innerview.adapters.function import FunctionModel
from innerview.adapters.variants import resized, shuffled
from innerview.model import Model
from models import MODELS, numpy_model, torch_module


def of_torch() -> Model:
    from innerview.adapters.torch.model import TorchModel
    from innerview.model import InputSpec

    model = MODELS["means"]
    spec = model.input
    declared = InputSpec(spec.height, spec.width, spec.channels, spec.mean, spec.std, spec.value_range, "CHW")
    return TorchModel(torch_module(model, model.weights(), np.float32), declared, model.output)


def of_numpy() -> Model:
    return numpy_model(MODELS["means"], MODELS["means"].weights(), np.float32)


@pytest.mark.parametrize("make", [of_numpy, pytest.param(of_torch, marks=pytest.mark.torch)])
def test_shuffled_weights_are_the_same_values_in_another_order(make: Any) -> None:
    model = make()
    before = model.weights()
    other = shuffled(model, 1)
    assert other is not None
    for name, value in other.weights().items():
        assert not np.array_equal(value, before[name])
        assert np.array_equal(np.sort(value.ravel()), np.sort(before[name].ravel()))
        assert np.array_equal(model.weights()[name], before[name])
    again = shuffled(model, 1)
    assert again is not None
    assert all(np.array_equal(again.weights()[name], value) for name, value in other.weights().items())


@pytest.mark.parametrize("make", [of_numpy, pytest.param(of_torch, marks=pytest.mark.torch)])
def test_a_network_without_a_fixed_size_takes_a_mosaic(make: Any) -> None:
    model = make()
    height, width, channels = model.input.shape
    large = resized(model, 2 * height, 2 * width)
    assert large is not None
    assert large.input.shape == (2 * height, 2 * width, channels)
    assert large.forward(np.zeros((1, 2 * height, 2 * width, channels), np.float32)).outputs.shape == (1, 3)


def test_the_built_in_network_takes_mosaics() -> None:
    model = resized(allcnn.load_pretrained(), 64, 64)
    assert model is not None
    tiled = np.tile(np.full((1, 32, 32, 3), 0.5, np.float32), (1, 2, 2, 1))
    assert np.isfinite(model.forward(tiled).outputs).all()


def test_what_has_one_size_or_no_weights_has_no_variant() -> None:
    dense = numpy_model(MODELS["linear"], MODELS["linear"].weights(), np.float32)
    assert resized(dense, 6, 8) is None
    model = MODELS["linear"]
    function = FunctionModel(lambda images: images.mean(axis=(1, 2)), model.input, model.output)
    assert shuffled(function) is None
    assert resized(function, 6, 8) is None
