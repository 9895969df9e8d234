"""The weights that a PyTorch module computes with, where what it keeps is something that they are made of.

Pruning keeps `weight_orig` and a mask, weight and spectral normalisation keep lengths and directions, a parametrization
keeps anything. Each makes `weight` anew at every call: that is what is shown, under the name that it has in the module.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false, reportPrivateImportUsage=false
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm


@dataclass(frozen=True)
class Made:
    """One weight that is made at every call.

    Attributes:
        name: in the model: "conv1.weight".
        parts: names of the parameters that it is made of.
        how: in words.
        make: gives it; in evaluation mode nothing is changed.
    """

    name: str
    parts: frozenset[str]
    how: str
    make: Callable[[], torch.Tensor]


def made_weights(model: nn.Module) -> list[Made]:
    """Find all weights of a model that are made of others."""
    return [one for name, module in model.named_modules() for one in _of_module(f"{name}.".removeprefix("."), module)]


def shown_names(model: nn.Module) -> dict[str, str]:
    """Under which name each parameter is shown: its own, or that of the weight that is made of it."""
    owners = {part: one.name for one in made_weights(model) for part in one.parts}
    return {name: owners.get(name, name) for name, _ in model.named_parameters()}


def effective(model: nn.Module) -> dict[str, torch.Tensor]:
    """The parameters of a model with what is made of them in their places; the model has to be in evaluation mode."""
    tensors = dict(model.named_parameters())
    made = {one.name: one for one in made_weights(model)}
    with torch.no_grad():
        return {
            name: made[name].make() if name in made else tensors[name]
            for name in dict.fromkeys(shown_names(model).values())
        }


def notes(model: nn.Module) -> tuple[str, ...]:
    """What of the weights is shown otherwise than it is kept, in words."""
    return tuple(f"the weights {one.name} are shown as they are used: {one.how}" for one in made_weights(model))


def _of_module(front: str, module: nn.Module) -> Iterator[Made]:
    if isinstance(module, torch.jit.ScriptModule):
        return
    if parametrize.is_parametrized(module):
        held: Any = module.parametrizations
        for name in held:
            own = frozenset(f"{front}parametrizations.{name}.{part}" for part, _ in held[name].named_parameters())
            kinds = ", ".join(type(step).__name__ for step in held[name])
            yield Made(f"{front}{name}", own, f"made by {kinds}", lambda name=name: getattr(module, name))
    hooks: list[Any] = list(module._forward_pre_hooks.values())  # noqa: SLF001 PyTorch has no other way to ask
    for hook in hooks:
        match hook:
            case BasePruningMethod():
                name = str(hook._tensor_name)  # noqa: SLF001 the same
                parts = frozenset({f"{front}{name}_orig"})
                yield Made(f"{front}{name}", parts, "pruned", lambda hook=hook: hook.apply_mask(module))
            case WeightNorm():
                parts = frozenset({f"{front}{hook.name}_g", f"{front}{hook.name}_v"})
                how = "with the length that weight normalisation gives them"
                yield Made(f"{front}{hook.name}", parts, how, lambda hook=hook: hook.compute_weight(module))
            case SpectralNorm():
                parts = frozenset({f"{front}{hook.name}_orig"})
                yield Made(
                    f"{front}{hook.name}",
                    parts,
                    "divided by their spectral norm",
                    lambda hook=hook: hook.compute_weight(module, do_power_iteration=False),
                )
            case _:
                pass
