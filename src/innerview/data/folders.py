"""A folder of pictures sorted into classes: each picture's truth is known, and each can be named.

Two layouts are understood: `DIR/test/<class>/*.jpg` (another part than "test" can be asked for) and
`DIR/<class>/*.jpg`. Classes and pictures stand in natural order (2 before 10), hidden files are passed over, and only
names with a picture's ending count, so that the number of a picture stays the same on every machine. Nothing is
decoded before it is asked for. What was passed over is listed, never silently gone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from innerview.data.reading import Picture, read_picture
from innerview.errors import DataError, UnknownClass
from innerview.targets import find_class

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
_SHOWN = 12


@dataclass(frozen=True)
class Entry:
    """One picture of a data set, not yet read.

    Attributes:
        index: from 0, over all classes.
        truth: name of its class.
        number: from 0, within its class.
        path: where it is.
    """

    index: int
    truth: str
    number: int
    path: Path

    @property
    def name(self) -> str:
        """How it is picked and captioned: "horse:3"."""
        return f"{self.truth}:{self.number}"

    def read(self) -> Picture:
        """Read the picture, its truth with it, or raise PictureError."""
        return read_picture(self.path, name=f"{self.name} ({self.path.name})", truth=self.truth)


@dataclass(frozen=True)
class ClassFolders:
    """A data set in class folders.

    Attributes:
        root: the folder that holds the class folders.
        class_names: in natural order; only classes that have pictures.
        entries: all pictures, class by class.
        notes: what was passed over, in words.
    """

    root: Path
    class_names: tuple[str, ...]
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()

    def of_class(self, asked: str) -> tuple[Entry, ...]:
        """All pictures of a class, by its name whatever the case, or raise UnknownClass."""
        names = {name.lower(): name for name in self.class_names}
        if asked.strip().lower() not in names:
            raise UnknownClass(asked, self.class_names)
        chosen = names[asked.strip().lower()]
        return tuple(entry for entry in self.entries if entry.truth == chosen)

    def pick(self, asked: str | int) -> Entry:
        """Find one picture: by number over all ("17"), by class and number ("horse:3"), or a class's first ("horse").

        Raises:
            UnknownClass: there is no such class.
            DataError: there are not so many pictures.
        """
        name, colon, number = str(asked).strip().rpartition(":")
        within = self.of_class(name) if colon else self.entries
        if not colon and not number.isdecimal():
            return self.of_class(number)[0]
        if not number.isdecimal() or int(number) >= len(within):
            where = f"of {within[0].truth}" if colon else f"in {self.root}"
            raise DataError(
                f"picture {str(asked)!r} was asked for; the pictures {where} are numbered 0 to {len(within) - 1}"
            )
        return within[int(number)]

    def shuffled(self, count: int | None = None, seed: int = 0) -> tuple[Entry, ...]:
        """Give `count` pictures (all if there are fewer, or it is None) in an order that depends on `seed` alone.

        The first of a longer list are the shorter list, so a larger sample contains the smaller one.
        """
        order: list[int] = np.random.default_rng(seed).permutation(len(self.entries))[:count].tolist()
        return tuple(self.entries[position] for position in order)

    def matching(self, class_names: Sequence[str]) -> tuple[int, ...]:
        """For each class here, its number in the network's `class_names` (by name, whatever the case).

        Raises:
            DataError: a class here is none of the network's; lists both.
        """
        numbers: list[int] = []
        strange: list[str] = []
        for name in self.class_names:
            try:
                numbers.append(find_class(name, class_names))
            except UnknownClass:
                strange.append(name)
        if strange:
            raise DataError(
                f"the network does not know {_listed(strange)}; the classes in {self.root} are "
                f"{_listed(self.class_names)}, the network's {_listed(class_names)}: rename the folders or remove them"
            )
        return tuple(numbers)


def open_folders(root: str | Path, part: str = "test") -> ClassFolders:
    """Look through class folders.

    Args:
        root: the data set's folder.
        part: which part of it, where it is divided into parts ("test", "train").

    Raises:
        DataError: it is no folder, can't be listed, or holds no class folder with a picture in it.
    """
    root = Path(root)
    if not root.is_dir():
        raise DataError(
            f"the data were to be read from {root}, which is {'a file' if root.exists() else 'not there'}; "
            "name a folder that holds test/<class>/*.jpg or <class>/*.jpg"
        )
    divided = (root / part).is_dir()
    if not divided and {folder.name for folder in _folders(root)} & {"train", "test"}:
        raise DataError(f"{root} is divided into {_listed(_names(_folders(root)))}; there is no part {part!r}")
    root = root / part if divided else root
    entries: list[Entry] = []
    notes: list[str] = []
    for folder in _folders(root):
        paths, others = _pictures(folder)
        first = len(entries)
        entries += [Entry(first + number, folder.name, number, path) for number, path in enumerate(paths)]
        if others:
            notes.append(f"{folder.name}: {_listed(_names(others))} passed over, no picture by its ending")
        if not paths:
            notes.append(f"{folder.name} holds no picture and was left out")
    if not entries:
        raise DataError(_nothing(root))
    return ClassFolders(root, tuple(dict.fromkeys(entry.truth for entry in entries)), tuple(entries), tuple(notes))


def _natural(path: Path) -> list[tuple[int, str]]:
    """A key that puts 2 before 10, and anything else in the order of its letters."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts] + [(-1, path.name)]


def _listing(folder: Path) -> list[Path]:
    try:
        return sorted((path for path in folder.iterdir() if not path.name.startswith(".")), key=_natural)
    except OSError as problem:
        raise DataError(f"{folder} can't be listed: {problem.strerror}; change its permissions") from problem


def _folders(folder: Path) -> list[Path]:
    return [path for path in _listing(folder) if path.is_dir()]


def _pictures(folder: Path) -> tuple[list[Path], list[Path]]:
    """Give the pictures of a class folder, and what else is in it."""
    pictures: list[Path] = []
    others: list[Path] = []
    for path in _listing(folder):
        (pictures if path.suffix.lower() in ENDINGS and path.is_file() else others).append(path)
    return pictures, others


def _pictures_in_words(count: int) -> str:
    return f"{count} picture{'s' * (count != 1)}"


def _names(paths: Sequence[Path]) -> list[str]:
    return [path.name for path in paths]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _nothing(root: Path) -> str:
    """Say what a folder holds in place of class folders with pictures."""
    loose, others = _pictures(root)
    if loose:
        return f"{root} holds {_pictures_in_words(len(loose))} but no class folders; sort them into {root}/<class>/"
    held = f"holds {_listed(_names(others))}" if others else "is empty"
    return f"{root} {held}, but no class folder with a picture in it; expected is test/<class>/*.jpg or <class>/*.jpg"
