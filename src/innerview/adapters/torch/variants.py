"""Other PyTorch models made of one: see `variants`."""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

import copy
from typing import Any

import torch

from innerview.adapters.torch.model import TorchModel
from innerview.model import InputSpec


def shuffled(model: Any, seed: int) -> TorchModel | None:
    """A deep copy whose parameters are shuffled, each in itself; None for a module that can't be copied."""
    try:
        module = copy.deepcopy(model.model)
    except (RuntimeError, TypeError, NotImplementedError):
        return None
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            order = torch.randperm(parameter.numel(), generator=random).to(parameter.device)
            parameter.copy_(parameter.flatten()[order].view_as(parameter))
    return TorchModel(module, model.input, model.output)


def resized(model: Any, declared: InputSpec) -> TorchModel:
    """The same module, declared for another size; raises ModelError where it does not run."""
    return TorchModel(model.model, declared, model.output)
