"""Models of torch.hub: a repository's own code builds them, so it runs only where that is trusted.

What they take is read where they are models of timm, torchvision or transformers; else it is declared.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportArgumentType=false

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from innerview.adapters.hubs import HubModel, describe_by, no_weights
from innerview.errors import ModelError, UsageError
from innerview.files.regular import is_folder


def open_model(name: str, *, pretrained: bool, trust: bool, classes: int = 0) -> HubModel:  # noqa: ARG001 its own
    """Call an entry of a repository's hubconf.py: "ORG/REPO:ENTRY", or "FOLDER:ENTRY".

    Raises:
        ModelError: the model does not say what it takes.
    """
    repository, _, entry = name.rpartition(":")
    if not repository or not entry:
        raise UsageError(
            f"torch.hub:{name} names no model: say repository and entry, torch.hub:pytorch/vision:resnet18"
        ).of("model", asked=name)
    if not trust:
        raise UsageError(
            f"torch.hub:{name} builds the model by code of {repository}, which would run; if you trust where it came "
            "from, add --trust-code"
        ).of("trust_code", asked=name, found=repository)
    local = is_folder(Path(repository))
    try:
        model = torch.hub.load(
            repository, entry, source="local" if local else "github", trust_repo=True, pretrained=pretrained
        )
    except Exception as error:  # whatever a download or the code can raise
        raise no_weights(f"torch.hub:{name}", error) from error
    found = describe_by(model, ("timm", "torchvision", "hf"))
    if found is None:
        raise ModelError(
            f"torch.hub:{name} gives a {type(model).__name__}, which does not say what it takes; write a function that "
            "builds it, --model net.py:build, and declare --input-spec and --classes"
        ).of("model", asked=name, found=type(model).__name__)
    return found


def describe(model: Any, processor: object = None) -> HubModel | None:  # noqa: ARG001 as every hub
    """Nothing: a model does not say that it came from there."""
    return None
