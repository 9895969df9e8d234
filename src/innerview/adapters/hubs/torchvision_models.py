"""Models of torchvision: size, crop, mean, std and class names are kept with each set of weights.

A model that is open already does not know which weights it has; what is taken then are those that its module lists
first, and the source says so.
"""

# torchvision is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportAttributeAccessIssue=false

from __future__ import annotations

import sys
from enum import Enum
from typing import Any, cast

from torchvision import models

from innerview.adapters.hubs import HubModel, no_weights, unknown
from innerview.errors import ModelError
from innerview.model import InputSpec, OutputSpec
from innerview.spec import Interpolation, Resize


def open_model(name: str, *, pretrained: bool, trust: bool, classes: int = 0) -> HubModel:  # noqa: ARG001 no code
    """Make a model: "resnet50" with torchvision's default weights, or "resnet50:IMAGENET1K_V2" with named ones."""
    architecture, _, asked = name.partition(":")
    if architecture not in models.list_models():
        raise unknown("torchvision", architecture, models.list_models())
    known = list(cast("Any", models.get_model_weights(architecture)))
    named = {one.name: one for one in known}
    if asked and asked not in named:
        raise unknown("torchvision", asked, named, f"weights of {architecture}")
    weights = named[asked] if asked else models.get_model_weights(architecture).DEFAULT
    taken, given = _specs(weights, f"torchvision's {weights}")
    try:
        model = models.get_model(
            architecture,
            weights=weights if pretrained else None,
            **({"num_classes": classes} if classes else {}),
        )
    except Exception as error:  # whatever a download or a file can raise
        raise no_weights(f"torchvision:{name}", error) from error
    return HubModel(model, taken, given)


def describe(model: Any, processor: object = None) -> HubModel | None:  # noqa: ARG001 torchvision has none
    """What the first weights of the model's own module say; None for what is no model of torchvision."""
    home = next((kind.__module__ for kind in type(model).__mro__ if kind.__module__.startswith("torchvision.")), "")
    held = [one for one in vars(sys.modules[home]).values() if isinstance(one, type)] if home else []
    listed = [one for one in held if issubclass(one, models.WeightsEnum) and len(one)]
    if not listed:
        return None
    weights = next(iter(cast("Any", listed[0])))
    said = f"torchvision's {weights}, taken since the model does not say which weights it has"
    return HubModel(model, *_specs(weights, said))


def _specs(weights: Enum, source: str) -> tuple[InputSpec, OutputSpec]:
    preset, meta = cast("Any", weights).transforms(), cast("Any", weights).meta
    size = getattr(preset, "crop_size", None)
    if size is None or "categories" not in meta:
        raise ModelError(
            f"{source} are of no classifier of images; of a detector or a segmentation, wrap a module that gives one "
            "score for each class, such as the mean logit inside a box"
        ).of("weights", asked=source)
    interpolation = cast("Interpolation", preset.interpolation.value)
    spec = InputSpec(
        size[0],
        size[0],
        mean=preset.mean,
        std=preset.std,
        layout="CHW",
        resize=Resize(preset.resize_size[0], interpolation),
        source=source,
    )
    return spec, OutputSpec(meta["categories"], source=source)
