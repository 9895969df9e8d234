"""Attention is seen in every way in which PyTorch computes it, equals a hand calculation, and leaves no trace."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import innerview
from adapters.torch_models import same, state
from innerview.adapters.torch.model import TorchModel
from innerview.errors import UsageError
from innerview.methods.registry import map_methods, read_method
from innerview.model import InputSpec, OutputSpec, attends
from innerview.targets import Logit
from raising import raises
from typecheck import unchecked

pytestmark = pytest.mark.torch

SIDE, PATCH, WIDTH, HEADS, CLASSES = 12, 4, 8, 2, 3
SPEC = InputSpec(SIDE, 2 * SIDE, layout="CHW")
ABC = OutputSpec(CLASSES)
ROWS, COLUMNS = SIDE // PATCH, 2 * SIDE // PATCH
TOKENS = 1 + ROWS * COLUMNS


def split(value: torch.Tensor) -> torch.Tensor:
    """Batch × token × width as batch × head × token × depth."""
    return value.unflatten(-1, (HEADS, -1)).transpose(1, 2)


class Attending(nn.Module):
    """Queries, keys and values by one dense layer; the rest is `how`."""

    def __init__(self, how: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.qkv, self.proj, self.drop = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH), nn.Dropout(0.3)
        self.softmax, self._how = nn.Softmax(dim=-1), how

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        q, k, v = (split(one) for one in self.qkv(tokens).chunk(3, dim=-1))
        return self.proj(self._how(self, q, k, v).transpose(1, 2).flatten(2))


class Whole(nn.Module):
    """PyTorch's own module."""

    def __init__(self, *, weights: bool) -> None:
        super().__init__()
        self.inner, self._weights = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True), weights

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.inner(tokens, tokens, tokens, need_weights=self._weights)[0]


def plainly(module: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return module.drop((q * (WIDTH // HEADS) ** -0.5 @ k.mT).softmax(dim=-1)) @ v


def by_module(module: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return module.softmax(q @ k.mT / math.sqrt(WIDTH // HEADS)) @ v


def fused(module: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return functional.scaled_dot_product_attention(q, k, v)


def in_three_axes(module: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    rows = [one.flatten(0, 1) for one in (q, k, v)]
    weights = functional.softmax(torch.bmm(rows[0], rows[1].mT) / math.sqrt(WIDTH // HEADS), dim=2)
    return torch.bmm(weights, rows[2]).unflatten(0, (-1, HEADS))


MAKERS: dict[str, Callable[[], nn.Module]] = {
    "plain": lambda: Attending(plainly),
    "softmax module": lambda: Attending(by_module),
    "fused": lambda: Attending(fused),
    "three axes": lambda: Attending(in_three_axes),
    "MultiheadAttention": lambda: Whole(weights=False),
    "MultiheadAttention with weights": lambda: Whole(weights=True),
}


class Transformer(nn.Module):
    """A class token in front of patches, two layers of attention around which everything is passed on, and a head."""

    def __init__(self, make: Callable[[], nn.Module], *, class_token: bool = True) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.token = nn.Parameter(torch.randn(1, 1, WIDTH)) if class_token else None
        self.places = nn.Parameter(torch.randn(1, TOKENS - (not class_token), WIDTH))
        self.norms, self.attns = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2)), nn.ModuleList([make(), make()])
        self.head = nn.Linear(WIDTH, CLASSES)

    def embedded(self, images: torch.Tensor) -> torch.Tensor:
        tokens = self.embed(images).flatten(2).mT
        if self.token is not None:
            tokens = torch.cat([self.token.expand(len(images), -1, -1), tokens], dim=1)
        return tokens + self.places

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        tokens = self.embedded(images)
        for norm, attend in zip(self.norms, self.attns, strict=True):
            tokens = tokens + attend(norm(tokens))
        return self.head(tokens[:, 0] if self.token is not None else tokens.mean(1))


def by_hand(module: Transformer, images: torch.Tensor) -> list[torch.Tensor]:
    """softmax(q kᵀ / √d) of both layers, batch × head × token × token."""
    found, tokens = [], module.embedded(images)
    for norm, part in zip(module.norms, module.attns, strict=True):
        normed, attend = norm(tokens), part
        if isinstance(attend, Whole):
            inner = attend.inner
            values = functional.linear(normed, inner.in_proj_weight, inner.in_proj_bias)
        else:
            values = attend.qkv(normed)
        q, k, _ = (split(one) for one in values.chunk(3, dim=-1))
        found.append(torch.softmax(q @ k.mT / math.sqrt(WIDTH // HEADS), dim=-1))
        tokens = tokens + attend(normed)
    return found


def image() -> Any:
    return np.random.default_rng(0).random(SPEC.shape).astype(np.float32)


def entering() -> torch.Tensor:
    return torch.from_numpy(image()[None]).permute(0, 3, 1, 2)


@pytest.mark.parametrize("how", MAKERS)
def test_the_weights_are_those_of_a_hand_calculation(how: str) -> None:
    module = Transformer(MAKERS[how]).eval()
    wrapped = TorchModel(module, SPEC, ABC)
    plain = wrapped.forward(image()[None]).outputs
    seen = wrapped.attend(image()[None])
    assert len(seen.layers) == 2
    np.testing.assert_allclose(seen.outputs, plain, rtol=1e-5, atol=1e-6)
    with torch.no_grad():
        for one, expected in zip(seen.layers, by_hand(module, entering()), strict=True):
            assert one.name.startswith("attns.")
            np.testing.assert_allclose(one.weights, expected.numpy(), atol=1e-6)
            np.testing.assert_allclose(one.weights.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("how", MAKERS)
def test_the_gradients_are_those_of_a_small_change_of_the_weights(how: str) -> None:
    """Of the last layer the logit is linear in the weights: head · proj (A v); so finite changes are exact."""
    module = Transformer(MAKERS[how]).double().eval()
    wrapped = TorchModel(module, SPEC, ABC)
    pixels = image()[None].astype(np.float64)
    seen = wrapped.attend(pixels, lambda outputs: np.eye(CLASSES)[None, [1]])
    last, attend = seen.layers[-1], module.attns[1]
    found = last.gradients
    assert found is not None
    with torch.no_grad():
        tokens = module.embedded(torch.from_numpy(pixels).permute(0, 3, 1, 2))
        tokens = tokens + module.attns[0](module.norms[0](tokens))
        normed = module.norms[1](tokens)
        if isinstance(attend, Whole):
            inner = attend.inner
            values = functional.linear(normed, inner.in_proj_weight, inner.in_proj_bias)
            out = inner.out_proj.weight
        else:
            values, out = attend.qkv(normed), attend.proj.weight
        v = split(values.chunk(3, dim=-1)[2])[0]
        read = (module.head.weight[1] @ out).unflatten(0, (HEADS, -1))
        expected = torch.zeros(HEADS, TOKENS, TOKENS, dtype=torch.float64)
        expected[:, 0] = (v @ read[..., None])[..., 0]
    np.testing.assert_allclose(found[0], expected.numpy(), atol=1e-12)


@pytest.mark.parametrize("how", MAKERS)
def test_a_model_comes_back_as_it_was(how: str) -> None:
    module = Transformer(MAKERS[how]).train()
    before = state(module)
    wrapped = TorchModel(module, SPEC, ABC)
    wrapped.attend(image()[None], lambda outputs: np.ones((1, *outputs.shape)))
    assert same(state(module), before)
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in module.modules())


def test_maps_are_rows_of_the_weights_over_the_grid() -> None:
    module = Transformer(MAKERS["fused"]).eval()
    wrapped = TorchModel(module, SPEC, ABC)
    weights = by_hand(module, entering())[1][0].detach().numpy()
    rows = {
        (None, "mean"): weights.mean(axis=0)[0],
        ("class", 1): weights[1, 0],
        ((2, 3), 0): weights[0, 1 + 2 * COLUMNS + 3],
        (4, "mean"): weights.mean(axis=0)[4],
        ("mean", "mean"): weights.mean(axis=(0, 1)),
    }
    for (query, head), expected in rows.items():
        found = innerview.attention(wrapped, image(), query=query, head=head)
        over = found.heatmap.reshape(ROWS, PATCH, COLUMNS, PATCH).sum(axis=(1, 3))
        np.testing.assert_allclose(over, expected[1:].reshape(ROWS, COLUMNS), atol=1e-6)
        assert found.heatmap.sum() == pytest.approx(1 - expected[0], abs=1e-5)
    np.testing.assert_allclose(found.weights, weights, atol=1e-6)
    np.testing.assert_allclose(found.of_token(4, 1), weights[1, 4, 1:].reshape(ROWS, COLUMNS), atol=1e-6)
    np.testing.assert_allclose(found.beside[..., 0], weights[..., 0], atol=1e-6)
    assert (found.grid.height, found.grid.width, found.grid.start) == (ROWS, COLUMNS, 1)
    first = innerview.attention(wrapped, image(), layer="attns.0")
    assert first.layer == innerview.attention(wrapped, image(), layer="1").layer == "attns.0"
    np.testing.assert_allclose(first.weights, by_hand(module, entering())[0][0].detach().numpy(), atol=1e-6)


def test_a_rollout_is_the_product_of_halves() -> None:
    """Abnar and Zuidema's equation, by hand; and Chefer's, whose weights the gradients are."""
    module = Transformer(MAKERS["plain"]).eval()
    wrapped = TorchModel(module, SPEC, ABC)
    one, two = (each[0].mean(dim=0).detach().numpy() for each in by_hand(module, entering()))
    product = (two + np.eye(TOKENS)) / 2 @ ((one + np.eye(TOKENS)) / 2)
    found = innerview.attention_rollout(wrapped, image())
    np.testing.assert_allclose(found.weights[0], product, atol=1e-6)
    over = found.heatmap.reshape(ROWS, PATCH, COLUMNS, PATCH).sum(axis=(1, 3))
    np.testing.assert_allclose(over, product[0, 1:].reshape(ROWS, COLUMNS), atol=1e-6)
    seen = wrapped.attend(image()[None], lambda outputs: np.eye(CLASSES, dtype=np.float32)[None, [2]])
    matrix = np.eye(TOKENS)
    for layer in seen.layers:
        assert layer.gradients is not None
        matrix = (np.eye(TOKENS) + np.maximum(layer.weights[0] * layer.gradients[0], 0).mean(axis=0)) @ matrix
    weighted = innerview.attention_rollout(wrapped, image(), Logit(2), gradient_weighted=True)
    np.testing.assert_allclose(weighted.weights[0], matrix, atol=1e-5)
    assert weighted.target == 2
    other = innerview.attention_rollout(wrapped, image(), Logit(0), gradient_weighted=True)
    assert not np.allclose(other.heatmap, weighted.heatmap)


def test_without_a_class_token_the_mean_is_shown() -> None:
    wrapped = TorchModel(Transformer(MAKERS["fused"], class_token=False).eval(), SPEC, ABC)
    found = innerview.attention(wrapped, image())
    assert found.query == "all tokens"
    assert found.heatmap.sum() == pytest.approx(1, abs=1e-5)
    with raises(UsageError, "query", asked="class", found=(3, 6)):
        innerview.attention(wrapped, image(), query="class")


class Convolving(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, CLASSES))


def test_what_has_no_attention_is_refused_with_the_reason() -> None:
    wrapped = TorchModel(Convolving().eval(), SPEC, ABC)
    assert not attends(wrapped)
    assert not {"attention", "attention-rollout"} & set(map_methods(wrapped))
    with raises(UsageError, "attention"):
        innerview.attention(wrapped, image())
    with raises(UsageError, "attention"):
        read_method("attention").settled(wrapped)
    with raises(UsageError, "attention", found="NumpyModel"):
        innerview.attention(innerview.load_pretrained("allcnn"), np.zeros((32, 32, 3), np.float32))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"layer": "attns.7"}, {"about": "layer", "asked": "attns.7"}),
        ({"head": 2}, {"about": "head", "asked": 2, "limit": 1, "layer": "attns.1"}),
        ({"query": (3, 0)}, {"about": "query", "asked": (3, 0), "found": (3, 6)}),
        ({"query": TOKENS}, {"about": "query", "asked": 19, "found": (3, 6)}),
        ({"query": "dog"}, {"about": "query", "asked": "dog", "found": (3, 6)}),
    ],
)
def test_what_there_is_not_is_refused(asked: dict[str, Any], message: dict[str, Any]) -> None:
    wrapped = TorchModel(Transformer(MAKERS["fused"]).eval(), SPEC, ABC)
    with unchecked(), raises(UsageError, **message):
        innerview.attention(wrapped, image(), **asked)


def test_methods_are_asked_for_by_name() -> None:
    wrapped = TorchModel(Transformer(MAKERS["MultiheadAttention"]).eval(), SPEC, ABC)
    assert {"attention", "attention-rollout"} <= set(map_methods(wrapped))
    for text, words in {
        "attention": "Attention at layer attns.1.inner, mean of 2 heads, from the class token",
        "attention:layer=1,head=0,query=1x2": "Attention at layer attns.0.inner, head 0 of 2, from the token in row 1",
        "attention-rollout:query=mean": "Attention rollout over 2 layers, from all tokens",
        "attention-rollout:gradient_weighted=yes": "Attention rollout over 2 layers, weighted by gradients",
    }.items():
        found = read_method(text).settled(wrapped).run(wrapped, image(), Logit(1), baselines=[image()], progress=None)
        assert words in str(getattr(found, "method", ""))
        assert found.heatmap.shape == SPEC.shape[:2]
    with raises(UsageError, "head", asked="all", found="attention"):
        read_method("attention:head=all")
