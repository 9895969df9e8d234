"""Each rule on one operation, against its formula; what has no rule is named; nothing is left behind in the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import innerview
from adapters.test_torch_attention import ABC, MAKERS, SPEC, Transformer, image
from adapters.torch_models import same, state
from innerview.adapters.torch.model import TorchModel
from innerview.adapters.torch.relevance import Rules
from innerview.errors import UsageError
from innerview.methods.registry import map_methods, read_method
from innerview.model import propagates
from innerview.targets import Logit, Probability
from models import MODELS, numpy_model
from raising import raises

pytestmark = pytest.mark.torch

Operation = Callable[..., torch.Tensor]


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


GIVEN = random(2, 6, 3, seed=9)
WEIGHT, BIAS = random(4, 3, seed=1), random(4, seed=2)


def relevances(operation: Operation, *values: torch.Tensor, gamma: float = 0.0) -> list[torch.Tensor]:
    """Of each value, where what the operation gives has the relevance of itself; it gives what it does else."""
    leaves = [one.clone().requires_grad_() for one in values]
    rules = Rules(gamma)
    with rules:
        result = operation(*leaves)
    assert torch.equal(result, operation(*values))
    assert "no rule" not in rules.refused(nn.Module(), result)
    found = torch.autograd.grad(result.sum(), leaves, allow_unused=True)
    return [one * (0 if grad is None else grad) for one, grad in zip(values, found, strict=True)]


@pytest.mark.parametrize(
    "activation",
    [
        functional.gelu,
        lambda x: functional.gelu(x, approximate="tanh"),
        functional.silu,
        lambda x: functional.silu(x, inplace=True),
        functional.relu,
        torch.relu,
        functional.elu,
        functional.mish,
        functional.hardswish,
        nn.ReLU6(),
        torch.tanh,
        lambda x: x * torch.sigmoid(1.702 * x),
    ],
)
def test_an_activation_passes_on_all_that_it_is_given(activation: Operation) -> None:
    (found,) = relevances(lambda x: activation(x * 1.0), GIVEN)
    torch.testing.assert_close(found, activation(GIVEN.clone()))


PRODUCTS: dict[str, tuple[Operation, torch.Tensor, torch.Tensor]] = {
    "*": (lambda a, b: a * b, GIVEN, random(2, 6, 3, seed=3)),
    "mul": (torch.mul, GIVEN, random(2, 6, 3, seed=3)),
    "@": (lambda a, b: a @ b, GIVEN, random(2, 3, 6, seed=3)),
    "matmul": (torch.matmul, GIVEN, random(2, 3, 6, seed=3)),
    "bmm": (torch.bmm, GIVEN, random(2, 3, 6, seed=3)),
    "einsum": (lambda a, b: torch.einsum("bij,bjk->bik", a, b), GIVEN, random(2, 3, 6, seed=3)),
}


@pytest.mark.parametrize("which", PRODUCTS)
def test_of_a_product_each_factor_gets_half(which: str) -> None:
    operation, left, right = PRODUCTS[which]
    found = relevances(operation, left, right)
    for one, at in zip(found, (left, right), strict=True):
        leaf = at.clone().requires_grad_()
        operation(*(leaf if each is at else each for each in (left, right))).sum().backward()
        torch.testing.assert_close(one, at * leaf.grad / 2)
    torch.testing.assert_close(sum(one.sum() for one in found), operation(left, right).sum())


def test_a_product_with_a_constant_is_linear_and_a_square_is_a_product() -> None:
    torch.testing.assert_close(relevances(lambda x: 3 * x / 2, GIVEN)[0], 1.5 * GIVEN)
    torch.testing.assert_close(relevances(lambda x: x**2, GIVEN)[0], GIVEN**2)
    torch.testing.assert_close(relevances(lambda x: x * x, GIVEN)[0], GIVEN**2)
    summand, left, right = random(2, 6, 6, seed=4), GIVEN, random(2, 3, 6, seed=3)
    found = relevances(torch.baddbmm, summand, left, right)
    torch.testing.assert_close(found[0], summand)
    torch.testing.assert_close(found[1].sum(), (left @ right).sum() / 2)


def test_norms_hold_their_deviation_fixed() -> None:
    weight, bias = random(3, seed=5), random(3, seed=6)
    centred = GIVEN - GIVEN.mean(-1, keepdim=True)
    deviation = (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    # sums of x_i (R_i - mean R) / deviation, R the factors behind it
    expected = GIVEN * (weight - weight.mean()) / deviation
    found = relevances(lambda x: functional.layer_norm(x, (3,), weight, bias), GIVEN)[0]
    torch.testing.assert_close(found, expected)
    whole = (GIVEN.square().mean(-1, keepdim=True) + 1e-6).sqrt()
    for one in (
        lambda x: functional.rms_norm(x, (3,), weight, 1e-6),
        lambda x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * weight,
    ):
        torch.testing.assert_close(relevances(one, GIVEN)[0], GIVEN * weight / whole)
    scale = random(6, seed=7)
    found = relevances(lambda x: functional.group_norm(x, 2, scale, random(6)), GIVEN)[0]
    groups = GIVEN.reshape(2, 2, 9)
    inner = groups - groups.mean(-1, keepdim=True)
    factors = scale.repeat_interleave(3).reshape(2, 9)
    expected = (
        groups * (factors - factors.mean(-1, keepdim=True)) / (inner.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    )
    torch.testing.assert_close(found, expected.reshape(GIVEN.shape))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 100.0])
def test_linear_layers_weigh_what_agrees_with_the_sum(gamma: float) -> None:
    found = relevances(lambda x: functional.linear(x, WEIGHT, BIAS), GIVEN, gamma=gamma)[0]
    parts = torch.cat([GIVEN[..., None] * WEIGHT.T, BIAS.expand(2, 6, 1, 4)], dim=2)
    sums = parts.sum(2, keepdim=True)
    parts = torch.where(parts.sign() == sums.sign(), 1 + gamma, 1.0) * parts
    expected = (parts / parts.sum(2, keepdim=True) * sums)[:, :, :-1].sum(-1)
    torch.testing.assert_close(found, expected)
    maps, kernel = random(1, 3, 4, 4), random(4, 3, 2, 2, seed=8)

    def unfolded(x: torch.Tensor) -> torch.Tensor:
        patches = functional.unfold(x, 2, stride=2).transpose(1, 2)
        return functional.linear(patches, kernel.flatten(1), BIAS)

    of_convolution = relevances(lambda x: functional.conv2d(x, kernel, BIAS, stride=2), maps, gamma=gamma)[0]
    torch.testing.assert_close(of_convolution, relevances(unfolded, maps, gamma=gamma)[0])


class Strange(Transformer):
    """A transformer with one operation more."""

    def __init__(self, more: Operation) -> None:
        super().__init__(MAKERS["fused"])
        self.more = more

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(self.more(images))


class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, *given: Any) -> Any:
        return given[0] * 2


class Named(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.normalize(x)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a function": (lambda: Strange(Named()), "more computes: torch.nn.functional.normalize"),
    "a quotient": (lambda: Strange(lambda x: x / (1 + x)), "quotient"),
    "a power": (lambda: Strange(lambda x: x**3), "power 3"),
    "in place": (lambda: Strange(lambda x: (x + 0).mul_(x)), "product in place"),
    "an activation in place": (lambda: Strange(lambda x: (x + 0).relu_()), "relu_"),
    "an activation with a value at 0": (lambda: Strange(lambda x: functional.hardtanh(x, 0.5, 1)), "0 for 0"),
    "an operation of its own": (lambda: Strange(Own.apply), "no rule for Own"),
    "scripted": (lambda: Strange(torch.jit.script(nn.Sequential(nn.Tanh()))), "scripted"),
    "no attention": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 24, 3)), "no attention"),
}


@pytest.mark.filterwarnings("ignore:.torch.jit.:DeprecationWarning")
@pytest.mark.parametrize("which", REFUSED)
def test_what_has_no_rule_is_named(which: str) -> None:
    make, words = REFUSED[which]
    wrapped = TorchModel(make().eval(), SPEC, ABC)
    assert "attn-lrp" not in map_methods(wrapped)
    with pytest.raises(UsageError) as caught:
        innerview.attn_lrp(wrapped, image(), Logit(0))
    assert words in str(caught.value.found)
    assert caught.value.asked == "attn-lrp"
    with raises(UsageError, "rules", asked="attn-lrp"):
        read_method("attn-lrp").settled(wrapped)


def test_other_models_and_a_gamma_below_zero_are_refused() -> None:
    mixed = numpy_model(MODELS["mixed"], MODELS["mixed"].weights(), np.float64)
    assert not propagates(mixed)
    with raises(UsageError, "rules", asked="attn-lrp"):
        innerview.attn_lrp(mixed, np.zeros(mixed.input.shape), Logit(0))
    wrapped = TorchModel(Transformer(MAKERS["fused"]).eval(), SPEC, ABC)
    for gamma in (-0.1, float("nan")):
        with raises(UsageError, "gamma"):
            innerview.attn_lrp(wrapped, image(), Logit(0), gamma=gamma)


def test_the_model_is_as_before_and_its_outputs_are_its_own() -> None:
    module = Transformer(MAKERS["MultiheadAttention"])
    module.train()
    before = state(module)
    wrapped = TorchModel(module, SPEC, ABC)
    assert "attn-lrp" in map_methods(wrapped)
    plain = wrapped.forward(image()[None]).outputs
    found = wrapped.propagate(image()[None], lambda outputs: np.ones((1, *outputs.shape), outputs.dtype))
    np.testing.assert_array_equal(found.outputs, plain)
    assert same(before, state(module))


def test_an_ending_that_is_set_aside_stays_so() -> None:
    """Of a model that ends in softmax the logits before it are explained, as everywhere."""
    inner = Transformer(MAKERS["fused"]).eval()
    ended = TorchModel(nn.Sequential(inner, nn.Softmax(dim=-1)).eval(), SPEC, ABC)
    whole = TorchModel(inner, SPEC, ABC)
    np.testing.assert_allclose(
        innerview.attn_lrp(ended, image(), Logit(1)).attribution,
        innerview.attn_lrp(whole, image(), Logit(1)).attribution,
        rtol=1e-5,
        atol=1e-9,
    )


def test_the_score_may_be_any_target() -> None:
    """A probability's relevance is the logits' by the target's own factors."""
    wrapped = TorchModel(Transformer(MAKERS["fused"]).double().eval(), SPEC, ABC)
    pixels = image().astype(np.float64)
    outputs = wrapped.forward(pixels[None]).outputs
    factors = Probability(1).resolve(outputs[0], wrapped.output).grad_output(outputs)[0]
    by_logit = [innerview.attn_lrp(wrapped, pixels, Logit(one)).attribution for one in range(3)]
    np.testing.assert_allclose(
        innerview.attn_lrp(wrapped, pixels, Probability(1)).attribution,
        sum(factor * one for factor, one in zip(factors, by_logit, strict=True)),
        atol=1e-12,
    )
