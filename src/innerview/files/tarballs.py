"""Tarballs that others wrote, plain or compressed: no more is unpacked than a limit, whatever their headers claim.

A tarball has no list of its entries: to find the next one, all before it is unpacked. So the limit is on the bytes that
come out of the compression, and on each piece that is asked for at once, headers among them.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final, Protocol, cast, runtime_checkable

from innerview.errors import DataError
from innerview.files.regular import opened, reading


@runtime_checkable
class Stream(Protocol):
    """What a tarball is read from."""

    def read(self, count: int, /) -> bytes:
        """The next bytes, at most so many."""
        ...

    def tell(self) -> int:
        """The place in the stream."""
        ...

    def seek(self, place: int, /) -> int:
        """Go to a place."""
        ...


WHOLE: Final = 2**29
"""Bytes that a tarball may unpack to; CIFAR-10 has 186 MB."""

ENTRIES: Final = 10_000

COMPRESSIONS: Final[tuple[tuple[bytes, Callable[[IO[bytes]], Stream]], ...]] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)
"""How a compressed file begins, and what unpacks it."""

Read = Callable[[str], bytes]
"""Gives an entry's content by its name without folders; raises DataError if it is too large."""


class _Bounded:
    """A stream that refuses to give too much, at once or in all."""

    def __init__(self, stream: Stream, most: int, whole: int, path: Path) -> None:
        self._stream, self._most, self._whole, self._path = stream, most, whole, path

    def read(self, count: int = -1) -> bytes:
        """The next bytes."""
        if not 0 <= count <= self._most:
            raise DataError(f"{self._path} claims {count:,} bytes in one piece; at most {self._most:,} are read").of(
                "piece", path=self._path, found=count, limit=self._most
            )
        return self._stream.read(count)

    def tell(self) -> int:
        """The place in what is unpacked."""
        return self._stream.tell()

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place; on the way there everything is unpacked."""
        if whence or place > self._whole:
            raise DataError(f"{self._path} would unpack to {place:,} bytes; at most {self._whole:,}").of(
                "size", path=self._path, found=place, limit=self._whole
            )
        return self._stream.seek(place)


@contextmanager
def tarball(
    path: Path, what: str, most: int, way: str = "", whole: int = WHOLE
) -> Generator[tuple[frozenset[str], Read], None, None]:
    """Open a tarball for the length of a block, in which every failure becomes a DataError.

    Args:
        path: of the file.
        what: it should be, for messages.
        most: bytes of one entry that are read.
        way: what to do about one that can't be read.
        whole: bytes that it may unpack to.

    Yields:
        The names of its files, without folders, and what reads one by its name.

    Raises:
        DataError: it is no regular file, no tarball, damaged, or unpacks to more than is allowed.
    """
    with opened(path, what) as file, reading(path, what, way):
        head = file.read(6)
        file.seek(0)
        unpack = next((one for mark, one in COMPRESSIONS if head.startswith(mark)), None)
        stream: Stream = file if unpack is None else unpack(file)
        bounded = cast("IO[bytes]", _Bounded(stream, most, whole, path))
        with tarfile.open(fileobj=bounded, mode="r:") as archive:
            members = dict[str, tarfile.TarInfo]()
            for number, member in enumerate(archive):
                if number >= ENTRIES:
                    raise DataError(f"{path} has more than {ENTRIES:,} entries, which no data set needs").of(
                        "entries", path=path, limit=ENTRIES
                    )
                if member.isfile():
                    members[PurePosixPath(member.name).name] = member

            def read(name: str) -> bytes:
                member = members[name]
                if member.size > most:
                    raise DataError(f"{name} in {path} has {member.size:,} bytes; at most {most:,} are read").of(
                        "entry", path=path, asked=name, found=member.size, limit=most
                    )
                found = archive.extractfile(member)
                return b"" if found is None else found.read()

            yield frozenset(members), read
