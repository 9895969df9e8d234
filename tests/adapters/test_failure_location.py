"""A model that fails on the first images: the error says in which layer (or after which), with the shapes there."""

from __future__ import annotations

import jax.numpy as jnp
import pytest
import torch
from torch import nn

from adapters.torch_models import CLASSES, SPEC, same, state
from innerview.adapters import wrap
from innerview.adapters.jax.model import tap
from innerview.errors import ModelError
from raising import raises


class Bare(nn.Module):
    """Computes outside of modules, where it fails."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.dense = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return self.dense(self.conv(value).mean((2, 3)).reshape(5, 7))


class Again(nn.Module):
    """Uses one module twice; the second time it does not fit."""

    def __init__(self) -> None:
        super().__init__()
        self.flat, self.shrink = nn.Flatten(), nn.Linear(144, 72)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return self.shrink(input=self.shrink(self.flat(value)))


class AtOnce(nn.Module):
    """Has no modules inside: it is a layer itself."""

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        raise ValueError("no image\nlike that")


FAILING = {
    "in a layer": (
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(95, 3)),
        "(3, 3, 6, 8), in layer 3 (Linear), which was given (3, 96): RuntimeError: mat1 and mat2",
        "3",
    ),
    "between two layers": (
        Bare(),
        "(3, 3, 6, 8), after layer conv, which gave (3, 4, 6, 8): RuntimeError: shape",
        None,
    ),
    "in the second call of a layer": (
        Again(),
        "in layer shrink#2 (Linear), which was given (3, 72): RuntimeError",
        "shrink#2",
    ),
    "in the first layer": (
        nn.Sequential(nn.Conv2d(1, 2, 3)),
        "in layer 0 (Conv2d), which was given (3, 3, 6, 8): Run",
        "0",
    ),
    "in a model that is one layer": (
        AtOnce(),
        "in layer AtOnce (AtOnce), which was given (3, 3, 6, 8): ValueError: no image like that. If",
        "AtOnce",
    ),
}


@pytest.mark.parametrize(("module", "message", "layer"), FAILING.values(), ids=FAILING)
def test_a_torch_model_that_fails_says_where(module: nn.Module, message: str, layer: str | None) -> None:
    before = state(module)
    with raises(ModelError, "failure", layer=layer) as caught:
        wrap(module, input=SPEC, output=CLASSES)
    assert message in str(caught.value)
    assert same(state(module), before)


def test_a_jax_function_that_fails_says_behind_which_named_value() -> None:
    def function(weights: jnp.ndarray, images: jnp.ndarray) -> jnp.ndarray:
        value = tap("mean", images.mean((2, 3)))
        return value @ weights

    message = "after layer mean, which gave (3, 3): TypeError"
    with raises(ModelError, "failure", found="TypeError", layer=None) as caught:
        wrap(function, parameters=jnp.ones((4, 3)), input=SPEC, output=CLASSES)
    assert message in str(caught.value)
    assert str(caught.value).endswith("It is called with the parameters and the images")
