"""Models of timm: everything stands in `pretrained_cfg`, which timm keeps with each model.

As timm evaluates (`timm.data.create_transform`): the shorter side becomes floor(size / crop_pct), then the middle.
"""

# timm is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportAttributeAccessIssue=false
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import timm
import timm.data

from innerview.adapters.hubs import HubModel, no_weights, unknown
from innerview.errors import ModelError
from innerview.files.regular import is_folder
from innerview.model import InputSpec, OutputSpec
from innerview.spec import Resize

ELSEWHERE: Final = ("hf-hub:", "hf_hub:", "local-dir:")
"""What timm takes in front of a name that is not of its own list."""


def open_model(name: str, *, pretrained: bool, trust: bool, classes: int = 0) -> HubModel:  # noqa: ARG001 no code
    """Make a model: a name of timm's list, with or without a tag, "hf-hub:ORG/NAME", or a folder."""
    asked = f"local-dir:{name}" if is_folder(Path(name)) else name
    architecture = asked.partition(".")[0]
    if not asked.startswith(ELSEWHERE) and not timm.is_model(architecture):
        raise unknown("timm", architecture, timm.list_models())
    if "." in asked and not asked.startswith(ELSEWHERE) and asked not in timm.list_pretrained(f"{architecture}*"):
        raise unknown("timm", asked, timm.list_pretrained(f"{architecture}*"), "weights")
    try:
        head: dict[str, Any] = {"num_classes": classes} if classes else {}
        model = timm.create_model(asked, pretrained=pretrained, **head)
    except Exception as error:  # whatever a download or a file can raise
        raise no_weights(f"timm:{name}", error) from error
    return _described(model)


def describe(model: Any, processor: object = None) -> HubModel | None:  # noqa: ARG001 timm has none
    """What `pretrained_cfg` says of an open model; None for what has none."""
    return _described(model) if isinstance(getattr(model, "pretrained_cfg", None), dict) else None


def _described(model: Any) -> HubModel:
    known, config = model.pretrained_cfg, timm.data.resolve_model_data_config(model)
    tag = f".{known['tag']}" if known.get("tag") else ""
    source = f"timm's pretrained_cfg of {known.get('architecture', type(model).__name__)}{tag}"
    channels, height, width = config["input_size"]
    if config["crop_mode"] not in {"center", "squash"} or config["crop_pct"] > 1:
        raise ModelError(
            f"{source} asks for crop_mode {config['crop_mode']!r} and crop_pct {config['crop_pct']}, which photos are "
            "not brought to a model in here; declare what it takes, --input-spec"
        ).of("crop_mode", found=config["crop_mode"])
    whole = config["crop_mode"] == "squash"
    side = None if whole else math.floor(min(height, width) / config["crop_pct"])
    interpolation = "bilinear" if config["interpolation"] == "random" else config["interpolation"]
    spec = InputSpec(
        height,
        width,
        channels,
        mean=config["mean"],
        std=config["std"],
        layout="CHW",
        resize=Resize(side, interpolation),
        source=source,
    )
    return HubModel(model, spec, OutputSpec(_classes(model), source=source))


def _classes(model: Any) -> tuple[str, ...]:
    """The names that are kept with the model, or ImageNet's by their number; else numbers."""
    count = int(getattr(model, "num_classes", 0))
    if count < 1:
        raise ModelError(
            f"the {type(model).__name__} has no classes (num_classes = {count}): it gives features; make it with its "
            "head, or with num_classes=…"
        ).of("classes", found=count)
    known = model.pretrained_cfg
    names = known.get("label_names")
    told: dict[str, str] = known.get("label_descriptions") or {}
    if names is not None and len(names) == count:
        return tuple(str(told.get(name, name)) for name in names)
    subset = timm.data.infer_imagenet_subset(model) if known.get("num_classes") == count else None
    if subset is None:
        return tuple(map(str, range(count)))
    info = timm.data.ImageNetInfo(subset)
    return tuple(_short(info.index_to_description(number)) for number in range(count))


def _short(description: str) -> str:
    """The first of several names of one thing: "tench" of "tench, Tinca tinca"."""
    return description.partition(",")[0]
