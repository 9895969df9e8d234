"""The folder that results are written to: ours or empty, and never half a result under a real name.

What belongs together (everything about one image) is written into a hidden folder beside its place and moved
over in one step when it is complete. So a full disk, Ctrl-C or a kill leaves whole folders and, at worst, a
hidden one that the next run takes away.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Final

from innerview.errors import OutputError
from innerview.files.atomic import write
from innerview.names import comparable, readable
from innerview.results import versions

MARK: Final = "innerview.json"
"""A folder with this file was made by us, and may be written to again."""

_LONGEST: Final = 80
"""Bytes of a folder's name; beside it stand hidden folders with longer ones."""

_DEVICES: Final = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(10))}
)


def open_folder(path: Path) -> Path:
    """Make the folder, or take one that is empty or ours.

    Raises:
        OutputError: it is a file, holds other things, or can't be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        others = [one.name for one in path.iterdir()]
    except (OSError, ValueError) as problem:
        raise OutputError(f"the folder {path} can't be used ({_reason(problem)}); choose another with --output").of(
            "folder", path=path
        ) from None
    if others and MARK not in others:
        raise OutputError(
            f"the folder {path} holds other things ({', '.join(sorted(others)[:3])}, …); nothing was written: "
            "choose an empty or new folder with --output"
        ).of("folder", path=path, found=tuple(sorted(others)))
    write(path / MARK, json.dumps({"made by": f"innerview {versions()['innerview']}"}).encode())
    for left in path.glob(".*.partial"):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    return path


@contextmanager
def whole(folder: Path, name: str) -> Generator[Path, None, None]:
    """Give a hidden folder to write into; it becomes `folder/name` in one step when the block ends without error.

    Raises:
        OutputError: the disk is full, or something can't be written; what stood there before stands there still.
    """
    beside, place, old = folder / f".{name}.partial", folder / name, folder / f".{name}.old.partial"
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        yield beside
        if place.exists():
            place.rename(old)
        beside.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as problem:
        raise OutputError(f"{place} can't be written ({_reason(problem)}); nothing that was there is lost").of(
            "writing", path=place
        ) from problem
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def folder_names(names: Iterable[str]) -> list[str]:
    """Turn the names of images into names of folders: letters, digits, dots and dashes, each one once.

    Once on any disk: macOS and Windows take names that differ in case only for one, macOS also those that differ in
    how letters are composed, Windows keeps some names for devices, and most allow 255 bytes.
    """
    taken: set[str] = set()
    found: list[str] = []
    for name in names:
        plain = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in readable(name)).strip(".-")
        plain = _cut(plain.rsplit(".", 1)[0] or plain).rstrip(".-") or "image"
        if plain.partition(".")[0].upper() in _DEVICES:
            plain = f"image-{plain}"
        numbered = chain([plain], (f"{plain}-{number}" for number in count(2)))
        free = next(one for one in numbered if comparable(one) not in taken)
        taken.add(comparable(free))
        found.append(free)
    return found


def file_names(names: Iterable[str]) -> dict[str, str]:
    """For parts of files' names, whatever is a name elsewhere: ASCII letters, digits, dots and dashes, each one once.

    Names that are fine stay as they are; what others mean by "/", ".." or "#" has no meaning in a name.
    """
    taken: set[str] = set()
    found: dict[str, str] = {}
    for name in names:
        plain = "".join(
            letter if (letter.isascii() and letter.isalnum()) or letter in "-_." else "-" for letter in name
        )
        plain = _cut(plain).strip(".-") or "layer"
        numbered = chain([plain], (f"{plain}-{number}" for number in count(2)))
        found[name] = next(one for one in numbered if comparable(one) not in taken)
        taken.add(comparable(found[name]))
    return found


def _cut(name: str) -> str:
    return name.encode("utf-8")[:_LONGEST].decode("utf-8", "ignore")


def _reason(problem: Exception) -> str:
    return (problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)).lower()
