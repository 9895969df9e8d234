"""Muon: momentum whose every update is made orthogonal, for the maps between hidden layers.

A gradient's few large singular directions drown the rest; replacing the update U S V' by U V' moves all directions
equally far. Newton-Schulz iteration finds U V' to the few per cent that matter with matrix products alone.

    K. Jordan and others, "Muon: an optimizer for hidden layers in neural networks", 2024.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic a x + b x^3 + c x^5: it drives singular values in (0, 1] to about [0.7, 1.2] in five steps."""

STEPS = 5


def orthogonalised(matrix: torch.Tensor) -> torch.Tensor:
    """Replace the singular values of a matrix by values near 1.

    Args:
        matrix: rows × columns, float32, of any scale.

    Returns:
        A matrix of the same shape with (nearly) the same singular vectors.
    """
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(STEPS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Nesterov momentum with orthogonalised updates.

    Args:
        parameters: convolution weights, output × input × height × width; each is one matrix, output × the rest.
        lr: the spectral norm of an update.
        momentum: fraction of the running gradient that is kept, in [0, 1).
    """

    def __init__(self, parameters: Iterable[torch.Tensor], lr: float, momentum: float) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Move every parameter once along its gradient."""
        del closure
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                running = state["momentum"].mul_(group["momentum"]).add_(weight.grad)
                ahead = weight.grad.add(running, alpha=group["momentum"])
                update = orthogonalised(ahead.reshape(len(ahead), -1).contiguous())
                weight.add_(update.reshape(weight.shape), alpha=-group["lr"])
