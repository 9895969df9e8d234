"""From any of Pillow's modes to red, green and blue in [0, 1]: one row of a table for each.

Nothing is stretched to its own minimum and maximum: the same number always becomes the same brightness, so pictures
can be compared. Where a file does not say what its numbers mean (whole numbers or floats of 32 bits), the full scale is
the smallest usual one that holds them all, and the note says which.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

from innerview.errors import PictureError
from innerview.types import Array

Converted = tuple[Array, list[str]]

FULL_SCALES = (1, 255, 65535, 2**31 - 1)
_PNG_DEPTH = 24  # where a PNG says how many bits a channel has
_SRGB = (b"sRGB", "sRGB".encode("utf-16-be"))  # how a colour profile spells the name


def to_pixels(picture: Pillow.Image, data: bytes) -> Converted:
    """Give height × width × 3 in [0, 1] and notes on what had to be done.

    Args:
        picture: decoded.
        data: its file, which alone knows the depth that Pillow has already reduced.

    Raises:
        PictureError: the numbers are outside what could be brightness.
    """
    managed, notes = _to_srgb(picture)
    see_through = managed.mode in _WITH_ALPHA or "transparency" in managed.info
    convert = _over_white if see_through else _CONVERSIONS.get(managed.mode, _plain)
    pixels, more = convert(managed)
    if picture.format == "PNG" and data[_PNG_DEPTH] == 16 and not picture.mode.startswith("I"):
        more.append("16 bits per channel, of which the upper 8 are used")
    return pixels, notes + more


def _to_srgb(picture: Pillow.Image) -> tuple[Pillow.Image, list[str]]:
    """Apply the file's own colour profile, unless it is sRGB, as nearly all are."""
    profile = bytes(picture.info.get("icc_profile") or b"")
    if not profile or any(name in profile for name in _SRGB):
        return picture, []
    if picture.mode not in {"RGB", "CMYK"}:
        return picture, ["its colour profile is not sRGB and was not applied"]
    engine: Any = ImageCms  # its stubs leave the profiles unknown
    try:
        source = engine.ImageCmsProfile(io.BytesIO(profile))
        turned = engine.profileToProfile(picture, source, engine.createProfile("sRGB"), outputMode="RGB")
        return turned, [f"colours turned from {engine.getProfileDescription(source).strip()} to sRGB"]
    except (ImageCms.PyCMSError, OSError) as problem:
        return picture, [f"its colour profile can't be used and was not applied ({problem})"]


def _plain(picture: Pillow.Image) -> Converted:
    """Eight bits or fewer per channel, in colours that Pillow turns to RGB by a fixed formula."""
    return _bytes_to_unit(picture.convert("RGB")), []


def _over_white(picture: Pillow.Image) -> Converted:
    """See-through pictures lie on white, as on a page; an alpha channel that hides nothing changes nothing."""
    pixels = _bytes_to_unit(picture.convert("RGBA"))
    colour, alpha = pixels[..., :3], pixels[..., 3:]
    if alpha.min() == 1:
        return colour, []
    return colour * alpha + (1 - alpha), ["see-through parts are laid over white"]


def _inks(picture: Pillow.Image) -> Converted:
    return _bytes_to_unit(picture.convert("RGB")), ["printing inks (CMYK) turned to RGB by the plain formula"]


def _lab(picture: Pillow.Image) -> Converted:
    """CIE L*a*b*, which only a colour engine can turn into sRGB."""
    engine: Any = ImageCms  # as above
    transform = engine.buildTransform(engine.createProfile("LAB"), engine.createProfile("sRGB"), "LAB", "RGB")
    return _bytes_to_unit(engine.applyTransform(picture, transform)), ["L*a*b* colours turned to sRGB"]


def _sixteen_bits(picture: Pillow.Image) -> Converted:
    return _grey(np.asarray(picture), 65535), ["16-bit grey, divided by 65535"]


def _whole_numbers(picture: Pillow.Image) -> Converted:
    """32-bit whole numbers; older versions of Pillow give 16-bit grey PNGs so."""
    if picture.format == "PNG":
        return _sixteen_bits(picture)
    values = np.asarray(picture)
    scale = _full_scale(values, FULL_SCALES[1:])
    return _grey(values, scale), [f"32-bit whole numbers, divided by {scale}"]


def _floats(picture: Pillow.Image) -> Converted:
    values = np.asarray(picture)
    scale = _full_scale(values, FULL_SCALES)
    return _grey(values, scale), ["32-bit floats, " + ("as they are" if scale == 1 else f"divided by {scale}")]


def _full_scale(values: Array, scales: tuple[int, ...]) -> int:
    """Find the smallest usual full scale that holds all values, or refuse them."""
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= scales[-1]):  # written so that NaN is refused too
        raise PictureError(
            f"holds numbers from {low:g} to {high:g}, which are no brightness; "
            "save it with numbers between 0 and 1, or as 8 or 16 bits per channel"
        )
    return next(scale for scale in scales if high <= scale)


def _grey(values: Array, scale: int) -> Array:
    """Divide by the full scale and give the same to red, green and blue."""
    unit = (values / scale).astype(np.float32)
    return np.repeat(unit[..., None], 3, axis=2)


def _bytes_to_unit(picture: Pillow.Image) -> Array:
    pixels = np.asarray(picture).astype(np.float32)
    pixels /= 255  # in place: a large photo fills hundreds of megabytes
    return pixels


_WITH_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})

# Every mode that is not here is turned to RGB by Pillow's own formula, which is exact for 1, L, P and RGB.
_CONVERSIONS: dict[str, Callable[[Pillow.Image], Converted]] = {
    "CMYK": _inks,
    "LAB": _lab,
    "I;16": _sixteen_bits,
    "I;16L": _sixteen_bits,
    "I;16B": _sixteen_bits,
    "I;16N": _sixteen_bits,
    "I": _whole_numbers,
    "F": _floats,
}
