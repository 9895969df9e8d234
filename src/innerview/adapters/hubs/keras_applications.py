"""Models of keras.applications, with the preprocessing that each one's own `preprocess_input` does.

Which range, mean, std and order of channels that is, is found by calling it on four pixels (black, red, green, blue):
ResNet50 and VGG16 take blue first with the mean taken off, MobileNet −1 to 1, EfficientNet bytes as they are. How a
photo is brought to size Keras does not say; that is done in our way.
"""

# Keras is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false, reportMissingModuleSource=false

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from innerview.adapters.hubs import HubModel, no_weights, unknown
from innerview.adapters.keras.files import found_input
from innerview.errors import InnerviewError, ModelError
from innerview.files.documents import parse_json
from innerview.files.regular import read_text
from innerview.model import InputSpec, OutputSpec

CLASS_INDEX: Final = "imagenet_class_index.json"
"""Where Keras keeps ImageNet's names, once it has fetched them for `decode_predictions`."""

IMAGENET: Final = 1000

PIXELS: Final = np.array([[[[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]]]], np.float32)
"""Black, red, green and blue: a batch of one image of one row."""


def open_model(name: str, *, pretrained: bool, trust: bool, classes: int = 0) -> HubModel:  # noqa: ARG001 no code
    """Build one of keras.applications, ending before the softmax."""
    build = getattr(keras.applications, name, None)
    if not callable(build):
        raise unknown("keras", name, _names())
    try:
        model = build(
            weights="imagenet" if pretrained else None,
            classifier_activation=None,
            **({"classes": classes} if classes else {}),
        )
    except Exception as error:  # whatever a download can raise
        raise no_weights(f"keras:{name}", error) from error
    return _described(model, name)


def describe(model: Any, processor: object = None) -> HubModel | None:  # noqa: ARG001 Keras has none
    """What is known of an open model of keras.applications, by the name that it was given; None for any other."""
    called = str(getattr(model, "name", "")).replace("_", "").replace("-", "").lower()
    name = next((one for one in _names() if one.lower() == called), "")
    shape = getattr(model, "output_shape", None)
    return _described(model, name) if name and isinstance(shape, tuple) and len(shape) == 2 else None


def _names() -> list[str]:
    return [one for one in dir(keras.applications) if one[0].isupper()]


def _described(model: Any, name: str) -> HubModel:
    found = found_input(model)
    if found is None:
        raise ModelError(f"keras:{name} has no one size of image; build it with input_shape=(height, width, 3)").of(
            "size", asked=name
        )
    height, width, channels, layout = found
    home = getattr(keras.applications, name).__module__
    source = f"preprocess_input of keras.applications.{home.rpartition('.')[2]}"
    given = np.asarray(sys.modules[home].preprocess_input(PIXELS.copy(), data_format="channels_last"), np.float64)
    black, colours = given[0, 0, 0], given[0, 0, 1:] - given[0, 0, 0]
    order = np.abs(colours).argmax(axis=1)  # which of the model's channels each colour moves
    slope, offset = colours[range(3), order] / 255, black[order]
    spec = InputSpec(
        height,
        width,
        channels,
        mean=[float(f"{value:.6g}") for value in -offset / slope + 0.0],
        std=[float(f"{value:.6g}") for value in 1 / slope],
        value_range=(0.0, 255.0),
        layout="HWC" if layout == "HWC" else "CHW",
        channel_order="RGB" if list(order) == [0, 1, 2] else "BGR",
        source=source,
    )
    names = _classes(int(model.output_shape[-1]))
    return HubModel(model, spec, OutputSpec(names, source=f"keras.applications.{name}"))


def _classes(count: int) -> int | tuple[str, ...]:
    """ImageNet's names where Keras has fetched them before; else how many classes there are."""
    kept = Path.home() / ".keras" / "models" / CLASS_INDEX
    if count != IMAGENET or not kept.is_file():
        return count
    try:
        told: Any = parse_json(read_text(kept, "the class index", 2**20).encode(), kept, "the class index")
        return tuple(str(told[str(number)][1]).replace("_", " ") for number in range(count))
    except (InnerviewError, KeyError, IndexError, TypeError):
        return count
