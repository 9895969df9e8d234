"""What the reader of a format finds in a file beside its samples, and gives on to `colours`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from innerview.data.raster import Raster
from innerview.data.tones import Tones

Allow: TypeAlias = Callable[[int, int], None]
"""Told the width and height of an image before it is decoded; raises ImageError if that is too much."""


@dataclass
class Found:
    """Everything in a file that says what its samples mean.

    Attributes:
        clean: the file without anything that no colour depends on (texts, thumbnails, other images), for Pillow.
        size: width and height as stored, read from the header; None where Pillow is to say.
        depth: bits of a sample; 0 where Pillow's mode says it.
        icc: a colour profile; empty for none.
        exif: an EXIF block; empty for none.
        xmp: an XMP packet; empty for none.
        orientation: where the format itself says which way up; EXIF is not asked then.
        several: there are other images in the file.
        key: the one colour, as sample values, that is see-through.
        alphas: how opaque each colour of a palette is, 255 for those beyond.
        tones: what the format itself says of its tones and primaries, where that is not sRGB.
        raster: the image, where the reader has worked it out itself.
        notes: in words.
    """

    clean: bytes
    size: tuple[int, int] | None = None
    depth: int = 0
    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    orientation: int = 0
    several: bool = False
    key: tuple[int, ...] = ()
    alphas: bytes = b""
    tones: Tones | None = None
    raster: Raster | None = None
    notes: list[str] = field(default_factory=list[str])
