"""A model on another device is explained there: the same numbers, and only images and gradients cross."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import innerview
from elsewhere import NAME, Elsewhere
from innerview.adapters.torch import memory
from innerview.model import OUTPUT, Model
from typecheck import unchecked

SIDE, CLASSES = 16, tuple("abcd")
INPUT = innerview.InputSpec(height=SIDE, width=SIDE, layout="CHW", mean=(0.4, 0.4, 0.4), std=(0.2, 0.3, 0.2))


def module() -> nn.Module:
    torch.manual_seed(0)
    parts = [
        *(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.GELU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 8, 3, padding=1), nn.ELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, len(CLASSES))),
    ]
    return nn.Sequential(*parts).eval()


def wrapped(of: nn.Module) -> Model:
    return innerview.wrap(of, input=INPUT, output=innerview.OutputSpec(CLASSES))


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).random((SIDE, SIDE, 3), dtype=np.float32)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    monkeypatch.setattr(memory, "free", lambda _: 2**33)
    return Elsewhere()


WAYS: dict[str, Callable[[Model, np.ndarray], Any]] = {
    "integrated gradients": lambda model, image: innerview.integrated_gradients(model, image, baseline="black").heatmap,
    "gradient": lambda model, image: innerview.gradient(model, image).heatmap,
    "grad_cam": lambda model, image: innerview.grad_cam(model, image).heatmap,
    "occlusion": lambda model, image: innerview.occlusion(model, image, fill="black").heatmap,
    "smooth_grad": lambda model, image: innerview.smooth_grad(model, image, n_samples=8).heatmap,
    "removed_and_alone": lambda model, image: innerview.removed_and_alone(model, image, regions=(2, 2)).heatmap,
    "shapley": lambda model, image: innerview.shapley(model, image, regions=(2, 2)).values,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_maps_are_the_processor_s(place: Elsewhere, image: np.ndarray, way: Callable[..., Any]) -> None:
    here = way(wrapped(module()), image)
    with place:
        there = way(wrapped(module().to(NAME)), image)
    np.testing.assert_allclose(there, here, atol=1e-5 * float(np.abs(here).max()))
    assert place.worked


def test_layers_and_their_gradients_come_back(place: Elsewhere, image: np.ndarray) -> None:
    def seen(model: Any) -> tuple[np.ndarray, np.ndarray]:
        found = model.vjp(image[None], {OUTPUT: lambda outputs: np.ones_like(outputs)[None]}, ("0", "5"))
        return found.activations["5"], found.layer_gradients["0"]

    here = seen(wrapped(module()))
    with place:
        there = seen(wrapped(module().to(NAME)))
    for ours, theirs in zip(there, here, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6 * float(np.abs(theirs).max()))


def test_an_evaluation_sends_an_image_and_fetches_a_gradient(place: Elsewhere, image: np.ndarray) -> None:
    with place, unchecked():  # checking types asks a model for its fingerprint, which fetches its weights
        model = wrapped(module().to(NAME))
        innerview.integrated_gradients(model, image, baseline="white")  # what is found out once, such as batches
        sent, fetched = place.sent, place.fetched
        found = innerview.integrated_gradients(model, image, baseline="black")
    weights = 8 * sum(tensor.numel() for tensor in module().state_dict().values())  # fetched once, for the fingerprint
    outputs = 4 * len(CLASSES)  # fetched, and what is asked of them is sent
    assert place.sent - sent == (image.nbytes + outputs) * found.n_evaluations
    assert place.fetched - fetched == (image.nbytes + outputs) * found.n_evaluations + weights


def test_the_module_stays_where_it_is(place: Elsewhere, image: np.ndarray) -> None:
    with place:
        model = module().to(NAME)
        innerview.gradient(wrapped(model), image)
        assert {parameter.device.type for parameter in model.parameters()} == {NAME}
