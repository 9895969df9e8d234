"""ZIP archives that others wrote (.npz, .keras, PyTorch's): how much they unpack to is known before they are unpacked.

A few kilobytes can claim to be many gigabytes. What an archive's entries claim is checked first: all of them together
may be SURE bytes, or TIMES the file's own size; no entry is read beyond what it claimed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from innerview.errors import DataError
from innerview.files.regular import opened

SURE: Final = 256 * 2**20
TIMES: Final = 20
ENTRIES: Final = 100_000


def allowed(size: int) -> int:
    """How many bytes a file of `size` may unpack to."""
    return max(SURE, TIMES * size)


@contextmanager
def archive(path: Path, what: str) -> Generator[zipfile.ZipFile, None, None]:
    """Open an archive for the length of a block, once its entries are known to be harmless.

    Raises:
        DataError: it is no archive, claims too much, or an entry would lie outside of it.
    """
    with opened(path, what) as file, zipfile.ZipFile(file) as found:
        check(found, path, what)
        yield found


def is_archive(path: Path, what: str) -> bool:
    """Whether a file is a ZIP archive, by its content.

    Raises:
        DataError: it can't be read.
    """
    with opened(path, what) as file:
        return zipfile.is_zipfile(file)


def check(found: zipfile.ZipFile, path: Path, what: str) -> None:
    """Raise DataError unless an archive may be unpacked."""
    entries = found.infolist()
    size = path.stat().st_size
    claimed = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES:
        raise DataError(f"{what} {path} can't be read (it has {len(entries):,} entries; at most {ENTRIES:,})").of(
            "entries", path=path, found=len(entries), limit=ENTRIES
        )
    if claimed > allowed(size):
        raise DataError(
            f"{what} {path} is not unpacked: its {size:,} bytes would become {claimed:,}; at most {allowed(size):,}. "
            "If you trust it, unpack it and save it anew without compression"
        ).of("size", path=path, found=claimed, limit=allowed(size))
    for entry in entries:
        parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
        if ".." in parts or parts[:1] == ("/",):
            raise DataError(f"{what} {path} is not opened: its entry {entry.filename!r} leads out of the archive").of(
                "entry", path=path, found=entry.filename
            )


def read_entry(found: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Read one entry.

    Raises:
        KeyError: there is none of this name.
        DataError: it claims more than `most` bytes.
    """
    claimed = found.getinfo(name).file_size
    if claimed > most:
        raise DataError(
            f"{name} in {found.filename or 'the archive'} would unpack to {claimed:,} bytes; at most {most:,}"
        ).of("size", asked=name, found=claimed, limit=most)
    return found.read(name)
