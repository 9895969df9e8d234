"""The way back through PyTorch's graph, for its own modules and for what Keras runs on it."""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch

from innerview.adapters.failures import BACK, STILL, made_ours
from innerview.errors import ModelError
from innerview.model import OUTPUT


def gradients(
    values: Mapping[str, torch.Tensor],
    places: Sequence[torch.Tensor],
    factors: Mapping[str, Iterable[torch.Tensor]],
) -> list[tuple[Any, ...]]:
    """Differentiate once per target; weights are frozen, so nothing is worked out for them.

    Args:
        values: the output and layers, on the graph, by name.
        places: what is differentiated by.
        factors: for some of the values one tensor per target.

    Returns:
        For each target the gradients by `places`; nothing where none of the values is on the graph.

    Raises:
        ModelError: the output is on no graph, or the way back fails.
    """
    if OUTPUT in factors and not values[OUTPUT].requires_grad:
        raise ModelError(
            "the model's output has no gradient by the image: somewhere it leaves PyTorch's graph "
            "(torch.no_grad, detach, NumPy). Wrap a function instead, for what needs no gradients"
        ).of("gradient", found=None)
    sources = {name: list(given) for name, given in factors.items() if values[name].requires_grad}
    targets = len(next(iter(sources.values()), ()))
    with made_ours(BACK, after=STILL):
        return [
            torch.autograd.grad(
                [values[name] for name in sources],
                list(places),
                [given[target] for given in sources.values()],
                retain_graph=target + 1 < targets,
                allow_unused=True,
                materialize_grads=True,
            )
            for target in range(targets)
        ]
