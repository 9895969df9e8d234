"""CIFAR-10: 60,000 pictures of 32 × 32 pixels in ten classes, from an .npz file or class folders."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from innerview.errors import DataError
from innerview.types import Array

CLASSES: Final = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


@dataclass(frozen=True)
class LabelledPictures:
    """Pictures and the class of each.

    Attributes:
        images: batch × height × width × 3, uint8.
        labels: class numbers from 0, int64.
    """

    images: Array
    labels: Array


@dataclass(frozen=True)
class Dataset:
    """Pictures to train on, pictures to test on, and their classes.

    Attributes:
        train: to learn from.
        test: never learnt from.
        classes: names, in the order of the class numbers.
        source: where they come from, for a manifest: the kind of source, never a path.
    """

    train: LabelledPictures
    test: LabelledPictures
    classes: tuple[str, ...]
    source: str

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
        }


def from_npz(path: Path) -> Dataset:
    """Read train_images, train_labels, test_images, test_labels and, if there, classes from an .npz file.

    Raises:
        DataError: if the file or one of the arrays is missing, or they don't fit together.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            parts = [
                LabelledPictures(arrays[f"{part}_images"], arrays[f"{part}_labels"].ravel().astype(np.int64))
                for part in ("train", "test")
            ]
            classes = tuple(str(name) for name in arrays["classes"]) if "classes" in arrays.files else CLASSES
    except (OSError, ValueError, KeyError) as problem:
        raise DataError(f"{path} is no data set ({problem}); it needs train_images, train_labels, …") from None
    return Dataset(parts[0], parts[1], classes, "npz")
