"""Segmentation as classification: the mean logit inside a region, by hand; and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import innerview
from innerview.adapters import wrap
from innerview.errors import ModelError, UsageError
from innerview.methods import gradient
from innerview.model import InputSpec, OutputSpec
from innerview.targets import Logit
from raising import raises
from typecheck import unchecked

pytestmark = pytest.mark.torch

SPEC, ABC = InputSpec(8, 12, layout="CHW"), OutputSpec(("sky", "cat", "grass"))


class Dense(nn.Module):
    """One linear map for each pixel, at half the size where `coarse`."""

    def __init__(self, *, coarse: bool = False, among: str = "") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.convolution, self._coarse, self._among = nn.Conv2d(3, 3, 1), coarse, among
        self.pool = nn.AvgPool2d(2)

    def forward(self, images: torch.Tensor) -> Any:
        logits = self.convolution(self.pool(images) if self._coarse else images)
        return {self._among: logits, "aux": logits * 2} if self._among else logits


def image() -> Any:
    return np.random.default_rng(0).random(SPEC.shape).astype(np.float32)


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("among", ["", "out", "logits"])
def test_the_score_is_the_mean_logit_and_its_gradient_lies_inside(coarse: bool, among: str) -> None:
    """The model is linear in each pixel: the weights of the class, over the pixels of the box, and 0 outside."""
    module = Dense(coarse=coarse, among=among).eval()
    box, inside = (4, 2, 6, 4), np.zeros(SPEC.shape[:2], np.float32)
    inside[2:6, 4:10] = 1
    weights, bias = (one.detach().numpy() for one in module.convolution.parameters())
    expected = image()[2:6, 4:10].reshape(-1, 3).mean(axis=0) @ weights[:, :, 0, 0].T + bias
    for region in (box, inside, inside.astype(bool)):
        model: Any = wrap(innerview.mean_inside(module, region), input=SPEC, output=ABC)
        np.testing.assert_allclose(model.forward(image()[None]).outputs[0], expected, atol=1e-6)
        found = gradient(model, image(), Logit(1)).gradient
        np.testing.assert_allclose(found, inside[..., None] / inside.sum() * weights[1, :, 0, 0], atol=1e-6)


def test_a_map_of_logits_alone_is_refused_with_the_way() -> None:
    with raises(ModelError, "outputs", asked=3, found=(3, 3, 8, 12)):
        wrap(Dense(), input=SPEC, output=ABC)


@pytest.mark.parametrize("region", [(0, 0, 0, 4), (1, 2, 3), np.zeros((8, 12)), -np.ones((8, 12)), np.ones((2, 8, 12))])
def test_a_region_that_is_none_is_refused(region: Any) -> None:
    with unchecked(), raises(UsageError, "region"):
        innerview.mean_inside(Dense(), region)


@pytest.mark.parametrize(("region", "asked"), [((8, 0, 6, 4), (8, 0, 6, 4)), (np.ones((4, 4)), (4, 4))])
def test_a_region_outside_of_the_image_is_refused(region: Any, asked: tuple[int, ...]) -> None:
    with raises(ModelError, "region", asked=asked, found=(8, 12)):
        wrap(innerview.mean_inside(Dense(), region), input=SPEC, output=ABC)


def test_what_gives_no_map_is_refused() -> None:
    flat = nn.Sequential(nn.Flatten(), nn.Linear(288, 3))
    with raises(ModelError, "outputs", found=(3, 3)):
        wrap(innerview.mean_inside(flat, (0, 0, 2, 2)), input=SPEC, output=ABC)
    with raises(UsageError, "model", found="function"):
        innerview.mean_inside(lambda images: images, (0, 0, 2, 2))
