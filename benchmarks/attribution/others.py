"""Integrated gradients as other libraries make them, on the same module, picture, baseline and class.

Each gives the attribution in innerview's form, height × width × channel. Attributions need no chain rule through the
normalisation: gradient × difference is the same in pixels and behind it.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from captum.attr import IntegratedGradients as CaptumGradients
from cases import Case

from innerview.types import Array, Image

CAPTUM_STEPS, PAIR_STEPS = 50, 25
"""What both libraries take if nothing is said."""


def captum(
    case: Case,
    pictures: list[Image],
    targets: list[int],
    steps: int = CAPTUM_STEPS,
    method: str = "gausslegendre",
    batch: int | None = None,
    module: torch.nn.Module | None = None,
) -> Array:
    """Captum's IntegratedGradients, picture × height × width × channel; `module` in place of the case's own."""
    inputs = torch.cat([case.tensor(picture) for picture in pictures])
    starts = torch.cat([case.tensor(case.baseline(picture)) for picture in pictures])
    found: Any = CaptumGradients(module or case.module).attribute(
        inputs, starts, target=torch.tensor(targets), n_steps=steps, method=method, internal_batch_size=batch
    )
    return found.detach().numpy().transpose(0, 2, 3, 1)


def tuned_module(case: Case) -> torch.nn.Module:
    """What somebody who tunes by hand would give to Captum: weights frozen, channels last in memory."""
    return copy.deepcopy(case.module).requires_grad_(requires_grad=False).to(memory_format=torch.channels_last)


def pair(case: Case, picture: Image, target: int, steps: int = PAIR_STEPS, batch: int = 1) -> Array:
    """PAIR's saliency.IntegratedGradients, height × width × channel."""
    from saliency.core import INPUT_OUTPUT_GRADIENTS, IntegratedGradients

    def gradients(points: Array, **_: Any) -> dict[str, Array]:
        inputs = torch.tensor(points, dtype=torch.float32).requires_grad_()
        (found,) = torch.autograd.grad(case.module(inputs)[:, target].sum(), inputs)
        return {INPUT_OUTPUT_GRADIENTS: found.numpy()}

    inputs, start = (case.tensor(one)[0].numpy() for one in (picture, case.baseline(picture)))
    found = IntegratedGradients().GetMask(inputs, gradients, x_baseline=start, x_steps=steps, batch_size=batch)
    return found.transpose(1, 2, 0)
