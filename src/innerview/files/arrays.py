"""NumPy's files, .npz and .npy: what a header claims is compared with the bytes that are there before it is believed.

Nothing is unpickled: an array of objects is refused by its name.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final, Protocol, cast, runtime_checkable

import numpy as np

from innerview.errors import DataError
from innerview.files.archives import archive
from innerview.files.regular import opened, size_of
from innerview.types import Array

MAGIC: Final = b"\x93NUMPY"


@runtime_checkable
class Readable(Protocol):
    """A file, or an entry of an archive."""

    def read(self, count: int, /) -> bytes:
        """The next bytes, at most so many."""
        ...


def names_in(path: Path, what: str) -> tuple[str, ...]:
    """The names of the arrays in an .npz file.

    Raises:
        DataError: it can't be read.
    """
    with archive(path, what) as found:
        return tuple(name.removesuffix(".npy") for name in found.namelist())


def read_npz(path: Path, what: str, names: Collection[str] | None = None) -> dict[str, Array]:
    """Read arrays of an .npz file.

    Args:
        path: of the file.
        what: it should be, for messages.
        names: of the arrays that are wanted, as far as they are there; None for all.

    Raises:
        DataError: it is damaged, an array is not what its header claims, or holds objects.
    """
    read = dict[str, Array]()
    with archive(path, what) as found:
        for entry in found.infolist():
            name = entry.filename.removesuffix(".npy")
            if names is None or name in names:
                with found.open(entry) as file:
                    read[name] = _array(file, entry.file_size, f"{name} in {path}")
    return read


def read_npy(path: Path, what: str) -> Array:
    """Read an .npy file.

    Raises:
        DataError: it is damaged, not what its header claims, or holds objects.
    """
    size = size_of(path, what)
    with opened(path, what) as file:
        return _array(file, size, str(path))


def _array(file: Readable, size: int, where: str) -> Array:
    """Read an array of which `size` bytes are there, its header among them."""
    head = file.read(12)
    if head[:6] != MAGIC or len(head) < 10:
        raise DataError(f"{where} is no array of NumPy (it begins with {head[:6].hex(' ')})").of(
            "format", found=head[:6].hex(" ")
        )
    wide = head[6] > 1  # the version: from 2 on, the header's length has four bytes
    length = int.from_bytes(head[8 : 12 if wide else 10], "little")
    begin = (12 if wide else 10) + length
    if begin > size:
        raise DataError(
            f"{where} is cut short: a header of {length:,} bytes was announced, {size:,} bytes are there"
        ).of("header", found=size, asked=length)
    shape, by_columns, dtype = _header(_Ahead(head, file))
    wanted = math.prod(shape) * dtype.itemsize
    if dtype.hasobject:
        raise DataError(
            f"{where} holds Python objects, which are not opened: they could run code. Save numbers or text"
        ).of("objects", found="Python objects")
    if not dtype.itemsize or wanted != size - begin:
        raise DataError(
            f"{where} is damaged: {dtype} of shape {shape} was announced, which is {wanted:,} bytes, and "
            f"{size - begin:,} are there"
        ).of("length", asked=wanted, found=size - begin)
    content = file.read(wanted)
    if len(content) != wanted:
        raise DataError(f"{where} is cut short: {wanted:,} bytes were announced, {len(content):,} are there").of(
            "length", asked=wanted, found=len(content)
        )
    flat = np.frombuffer(bytearray(content), dtype)
    return flat.reshape(shape[::-1]).T if by_columns else flat.reshape(shape)


def _header(file: _Ahead) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(cast("Any", file))
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise DataError(f"a version {version} of NumPy's format was found; versions (1, 0) and (2, 0) are read").of(
            "version", found=version
        )
    return readers[version](cast("Any", file))


class _Ahead:
    """A file of which some bytes were read already, given again."""

    def __init__(self, head: bytes, file: Readable) -> None:
        self._head, self._file = head, file

    def read(self, count: int) -> bytes:
        """The next bytes."""
        taken, self._head = self._head[:count], self._head[count:]
        return taken + (self._file.read(count - len(taken)) if count > len(taken) else b"")
