"""What every payload says of itself: which network, which image."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from innerview.results import Prediction
from innerview.types import Array, Image
from innerview.viewer.payload import counted, numbered


@dataclass(frozen=True)
class Stamp:
    """Whose payload it is.

    Attributes:
        network: its identity, sixteen hexadecimal digits.
        image_hash: the first eight hexadecimal digits of the hash of its pixels; empty where there is none.
    """

    network: str
    image_hash: str = ""

    @property
    def texts(self) -> dict[str, str]:
        """As metadata."""
        return {"model": self.network, "image": self.image_hash}


def hash_image(pixels: Image) -> str:
    """Name an image by its pixels (in [0, 1], counted in 255ths): eight hexadecimal digits."""
    return levels_hash(np.rint(255 * pixels).astype(np.uint8))


def levels_hash(levels: Array) -> str:
    """The same for an image in 255ths, uint8."""
    levels = np.ascontiguousarray(levels)
    return hashlib.sha256(f"{levels.shape}".encode() + levels.tobytes()).hexdigest()[:8]


def answered(predictions: Sequence[Prediction]) -> dict[str, Array]:
    """What is said, decided here and nowhere in the browser: the numbers of the answers, and their probabilities."""
    return {
        "predicted": counted([one.index for one in predictions]),
        "confidence": numbered([one.confidence for one in predictions]),
    }


def shown_classes(logits: Array, always: tuple[int | None, ...] = (), most: int = 20) -> list[int]:
    """Which classes a payload holds: all of a few, else the five highest and those that are asked about."""
    if logits.size <= most:
        return list(range(logits.size))
    highest: list[int] = np.argsort(-logits, kind="stable")[:5].tolist()
    return list(dict.fromkeys([*highest, *(index for index in always if index is not None)]))
