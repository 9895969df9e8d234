"""torchvision's models: by name with their weights' transforms, and open ones by the weights of their module."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torchvision import models

from innerview.adapters import wrap
from innerview.adapters.hubs import open_hub
from innerview.data.fitting import preprocess
from innerview.data.samples import example_image, example_names
from innerview.errors import ModelError, UsageError
from raising import raises

pytestmark = pytest.mark.torch

NAMES = ("resnet18", "squeezenet1_1", "mobilenet_v3_small", "shufflenet_v2_x0_5", "mnasnet0_5")


@pytest.mark.parametrize("name", NAMES)
def test_a_model_gives_the_logits_of_the_librarys_own_pipeline(name: str) -> None:
    torch.manual_seed(0)
    found = open_hub("torchvision", name, pretrained=False)
    model = found.model.eval()
    wrapped = wrap(model, input=found.input, output=found.output)
    photo = example_image(example_names()[0])
    transform = models.get_model_weights(name).DEFAULT.transforms()
    with torch.no_grad():
        outputs = model(transform(Pillow.fromarray(photo.levels()))[None]).numpy()
    image = preprocess(photo, wrapped.input).pixels[None]
    np.testing.assert_allclose(wrapped.forward(image).outputs, outputs, rtol=0, atol=1e-4 * np.abs(outputs).max())
    assert wrapped.output.class_names[:2] == ("tench", "goldfish")


def test_weights_are_named_behind_the_model() -> None:
    first = open_hub("torchvision", "resnet50:IMAGENET1K_V1", pretrained=False).input
    second = open_hub("torchvision", "resnet50:IMAGENET1K_V2", pretrained=False).input
    assert first.resize is not None
    assert second.resize is not None
    assert (first.resize.short_side, second.resize.short_side) == (256, 232)


def test_an_open_model_says_that_its_weights_were_taken_for_granted() -> None:
    wrapped = wrap(models.resnet18())
    assert "does not say which weights" in wrapped.input.source


@pytest.mark.parametrize(
    ("name", "about", "near"),
    [("resnet19", "model", "resnet18"), ("resnet18:IMAGENET1K_V7", "weights", "IMAGENET1K_V1")],
)
def test_unknown_names_come_with_the_nearest(name: str, about: str, near: str) -> None:
    with raises(UsageError, about) as refused:
        open_hub("torchvision", name, pretrained=False)
    assert refused.value.asked in name
    assert near in refused.value.known


def test_a_segmentation_is_refused_with_how_to_reduce_it() -> None:
    with raises(ModelError, "weights"):
        open_hub("torchvision", "lraspp_mobilenet_v3_large", pretrained=False)
