"""Which folder of a data set holds the class folders: data sets are laid out in many ways, and most say which.

Understood are `<class>/*.jpg`, one of the parts train, test and val over it (ImageNet has no labels for its test part,
so that its val is taken), and either of them in a folder of its own, as archives unpack (GTSRB's
`Final_Training/Images`). What was taken is said in a note; where several folders could be meant, they are listed and
nothing is guessed. Depth is bounded, so that a symbolic link to a folder above ends like any folder without images.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from innerview.errors import DataError
from innerview.files.regular import exists, is_folder, reading
from innerview.names import readable

ENDINGS: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
    | {".ppm", ".pgm", ".pbm", ".pnm"}
)
"""What the name of an image ends with, in either case."""

PARTS: Final = {"train": ("train", "training"), "test": ("test", "testing", "val", "valid", "validation")}
"""Names of a part's folder, in the order in which they are looked for, in either case."""

EXPECTED: Final = "expected is test/<class>/*.jpg or <class>/*.jpg"
_DEEPEST: Final = 3
_SHOWN: Final = 12
_FOREIGN: Final = frozenset({"__macosx", "@eadir", "lost+found", "$recycle.bin", "system volume information"})
"""Folders that systems leave behind; what is hidden by a dot is passed over as well."""


def listing(folder: Path) -> list[Path]:
    """What a folder holds, in natural order (2 before 10), without what is hidden.

    Raises:
        DataError: it can't be listed.
    """
    try:
        return sorted((path for path in folder.iterdir() if not path.name.startswith(".")), key=_natural)
    except OSError as problem:
        raise DataError(f"{readable(str(folder))} can't be listed: {problem.strerror}; change its permissions").of(
            "permission", path=folder
        ) from problem


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, without those that systems leave behind."""
    return [path for path in listing(folder) if path.name.lower() not in _FOREIGN and path.is_dir()]


def images_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """Give the images of a class folder, and what else is in it."""
    images: list[Path] = []
    others: list[Path] = []
    for path in listing(folder):
        (images if path.suffix.lower() in ENDINGS and path.is_file() else others).append(path)
    return images, others


def find_part(root: Path, part: str) -> tuple[Path, tuple[str, ...]]:
    """Give the folder that holds the class folders of a part, and notes on how it was found.

    Args:
        root: the data set's folder.
        part: "test" or "train", where it is divided into parts.

    Raises:
        DataError: no folder holds class folders, or it can't be told which is meant.
    """
    with reading(root, "the data"):
        is_one = root.is_dir()
    if not is_one:
        raise DataError(
            f"the data were to be read from {readable(str(root))}, which is "
            f"{'a file' if exists(root) else 'not there'}; name a folder that holds test/<class>/*.jpg or "
            "<class>/*.jpg"
        ).of("data", path=root, found="a file" if exists(root) else None)
    here, notes = _unpacked(root)
    parts = _parts(here)
    if not parts:
        return here, notes
    wanted = [parts[name] for name in PARTS.get(part, (part,)) if name in parts]
    found = next((one for one in wanted if _has_classes(one)), None)
    if found is None:
        if wanted:
            return wanted[0], notes  # nothing in it: the reason is said there
        raise DataError(
            f"{readable(str(root))} is divided into {listed(names_of(folders_in(here)))}; there is no part {part!r}"
        ).of("part", asked=part, known=names_of(folders_in(here)), path=root)
    inner, more = _unpacked(found)
    taken = (f"read from {found.name}: there is no part {part!r} with class folders",) * (
        found.name.lower() not in PARTS.get(part, (part,))[:2]
    )
    return inner, (*notes, *taken, *more)


def is_divided(root: Path) -> bool:
    """Whether a data set has a part to learn from, or to test on, of its own."""
    return bool(_parts(_unpacked(root)[0])) if is_folder(root) else False


def nothing_in(root: Path) -> DataError:
    """Say what a folder holds in place of class folders with images."""
    shown = readable(str(root))
    loose, others = images_in(root)
    if loose:
        count = f"{len(loose)} image{'s' * (len(loose) != 1)}"
        return DataError(f"{shown} holds {count} but no class folders; sort them into {shown}/<class>/").of(
            "class folders", path=root, found=count
        )
    inner = [one for folder in folders_in(root) for one in _candidates(folder, _DEEPEST)]
    if inner:
        return DataError(f"{shown} holds several folders of class folders; name one: {listed(map(str, inner))}").of(
            "class folders", path=root, found=tuple(map(str, inner))
        )
    held = f"holds {listed(names_of(others))}" if others else "is empty"
    return DataError(f"{shown} {held}, but no class folder with an image in it; {EXPECTED}").of(
        "class folders", path=root, found=held
    )


def listed(names: Sequence[str] | map[str]) -> str:
    """Write down names, the first of many."""
    found = [readable(name) for name in names]
    return ", ".join(found[:_SHOWN]) + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")


def names_of(paths: Sequence[Path]) -> list[str]:
    """The last parts of paths."""
    return [path.name for path in paths]


def _parts(folder: Path) -> dict[str, Path]:
    """The parts that a folder is divided into, by their names in small letters.

    "train" is a class too, beside "bus" and "car": it is a part where a part here holds class folders, or where nothing
    else is here.
    """
    known = {name for names in PARTS.values() for name in names}
    inner = folders_in(folder)
    found = {one.name.lower(): one for one in inner if one.name.lower() in known}
    return found if len(found) == len(inner) or any(map(_has_classes, found.values())) else {}


def _unpacked(root: Path) -> tuple[Path, tuple[str, ...]]:
    """Go down to the only folder that holds parts or class folders, where `root` itself does not."""
    if _parts(root) or _has_classes(root):
        return root, ()
    inner = [one for folder in folders_in(root) for one in _candidates(folder, _DEEPEST)]
    if len(inner) != 1:
        return root, ()
    return inner[0], (f"read from {readable(str(inner[0].relative_to(root)))}, which holds the class folders",)


def _candidates(folder: Path, depth: int) -> list[Path]:
    """Folders at or below one that hold parts or class folders, not looking below those that do."""
    if _parts(folder) or _has_classes(folder):
        return [folder]
    return [one for inner in folders_in(folder) for one in _candidates(inner, depth - 1)] if depth > 1 else []


def _has_classes(folder: Path) -> bool:
    return any(_is_class(one) for one in folders_in(folder))


def _is_class(folder: Path) -> bool:
    """There is an image in it; the first that is found ends the search, since a folder may hold a million."""
    try:
        return any(
            not path.name.startswith(".") and path.suffix.lower() in ENDINGS and path.is_file()
            for path in folder.iterdir()
        )
    except OSError:
        return False


def _natural(path: Path) -> list[tuple[int, str]]:
    """A key that puts 2 before 10, and anything else in the order of its letters."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts] + [(-1, path.name)]
