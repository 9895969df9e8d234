"""A model whose answers are known in closed form, to hold the methods against.

    logit_k(x) = sum over pixels of  linear_k · x + curved_k · x³

so that the gradient is linear_k + 3 curved_k x², and from a black baseline the integrated gradients of logit k are
exactly linear_k · x + curved_k · x³, pixel by pixel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from innerview.model import OUTPUT, ForwardResult, GradOutputs, InputSpec, Layer, OutputSpec, VjpResult
from innerview.types import Array


@dataclass
class Analytic:
    linear: Array
    curved: Array
    batch_size: int = 3
    seen: list[Array] = field(default_factory=list)

    @staticmethod
    def random(seed: int, height: int = 4, width: int = 5, channels: int = 3, classes: int = 3) -> Analytic:
        generator = np.random.default_rng(seed)
        shape = (classes, height, width, channels)
        return Analytic(generator.normal(size=shape), generator.normal(size=shape))

    @property
    def input(self) -> InputSpec:
        return InputSpec(*self.linear.shape[1:])

    @property
    def output(self) -> OutputSpec:
        return OutputSpec(tuple(f"class-{letter}" for letter in "abcdefghij"[: len(self.linear)]), temperature=2.0)

    @property
    def dtype(self) -> np.dtype[np.floating]:
        return np.dtype(np.float64)

    @property
    def fingerprint(self) -> str:
        return "analytic"

    @property
    def layers(self) -> Sequence[Layer]:
        return (Layer("cube", "other", shape=self.linear.shape[1:]),)

    def weights(self) -> Mapping[str, Array]:
        return {"linear": self.linear.copy(), "curved": self.curved.copy()}

    def forward(self, images: Array, layers: Sequence[str] = ()) -> ForwardResult:
        self.input.check(images)
        self.seen.append(images.copy())
        logits = np.tensordot(images, self.linear, ((1, 2, 3), (1, 2, 3)))
        logits += np.tensordot(images**3, self.curved, ((1, 2, 3), (1, 2, 3)))
        return ForwardResult(logits, dict.fromkeys(layers, images**3))

    def vjp(self, images: Array, grad_outputs: Mapping[str, GradOutputs], layers: Sequence[str] = ()) -> VjpResult:
        answer = self.forward(images, layers)
        factors = grad_outputs[OUTPUT](answer.outputs)
        slopes = self.linear[None] + 3 * self.curved[None] * images[:, None] ** 2
        return VjpResult(answer.outputs, answer.activations, np.einsum("tbk,bkhwc->tbhwc", factors, slopes), {})

    def astype(self, dtype: object) -> Analytic:
        return self

    def exact(self, image: Array, k: int) -> Array:
        return self.linear[k] * image + self.curved[k] * image**3
