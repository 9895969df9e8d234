"""A folder of images sorted into classes: each image's truth is known, and each can be named.

The layouts are those of `parts`: `DIR/test/<class>/*.jpg` (another part than "test" can be asked for) and
`DIR/<class>/*.jpg`. Classes and images stand in natural order (2 before 10), hidden files are passed over, and only
names with an image's ending count, so that the number of an image stays the same on every machine. Nothing is
decoded before it is asked for. What was passed over is listed, never silently gone. A class is called as its folder is,
in characters that can be shown (`names.readable`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from innerview.data.image import Image
from innerview.data.named import find_data
from innerview.data.parts import find_part, folders_in, images_in, listed, names_of, nothing_in
from innerview.data.reading import load_image
from innerview.errors import AmbiguousClass, DataError, UnknownClass
from innerview.names import readable
from innerview.reprs import short
from innerview.targets import find_class

_WORDNET = re.compile(r"n\d{8}")
"""How ImageNet's folders are called."""


@dataclass(frozen=True)
class Entry:
    """One image of a data set, not yet read.

    Attributes:
        index: from 0, over all classes.
        label: name of its class.
        number: from 0, within its class.
        path: where it is.
    """

    index: int
    label: str
    number: int
    path: Path

    @property
    def name(self) -> str:
        """How it is picked and captioned: "horse:3"."""
        return f"{self.label}:{self.number}"

    def read(self) -> Image:
        """Read the image, its label with it, or raise ImageError."""
        return load_image(self.path, name=f"{self.name} ({readable(self.path.name)})", label=self.label)


@short
@dataclass(frozen=True)
class ClassFolders:
    """A data set in class folders.

    Attributes:
        root: the folder that holds the class folders.
        class_names: in natural order; only classes that have images.
        entries: all images, class by class.
        notes: what was passed over, in words.
    """

    root: Path
    class_names: tuple[str, ...]
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()

    def of_class(self, asked: str) -> tuple[Entry, ...]:
        """All images of a class, by its name whatever the case or by number and name; or raise UnknownClass."""
        if asked.strip().isdecimal() and asked.strip() not in self.class_names:  # of an image, here
            raise UnknownClass(asked, self.class_names)
        chosen = self.class_names[find_class(asked, self.class_names)]
        return tuple(entry for entry in self.entries if entry.label == chosen)

    def pick(self, asked: str | int) -> Entry:
        """Find one image: by number over all ("17"), by class and number ("horse:3"), or a class's first ("horse").

        Raises:
            UnknownClass: there is no such class.
            DataError: there are not so many images.
        """
        name, colon, number = str(asked).strip().rpartition(":")
        within = self.of_class(name) if colon else self.entries
        if not colon and not number.isdecimal():
            return self.of_class(number)[0]
        if not number.isdecimal() or int(number) >= len(within):
            where = f"of {within[0].label}" if colon else f"in {self.root}"
            raise DataError(
                f"image {str(asked)!r} was asked for; the images {where} are numbered 0 to {len(within) - 1}"
            ).of("image", asked=asked, limit=len(within) - 1)
        return within[int(number)]

    def shuffled(self, count: int | None = None, seed: int = 0) -> tuple[Entry, ...]:
        """Give `count` images (all if there are fewer, or it is None) in an order that depends on `seed` alone.

        The first of a longer list are the shorter list, so a larger sample contains the smaller one.
        """
        order: list[int] = np.random.default_rng(seed).permutation(len(self.entries))[:count].tolist()
        return tuple(self.entries[position] for position in order)

    def matching(self, class_names: Sequence[str]) -> tuple[int, ...]:
        """For each class here, its number in the model's `class_names` (by name, whatever the case).

        Raises:
            DataError: a class here is none of the model's; lists both.
        """
        numbers: list[int] = []
        strange: list[str] = []
        for name in self.class_names:
            try:
                numbers.append(find_class(name, class_names))
            except AmbiguousClass as problem:
                raise DataError(f"{problem} (the name of its folder in {readable(str(self.root))})").of(
                    "class", asked=name, known=problem.known, path=self.root / name
                ) from problem
            except UnknownClass:
                strange.append(name)
        if strange:
            wordnet = _WORDNET.fullmatch(strange[0]) is not None
            raise DataError(
                f"the model does not know {listed(strange)}; the classes in {readable(str(self.root))} are "
                f"{listed(self.class_names)}, the model's {listed(class_names)}: "
                + (
                    "declare the classes with these numbers: --classes FILE with lines as n01440764 tench"
                    if wordnet
                    else "rename the folders or remove them"
                )
            ).of("classes", found=tuple(strange), known=class_names, path=self.root)
        return tuple(numbers)


def open_folders(root: str | Path, part: str = "test") -> ClassFolders:
    """Look through class folders.

    Args:
        root: the data set's folder, or the name of one that another package brings.
        part: which part of it, where it is divided into parts ("test", or else "val"; "train").

    Raises:
        DataError: it is no folder, can't be listed, or holds no class folder with an image in it.
    """
    root, found = find_part(find_data(Path(root)), part)
    entries: list[Entry] = []
    notes = list(found)
    for folder in folders_in(root):
        paths, others = images_in(folder)
        first, name = len(entries), readable(folder.name)
        entries += [Entry(first + number, name, number, path) for number, path in enumerate(paths)]
        if others:
            notes.append(f"{name}: {listed(names_of(others))} passed over, no image by its ending")
        if not paths:
            notes.append(f"{name} holds no image and was left out")
    if not entries:
        raise nothing_in(root)
    names = [readable(path.name) for path in folders_in(root)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise DataError(
            f"{readable(str(root))} holds several folders called {listed(sorted(twice))}, with letters composed "
            "in different ways (as macOS does it, and as others do); rename one, or put their images together"
        ).of("folders", path=root, found=tuple(sorted(twice)))
    return ClassFolders(root, tuple(dict.fromkeys(entry.label for entry in entries)), tuple(entries), tuple(notes))
