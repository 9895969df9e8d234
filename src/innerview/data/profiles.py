"""Colour profiles: whether one is sRGB is decided by what it does to colours, never by what it is called.

Linear profiles are called "sRGB" by several editors, and sRGB's own comes under many names. So 729 colours (or 256
greys) are sent through; if none moves by more than two 255ths, the profile is sRGB and nothing is done. Otherwise
littleCMS applies it, with the perceptual intent, to 8 bits per channel. A profile that can't be used, or is for
something else than the image holds, is passed over and said.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

from innerview.names import readable
from innerview.types import Array

MOST_BYTES: Final = 4 * 2**20
"""Of a profile; those for inks have half a megabyte."""

_SAME: Final = 2
"""255ths that a colour may move under a profile that counts as sRGB: rounding, and old tables of the same curve."""

_LONGEST_NAME: Final = 60
_SPACES: Final = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK"}
_WORDS: Final = {"GRAY": "grey", "RGB ": "red, green and blue", "CMYK": "inks", "Lab ": "L*a*b*"}


@dataclass(frozen=True, eq=False)
class Profile:
    """What is to be done with a file's profile.

    Attributes:
        apply: turns an image in its mode to sRGB in RGB; None where nothing is to be done, or can be.
        note: what was done, or why not; empty where the profile is sRGB.
    """

    apply: Callable[[Pillow.Image], Pillow.Image] | None
    note: str


def use_profile(profile: bytes, mode: str) -> Profile:
    """Look at a profile for images of a mode ("L", "RGB" or "CMYK")."""
    return _used(profile, mode) if profile else Profile(None, "")


@lru_cache(maxsize=8)
def _used(profile: bytes, mode: str) -> Profile:
    if len(profile) > MOST_BYTES:
        return Profile(None, f"its colour profile has {len(profile):,} bytes and was not applied")
    engine: Any = ImageCms  # its stubs leave the profiles unknown
    try:
        source = engine.ImageCmsProfile(io.BytesIO(profile))
        space = str(source.profile.xcolor_space)
        name = readable(str(engine.getProfileDescription(source)).strip())[:_LONGEST_NAME]
        if space != _SPACES[mode]:
            return _unfit(profile, space, mode)
        transform = engine.buildTransform(source, engine.createProfile("sRGB"), mode, "RGB")
        colours = _probe(mode)
        moved = np.asarray(transform.apply(colours), np.int16) - np.asarray(colours.convert("RGB"), np.int16)
    except Exception as problem:  # noqa: BLE001 — whatever a broken profile leads littleCMS and its wrapper to
        reason = " ".join(str(problem).split())[:200]
        return Profile(None, f"its colour profile can't be used and was not applied ({reason})")
    if mode != "CMYK" and np.abs(moved).max() <= _SAME:
        return Profile(None, "")
    return Profile(transform.apply, f"colours turned from {name} to sRGB")


def _unfit(profile: bytes, space: str, mode: str) -> Profile:
    """A grey image often has the profile of an RGB one, and rightly where that is sRGB: greys stay what they are."""
    if mode == "L" and space == _SPACES["RGB"]:
        other = _used(profile, "RGB")
        if other.apply is None:
            return other
    held = _WORDS[_SPACES[mode]]
    return Profile(None, f"its colour profile is for {_WORDS.get(space, readable(space))}, not {held}; not applied")


def _probe(mode: str) -> Pillow.Image:
    if mode == "CMYK":
        return Pillow.new("CMYK", (1, 1))
    greys = np.arange(256, dtype=np.uint8)
    if mode == "L":
        return Pillow.fromarray(greys[None])
    steps: Array = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    return Pillow.fromarray(np.concatenate([colours, np.repeat(greys[None, :, None], 3, axis=2)], axis=1))
