"""Superpixels: regions that follow an image's colours, exactly as many as are asked for.

    SLIC into small segments of like colour; then, until n are left, the two neighbours are merged for which

        |a| |b| / (|a| + |b|) · ‖mean colour of a − mean colour of b‖²        is least

which is what merging adds to the squares within regions (Ward 1963), so small segments go first and nothing is random.
SLIC: Achanta and others 2012, as scikit-image has it. Colours are CIE Lab where there are three channels, in which
distances are nearly those that people see; else the channels as they are. Every region hangs together by its pixels'
sides, which SLIC alone does not promise. Regions of one colour each make taking one away a smaller change to the image
than cells of a grid do, which cut through objects.
"""
# scikit-image comes half typed
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import heapq
from importlib.metadata import version
from importlib.util import find_spec
from typing import Final, cast

import numpy as np
from jaxtyping import Float, Int

from innerview.errors import MissingExtra, UsageError
from innerview.methods.partitions import Labels
from innerview.types import Array, Image

FINE: Final = 40
"""Segments for each region that is asked for."""

SMALLEST: Final = 12
"""Pixels of a segment, at least about: of fewer the mean colour is noise."""

COMPACTNESS: Final = 10
"""SLIC's weight of nearness beside colour, in units of Lab: its own default."""

FLAT: Final = 1e-3
"""Colours of which the largest and the least are nearer than this (of 1) are one colour."""


def check_number(height: int, width: int, number: int) -> None:
    """Raise UsageError for more superpixels than pixels, or none, MissingExtra where scikit-image is not installed."""
    if not 1 <= number <= height * width:
        raise UsageError(
            f"{number} superpixels were asked for in an image of {height} × {width}; each needs a pixel: ask for fewer"
        ).of("superpixels", asked=number, found=(height, width))
    problem = lacking()
    if problem is not None:
        raise problem


def lacking() -> MissingExtra | None:
    """What is to be said where scikit-image is not installed; None where it is."""
    return None if find_spec("skimage") else MissingExtra("dividing an image into superpixels", "superpixels")


def superpixels(image: Image, number: int) -> tuple[Labels, str] | None:
    """Divide an image by its colours into `number` regions, numbered as they are met, row by row.

    Args:
        image: one image (pixels, height × width × channel; any number of channels).
        number: of regions.

    Returns:
        Number of each pixel's region from 0, and how they were made, in words; None for an image of one colour.

    Raises:
        UsageError: more regions than pixels, or none.
        MissingExtra: scikit-image is not installed.
    """
    height, width = image.shape[:2]
    check_number(height, width, number)
    if np.ptp(image, axis=(0, 1)).max() < FLAT:
        return None
    colours = _colours(image)
    fine = _segments(colours, min(FINE * number, height * width // SMALLEST))
    with_slic = int(fine.max()) + 1 >= number
    if not with_slic:  # a tiny image, or nearly as many regions as pixels
        fine = np.arange(height * width).reshape(height, width)
    started = (
        f"SLIC of scikit-image {version('scikit-image')}, {fine.max() + 1} segments" if with_slic else "single pixels"
    )
    return _in_reading_order(_merged(fine, colours, number)), f"superpixels ({started} merged to {number} by colour)"


def _colours(image: Image) -> Float[np.ndarray, "height width feature"]:
    """What is compared: Lab of three channels, else the channels, in like units."""
    from skimage.color import rgb2lab

    pixels = image.astype(np.float64)
    return rgb2lab(np.clip(pixels, 0, 1)) if image.shape[2] == 3 else 100 * pixels


def _segments(colours: Float[np.ndarray, "height width feature"], number: int) -> Labels:
    """SLIC's segments, those that fall apart as several."""
    from skimage.measure import label
    from skimage.segmentation import slic

    if number < 2:
        return np.zeros(colours.shape[:2], np.int64)
    # slic scales what it is given to the range of 1, and knows colours by itself only where there are three channels
    weight = COMPACTNESS / max(float(np.ptp(colours)), 1e-9)
    found = slic(colours, number, compactness=weight, convert2lab=False, start_label=0, channel_axis=-1)
    return cast("Labels", label(found, connectivity=1, background=-1)).astype(np.int64) - 1


def _merged(fine: Labels, colours: Float[np.ndarray, "height width feature"], number: int) -> Labels:
    """Merge neighbours until `number` are left; of equal costs, those with the lowest numbers."""
    sizes = np.bincount(fine.ravel()).astype(np.float64)
    sums = np.stack([np.bincount(fine.ravel(), one.ravel()) for one in np.moveaxis(colours, -1, 0)], axis=1)
    near = _neighbours(fine)
    into, changes = np.arange(len(sizes)), [0] * len(sizes)

    def cost(one: int, other: int) -> float:
        apart = sums[one] / sizes[one] - sums[other] / sizes[other]
        return float(sizes[one] * sizes[other] / (sizes[one] + sizes[other]) * (apart @ apart))

    queue = [(cost(one, other), one, other, 0, 0) for one in range(len(near)) for other in near[one] if one < other]
    heapq.heapify(queue)
    left = len(sizes)
    while left > number:
        _, one, other, *seen = heapq.heappop(queue)
        if [changes[one], changes[other]] != seen:
            continue  # one of them has become another region since
        sizes[one], sums[one] = sizes[one] + sizes[other], sums[one] + sums[other]
        into[other], left = one, left - 1
        changes[one], changes[other] = changes[one] + 1, -1
        near[one] = (near[one] | near[other]) - {one, other}
        for third in sorted(near[one]):
            near[third] = (near[third] - {other}) | {one}
            first, second = min(one, third), max(one, third)
            heapq.heappush(queue, (cost(first, second), first, second, changes[first], changes[second]))
    while (into[into] != into).any():
        into = into[into]
    return into[fine]


def _neighbours(labels: Labels) -> list[set[int]]:
    """Which segments share a side of a pixel with each."""
    found: list[set[int]] = [set() for _ in range(int(labels.max()) + 1)]
    for one, other in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        pairs: Int[Array, "2 pair"] = np.stack([one[one != other], other[one != other]])
        for first, second in np.unique(pairs, axis=1).T.tolist():
            found[first].add(second)
            found[second].add(first)
    return found


def _in_reading_order(labels: Labels) -> Labels:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].reshape(labels.shape)
