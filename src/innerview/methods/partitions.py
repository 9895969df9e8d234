"""Regions of an image: every pixel in exactly one of them, numbered from 0, none of them empty."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from jaxtyping import Bool, Int

from innerview.errors import ImageError, UsageError
from innerview.methods.segments import grid_segments
from innerview.types import Array

Labels = Int[np.ndarray, "height width"]


def partition(height: int, width: int, asked: int | tuple[int, int] | Array | list[Array]) -> Labels:
    """Cut an image into regions.

    Args:
        height: of the image, in pixels.
        width: of the image, in pixels.
        asked: rows and columns of a grid; a number of regions, cut as square and as equal as pixels allow; or the
            number of each pixel's region (labels of segments; a mask has the regions 0, outside, and 1, inside); or
            masks, a region each, in front of the rest of the image.

    Raises:
        UsageError: more regions than pixels, or none.
        ImageError: labels of another size, that are no whole numbers, or of which one is missing; masks of another
            size, empty, or that overlap.
    """
    if isinstance(asked, np.ndarray):
        return _checked(height, width, asked)
    if isinstance(asked, list):
        return _joined(height, width, asked)
    if isinstance(asked, tuple):
        return grid_segments(height, width, *asked)
    return bricks(height, width, asked)


def bricks(height: int, width: int, number: int) -> Labels:
    """Cut into `number` cells of one area: rows that may differ by one cell, each as high as it has cells.

    Raises:
        UsageError: more cells than fit, or fewer than one.
    """
    if not 1 <= number <= height * width:
        raise UsageError(f"{number} regions were asked for in an image of {height} × {width}; each needs a pixel").of(
            "regions", asked=number, found=(height, width), limit=height * width
        )
    rows = min(max(round(math.sqrt(number * height / width)), 1), number, height)
    ends = [round(number * row / rows) for row in range(rows + 1)]  # cells above the end of each row
    edges = [round(height * end / number) for end in ends]
    if max(np.diff(ends)) > width or min(np.diff(edges)) < 1:
        raise UsageError(
            f"{number} regions don't fit an image of {height} × {width} pixels; ask for fewer, or a grid"
        ).of("regions", asked=number, found=(height, width))
    labels = np.empty((height, width), np.int64)
    for first, last, top, bottom in zip(ends, ends[1:], edges, edges[1:], strict=False):
        labels[top:bottom] = first + np.arange(width) * (last - first) // width
    return labels


POSITIONS: Final = (
    ("top left", "top", "top right"),
    ("left", "middle", "right"),
    ("bottom left", "bottom", "bottom right"),
)
"""What a region is called, by the third of the image's height and width in which its middle lies."""


def name_regions(labels: Labels) -> tuple[str, ...]:
    """Call each region by where it lies, "top left"; by its number as well where two would be called alike."""
    names: list[str] = []
    for number in range(int(labels.max()) + 1):
        middle = (float(one.mean() + 0.5) for one in np.nonzero(labels == number))
        down, across = (min(int(3 * at / length), 2) for at, length in zip(middle, labels.shape, strict=True))
        names.append(POSITIONS[down][across])
    return tuple(name if names.count(name) == 1 else f"{name} ({at})" for at, name in enumerate(names))


def _joined(height: int, width: int, masks: list[Array]) -> Labels:
    """One region for each mask, in their order, and the rest, if there is one, as the last."""
    labels = np.full((height, width), len(masks), np.int64)
    for number, mask in enumerate(masks):
        if mask.shape != (height, width) or mask.dtype.kind != "b" or not mask.any():
            found = f"shape {mask.shape} and type {mask.dtype}" + ("" if mask.any() else " without a pixel")
            raise ImageError(
                f"mask {number}, with {found}, was given as a region of an image of {height} × {width}; "
                "give one true or false for each pixel, true somewhere"
            ).of("mask", asked=number, found=found)
        others = labels[mask]
        if (others < len(masks)).any():
            raise ImageError(
                f"mask {number} and mask {int(others.min())} overlap, and every pixel is in one region; take what they "
                "share out of one of them"
            ).of("mask", asked=number, found="overlap")
        labels[mask] = number
    if not masks:
        raise UsageError("no mask was given; give one for each region").of("mask", found=0)
    return labels


def _checked(height: int, width: int, labels: Int[Array, ...] | Bool[Array, ...]) -> Labels:
    if labels.shape != (height, width) or labels.dtype.kind not in "iub" or labels.min() < 0:
        raise ImageError(
            f"regions of shape {labels.shape} and type {labels.dtype} were given for an image of {height} × {width}; "
            "give one whole number from 0 (or true and false) for each pixel"
        ).of("regions", found=labels.shape, asked=(height, width))
    numbers = labels.astype(np.int64)
    missing = sorted(set(range(int(numbers.max()) + 1)) - set(np.unique(numbers).tolist()))
    if missing:
        raise ImageError(
            f"the regions go up to {numbers.max()}, and no pixel is in region {missing[0]}; number them from 0 without "
            "a gap: numpy.unique(labels, return_inverse=True)[1].reshape(labels.shape)"
        ).of("regions", asked=int(numbers.max()), found=int(missing[0]))
    return numbers
