"""Muon: momentum whose every update is made orthogonal, for the maps between hidden layers.

A gradient's few large singular directions drown the rest; replacing the update U S V' by U V' moves all directions
equally far. Newton-Schulz iteration finds U V' to the few per cent that matter with matrix products alone.

    K. Jordan and others, "Muon: an optimizer for hidden layers in neural networks", 2024.

How far is measured in the layer's own size, so one rate suits a first layer on raw pixels, whose weights are ten times
as large as the others', and the inner layers. Held at the size that it began with, a layer only turns: without it the
weights grow for as long as training lasts, the same step turns them less and less, and the ELUs after them saturate.

    Holding the size after each step: K. Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", arXiv 2404.00498,
    and its later variant with Muon.
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
        lr: Euclidean norm of an update, as a fraction of the weight's norm before the first step: about the angle, in
            radians, by which a step turns a held weight.
        momentum: fraction of the running gradient that is kept, in [0, 1).
        hold: bring each weight back to the norm that it had before the first step.
    """

    def __init__(self, parameters: Iterable[torch.Tensor], lr: float, momentum: float, *, hold: bool) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "hold": hold})

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
                    state["size"] = weight.norm()
                running = state["momentum"].mul_(group["momentum"]).add_(weight.grad)
                ahead = weight.grad.add(running, alpha=group["momentum"])
                update = orthogonalised(ahead.reshape(len(ahead), -1).contiguous())
                # rows (or columns) of an orthogonal matrix: its norm is the root of their number
                unit = update.reshape(weight.shape) / min(update.shape) ** 0.5
                weight.sub_(unit * state["size"] * group["lr"])
                if group["hold"]:
                    weight.mul_(state["size"] / weight.norm().clamp_min(1e-30))
