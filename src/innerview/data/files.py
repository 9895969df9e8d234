"""Taking the bytes of a file, and saying what they are when they are not what was hoped for.

An error about a file is only worth reading if it says what the file *is*: "moose.txt is text, 12 kB" ends the search
that "cannot identify image file" begins.
"""

from __future__ import annotations

import difflib
import stat
from pathlib import Path

from innerview.errors import ImageError
from innerview.names import readable

# Where to look, what stands there, and what such a file is called. The first that fits counts.
SIGNATURES = (
    (0, b"%PDF", "a PDF document"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript document"),
    (4, b"ftypavif", "an AVIF image"),
    (4, b"ftypheic", "a HEIC image"),
    (4, b"ftypheix", "a HEIC image"),
    (4, b"ftypmif1", "a HEIF image"),
    (4, b"ftyp", "a video (MP4)"),
    (0, b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (0, b"\xff\x0a", "a JPEG XL image"),
    (0, b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"\x00\x00\x01\x00", "an icon (ICO)"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "gzip-compressed data"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"\x1aE\xdf\xa3", "a video (Matroska or WebM)"),
    (0, b"\x89PNG", "a PNG image that is broken at its start"),
    (0, b"\xff\xd8\xff", "a JPEG image that is broken at its start"),
    (0, b"GIF8", "a GIF image that is broken at its start"),
    (0, b"RIFF", "a RIFF file (a broken WebP image, or sound, or video)"),
    (0, b"BM", "a BMP image that is broken at its start"),
    (0, b"II*\x00", "a TIFF image that is broken at its start"),
    (0, b"MM\x00*", "a TIFF image that is broken at its start"),
)
MARKUP = (("<svg", "an SVG drawing"), ("<!doctype html", "a web page"), ("<html", "a web page"))
_CONTROL = set(range(32)) - {7, 8, 9, 10, 12, 13, 27}
_STATED = 8


def size_in_words(count: int) -> str:
    """Write a number of bytes for people: "812 bytes", "12 kB", "3.4 MB"."""
    if count < 1000:
        return f"{count} byte{'s' * (count != 1)}"
    return f"{count / 1e3:.0f} kB" if count < 999_500 else f"{count / 1e6:.1f} MB"


def describe_bytes(data: bytes) -> str:
    """Say what a file that is not an image is, with its size: "text, 12 kB"."""
    size = size_in_words(len(data))
    for offset, mark, words in SIGNATURES:
        if data[offset : offset + len(mark)] == mark:
            return f"{words}, {size}"
    head = data[:4096]
    if not _CONTROL & set(head):
        text = head.decode("utf-8", errors="ignore").lower()
        kinds = [words for mark, words in MARKUP if mark in text]
        return f"{kinds[0] if kinds else 'text'}, {size}"
    return f"of no kind that is known ({size}, beginning with {head[:_STATED].hex(' ')})"


def read_bytes(path: Path, most_bytes: int) -> bytes:
    """Read a whole file of at most `most_bytes`.

    Raises:
        ImageError: it is missing (names like it are listed), a folder, not a regular file, not allowed to be
            read, or too large; in each case before anything of it is read.
    """
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise ImageError(f"{_shown(path)} is a folder{_content_of(path)}; name an image in it").of(
                "file", path=path, found="a folder"
            )
        if not stat.S_ISREG(found.st_mode):
            raise ImageError(
                f"{_shown(path)} is not a regular file (a device, pipe or socket); copy it into one first"
            ).of("file", path=path, found="a device")
        if found.st_size > most_bytes:
            raise ImageError(
                f"{readable(path.name)} has {size_in_words(found.st_size)}; "
                f"the most that is read is {size_in_words(most_bytes)}"
            ).of("size", path=path, found=found.st_size, limit=most_bytes)
        with path.open("rb") as file:
            return file.read(most_bytes + 1)
    except FileNotFoundError as problem:
        raise ImageError(f"there is no file {_shown(path)}{_names_like(path)}").of(
            "file", path=path, found=None
        ) from problem
    except PermissionError as problem:
        raise ImageError(f"{_shown(path)} may not be read by this user; change its permissions (chmod u+r)").of(
            "permission", path=path
        ) from problem
    except (OSError, ValueError) as problem:  # ValueError: a name that no file can have
        raise ImageError(f"{_shown(path)!r} can't be read: {problem}").of(
            "file", path=path, found=type(problem).__name__
        ) from problem


def _shown(path: Path) -> str:
    return readable(str(path))


def _content_of(folder: Path) -> str:
    names = sorted(readable(path.name) for path in folder.iterdir() if not path.name.startswith("."))
    shown = ", ".join(names[:_STATED]) + ", …" * (len(names) > _STATED)
    return f" that holds {shown}" if names else " that holds nothing"


def _names_like(path: Path) -> str:
    """List names beside `path` that resemble it, or say that its folder is missing too."""
    if not path.parent.is_dir():
        return f", nor a folder {_shown(path.parent)}"
    try:
        like = difflib.get_close_matches(path.name, [other.name for other in path.parent.iterdir()], n=3)
    except OSError:
        like = []
    return (
        f"; beside it there is {', '.join(map(readable, like))}"
        if like
        else f"; {readable(path.parent.resolve().name) or '/'} holds none like it"
    )
