"""Anyone's own pictures as a data set: one folder per class, named for it.

Two layouts: `train/<class>/…` beside `test/<class>/…`, or `<class>/…` alone, of which every sixth picture in the order
of names becomes a test picture. Pictures may have any size: each gives its centre square, brought to the wanted size,
and the data set's source says so. The order of names is the order of the data, so a folder is the same everywhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from innerview.data.labelled import Dataset, LabelledPictures
from innerview.data.reading import read_picture
from innerview.errors import DataError, PictureError
from innerview.types import Array

SUFFIXES: Final = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
TEST_EVERY: Final = 6
"""As CIFAR-10 divides its pictures: one to test for five to learn from."""

LISTED: Final = 20


def from_folders(root: Path, *, size: int, skip_bad: bool = False) -> Dataset:
    """Read class folders.

    Args:
        root: of the folders.
        size: height and width that every picture is brought to, in pixels.
        skip_bad: leave out pictures that can't be read, and list them in the data set, instead of refusing.

    Raises:
        DataError: for fewer than two classes, an empty class, a test class that is not trained, or unreadable
            pictures, which are all listed.
    """
    if (root / "train").is_dir() and (root / "test").is_dir():
        classes = subfolders(root / "train")
        strange = sorted(set(subfolders(root / "test")) - set(classes))
        if strange:
            raise DataError(f"{root / 'test'} has classes that are not in train: {', '.join(strange)}")
        parts = [labelled(root / part, classes) for part in ("train", "test")]
    else:
        classes = subfolders(root)
        parts = divided(labelled(root, classes))
    if len(classes) < 2:
        raise DataError(
            f"{root} holds {len(classes)} class folders{f' ({classes[0]})' if classes else ''}; "
            "put the pictures of each class into a folder of its own, at least two"
        )
    bad: list[str] = []
    train, test = (read(part, size, bad) for part in parts)
    if bad and not skip_bad:
        more = f"\n  and {len(bad) - LISTED} more" if len(bad) > LISTED else ""
        raise DataError(
            f"{len(bad)} pictures can't be read:\n  "
            + "\n  ".join(bad[:LISTED])
            + more
            + "\nMend or remove them, or skip them with --skip-bad"
        )
    return Dataset(train, test, classes, f"class folders, centre squares at {size} pixels", tuple(bad))


def subfolders(root: Path) -> tuple[str, ...]:
    """The names of the folders in a folder, sorted; hidden ones are none."""
    return tuple(sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")))


def labelled(root: Path, classes: tuple[str, ...]) -> list[tuple[Path, int]]:
    """Every picture file with its class number, class by class in the order of names.

    Raises:
        DataError: if a class has no picture.
    """
    found: list[tuple[Path, int]] = []
    for number, name in enumerate(classes):
        folder = root / name
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES) if folder.is_dir() else []
        if not files:
            raise DataError(f"{folder} holds no picture ({', '.join(sorted(SUFFIXES))}); every class needs some")
        found += [(path, number) for path in files]
    return found


def divided(files: list[tuple[Path, int]]) -> list[list[tuple[Path, int]]]:
    """Set apart every sixth picture of each class, its last one at least; a class needs two.

    Raises:
        DataError: if a class has one picture only.
    """
    train: list[tuple[Path, int]] = []
    test: list[tuple[Path, int]] = []
    for number in sorted({number for _, number in files}):
        own = [file for file in files if file[1] == number]
        if len(own) < 2:
            raise DataError(f"{own[0][0].parent} holds one picture; a class needs one to learn from and one to test")
        chosen = set(own[TEST_EVERY - 1 :: TEST_EVERY] or own[-1:])
        test += [file for file in own if file in chosen]
        train += [file for file in own if file not in chosen]
    return [train, test]


def read(files: list[tuple[Path, int]], size: int, bad: list[str]) -> LabelledPictures:
    """Read pictures; add to `bad` those that can't be read, each with its place and the reason."""
    images: list[Array] = []
    labels: list[int] = []
    for path, number in files:
        try:
            images.append(square(path, size))
            labels.append(number)
        except PictureError as problem:
            bad.append(f"{path.parent.name}/{problem}")
    empty = np.empty((0, size, size, 3), dtype=np.uint8)
    return LabelledPictures(np.stack(images) if images else empty, np.asarray(labels, dtype=np.int64))


def square(path: Path, size: int) -> Array:
    """The centre square of a picture, size × size × 3, uint8.

    Raises:
        PictureError: if it can't be read.
    """
    pixels = np.rint(read_picture(path).pixels * 255).astype(np.uint8)
    if pixels.shape[:2] == (size, size):
        return pixels
    # Shrinking takes the mean of what a new pixel covers; enlarging must invent, so it does it smoothly.
    how = Image.Resampling.BOX if min(pixels.shape[:2]) > size else Image.Resampling.BICUBIC
    return np.asarray(ImageOps.fit(Image.fromarray(pixels), (size, size), how))
