"""One image, from the file to the map that is drawn on it: its pixels, name, label, crop, and what was done to it.

It is read and checked once, by `load_image`; `preprocess` gives the part of it that a model sees, which is an image
too, and knows the whole one that it lies on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from innerview import renames
from innerview.data.raster import Raster, strips
from innerview.reprs import short
from innerview.types import Bytes
from innerview.types import Image as Pixels

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, width, height, in pixels of the whole image."""


@renames.attributes(image="pixels", truth="label")
@short
@dataclass(frozen=True, eq=False)
class Image:
    """An image, whole as it was found, or the part of one that a model sees.

    Attributes:
        name: for captions and folders; of a file, its own.
        colours: height × width × channel, float32 in [0, 1], or what gives them in parts (of a whole one).
        notes: what was done to it, in words; of a part, first what the model sees of the whole one: "32 × 32 of
            451 × 300: the middle 300 × 300, shrunk by area averaging". Empty for an ordinary photo that is whole.
        label: name of the class that it is known to belong to; None where nobody said.
        class_number: of the label, in the model that it was brought to; None where that has none of the name.
        crop: which part of the whole one it shows; None for a whole one.
        whole: what it was cut out of; None for a whole one.
    """

    name: str
    colours: Pixels | Raster
    notes: tuple[str, ...] = ()
    label: str | None = None
    class_number: int | None = None
    crop: Box | None = None
    whole: Image | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, in the order in which people say them."""
        if isinstance(self.colours, Raster):
            return self.colours.size
        return self.colours.shape[1], self.colours.shape[0]

    @cached_property
    def pixels(self) -> Pixels:
        """All of it: height × width × channel (red, green, blue), float32 in [0, 1], the right way up."""
        if not isinstance(self.colours, Raster):
            return self.colours
        width, height = self.size
        found = np.empty((height, width, 3), np.float32)
        for top, bottom in strips(width, height):  # so that nothing else of its size is held beside it
            found[top:bottom] = self.part(0, top, width, bottom - top)
        return found

    def part(self, left: int, top: int, width: int, height: int) -> Pixels:
        """A part of it; of a large image, only this is turned to floats."""
        if isinstance(self.colours, Raster):
            return self.colours.part(left, top, width, height)
        return self.colours[top : top + height, left : left + width]

    def levels(self) -> Bytes:
        """All of it in 255ths, height × width × 3, never held as floats; of one in colours."""
        width, height = self.size
        found = np.empty((height, width, 3), np.uint8)
        for top, bottom in strips(width, height):
            found[top:bottom] = np.rint(255 * self.part(0, top, width, bottom - top))
        return found

    @property
    def original(self) -> Image:
        """The whole one: itself, if it is."""
        return self if self.whole is None else self.whole

    @property
    def box(self) -> Box:
        """Which part of the whole one it shows, also where that is all."""
        return (0, 0, *self.size) if self.crop is None else self.crop

    @property
    def words(self) -> str:
        """What a model sees of the whole one, and how it came to its size; empty for a whole one."""
        return "" if self.whole is None else self.notes[0]
