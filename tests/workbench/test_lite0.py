"""A model that nobody here wrote, at 224 × 224 with ImageNet's 1,000 classes, opened as the documentation says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import innerview
from innerview.adapters.torch.model import TorchModel
from innerview.errors import UsageError
from innerview.methods import grad_cam, predict
from innerview.model import find_layer
from innerview.session.doubts import doubts
from innerview.session.models import ModelRequest, open_model
from innerview.targets import Logit
from raising import raises

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "efficientnet_lite0"


@pytest.fixture(scope="module")
def model() -> TorchModel:
    found = open_model(ModelRequest(str(EXAMPLE), classes="1000", trust=True))
    assert isinstance(found, TorchModel)
    return found


def image(model: TorchModel, name: str) -> np.ndarray:
    return innerview.preprocess(innerview.example_image(name), model.input).pixels


def test_its_code_does_not_run_unasked() -> None:
    with raises(UsageError, "trust_code", file="model.toml"):
        open_model(ModelRequest(str(EXAMPLE), classes="1000"))


@pytest.mark.parametrize(("name", "classes"), [("cat", {281, 282, 285}), ("coffee", {967})])
def test_it_says_what_is_on_the_photos(model: TorchModel, name: str, classes: set[int]) -> None:
    assert predict(model, image(model, name)[None])[0].index in classes


def test_its_convolutions_are_layers_though_they_hold_their_padding(model: TorchModel) -> None:
    kinds = [layer.kind for layer in model.layers]
    modules = sum(isinstance(module, torch.nn.Conv2d) for module in model.model.modules())
    assert kinds.count("convolution") == modules == 49
    assert find_layer(model.layers, 1).name == "_swish"
    last = find_layer(model.layers, 49)
    assert last.shape == (7, 7, 1280)
    assert len(model.layers[0].parameters) == 1


def test_grad_cam_finds_the_cat_in_the_middle(model: TorchModel) -> None:
    """The face fills the middle; what speaks for it lies there, and not in the corners."""
    found = grad_cam(model, image(model, "cat"), Logit(), 49).heatmap
    middle, corners = found[56:168, 56:168].mean(), np.mean([found[:32, :32], found[-32:, -32:]])
    assert middle > 2 * corners


def test_fed_with_the_wrong_range_it_raises_a_doubt_and_as_in_training_none(model: TorchModel) -> None:
    assert doubts(model) == ()
    wrong = open_model(ModelRequest(str(EXAMPLE), classes="1000", input="range=0..1", trust=True))
    assert not isinstance(wrong, str)
    (doubt,) = doubts(wrong)
    assert "with range=0..255 it would be 79 %" in doubt
