"""From an image as it was found to the image that the model sees, with the way back.

The model sees a small part of what a user looks at, and most puzzles about a map begin there. So the crop is kept
as a box on the original, where overlays are drawn, and what was done is said in words under every image. An image
that has the model's size already passes through bit for bit.

A model of somebody else's was trained on photos that its library resized, and answers best what comes in the same way:
where the InputSpec says how (`Resize`), Pillow does it, level by level as timm, torchvision and transformers do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal, TypeAlias

import numpy as np

from innerview.data.image import Box, Image
from innerview.data.resizing import resize_strips
from innerview.errors import ImageError, UsageError
from innerview.model import InputSpec
from innerview.resize import resize_levels
from innerview.spec import Resize
from innerview.types import Image as Pixels

Crop: TypeAlias = Literal["center", "whole"] | Box

_SPELLINGS: Final[Mapping[str, Literal["center", "whole"]]] = {"center": "center", "centre": "center", "whole": "whole"}

LUMA: Final = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in brightness: ITU-R BT.601, as in Pillow and every tool that makes images grey."""


def preprocess(image: Image, spec: InputSpec, crop: Crop = "center") -> Image:
    """Cut out a part of `image` and bring it to the size and channels that the model takes.

    Args:
        image: of any size.
        spec: what the model takes.
        crop: "center", the largest part in the middle that has the model's proportions; "whole", all of it,
            squeezed where the proportions differ; or a box (left, top, width, height) in pixels.

    Raises:
        ImageError: the box is not inside the image.
        UsageError: a word that is no crop.
    """
    if isinstance(crop, str):
        crop = parse_crop(crop)
    box = _box(image, spec, crop)
    how = _declared(image, spec)
    pixels = _area_averaged(image, spec, box) if how is None else _as_declared(image, how, spec, crop, box)
    grey = spec.channels == 1
    if grey:
        pixels = (pixels.astype(np.float64) @ np.asarray(LUMA))[..., None].astype(np.float32)
    elif isinstance(image.colours, np.ndarray) and np.may_share_memory(pixels, image.colours):
        pixels = pixels.copy()  # the original must not change with the model's image
    words = _words(image, spec, box) + ", in grey (ITU-R 601)" * grey
    return replace(image, colours=pixels, notes=(words, *image.notes), crop=box, whole=image)


def _declared(image: Image, spec: InputSpec) -> Resize | None:
    """How an image is brought to size as the spec declares; one that has the size already is left as it is."""
    return None if image.size == (spec.width, spec.height) else spec.resize


def _area_averaged(image: Image, spec: InputSpec, box: Box) -> Pixels:
    left, top, width, height = box
    return resize_strips(
        lambda first, last: image.part(left, top + first, width, last - first),
        (height, width),
        spec.height,
        spec.width,
    )


def _as_declared(image: Image, how: Resize, spec: InputSpec, crop: Crop, box: Box) -> Pixels:
    """As the library does; of a part that somebody chose, with its interpolation."""
    levels = image.levels()
    if crop != "center":
        left, top, width, height = box
        levels, how = levels[top : top + height, left : left + width], Resize(None, how.interpolation)
    return resize_levels(levels, how, spec.height, spec.width).astype(np.float32) / np.float32(255)


def parse_crop(text: str) -> Crop:
    """Read a crop as a user writes it: "center", "whole" or "left,top,width,height" in pixels.

    Raises:
        UsageError: it is none of these.
    """
    if text in _SPELLINGS:
        return _SPELLINGS[text]
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 4 and all(part.isdecimal() for part in parts):
        left, top, width, height = map(int, parts)
        return left, top, width, height
    raise UsageError(
        f"there is no crop {text!r}; say center, whole, or left,top,width,height in pixels, such as 40,0,300,300"
    ).of("crop", asked=text, known=("center", "whole"))


def _box(image: Image, spec: InputSpec, crop: Crop) -> Box:
    full_width, full_height = image.size
    how = _declared(image, spec)
    if crop == "whole" or (crop == "center" and how is not None and how.short_side is None):
        return 0, 0, full_width, full_height
    if crop == "center":
        scale = min(full_width / spec.width, full_height / spec.height)
        if how is not None and how.short_side is not None:
            scale = min(full_width, full_height) / how.short_side
        width, height = max(1, round(spec.width * scale)), max(1, round(spec.height * scale))
        return (full_width - width) // 2, (full_height - height) // 2, width, height
    left, top, width, height = crop
    if min(left, top) < 0 or min(width, height) < 1 or left + width > full_width or top + height > full_height:
        raise ImageError(
            f"a box of {width} × {height} at left {left}, top {top} was asked for, but {image.name} has "
            f"{full_width} × {full_height} pixels; choose one inside it"
        ).of("crop", asked=(left, top, width, height), found=(full_height, full_width))
    return crop


def _words(image: Image, spec: InputSpec, box: Box) -> str:
    """Say which part of the original the model sees, and how it came to its size."""
    width, height = box[2:]
    part = _part(image, box)
    if (width, height) == (spec.width, spec.height):
        return f"{width} × {height}" + (f" of {_size(image)}: {part}, pixel by pixel" if part else ", as it is")
    horizontal, vertical = spec.width / width, spec.height / height
    how = "shrunk by area averaging" if max(horizontal, vertical) <= 1 else "enlarged linearly"
    declared = _declared(image, spec)
    if declared is not None:
        how = f"resized with {declared.interpolation}, as its library does"
    elif min(horizontal, vertical) < 1 < max(horizontal, vertical):
        how = "shrunk by area averaging along one side and enlarged linearly along the other"
    return f"{spec.width} × {spec.height} of {_size(image)}: {part or 'all of it'}, {how}{_squeezed(box, spec)}"


def _squeezed(box: Box, spec: InputSpec) -> str:
    """A crop to the model's proportions is off by less than a pixel; what is off by more was squeezed."""
    off = abs(box[2] * spec.height - box[3] * spec.width)
    return ", its proportions squeezed" if off > max(spec.height, spec.width) else ""


def _size(image: Image) -> str:
    return f"{image.size[0]} × {image.size[1]}"


def _part(image: Image, box: Box) -> str:
    """Name the part of the image that a box shows; nothing if it is all of it."""
    left, top, width, height = box
    full_width, full_height = image.size
    if (width, height) == (full_width, full_height):
        return ""
    if (left, top) == ((full_width - width) // 2, (full_height - height) // 2):
        return f"the middle {width} × {height}"
    return f"{width} × {height} at left {left}, top {top}"
