"""Attention, its rollout and the rollout weighted by gradients, against a transformer that is written out in NumPy.

    A_l = softmax(q kᵀ / √d),  x_{l+1} = x_l + concat_h(A_l v) Wᵀ + b,  S = head · x_L[class token]
    Abnar and Zuidema 2020:  R = ∏ (mean_h A_l + I) / 2
    Chefer and others 2021:  R = ∏ (I + mean_h max(A_l · ∂S/∂A_l, 0))

The derivative is a central difference of that NumPy transformer: one weight of one head of one layer is moved, and all
behind it is computed anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import innerview
from adapters.test_torch_attention import (
    ABC,
    CLASSES,
    COLUMNS,
    HEADS,
    MAKERS,
    PATCH,
    ROWS,
    SPEC,
    TOKENS,
    WIDTH,
    Transformer,
    Whole,
)
from innerview.adapters.torch.model import TorchModel
from innerview.targets import Logit
from innerview.types import Array

pytestmark = pytest.mark.torch

MOVED = 1e-5
"""How far a weight is moved for a difference."""

PIXELS = np.random.default_rng(0).random(SPEC.shape)


@dataclass(frozen=True)
class ByHand:
    """The transformer of `test_torch_attention` in NumPy and float64; `weights` are its state."""

    weights: dict[str, Array]

    def tokens(self) -> Array:
        """Token × width: the class token, then each patch by the convolution, with its place added."""
        patches = PIXELS.reshape(ROWS, PATCH, COLUMNS, PATCH, 3).transpose(0, 2, 4, 1, 3).reshape(ROWS * COLUMNS, -1)
        embedded = patches @ self.weights["embed.weight"].reshape(WIDTH, -1).T + self.weights["embed.bias"]
        return np.concatenate([self.weights["token"][0], embedded]) + self.weights["places"][0]

    def run(self, moved: tuple[int, int, int, int] | None = None, by: float = 0.0) -> tuple[Array, list[Array]]:
        """Logits, and head × token × token of each layer; one weight (layer, head, row, column) is moved."""
        x, seen = self.tokens(), list[Array]()
        for layer in range(2):
            normed = self._normed(x, layer)
            named = f"attns.{layer}."
            qkv = normed @ self._either(named, "qkv.weight", "inner.in_proj_weight").T
            qkv = qkv + self._either(named, "qkv.bias", "inner.in_proj_bias")
            q, k, v = (part.reshape(TOKENS, HEADS, -1).transpose(1, 0, 2) for part in np.split(qkv, 3, axis=1))
            scores = q @ k.transpose(0, 2, 1) / np.sqrt(WIDTH / HEADS)
            odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
            attention = odds / odds.sum(axis=-1, keepdims=True)
            if moved is not None and moved[0] == layer:
                attention[moved[1:]] += by
            seen.append(attention)
            mixed = (attention @ v).transpose(1, 0, 2).reshape(TOKENS, WIDTH)
            x = x + mixed @ self._either(named, "proj.weight", "inner.out_proj.weight").T
            x = x + self._either(named, "proj.bias", "inner.out_proj.bias")
        return x[0] @ self.weights["head.weight"].T + self.weights["head.bias"], seen

    def gradients(self, target: int) -> Array:
        """Layer × head × token × token: how the logit changes by each weight."""
        found = np.zeros((2, HEADS, TOKENS, TOKENS))
        for place in np.ndindex(found.shape):
            above, below = (self.run(place, by)[0][target] for by in (MOVED, -MOVED))
            found[place] = (above - below) / (2 * MOVED)
        return found

    def _normed(self, x: Array, layer: int) -> Array:
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
        return scaled * self.weights[f"norms.{layer}.weight"] + self.weights[f"norms.{layer}.bias"]

    def _either(self, named: str, *names: str) -> Array:
        return next(self.weights[named + name] for name in names if named + name in self.weights)


def made(how: str) -> tuple[Any, ByHand]:
    module = Transformer(MAKERS[how]).double().eval()
    for one in module.attns:  # else it attends nearly alike to all, and a wrong rollout is hardly another
        inner = one.inner.in_proj_weight if isinstance(one, Whole) else one.qkv.weight
        inner.data *= 3
    return TorchModel(module, SPEC, ABC), ByHand({name: value.numpy() for name, value in module.state_dict().items()})


def over_the_grid(heatmap: Array) -> Array:
    return heatmap.reshape(ROWS, PATCH, COLUMNS, PATCH).sum(axis=(1, 3))


@pytest.mark.parametrize("how", MAKERS)
def test_attention_and_its_rollout(how: str) -> None:
    model, hand = made(how)
    logits, seen = hand.run()
    np.testing.assert_allclose(model.forward(PIXELS[None]).outputs[0], logits, atol=1e-10)
    for layer, expected in enumerate(seen):
        found = innerview.attention(model, PIXELS, layer=str(layer + 1))
        np.testing.assert_allclose(found.weights, expected, atol=1e-10)
    product = np.eye(TOKENS)
    for expected in seen:
        product = (expected.mean(axis=0) + np.eye(TOKENS)) / 2 @ product
    found = innerview.attention_rollout(model, PIXELS)
    np.testing.assert_allclose(found.weights[0], product, atol=1e-10)
    np.testing.assert_allclose(over_the_grid(found.heatmap), product[0, 1:].reshape(ROWS, COLUMNS), atol=1e-10)


@pytest.mark.parametrize("how", ["plain", "fused", "MultiheadAttention"])
@pytest.mark.parametrize("target", range(CLASSES))
def test_the_rollout_weighted_by_gradients(how: str, target: int) -> None:
    model, hand = made(how)
    _, seen = hand.run()
    product = np.eye(TOKENS)
    for attention, gradients in zip(seen, hand.gradients(target), strict=True):
        product = (np.eye(TOKENS) + np.maximum(attention * gradients, 0).mean(axis=0)) @ product
    found = innerview.attention_rollout(model, PIXELS, Logit(target), gradient_weighted=True)
    np.testing.assert_allclose(found.weights[0], product, atol=1e-8)
    np.testing.assert_allclose(over_the_grid(found.heatmap), product[0, 1:].reshape(ROWS, COLUMNS), atol=1e-8)
    assert np.abs(product[0, 1:]).max() > 1e-3  # there is something to be equal to
