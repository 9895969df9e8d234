"""A vision transformer in NumPy, and the rules of AttnLRP as their paper writes them: relevances, not gradients.

Every function takes the relevance of what a part gives and returns that of what it took. What biases, positions and the
expansion of softmax keep is added up, so that nothing may be lost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from innerview.types import Array

erf = np.vectorize(math.erf)


@dataclass(frozen=True)
class Linear:
    """Out × in, and what is added."""

    weight: Array
    bias: Array

    def __call__(self, x: Array) -> Array:
        return x @ self.weight.T + self.bias


@dataclass(frozen=True)
class Norm:
    weight: Array
    bias: Array
    eps: float


@dataclass(frozen=True)
class Layer:
    """One block; without `widen` it is attention alone."""

    norm1: Norm
    qkv: Linear
    project: Linear
    norm2: Norm | None = None
    widen: Linear | None = None
    narrow: Linear | None = None


@dataclass
class Transformer:
    """What is computed, and how relevance goes back.

    Attributes:
        embed: from a patch (channel, row, column) to a token.
        token: what stands in front of the patches, with its position.
        places: added to the patches.
        kept: relevance that stays with biases, positions, the class token and softmax.
    """

    patch: int
    heads: int
    embed: Linear
    token: Array
    places: Array
    layers: list[Layer]
    norm: Norm | None
    head: Linear
    gamma: float = 0.0
    kept: float = field(default=0.0, init=False)

    def explain(self, inputs: Array, target: int) -> tuple[Array, Array]:
        """Logits, and the relevance of each value of the input (height × width × channel)."""
        self.kept = 0.0
        height, width = inputs.shape[0] // self.patch, inputs.shape[1] // self.patch
        cut = inputs.reshape(height, self.patch, width, self.patch, 3).transpose(0, 2, 4, 1, 3)
        patches = cut.reshape(height * width, -1)
        embedded = self.embed(patches)
        tokens = np.concatenate([self.token[None], embedded + self.places])
        steps = list[tuple[Layer, Array, Array]]()
        for layer in self.layers:
            between = tokens + self._attend(layer, normed(layer.norm1, tokens))[0]
            steps.append((layer, tokens, between))
            tokens = between if layer.widen is None else between + mlp(layer, normed(layer.norm2, between))
        last = tokens[:1]
        final = last if self.norm is None else normed(self.norm, last)
        logits = self.head(final)[0]
        relevance = np.zeros((1, len(logits)))
        relevance[0, target] = logits[target]
        relevance = self._linear(self.head, final, relevance)
        relevance = relevance if self.norm is None else self._norm(self.norm, last, relevance)
        relevance = np.concatenate([relevance, np.zeros_like(tokens[1:])])
        for layer, before, between in reversed(steps):
            if layer.widen is not None:
                relevance = self._mlp_back(layer, between, relevance)
            relevance = self._attend_back(layer, before, relevance)
        self.kept += relevance[0].sum()
        share = embedded / (embedded + self.places)
        self.kept += (relevance[1:] * (1 - share)).sum()
        by_patch = self._linear(self.embed, patches, relevance[1:] * share)
        return logits, by_patch.reshape(cut.shape).transpose(0, 3, 1, 4, 2).reshape(inputs.shape)

    def _attend(self, layer: Layer, x: Array) -> tuple[Array, ...]:
        values = layer.qkv(x)
        q, k, v = (self._split(part) for part in np.split(values, 3, axis=1))
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
        attention = odds / odds.sum(axis=-1, keepdims=True)
        joined = (attention @ v).transpose(1, 0, 2).reshape(len(x), -1)
        return layer.project(joined), joined, attention, scores, q, k, v

    def _split(self, value: Array) -> Array:
        return value.reshape(len(value), self.heads, -1).transpose(1, 0, 2)

    def _attend_back(self, layer: Layer, before: Array, relevance: Array) -> Array:
        x = normed(layer.norm1, before)
        output, joined, attention, scores, q, k, v = self._attend(layer, x)
        inner = relevance * output / (before + output)
        r = self._split(self._linear(layer.project, joined, inner))
        ratio = r / (2 * (attention @ v))
        of_attention = attention * np.einsum("hid,hjd->hij", ratio, v)
        of_v = v * np.einsum("hij,hid->hjd", attention, ratio)
        of_scores = scores * (of_attention - attention * of_attention.sum(axis=-1, keepdims=True))
        self.kept += of_attention.sum() - of_scores.sum()
        factors = of_scores / (2 * scores) / np.sqrt(q.shape[-1])
        of_q = q * np.einsum("hij,hjd->hid", factors, k)
        of_k = k * np.einsum("hij,hid->hjd", factors, q)
        joint = np.concatenate([one.transpose(1, 0, 2).reshape(len(x), -1) for one in (of_q, of_k, of_v)], axis=1)
        passed = relevance * before / (before + output)
        return passed + self._norm(layer.norm1, before, self._linear(layer.qkv, x, joint))

    def _mlp_back(self, layer: Layer, between: Array, relevance: Array) -> Array:
        assert layer.norm2 is not None
        assert layer.widen is not None
        assert layer.narrow is not None
        x = normed(layer.norm2, between)
        output = mlp(layer, x)
        inner = self._linear(layer.narrow, gelu(layer.widen(x)), relevance * output / (between + output))
        inner = self._linear(layer.widen, x, inner)  # the identity rule in between
        return relevance * between / (between + output) + self._norm(layer.norm2, between, inner)

    def _linear(self, layer: Linear, x: Array, relevance: Array) -> Array:
        """The gamma rule, row by row: R_i = Σ_j c_ij R_j / Σ_i c_ij, what agrees with z_j times 1 + gamma."""
        found = np.zeros_like(x)
        for row, (values, given) in enumerate(zip(x, relevance, strict=True)):
            parts = np.concatenate([values[:, None] * layer.weight.T, layer.bias[None]])
            sums = parts.sum(axis=0)
            parts = np.where(np.sign(parts) == np.sign(sums), 1 + self.gamma, 1) * parts
            shared = parts / parts.sum(axis=0) * given
            found[row] = shared[:-1].sum(axis=1)
            self.kept += shared[-1].sum()
        return found

    def _norm(self, norm: Norm, x: Array, relevance: Array) -> Array:
        """The bias keeps its part; dividing by the deviation keeps nothing; centring is a linear layer."""
        y = normed(norm, x)
        of_scaled = relevance * (y - norm.bias) / y
        self.kept += (relevance - of_scaled).sum()
        width = x.shape[1]
        centre = np.eye(width) - 1 / width
        inner = x @ centre
        return x * ((of_scaled / inner) @ centre)


def normed(norm: Norm | None, x: Array) -> Array:
    assert norm is not None
    inner = x - x.mean(axis=1, keepdims=True)
    return inner / np.sqrt((inner**2).mean(axis=1, keepdims=True) + norm.eps) * norm.weight + norm.bias


def gelu(x: Array) -> Array:
    return x * (1 + erf(x / np.sqrt(2))) / 2


def mlp(layer: Layer, x: Array) -> Array:
    assert layer.widen is not None
    assert layer.narrow is not None
    return layer.narrow(gelu(layer.widen(x)))
