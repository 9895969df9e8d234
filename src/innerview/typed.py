"""What people type, made into what the methods take: a number for a class, "blurred" for a baseline, an open PIL image.

Only what has one meaning is taken. A class alone is explained as the model's outputs are usually explained
(`targets.usual_kind`); a baseline that was not named is a blurred copy, and an accuracy that was not named is 1 %: the
result says both. Bytes are refused, since an image of 0 to 255 taken for one of 0 to 1 is wrong in silence.
"""

# What users give may be anything: unknown types are theirs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from innerview.data.baselines import DEFAULT_BASELINE, make_baseline
from innerview.data.fitting import preprocess
from innerview.data.image import Image
from innerview.data.samples import find_image
from innerview.errors import ImageError, UsageError
from innerview.fills import Fill, make_fill
from innerview.methods.integrated_gradients import usual_tolerance
from innerview.model import InputSpec, OutputSpec
from innerview.targets import Target, find_class, named_target, usual_kind
from innerview.types import Array
from innerview.typing import BaselineLike, ImageLike

SUPPLIED: Final = frozenset({"baseline", "fill"})
"""Arguments that are the default baseline where they are needed and not given."""

SET: Final = "baselines"
"""The argument that is a list of baselines always."""

BASELINES: Final = SUPPLIED | {SET}
"""Arguments that are baselines, by name or as images."""

LARGEST: Final = 15.0
"""Whole numbers beyond it are bytes: a photo has a brighter pixel; an image of a few made-up numbers has not."""


def require_model(given: object) -> None:
    """Raise UsageError for a model in place of a model, with the way to make one."""
    # Not isinstance: that would evaluate every property of the protocol, the hash over all weights among them.
    if isinstance(getattr(given, "input", None), InputSpec) and callable(getattr(given, "forward", None)):
        return
    what = repr(given) if isinstance(given, str) else f"a {type(given).__name__}"
    raise UsageError(
        f"{what} was given where a model is needed; make one of a model, which says what it takes and gives: "
        'innerview.wrap(model, input=InputSpec(height=224, width=224, layout="CHW"), output=OutputSpec(["cat", '
        "\"dog\"])), or load a built-in one: innerview.load_pretrained('allcnn')"
    ).of("model", found=what)


def fill_in(signature: inspect.Signature, given: dict[str, Any], spec: InputSpec) -> None:
    """Turn arguments as people type them into what the method takes, and add those that have a default here.

    Raises:
        UsageError: there is no such class or baseline.
        ImageError: an image holds bytes, or can't be read.
    """
    known = signature.parameters
    if "image" in given:
        given["image"] = _image(given["image"], spec)
    for name in SUPPLIED & set(known):
        if given.get(name) is None and known[name].default is inspect.Parameter.empty:
            given[name] = DEFAULT_BASELINE
    for name in BASELINES & set(given):
        given[name] = _baselines(name, given, spec)
    if "target" in known:
        _target(known["target"], given, given["model"].output)
    if {"tolerance", "rule", "n_steps"} <= set(known) and not {"tolerance", "rule", "n_steps"} & set(given):
        given["tolerance"] = usual_tolerance(spec)


def as_target(asked: str | int | None, output: OutputSpec) -> Target:
    """The usual target for a class by its number or name; None is the class that wins at the image.

    Raises:
        UnknownClass: there is no such class.
    """
    index = None if asked is None else find_class(asked, output.class_names)
    return named_target(usual_kind(output), index)


def _target(parameter: inspect.Parameter, given: dict[str, Any], output: OutputSpec) -> None:
    asked = given.get("target")
    needed = parameter.default is inspect.Parameter.empty
    if isinstance(asked, bool):
        raise UsageError(
            f"target={asked} was given; give a class by its number or name, or a target such as Logit(3)"
        ).of("target", asked=asked)
    if isinstance(asked, int | np.integer | str):
        found = asked if isinstance(asked, str) else int(asked)
        # Where only the number is taken down (keep), a number it is.
        given["target"] = (
            as_target(found, output) if "Target" in str(parameter.annotation) else find_class(found, output.class_names)
        )
    elif asked is None and needed:
        given["target"] = as_target(None, output)


def _image(value: ImageLike, spec: InputSpec) -> Any:
    """An image by the name of its file or of an example, or as it is."""
    if isinstance(value, str | Path):
        value = find_image(str(value))
    if isinstance(value, Image):
        return (value if _fits(value, spec) else preprocess(value.original, spec)).pixels
    return _pixels("image", value, spec)


def _fits(image: Image, spec: InputSpec) -> bool:
    """Whether it is what `preprocess` made for such a model: where somebody chose the part, that stays."""
    return image.whole is not None and image.pixels.shape == spec.shape


def _baselines(name: str, given: Mapping[str, Any], spec: InputSpec) -> Any:
    """One baseline or a list of them, whatever each of them is."""

    def one(value: BaselineLike | Fill) -> Any:
        if isinstance(value, Fill):
            return value
        if name == "fill" and isinstance(value, str) and value in {"imputed", "texture"}:  # no baselines
            return make_fill(value, _of_size(given, spec))
        return _made(value, given, spec) if isinstance(value, str | Path) else _pixels(name, value, spec)

    asked: Any = given[name]
    several = isinstance(asked, list | tuple) and not _nested(asked)
    found = [one(value) for value in asked] if several else one(given[name])
    return [found] if name == SET and isinstance(asked, str | Path) else found


def _made(asked: str | Path, given: Mapping[str, Any], spec: InputSpec) -> Array:
    return make_baseline(str(asked), spec, _of_size(given, spec)).image


def _of_size(given: Mapping[str, Any], spec: InputSpec) -> Array:
    """The image that is explained, or a black one where that does not fit: the method says so."""
    image = given.get("image")
    return image if isinstance(image, np.ndarray) and image.shape == spec.shape else np.zeros(spec.shape, np.float32)


def _pixels(name: str, value: Any, spec: InputSpec) -> Any:
    """An image that is open already, or written as lists; arrays are looked at for bytes."""
    if type(value).__module__.partition(".")[0] == "PIL":
        return _from_pillow(name, value, spec)
    if _nested(value):
        return np.asarray(value, np.float32)
    if isinstance(value, np.ndarray):
        _check_bytes(name, value)
    return value


def _nested(value: object) -> bool:
    """Whether something is the numbers of one image, height × width × channel, as lists in lists."""
    for _ in range(3):
        if not isinstance(value, list | tuple) or not value:
            return False
        value = value[0]
    return isinstance(value, int | float | np.number)


def _from_pillow(name: str, value: Any, spec: InputSpec) -> Array:
    mode = "L" if spec.channels == 1 else "RGB"
    if value.size != (spec.width, spec.height) or value.mode != mode:
        raise ImageError(
            f"the {name} is a PIL image of {value.size[0]} × {value.size[1]} pixels (width × height) and mode "
            f"{value.mode}; the model takes {spec.width} × {spec.height} and mode {mode}. "
            "innerview.preprocess(innerview.load_image(file), model.input).pixels brings any image to it"
        ).of("size", asked=(spec.height, spec.width), found=(value.size[1], value.size[0]))
    pixels = np.asarray(value).astype(np.float32) / np.float32(255)
    return pixels.reshape(spec.shape)


def _check_bytes(name: str, values: Array) -> None:
    if not np.issubdtype(values.dtype, np.floating) or not values.size or not values.max() > LARGEST:
        return
    if values.min() >= 0 and np.array_equal(values, np.round(values)):
        raise ImageError(
            f"the {name} holds whole numbers from {values.min():g} to {values.max():g}; pixels go from 0 (black) to 1 "
            "(white): divide bytes by 255"
        ).of(name, found=(float(values.min()), float(values.max())))
