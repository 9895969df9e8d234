"""Reading a picture safely: any file that a person may have, as red, green and blue between 0 and 1.

What is guaranteed: nothing is decoded before its size is known and allowed; only the formats of `FORMATS` are
opened, none of which runs a program of its own (EPS, PDF and SVG do); whatever is wrong with a file, the answer is a
PictureError that names the file, says what it is, and what to do. What had to be done to the pixels is kept in words:
a user who sees something odd in a map must be able to see that the picture was laid over white, or turned.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from innerview.data.colours import to_pixels
from innerview.data.files import describe_bytes, read_bytes, size_in_words
from innerview.errors import PictureError
from innerview.names import readable
from innerview.types import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
WANTED = "pictures are PNG, JPEG, WebP, GIF, BMP or TIFF"
MOST_PIXELS = 64_000_000
"""Above this a picture is refused unread: as float32 it would fill 0.8 GB, and no classifier sees that much."""
MOST_BYTES = 256 * 2**20

_ORIENTATION = 0x0112
_TURNS = {
    2: (Pillow.Transpose.FLIP_LEFT_RIGHT, "mirrored"),
    3: (Pillow.Transpose.ROTATE_180, "turned by 180°"),
    4: (Pillow.Transpose.FLIP_TOP_BOTTOM, "turned upside down and mirrored"),
    5: (Pillow.Transpose.TRANSPOSE, "turned by 90° and mirrored"),
    6: (Pillow.Transpose.ROTATE_270, "turned by 90° clockwise"),
    7: (Pillow.Transpose.TRANSVERSE, "turned by 90° and mirrored"),
    8: (Pillow.Transpose.ROTATE_90, "turned by 90° anticlockwise"),
}


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as it was found, whole.

    Attributes:
        name: the file's name, for captions.
        pixels: height × width × 3 (red, green, blue), float32 in [0, 1], the right way up.
        notes: what was done to it, in words; empty for an ordinary photo.
        truth: name of the class that it is known to belong to; None where nobody said.
    """

    name: str
    pixels: Image
    notes: tuple[str, ...] = ()
    truth: str | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, in the order in which people say them."""
        return self.pixels.shape[1], self.pixels.shape[0]


def read_picture(
    source: str | Path | bytes,
    *,
    name: str | None = None,
    truth: str | None = None,
    most_pixels: int = MOST_PIXELS,
    most_bytes: int = MOST_BYTES,
) -> Picture:
    """Read a picture from a file, or from the bytes of one.

    Args:
        source: path of a file, or its content.
        name: what to call it; the file's name if left out.
        truth: the class that it is known to belong to.
        most_pixels: a larger picture is refused before it is decoded.
        most_bytes: a larger file is refused before it is read.

    Raises:
        PictureError: it is missing, not a picture, broken, too large, or in a form without a clear meaning.
    """
    called = readable(name or ("the picture" if isinstance(source, bytes) else Path(source).name))
    data = source if isinstance(source, bytes) else read_bytes(Path(source), most_bytes)
    if not data or len(data) > most_bytes:
        found = f"is larger than {size_in_words(most_bytes)}" if data else "is empty (0 bytes)"
        raise PictureError(f"{called} {found}; {WANTED}")
    # Pillow warns of oddities that it mends (broken EXIF, …): they belong to this picture's notes, not on the terminal.
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        pixels, notes = _decode(data, called, most_pixels)
    oddities = [
        f"its reader says: {' '.join(str(warning.message).split())}"
        for warning in said
        if warning.category is UserWarning
    ]
    return Picture(called, pixels, (*notes, *dict.fromkeys(oddities)), truth)


def _decode(data: bytes, called: str, most_pixels: int) -> tuple[Image, list[str]]:
    """Turn the bytes of a file into pixels and notes."""
    try:
        picture = Pillow.open(io.BytesIO(data), formats=FORMATS)
    except Pillow.DecompressionBombError as problem:
        raise _too_large(called, f"so large that Pillow refuses it ({problem})", most_pixels) from problem
    except Exception as problem:  # Pillow's readers raise whatever the bytes led them to
        raise PictureError(f"{called} is {describe_bytes(data)}; {WANTED}") from problem
    with picture:
        width, height = picture.size
        if width * height > most_pixels:
            found = f"{width} × {height} ({width * height / 1e6:.0f} megapixels)"
            raise _too_large(called, found, most_pixels)
        try:
            return _pixels_of(picture, data)
        except PictureError as problem:
            raise PictureError(f"{called} {problem}") from problem
        except Exception as problem:  # the same
            raise PictureError(
                f"{called} ({picture.format}, {width} × {height}, {size_in_words(len(data))}) is broken or cut short; "
                "open it in a picture editor and save it again"
            ) from problem


def _too_large(called: str, found: str, most_pixels: int) -> PictureError:
    return PictureError(
        f"{called} is {found}; the most that is read is {most_pixels / 1e6:.0f} megapixels: "
        "make it smaller, a classifier sees a small copy anyway"
    )


def _pixels_of(picture: Pillow.Image, data: bytes) -> tuple[Image, list[str]]:
    """Decode the first frame, turn it the right way up and make it red, green and blue in [0, 1]."""
    notes: list[str] = []
    # Their number is not told: to count them, a file of millions of tiny frames would have to be walked through.
    if getattr(picture, "is_animated", False):  # only formats that can hold several have it
        notes.append("the first of several pictures in the file")
    before = _orientation(picture)
    picture.load()
    after = _orientation(picture)  # Pillow has already turned a TIFF, and has read the EXIF at a PNG's end only now
    turned = picture.transpose(_TURNS[after][0]) if after in _TURNS else picture
    if turn := _TURNS.get(after) or _TURNS.get(before):
        notes.append(f"{turn[1]}, as its EXIF orientation says")
    pixels, more = to_pixels(turned, data)
    return np.ascontiguousarray(pixels, dtype=np.float32), notes + more


def _orientation(picture: Pillow.Image) -> int:
    """Give the EXIF orientation, 1 (as stored) where there is none that can be read."""
    try:
        found = picture.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 — a broken EXIF block says nothing about the picture behind it
        return 1
    return found if isinstance(found, int) else 1
