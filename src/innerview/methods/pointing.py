"""Pointing on a mosaic: how much of what speaks for a class lies on the image of that class.

    share = Σ over its image of max(M, 0) / Σ over the mosaic of max(M, 0),   chance: the part of the mosaic that it is

The grid pointing game of Böhle, Fritz, Schiele 2021, arXiv 2104.00032, and Rao, Böhle, Schiele 2022, arXiv 2205.10435:
four images that the model is sure of, each of another class, side by side.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from innerview.types import Array, Image, Map


def mosaic(images: Sequence[Image]) -> Array:
    """Lay four images of one size side by side: two above, two below."""
    first, second, third, fourth = images
    return np.concatenate([np.concatenate([first, second], axis=1), np.concatenate([third, fourth], axis=1)])


def quarter(height: int, width: int, number: int) -> Bool[np.ndarray, "height width"]:
    """Where the image of this number (0 to 3) is in a mosaic of this size."""
    down, across = divmod(number, 2)
    inside = np.zeros((height, width), bool)
    inside[down * height // 2 : (down + 1) * height // 2, across * width // 2 : (across + 1) * width // 2] = True
    return inside


def pointed(values: Map, inside: Bool[np.ndarray, "height width"]) -> float:
    """The share of the positive values that lies inside; the part of the area where no value is positive."""
    positive = np.maximum(values, 0)
    total = float(positive.sum())
    return float(positive[inside].sum()) / total if total > 0 else float(inside.mean())
