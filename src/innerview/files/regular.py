"""Opening a file that somebody named: a regular one, of a size that is allowed, or a sentence that says why not."""

from __future__ import annotations

import errno
import stat
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from innerview.errors import DataError, InnerviewError

TEXT: Final = 16 * 2**20
"""Bytes of a text file that are read, at most; 1,000 names of classes have 20 kB."""

SHORT: Final = 60
"""Letters of a file's words that a sentence repeats, at most."""

KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)

EXPLAINED: Final = {errno.ENOENT: "there is no such file", errno.ENAMETOOLONG: "no file has a name of that length"}


def exists(path: Path) -> bool:
    """Whether there is something of that name; False too where nobody may look, or no name can be like it."""
    return _asked(path.exists)


def is_file(path: Path) -> bool:
    """Whether there is a regular file of that name; False too where `exists` says so."""
    return _asked(path.is_file)


def is_folder(path: Path) -> bool:
    """Whether there is a folder of that name; False too where `exists` says so."""
    return _asked(path.is_dir)


def _asked(question: Callable[[], bool]) -> bool:
    """What Path itself says: it raises for a name that is too long, or in a folder that may not be entered."""
    try:
        return question()
    except (OSError, ValueError):
        return False


def size_of(path: Path, what: str, most: int | None = None) -> int:
    """The size in bytes of a regular file; nothing of it is read.

    Args:
        path: of the file.
        what: it should be, for messages: "the weights".
        most: bytes that are allowed; None for any number.

    Raises:
        DataError: it is not there, no regular file, or too large.
    """
    with reading(path, what):
        found = path.stat()
        for is_it, kind in KINDS:
            if is_it(found.st_mode):
                raise DataError(f"{what} should be read from {path}, which is {kind}; name a regular file").of(
                    "file", path=path, found=kind
                )
        if most is not None and found.st_size > most:
            raise DataError(
                f"{what} should be read from {path}, which has {found.st_size:,} bytes; at most {most:,}"
            ).of("size", path=path, found=found.st_size, limit=most)
        return found.st_size


@contextmanager
def opened(path: Path, what: str, most: int | None = None) -> Generator[IO[bytes], None, None]:
    """Open a regular file for the length of a block, in which every failure becomes a DataError.

    Raises:
        DataError: as `size_of` says, or whatever goes wrong in the block.
    """
    size_of(path, what, most)
    with reading(path, what), path.open("rb") as file:
        yield file


def read_text(path: Path, what: str, most: int = TEXT) -> str:
    """Read a text file in UTF-8, with or without a mark at its beginning.

    Raises:
        DataError: it is not there, no regular file, too large, or no text.
    """
    with opened(path, what, most) as file:
        return file.read(most + 1).decode("utf-8-sig")


@contextmanager
def reading(path: Path, what: str, way: str = "") -> Generator[None, None, None]:
    """Turn whatever goes wrong in the block into a DataError that names the file.

    Args:
        path: of the file.
        what: it should be.
        way: what to do about it; empty where the reason says it.
    """
    try:
        yield
    except InnerviewError:
        raise
    except Exception as problem:  # a damaged file can raise anything
        raise DataError(f"{what} {path} can't be read ({reason(problem)}){way and f'; {way}'}").of(
            "file", path=path, found=type(problem).__name__
        ) from problem


def reason(problem: Exception) -> str:
    """An exception in one line."""
    match problem:
        case OSError(errno=int(number)) if number in EXPLAINED:
            return EXPLAINED[number]
        case OSError(strerror=str(words)):
            return " ".join(words.lower().split())[:300]
        case MemoryError():
            return "it needs more memory than there is"
        case RecursionError():
            return "it is nested too deeply"
        case UnicodeDecodeError(start=place):
            return f"byte {place} is no text in UTF-8"
        case KeyError(args=(missing, *_)):
            return f"it has no {missing}"
        case _:
            return " ".join(str(problem).split())[:300] or type(problem).__name__


def brief(value: object) -> str:
    """A value from a file, short enough for a sentence."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except (RecursionError, ValueError):  # nested deeply; a number of thousands of digits
        return f"a {type(value).__name__}"
    return text if len(text) <= SHORT else f"{text[:SHORT]}…"
