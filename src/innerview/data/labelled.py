"""Images with their classes, as a training takes them, and the .npz files that hold them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from innerview.errors import DataError
from innerview.files.arrays import names_in, read_npz
from innerview.files.regular import reading
from innerview.types import Array

ARRAYS: Final = (
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("x_train", "y_train", "x_test", "y_test"),
)
"""Names of the four arrays in an .npz file: our own, and those that Keras uses."""


WAY: Final = "write it with numpy.savez, images and class numbers as integers, names of classes as text"


@dataclass(frozen=True)
class LabelledImages:
    """Images and the class of each.

    Attributes:
        images: batch × height × width × 3, uint8.
        labels: class numbers from 0, int64, one per image.
    """

    images: Array
    labels: Array

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
            raise DataError(
                f"images are batch × height × width × 3 bytes (uint8, 0 to 255); {images.dtype} of {images.shape} "
                "was found: convert them"
            ).of("images", found=images.shape)
        if labels.shape != images.shape[:1] or labels.dtype != np.int64:
            raise DataError(
                f"{len(images)} images need as many class numbers (int64); {labels.dtype} of {labels.shape} was "
                "found: give one for each"
            ).of("labels", found=labels.shape, asked=len(images))


@dataclass(frozen=True)
class Dataset:
    """Images to train on, images to test on, and their classes.

    Attributes:
        train: to learn from.
        test: never learnt from.
        classes: names, in the order of the class numbers; two at least.
        source: the kind of source and what was done to the images, for a manifest; never a path.
        skipped: unreadable images that were left out, as "place: reason".
    """

    train: LabelledImages
    test: LabelledImages
    classes: tuple[str, ...]
    source: str
    skipped: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.classes) < 2:
            raise DataError(
                f"the data hold one class ({', '.join(self.classes) or 'without a name'}); at least two are needed"
            ).of("classes", found=self.classes)
        if self.train.images.shape[1:] != self.test.images.shape[1:]:
            raise DataError(
                f"the training images are {self.train.images.shape[1:]}, the test images "
                f"{self.test.images.shape[1:]}; one size is needed"
            ).of("size", found=(self.train.images.shape[1:], self.test.images.shape[1:]))
        for name, part in (("training", self.train), ("test", self.test)):
            counts = np.bincount(part.labels.clip(0), minlength=len(self.classes))
            if len(counts) > len(self.classes) or (part.labels < 0).any():
                raise DataError(
                    f"the {name} images have class numbers from {part.labels.min()} to {part.labels.max()}; "
                    f"with {len(self.classes)} classes they go from 0 to {len(self.classes) - 1}"
                ).of(
                    "labels",
                    asked=name,
                    found=(int(part.labels.min()), int(part.labels.max())),
                    limit=len(self.classes) - 1,
                )
            empty = [self.classes[number] for number in np.flatnonzero(counts == 0)]
            if empty:
                raise DataError(f"there is no {name} image of {', '.join(empty)}; every class needs one").of(
                    "classes", asked=name, found=tuple(empty)
                )

    def identity(self) -> dict[str, object]:
        """What a manifest says of the data: one SHA-256 over all pixels and labels, the counts, the classes."""
        digest = hashlib.sha256()
        for part in (self.train, self.test):
            digest.update(np.ascontiguousarray(part.images).data)
            digest.update(np.ascontiguousarray(part.labels.astype("<i8")).data)
        return {
            "source": self.source,
            "sha256": digest.hexdigest(),
            "train": len(self.train.images),
            "test": len(self.test.images),
            "shape": list(self.train.images.shape[1:]),
            "classes": list(self.classes),
            "skipped": len(self.skipped),
        }


def from_npz(path: Path, classes: tuple[str, ...]) -> Dataset:
    """Read four arrays, under our names or Keras's, and if it is there "classes", from an .npz file.

    Args:
        path: of the file; nothing in it is ever unpickled.
        classes: names to use where the file has none and its class numbers are as many as these; else they are
            "class 0" and so on.

    Raises:
        DataError: if the file or an array is missing or damaged, or they don't fit together.
    """
    with reading(path, "the data set", WAY):
        held = names_in(path, "the data set")
        names = next((names for names in ARRAYS if set(names) <= set(held)), None)
        if names is None:
            raise DataError(
                f"{path} holds {', '.join(held) or 'nothing'}; a data set is "
                + " or ".join(", ".join(names) for names in ARRAYS)
            ).of("arrays", path=path, found=tuple(held))
        arrays = read_npz(path, "the data set", {*names, "classes"})
    train_images, train_labels, test_images, test_labels = (arrays[name] for name in names)
    named = tuple(str(name) for name in arrays["classes"].ravel()) if "classes" in arrays else ()
    try:
        train = LabelledImages(train_images, _numbers(train_labels))
        test = LabelledImages(test_images, _numbers(test_labels))
        found = int(train.labels.max(initial=-1)) + 1
        counted = found != len(classes) and found <= len(train.labels)
        unnamed = tuple(f"class {number}" for number in range(found)) if counted else classes
        return Dataset(train, test, named or unnamed, "npz")
    except DataError as problem:
        raise problem.retold(f"in {path} {problem}", path=path) from None


def _numbers(labels: Array) -> Array:
    """Class numbers as int64, of any type that holds whole numbers."""
    whole = labels.dtype.kind in "iu" or (labels.dtype.kind == "f" and bool((labels == np.floor(labels)).all()))
    if not whole or (labels.dtype.kind == "f" and not np.isfinite(labels).all()):
        raise DataError(f"class numbers are whole numbers; {labels.dtype} was found that are none: convert them").of(
            "labels", found=str(labels.dtype)
        )
    return labels.ravel().astype(np.int64)
