"""Anyone's own images as a data set to train on: one folder per class, named for it.

Two layouts: `train/<class>/…` beside `test/<class>/…` (or `val/<class>/…`), or `<class>/…` alone, of which every sixth
image of a class becomes a test image. Images may have any size. They are read, cropped and resized exactly as the
images that are explained later (`folders`, `fitting`), and the data set's source says how.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from innerview.data.fitting import Crop, preprocess
from innerview.data.folders import ClassFolders, Entry, open_folders
from innerview.data.labelled import Dataset, LabelledImages
from innerview.data.parts import folders_in, is_divided
from innerview.errors import DataError, ImageError
from innerview.model import InputSpec
from innerview.names import readable
from innerview.types import Array

TEST_EVERY: Final = 6
"""As CIFAR-10 divides its images: one to test for five to learn from."""

LISTED: Final = 20


def from_folders(root: Path, *, size: int, crop: Crop = "center", skip_bad: bool = False) -> Dataset:
    """Read class folders.

    Args:
        root: of the folders.
        size: height and width that every image is brought to, in pixels.
        crop: which part of an image is taken; see `fit`.
        skip_bad: leave out images that can't be read, and list them in the data set, instead of refusing.

    Raises:
        DataError: for fewer than two classes, an empty class, a class of one image, a test class that is not
            trained, or unreadable images, which are listed.
    """
    divided = is_divided(root)
    learnt = opened(root, "train")
    train, test = (learnt.entries, opened(root, "test").entries) if divided else apart(learnt)
    strange = {entry.label for entry in test} - set(learnt.class_names)
    if strange:
        place = opened(root, "test").root
        raise DataError(f"{place} has classes that are not in train: {', '.join(sorted(strange))}").of(
            "classes", path=place, found=tuple(sorted(strange))
        )
    if len(learnt.class_names) < 2:
        raise DataError(
            f"{learnt.root} holds one class folder ({', '.join(learnt.class_names)}); "
            "put the images of each class into a folder of its own, at least two"
        ).of("classes", path=learnt.root, found=learnt.class_names)
    bad: list[str] = []
    parts = [read(entries, learnt.class_names, size, crop, bad) for entries in (train, test)]
    if bad and not skip_bad:
        more = f"\n  and {len(bad) - LISTED} more" if len(bad) > LISTED else ""
        listed = "\n  ".join(bad[:LISTED])
        raise DataError(
            f"{len(bad)} image{'s' * (len(bad) != 1)} can't be read:\n  {listed}{more}\n"
            "Mend or remove what is listed, or leave it out with --skip-bad"
        ).of("images", found=len(bad))
    how = crop if isinstance(crop, str) else f"box {crop}"
    return Dataset(
        parts[0], parts[1], learnt.class_names, f"class folders, crop {how}, {size} × {size} pixels", tuple(bad)
    )


def opened(root: Path, part: str) -> ClassFolders:
    """Look through class folders, an empty one being a mistake here: nothing could be learnt of its class."""
    found = open_folders(root, part)
    folders = {readable(path.name) for path in folders_in(found.root)}
    empty = sorted(folders - set(found.class_names))
    if empty:
        raise DataError(f"{found.root / empty[0]} holds no image; every class needs some, or remove its folder").of(
            "class", path=found.root / empty[0], found=0
        )
    return found


def apart(whole: ClassFolders) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """Set every sixth image of each class apart for testing; of fewer than six, the last.

    Raises:
        DataError: if a class has one image only.
    """
    train: list[Entry] = []
    test: list[Entry] = []
    for name in whole.class_names:
        own = whole.of_class(name)
        if len(own) < 2:
            raise DataError(f"{whole.root / name} holds one image; a class needs one to learn from and one to test").of(
                "class", path=whole.root / name, found=1
            )
        chosen = own[TEST_EVERY - 1 :: TEST_EVERY] or own[-1:]
        test += chosen
        taken = {entry.index for entry in chosen}
        train += [entry for entry in own if entry.index not in taken]
    return train, test


def read(entries: Sequence[Entry], classes: Sequence[str], size: int, crop: Crop, bad: list[str]) -> LabelledImages:
    """Read images at one size; add to `bad` those that can't be read, each with the reason."""
    spec = InputSpec(size, size)
    images: list[Array] = []
    labels: list[int] = []
    for entry in entries:
        try:
            images.append(np.rint(preprocess(entry.read(), spec, crop).pixels * 255).astype(np.uint8))
            labels.append(classes.index(entry.label))
        except ImageError as problem:
            bad.append(str(problem))
    empty = np.empty((0, size, size, 3), dtype=np.uint8)
    return LabelledImages(np.stack(images) if images else empty, np.asarray(labels, dtype=np.int64))
