"""Reading an image safely: any that a person may have, as red, green and blue between 0 and 1.

What is guaranteed: nothing is decoded before its size is known and allowed; only the formats of `decoding.FORMATS` are
opened, none of which runs a program of its own (EPS, PDF and SVG do); whatever is wrong with a file, the answer is a
ImageError that names the file, says what it is, and what to do. What had to be done to the pixels is kept in words: a
user who sees something odd in a map must be able to see that the image was laid over white, or turned. An image is
held as its file has it, and becomes floats a part at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from innerview.data.decoding import MOST_PIXELS, WANTED, decode, decode_opened
from innerview.data.raster import Raster, strips
from innerview.data.sources import Source, array_raster, content_of, name_of, too_long
from innerview.errors import ImageError
from innerview.names import readable
from innerview.reprs import short
from innerview.types import Bytes, Image

MOST_BYTES = 256 * 2**20


@short
@dataclass(frozen=True, eq=False)
class LoadedImage:
    """An image as it was found, whole.

    Attributes:
        name: the file's name, for captions.
        colours: height × width × 3 (red, green, blue), float32 in [0, 1], or what gives them in parts.
        notes: what was done to it, in words; empty for an ordinary photo.
        label: name of the class that it is known to belong to; None where nobody said.
    """

    name: str
    colours: Image | Raster
    notes: tuple[str, ...] = ()
    truth: str | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, in the order in which people say them."""
        if isinstance(self.colours, Raster):
            return self.colours.size
        return self.colours.shape[1], self.colours.shape[0]

    @cached_property
    def pixels(self) -> Image:
        """All of it: height × width × 3 (red, green, blue), float32 in [0, 1], the right way up."""
        if not isinstance(self.colours, Raster):
            return self.colours
        width, height = self.size
        found = np.empty((height, width, 3), np.float32)
        for top, bottom in strips(width, height):  # so that nothing else of its size is held beside it
            found[top:bottom] = self.part(0, top, width, bottom - top)
        return found

    def part(self, left: int, top: int, width: int, height: int) -> Image:
        """A part of it; of a large image, only this is turned to floats."""
        if isinstance(self.colours, Raster):
            return self.colours.part(left, top, width, height)
        return self.colours[top : top + height, left : left + width]

    def levels(self) -> Bytes:
        """All of it in 255ths, height × width × 3, never held as floats."""
        width, height = self.size
        found = np.empty((height, width, 3), np.uint8)
        for top, bottom in strips(width, height):
            found[top:bottom] = np.rint(255 * self.part(0, top, width, bottom - top))
        return found


def load_image(
    source: Source,
    *,
    name: str | None = None,
    label: str | None = None,
    max_pixels: int = MOST_PIXELS,
    max_bytes: int = MOST_BYTES,
) -> LoadedImage:
    """Read an image from a file, the bytes of one, an open file, a PIL image or an array.

    Args:
        source: path of a file, its content, an open file (binary), a PIL image, or an array of height × width (× 1, 3
            or 4) in uint8, uint16, bool or floats from 0 to 1.
        name: what to call it; the file's name if left out.
        label: the class that it is known to belong to.
        max_pixels: a larger image is refused before it is decoded.
        max_bytes: a larger file is refused before it is read.

    Raises:
        ImageError: it is missing, not an image, broken, too large, or in a form without a clear meaning.
    """
    called = readable(name or name_of(source))
    content = content_of(source, called, max_bytes)
    if isinstance(content, np.ndarray):
        raster, notes = array_raster(content, called)
        return LoadedImage(called, raster, tuple(notes), label)
    if isinstance(content, bytes) and not 0 < len(content) <= max_bytes:
        raise ImageError(f"{too_long(called, len(content), max_bytes)}; {WANTED}")
    if isinstance(content, bytes):
        raster, notes = decode(content, called, max_pixels)
    else:
        raster, notes = decode_opened(content, called, max_pixels)
    return LoadedImage(called, raster, tuple(dict.fromkeys(notes)), label)
