"""Regions of an image that somebody points at, and placebos: regions like them elsewhere, to hold them against.

A placebo has the size and shape of a region and another position: all that fit, or some of them drawn without
repetition. They may overlap with the region: if those near it were left out, a region chosen at random would be held
against others than its like, and p-values below 0.05 would come more often than once in twenty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from jaxtyping import Bool, Float, Int

from innerview.errors import ImageError, UsageError
from innerview.types import Array

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, width, height in pixels."""

Mask: TypeAlias = Bool[np.ndarray, "height width"]


def read_regions(asked: Sequence[Box | Array], height: int, width: int) -> list[Mask]:
    """Turn boxes and masks into masks.

    Raises:
        UsageError: one is empty, outside or everything; there is none. `ImageError`: a mask has another size.
    """
    if not asked:
        raise UsageError("no region was given; give a box (left, top, width, height) or a mask").of("region", found=0)
    return [_read(one, height, width) for one in asked]


def is_box(region: object) -> bool:
    """Whether something is one box, and not several regions."""
    parts = cast("Sequence[object]", region) if isinstance(region, tuple | list) else ()
    return len(parts) > 0 and all(isinstance(one, int | np.integer) and not isinstance(one, bool) for one in parts)


def _read(region: Box | Array, height: int, width: int) -> Mask:
    if isinstance(region, np.ndarray):
        return _check_mask(region, height, width)
    if not is_box(region) or len(region) != 4:
        raise UsageError(f"the region {region!r} was given; a box is left, top, width and height in whole pixels").of(
            "region", asked=region
        )
    left, top, across, down = region
    if min(left, top) < 0 or left + across > width or top + down > height:
        raise UsageError(
            f"the region {region_name(region, 1)} (left, top, width, height) was asked for in an image of {width} × "
            f"{height} pixels (width × height); it ends at {left + across}, {top + down}: keep it inside"
        ).of("region", asked=region, found=(height, width))
    mask = np.zeros((height, width), bool)
    mask[top : top + max(down, 0), left : left + max(across, 0)] = True
    return _check_mask(mask, height, width)


def _check_mask(mask: Array, height: int, width: int) -> Mask:
    if mask.shape != (height, width):
        raise ImageError(
            f"a mask of shape {mask.shape} was given for an image of {height} × {width} (height × width); bring it to "
            "that size, true where the region is"
        ).of("mask", found=mask.shape, asked=(height, width))
    if mask.dtype.kind not in "b" and not np.isin(mask, (0, 1)).all():
        raise ImageError(f"a mask of {mask.dtype} with other values than 0 and 1 was given; give true and false").of(
            "mask", found=str(mask.dtype)
        )
    found = mask.astype(bool)
    if not found.any():
        raise UsageError("a region without a pixel was given; give one that has some").of("region", found="empty")
    if found.all():
        raise UsageError(
            "a region that is the whole image was given; give a part of it, which leaves something beside it"
        ).of("region", found="whole")
    return found


def region_name(region: Box | Array, number: int) -> str:
    """A box as it is written, a mask by its number."""
    return f"mask {number}" if isinstance(region, np.ndarray) else ",".join(map(str, region))


@dataclass(frozen=True, eq=False)
class Placed:
    """A region, first at its own position, then at others in an order that was drawn.

    Attributes:
        masks: the pixels of each.
        positions: top and left edge of the others.
        sampled: whether there are more.
    """

    masks: Bool[np.ndarray, "place height width"]
    positions: Int[np.ndarray, "placebo 2"]
    sampled: bool

    def first(self, most: int) -> Placed:
        """The region with at most so many of the others, which are a random part of them all."""
        fewer = most < len(self.positions)
        return Placed(self.masks[: 1 + most], self.positions[:most], self.sampled or fewer)


def place_elsewhere(mask: Mask, most: int, random: np.random.Generator) -> Placed:
    """Put a region at other positions: all that fit, or `most` of them drawn without repetition."""
    down_to, across_to = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    top, left = int(down_to[0]), int(across_to[0])
    shape: Mask = mask[top : int(down_to[-1]) + 1, left : int(across_to[-1]) + 1]
    rows, columns = int(mask.shape[0]) - len(shape) + 1, int(mask.shape[1]) - len(shape[0]) + 1
    own = top * columns + left
    others = np.array([place for place in range(rows * columns) if place != own], np.int64)
    chosen = random.permutation(others)[:most]
    positions = np.stack(np.divmod(chosen, columns), axis=1).astype(np.int64)
    masks = np.zeros((1 + len(chosen), *mask.shape), bool)
    masks[0] = mask
    for placed, (down, across) in zip(masks[1:], positions.tolist(), strict=True):
        placed[down : down + shape.shape[0], across : across + shape.shape[1]] = shape
    return Placed(masks, positions, len(chosen) < len(others))


def rank_p(effects: Float[np.ndarray, "fill place"], tolerance: float) -> float:
    """The p-value of the first place among all, by the size of the mean over the fills; NaN if it is the only one."""
    sizes = np.abs(effects.mean(axis=0))
    if len(sizes) == 1:
        return float("nan")
    return float((1 + (sizes[1:] >= sizes[0] - tolerance).sum()) / len(sizes))
