"""Reading an image safely: any that a person may have, as red, green and blue between 0 and 1.

What is guaranteed: nothing is decoded before its size is known and allowed; only the formats of `decoding.FORMATS` are
opened, none of which runs a program of its own (EPS, PDF and SVG do); whatever is wrong with a file, the answer is a
ImageError that names the file, says what it is, and what to do. What had to be done to the pixels is kept in words: a
user who sees something odd in a map must be able to see that the image was laid over white, or turned. An image is
held as its file has it, and becomes floats a part at a time.
"""

from __future__ import annotations

import numpy as np

from innerview.data.decoding import MOST_PIXELS, WANTED, decode, decode_opened
from innerview.data.image import Image
from innerview.data.sources import Source, array_raster, content_of, name_of, too_long
from innerview.errors import ImageError
from innerview.names import readable

MOST_BYTES = 256 * 2**20


def load_image(
    source: Source,
    *,
    name: str | None = None,
    label: str | None = None,
    max_pixels: int = MOST_PIXELS,
    max_bytes: int = MOST_BYTES,
) -> Image:
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
        return Image(called, raster, tuple(notes), label)
    if isinstance(content, bytes) and not 0 < len(content) <= max_bytes:
        raise ImageError(f"{too_long(called, len(content), max_bytes)}; {WANTED}").of(
            "size", found=len(content), limit=max_bytes
        )
    if isinstance(content, bytes):
        raster, notes = decode(content, called, max_pixels)
    else:
        raster, notes = decode_opened(content, called, max_pixels)
    return Image(called, raster, tuple(dict.fromkeys(notes)), label)
