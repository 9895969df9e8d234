"""Models that say themselves what they take and give: those of timm, torchvision, Hugging Face and Keras.

Their libraries keep with each model how photos were brought to it (size, crop, interpolation, mean, std, order of the
channels) and what its classes are called. That is read from there and from nowhere else, and where a library can run
its own preprocessing, ours is compared with it before the model is used. What is not said is not guessed: the model is
refused with what has to be declared.

One file a hub, each with `open_model` (by name) and `describe` (of a model that is open already).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, cast, runtime_checkable

from innerview.errors import DataError, InnerviewError, MissingExtra, UsageError
from innerview.model import InputSpec, OutputSpec


@dataclass(frozen=True)
class HubModel:
    """A model of a hub, with what the hub says of it.

    Attributes:
        model: as its library made it.
        input: the image that it takes; `source` says who said so.
        output: what it gives.
    """

    model: Any
    input: InputSpec
    output: OutputSpec


@runtime_checkable
class Hub(Protocol):
    """What each file of this room has."""

    def open_model(self, name: str, *, pretrained: bool, trust: bool, classes: int) -> HubModel:
        """Make the model of this name, with its weights or with random ones; with its own classes or with so many."""
        ...

    def describe(self, model: Any, processor: object = None) -> HubModel | None:
        """What is known of an open model; None where it is none of the hub's."""
        ...


@dataclass(frozen=True)
class Row:
    """A hub.

    Attributes:
        module: in this room.
        package: that its models' classes come from, and that has to be installed.
        extra: which of innerview's extras installs it.
        example: of a name.
    """

    module: str
    package: str
    extra: str
    example: str


HUBS: Final[Mapping[str, Row]] = {
    "timm": Row("timm_models", "timm", "hubs", "timm:vit_small_patch16_224"),
    "torchvision": Row("torchvision_models", "torchvision", "hubs", "torchvision:resnet50:IMAGENET1K_V2"),
    "hf": Row("transformers_models", "transformers", "hubs", "hf:google/vit-base-patch16-224"),
    "keras": Row("keras_applications", "keras", "keras", "keras:ResNet50"),
    "torch.hub": Row("torch_hub", "torch", "torch", "torch.hub:pytorch/vision:resnet18"),
}
"""By the word in front of a name."""


def hub_of(name: str) -> str:
    """The word in front of a hub's model, "timm" of "timm:resnet18"; empty where the name is of something else.

    It goes by the word alone: whoever opens a file looks for one of the whole name first.
    """
    return next((word for word in HUBS if name.startswith(f"{word}:") and len(name) > len(word) + 1), "")


def folder_hub(folder: Path) -> str:
    """The hub whose library wrote a folder (`save_pretrained`, `timm.models.push_to_hf_hub`); empty for none."""
    config = folder / "config.json"
    try:
        if not config.is_file():
            return ""
    except (OSError, ValueError):  # no folder can have such a name
        return ""
    from innerview.files.documents import parse_json
    from innerview.files.regular import read_text

    told = parse_json(read_text(config, "the model's configuration", LARGEST).encode(), config, "the configuration")
    if "pretrained_cfg" in told or ("architecture" in told and "architectures" not in told):
        return "timm"
    return "hf" if "architectures" in told or "model_type" in told else ""


LARGEST: Final = 16 * 2**20
"""Bytes of a configuration, at most."""


def open_hub(hub: str, name: str, *, pretrained: bool = True, trust: bool = False, classes: int = 0) -> HubModel:
    """Open a model of a hub.

    Args:
        hub: one of `HUBS`.
        name: of the model, without the hub in front; a folder where the hub's library wrote one.
        pretrained: with the weights that belong to it, which may have to be fetched; else with random ones.
        trust: code that comes with the model may run.
        classes: how many, for weights of one's own that follow; 0 for the model's own.

    Raises:
        MissingExtra: the hub's library is not installed.
        UsageError: there is no such model; the nearest names are said.
        DataError: its weights or configuration can't be had.
        ModelError: it is no classifier of one image, or what it takes can't be told.
    """
    return _load(hub).open_model(name, pretrained=pretrained, trust=trust, classes=classes)


def open_texts(name: str, classes: str, pretrained: bool, trust: bool) -> HubModel:  # noqa: FBT001 as in `open_hub`
    """Open a model of Hugging Face that compares images with texts, one for each class: "a photo of a {cat,dog}".

    Raises:
        MissingExtra, UsageError, ModelError, DataError: as of `open_hub`.
    """
    _load("hf")
    found: HubModel = import_module("innerview.adapters.hubs.zero_shot").open_zero_shot(
        name, classes, pretrained=pretrained, trust=trust
    )
    return found


def describe(model: object, processor: object = None) -> HubModel | None:
    """What a model's own library says that it takes and gives; None where none of them knows it.

    Args:
        model: a model of a hub's library, or a pipeline of transformers.
        processor: of transformers, that brings images to the model; found by the model's name if it is not given.

    Raises:
        ModelError: it is no classifier of one image, or what it takes can't be told.
    """
    return describe_by(model, HUBS, processor)


def describe_by(model: object, hubs: Iterable[str], processor: object = None) -> HubModel | None:
    """The same, by some of the hubs: those from whose package the model's class comes."""
    packages = {kind.__module__.partition(".")[0] for kind in type(model).__mro__}
    for hub in hubs:
        if HUBS[hub].package in packages:
            found = _load(hub).describe(model, processor)
            if found is not None:
                return found
    return None


def _load(hub: str) -> Hub:
    row = HUBS[hub]
    try:
        import_module(row.package)
        return cast("Hub", import_module(f"innerview.adapters.hubs.{row.module}"))
    except InnerviewError:
        raise
    except Exception as error:  # whatever a package, or one that it imports, raises where builds do not fit together
        raise MissingExtra(f"opening {hub}:…", row.extra, error) from error


def unknown(hub: str, asked: str, known: Iterable[str], what: str = "model") -> UsageError:
    """There is no such model: with the three nearest names."""
    near = get_close_matches(asked, list(known), n=3, cutoff=0.3)
    return UsageError(
        f"{hub} has no {what} {asked!r}; the nearest are {', '.join(near)}"
        if near
        else f"{hub} has no {what} {asked!r}"
    ).of(what.partition(" ")[0], asked=asked, known=near)


def no_weights(name: str, error: Exception) -> DataError:
    """Weights or configuration can't be had: with the ways out."""
    words = " ".join(str(error).split())[:200]
    return DataError(
        f"the weights of {name} can't be had ({type(error).__name__}: {words}). They are fetched once and kept: "
        "connect to the internet once, give a file with --weights FILE, or try random ones, --no-weights"
    ).of("weights", asked=name, found=type(error).__name__)
