"""A model in NumPy with made-up attention: two heads over two by two tokens. Its rules are its derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from innerview.model import OUTPUT, Attended, AttentionWeights, Layer, TokenGrid, VjpResult
from innerview.types import Array

TOKENS = 5
GRID = TokenGrid(TOKENS, 1, 2, 2)


class AttendingModel:
    """Another model's numbers, with attention beside them."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.layers = (*model.layers, Layer("block", "other", (), "token channel", (TOKENS, 8), tokens=GRID))
        self.attention_layers = ("block.attention", "other.attention")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def attend(self, images: Array, grad_outputs: Any = None) -> Attended:
        outputs = self._model.forward(images).outputs
        weights = np.random.default_rng(7).random((len(images), 2, TOKENS, TOKENS)).astype(np.float32)
        weights /= weights.sum(axis=-1, keepdims=True)
        gradients = None if grad_outputs is None else np.ones_like(weights)
        return Attended(outputs, tuple(AttentionWeights(one, weights, gradients) for one in self.attention_layers), ())

    without_rules = ""

    def propagate(self, images: Array, grad_outputs: Any, gamma: float = 0.0) -> VjpResult:
        return self._model.vjp(images, {OUTPUT: grad_outputs})
