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
    with pytest.raises(ModelError, match=r"reduce it with innerview\.mean_inside\(model, region\)"):
        wrap(Dense(), input=SPEC, output=ABC)


@pytest.mark.parametrize("region", [(0, 0, 0, 4), (1, 2, 3), np.zeros((8, 12)), -np.ones((8, 12)), np.ones((2, 8, 12))])
def test_a_region_that_is_none_is_refused(region: Any) -> None:
    with unchecked(), pytest.raises(UsageError, match=r"region of shape|mask is 0 everywhere"):
        innerview.mean_inside(Dense(), region)


@pytest.mark.parametrize(("region", "message"), [((8, 0, 6, 4), "does not lie in"), (np.ones((4, 4)), "the mask has")])
def test_a_region_outside_of_the_image_is_refused(region: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        wrap(innerview.mean_inside(Dense(), region), input=SPEC, output=ABC)


def test_what_gives_no_map_is_refused() -> None:
    flat = nn.Sequential(nn.Flatten(), nn.Linear(288, 3))
    with pytest.raises(ModelError, match=r"it takes logits of batch × class × height × width"):
        wrap(innerview.mean_inside(flat, (0, 0, 2, 2)), input=SPEC, output=ABC)
    with pytest.raises(UsageError, match="give a PyTorch module"):
        innerview.mean_inside(lambda images: images, (0, 0, 2, 2))
