"""What a user may have in hand for an image: a path, a file's content, an open file, a PIL image, an array.

Each becomes the content of a file, a PIL image or an array in [0, 1], or is refused for what it is. A PIL image that
was opened and not yet decoded is read from its own file, as if that had been given: Pillow's modes no longer know how
many bits a sample had.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import IO, Any, Final, TypeAlias, cast

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFile

from innerview.data.colours import samples_raster
from innerview.data.files import read_bytes, size_in_words
from innerview.data.found import Found
from innerview.data.raster import Raster, array_samples, with_channels
from innerview.errors import ImageError
from innerview.types import Array

Source: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Pillow.Image | Array"

TAKEN: Final = (
    "an image is a path, the bytes of a file, an open file, a PIL image, or an array of height × width (× 1, 3 or 4): "
    "uint8, uint16, bool, or floats from 0 to 1"
)
_SCALES: Final = {"uint8": 255, "uint16": 65535, "bool": 1}


def name_of(source: Any) -> str:
    """What to call an image if nobody says: its file's name, if it has one."""
    if isinstance(source, str | os.PathLike):
        return Path(os.fsdecode(cast("str", source))).name
    found: Any = getattr(source, "filename", None) or getattr(source, "name", None)
    if isinstance(found, str | bytes | os.PathLike) and found:
        return Path(os.fsdecode(cast("str", found))).name
    return "the image"


def content_of(source: Any, called: str, most_bytes: int) -> bytes | Pillow.Image | Array:
    """Give the content of a file, or the PIL image or array that was given.

    Raises:
        ImageError: it can't be read, is too large, or is nothing of the kind.
    """
    match source:
        case bytes() | bytearray() | memoryview():
            return bytes(cast("bytes", source))
        case str() | os.PathLike():
            return read_bytes(Path(os.fsdecode(cast("str", source))), most_bytes)
        case Pillow.Image():
            return _undecoded(source, most_bytes) or source
        case np.ndarray():
            return cast("Array", source)
        case _ if callable(getattr(source, "read", None)):
            return _from_file(source, called, most_bytes)
        case _:
            raise ImageError(f"{_kind(source)} was given for an image; {TAKEN}").of("image", found=_kind(source))


def _from_file(file: Any, called: str, most_bytes: int) -> bytes:
    """Everything in an open file, from its beginning where it can go back there, as Pillow does it."""
    parts: list[Any] = []
    try:
        if callable(getattr(file, "seekable", None)) and file.seekable():
            file.seek(0)
        length = 0
        while length <= most_bytes and (part := file.read(most_bytes + 1 - length)):
            parts.append(part)
            length += len(part)
        if all(isinstance(part, bytes) for part in parts):
            return b"".join(parts)
    except Exception as problem:  # whatever somebody's file object raises
        raise ImageError(f"{called} can't be read from the file that was given: {problem}").of(
            "file", found=type(problem).__name__
        ) from problem
    raise ImageError(f'{called} was opened as text; open it in binary mode: open(path, "rb")').of("file", found="text")


def _undecoded(image: Pillow.Image, most_bytes: int) -> bytes | None:
    """The file of a PIL image that nothing was done to yet, the file left where it was."""
    file: Any = getattr(image, "fp", None)
    if not isinstance(image, ImageFile.ImageFile) or not image.tile or file is None or image.tell() != 0:
        return None
    try:
        place = file.tell()
        file.seek(0)
        data = file.read(most_bytes + 1)
        file.seek(place)
        with Pillow.open(io.BytesIO(data), formats=[image.format or ""]) as again:
            same = again.size == image.size and again.mode == image.mode and len(data) <= most_bytes
    except Exception:  # noqa: BLE001 — then it is read as Pillow has it
        return None
    return data if same else None


def array_raster(values: Array, called: str) -> tuple[Raster, list[str]]:
    """An array as an image.

    Raises:
        ImageError: its shape or its numbers have no clear meaning.
    """
    shape = " × ".join(map(str, values.shape)) or "no axes"
    if values.ndim not in {2, 3} or not values.size or (values.ndim == 3 and values.shape[2] not in {1, 3, 4}):
        way = "; move the channels to the end" if values.ndim == 3 and values.shape[0] in {1, 3, 4} else ""
        raise ImageError(f"{called} is an array of {shape}{way}; {TAKEN}").of("shape", found=values.shape)
    kind = values.dtype.name
    scale = 1 if values.dtype.kind == "f" else _SCALES.get(kind)
    if scale is None:
        raise ImageError(f"{called} is an array of {kind}, of which nobody knows what is white; {TAKEN}").of(
            "dtype", found=kind
        )
    if values.dtype.kind == "f":
        low, high = float(values.min()), float(values.max())
        if not (low >= 0 and high <= 1):
            raise ImageError(
                f"{called} is an array of floats from {low:.4g} to {high:.4g}; give floats from 0 (black) to 1 "
                "(white): divide by 255, or take a normalisation back"
            ).of("values", found=(low, high))
    found = Found(b"")
    held = with_channels(np.array(values))  # an image must not change with somebody's array
    raster = samples_raster(array_samples(held), (held.shape[1], held.shape[0]), scale, found)
    return raster, found.notes


def too_long(called: str, length: int, most_bytes: int) -> ImageError:
    """Say that a file is larger than what is read, or empty."""
    found = f"is larger than {size_in_words(most_bytes)}" if length else "is empty (0 bytes)"
    return ImageError(f"{called} {found}").of("size", found=length, limit=most_bytes)


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}" if value is not None else "None"
