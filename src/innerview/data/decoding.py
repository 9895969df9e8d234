"""From a file's content to colours: which reader takes it, what size is allowed, and what is said when it fails.

Only the formats of FORMATS are opened, besides Netpbm's. The size is checked before anything is decoded, and it is
bounded in area, in each side, and by the file's own length: an image of many pixels in few bytes is nearly empty, and
nobody takes it, but it would fill memory all the same. Of several images in a file only the first is decoded.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from typing import Any, Final, TypeAlias

from PIL import Image as Pillow

from innerview.data.colours import OVER_WHITE, to_raster
from innerview.data.exif import ORIENTATION, upright
from innerview.data.files import describe_bytes, size_in_words
from innerview.data.found import Allow, Found
from innerview.data.jpeg import read_jpeg
from innerview.data.netpbm import is_netpbm, read_netpbm
from innerview.data.png import SIGNATURE, read_png
from innerview.data.png_depth import deep_png
from innerview.data.raster import Raster
from innerview.data.spoken import heard
from innerview.data.tiff import read_tiff
from innerview.data.webp import read_webp
from innerview.errors import ImageError
from innerview.names import readable
from innerview.types import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
WANTED = "images are PNG, JPEG, WebP, GIF, BMP, TIFF or PPM"
MOST_PIXELS = 64_000_000
"""Above this an image is refused unread: no classifier sees that much."""
MOST_SIDE: Final = 32_768
"""Above this too: a panorama may be long, an image of one row is none."""
DENSE: Final = 24_000_000
"""Above so many pixels a file must have a byte for every SPARSEST of them; a photo has 2 to 30 times that."""
SPARSEST: Final = 16

Decoded: TypeAlias = "tuple[Raster, list[str]]"
Reader: TypeAlias = Callable[[bytes, Allow], Found]

_READERS: Final[tuple[tuple[bytes, str, Reader | None], ...]] = (
    (SIGNATURE, "PNG", read_png),
    (b"\xff\xd8\xff", "JPEG", read_jpeg),
    (b"RIFF", "WEBP", read_webp),
    (b"GIF8", "GIF", None),
    (b"BM", "BMP", None),
    *((mark, "TIFF", read_tiff) for mark in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
)
"""Formats by their first bytes, and what takes their files apart before Pillow sees them."""

_TURNED: Final = {
    2: "mirrored",
    3: "turned by 180°",
    4: "turned upside down and mirrored",
    5: "turned by 90° and mirrored",
    6: "turned by 90° clockwise",
    7: "turned by 90° and mirrored",
    8: "turned by 90° anticlockwise",
}


def decode(data: bytes, called: str, most_pixels: int) -> Decoded:
    """Turn the content of a file into colours and notes.

    Raises:
        ImageError: it is no image, broken, too large, or in a form without a clear meaning; names it.
    """
    size: list[tuple[int, int]] = []
    notes: list[str] = []

    def allow(width: int, height: int) -> None:
        check_size(width, height, len(data), most_pixels)
        size.append((width, height))

    try:
        with _warnings(notes):
            raster = _taken(data, allow, notes)
    except ImageError as problem:
        raise problem.retold(f"{called} {problem}") from problem
    except Pillow.DecompressionBombError as problem:
        raise ImageError(f"{called} {_too_large(f'so large that Pillow refuses it ({problem})', most_pixels)}").of(
            "size"
        ) from problem
    except Exception as problem:  # readers raise whatever the bytes led them to
        raise _broken(data, called, size) from problem
    return raster, notes


def decode_opened(image: Pillow.Image, called: str, most_pixels: int) -> Decoded:
    """The same for a PIL image, whose own `info` says what a file would.

    Raises:
        ImageError: as for files.
    """
    notes: list[str] = []
    try:
        with _warnings(notes):
            check_size(*image.size, MOST_PIXELS, most_pixels)
            image.load()
            found = Found(b"")
            _from_info(found, image)
            found.orientation = int(image.getexif().get(ORIENTATION, 1))
            raster = _finished(to_raster(image.copy(), found), found, notes)
    except ImageError as problem:
        raise problem.retold(f"{called} {problem}") from problem
    except Exception as problem:  # the same
        raise ImageError(f"{called} (a PIL image, mode {image.mode}) can't be decoded: {problem}").of(
            "decoding", found=type(problem).__name__
        ) from problem
    return raster, notes


def check_size(width: int, height: int, length: int, most_pixels: int = MOST_PIXELS) -> None:
    """Refuse an image that is too large for anything, or for its file of `length` bytes.

    Raises:
        ImageError: says its size and what is allowed.
    """
    pixels = width * height
    found = f"{width} × {height} ({pixels / 1e6:.0f} megapixels)"
    if pixels > most_pixels:
        raise ImageError(_too_large(found, most_pixels)).of("size", found=(height, width), limit=most_pixels)
    if max(width, height) > MOST_SIDE:
        raise ImageError(
            f"is {found}; the most that is read is {MOST_SIDE} pixels a side: cut it into parts, or make it smaller"
        ).of("side", found=(height, width), limit=MOST_SIDE)
    if pixels > DENSE and pixels > SPARSEST * length:
        raise ImageError(
            f"is {found} in {size_in_words(length)}, so that nearly all of it is empty; of a file of that length, "
            f"{DENSE / 1e6:.0f} megapixels are read: make it smaller, a classifier sees a small copy anyway"
        ).of("density", found=(height, width), limit=DENSE)


def _too_large(found: str, most_pixels: int) -> str:
    return (
        f"is {found}; the most that is read is {most_pixels / 1e6:.0f} megapixels: "
        "make it smaller, a classifier sees a small copy anyway"
    )


def _broken(data: bytes, called: str, size: list[tuple[int, int]]) -> ImageError:
    if not size:
        return ImageError(f"{called} is {describe_bytes(data)}; {WANTED}").of("kind", found=describe_bytes(data))
    kind = next((kind for mark, kind, _ in _READERS if data.startswith(mark)), "PPM")
    return ImageError(
        f"{called} ({kind}, {size[0][0]} × {size[0][1]}, {size_in_words(len(data))}) is broken or cut short; "
        "open it in an image editor and save it again"
    ).of("damage", found=kind)


@contextmanager
def _warnings(notes: list[str]) -> Generator[None, None, None]:
    """Pillow warns of oddities that it mends: they belong to the image's notes, not on the terminal."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        yield
    notes += [
        f"its reader says: {readable(' '.join(str(warning.message).split()))[:200]}"
        for warning in said
        if warning.category is UserWarning
    ]


def _taken(data: bytes, allow: Allow, notes: list[str]) -> Raster:
    """Read a file in its format."""
    if is_netpbm(data):
        found = read_netpbm(data, allow)
    else:
        read = next((read for mark, _, read in _READERS if data.startswith(mark)), None)
        with heard(notes) if read is read_tiff else nullcontext():
            found = Found(data) if read is None else read(data, allow)
            raster = found.raster or _through_pillow(found, allow)
            return _finished(raster, found, notes)
    return _finished(found.raster, found, notes)


def _finished(raster: Raster | None, found: Found, notes: list[str]) -> Raster:
    """Put what was done to an image into words, and set it upright."""
    if raster is None:
        raise ValueError("nothing was decoded")
    several = ["the first of several images in the file"] * found.several
    placed = _placed(raster, found)
    how = _TURNED.get(placed.orientation)
    turned = [] if how is None else [f"{how}, as its EXIF orientation says"]
    notes[:0] = [*several, *turned, *found.notes]
    return placed


def _placed(raster: Raster, found: Found) -> Raster:
    """The upright image, from the format's own word, or from EXIF or XMP."""
    orientation = found.orientation
    if not orientation:
        orientation, more = upright(found.exif, found.xmp)
        found.notes += more
    return Raster(raster.stored, raster.read, orientation if orientation in _TURNED else 1)


def _through_pillow(found: Found, allow: Allow) -> Raster:
    """Let Pillow decode the first image of a file."""
    with Pillow.open(io.BytesIO(found.clean), formats=FORMATS) as image:
        allow(*image.size)
        found.several = found.several or bool(getattr(image, "is_animated", False))
        if image.format not in {"PNG", "JPEG", "TIFF"}:
            _from_info(found, image)
        if image.format == "PNG" and found.depth == 16:
            return deep_png(found, image)
        frame = image.tile[0][1] if image.format == "GIF" and image.tile else None
        image.load()
        raster = to_raster(image, found)
    return raster if frame is None or tuple(frame) == (0, 0, *raster.stored) else _framed(raster, tuple(frame), found)


def _framed(raster: Raster, frame: tuple[int, ...], found: Found) -> Raster:
    """A GIF's first image may be smaller than its canvas; around it the canvas is see-through."""
    left, top, right, bottom = frame
    found.notes.append(OVER_WHITE)

    def read(x0: int, y0: int, x1: int, y1: int) -> Image:
        colours = raster.read(x0, y0, x1, y1)
        inside = colours[max(0, top - y0) : max(0, bottom - y0), max(0, left - x0) : max(0, right - x0)].copy()
        colours = colours * 0 + 1
        colours[max(0, top - y0) : max(0, bottom - y0), max(0, left - x0) : max(0, right - x0)] = inside
        return colours

    return Raster(raster.stored, read)


def _from_info(found: Found, image: Pillow.Image) -> None:
    """Take over what Pillow read beside the pixels."""
    info: dict[Any, Any] = image.info
    found.icc = bytes(info.get("icc_profile") or b"")
    exif, xmp = info.get("exif"), info.get("xmp")
    found.exif = exif if isinstance(exif, bytes) else b""
    found.xmp = xmp if isinstance(xmp, bytes) else b""
    match info.get("transparency"):
        case bytes(alphas):
            found.alphas = alphas[:256]
        case int(index) if image.mode == "P":
            found.alphas = b"\xff" * min(index, 255) + b"\0"
        case int(level):
            found.key = (level,)
        case (int(red), int(green), int(blue)):
            found.key = (red, green, blue)
        case _:
            return
