"""From arrays to pixels: whole cells only, never smoothed, and what is not a number is hatched.

Cells are enlarged by whole factors. An array that is too large for its space is averaged over whole blocks, which
`Cells.note` states.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Shaped
from PIL import Image as Pillow

from innerview.pictures.ramps import RampName, colour, parse
from innerview.pictures.scale import Scale
from innerview.pictures.tokens import BORDER, PAGE
from innerview.types import Array, Bytes, Image, Map

LARGE: Final = 320
"""A map shown alone has at least this many pixels on its longer side."""

HATCH: Final = 8


@dataclass(frozen=True)
class Cells:
    """How an array of places becomes an image: `enlarge` times larger, or averaged over `block` × `block`."""

    enlarge: int
    block: int

    @property
    def note(self) -> str:
        """What a reader must know; empty if every cell is shown."""
        return f"shown at 1/{self.block}, averaged" if self.block > 1 else ""


def cells_for(height: int, width: int, size: int, *, most: int = 0) -> Cells:
    """Choose the factor that makes the longer side at least `size` pixels, or at most `most` by averaging.

    Args:
        height: of the array.
        width: of the array.
        size: wanted for the longer side, in pixels.
        most: allowed for the longer side; 3 × `size` if 0.
    """
    side = max(height, width)
    most = most or 3 * size
    return Cells(math.ceil(size / side), 1) if side <= most else Cells(1, math.ceil(side / most))


def average(values: Array, block: int) -> Array:
    """Average over blocks of `block` × `block` places (smaller ones at the far edges), per channel."""
    if block == 1:
        return values
    for axis in (0, 1):
        starts = np.arange(0, values.shape[axis], block)
        sizes = np.diff(np.append(starts, values.shape[axis]))
        shape = [-1 if axis == other else 1 for other in range(values.ndim)]
        values = np.add.reduceat(values, starts, axis=axis) / sizes.reshape(shape)
    return values


def to_bytes(image: Image) -> Bytes:
    """Turn an image in [0, 1], grey or colour, into bytes; values outside are clipped, NaN is black."""
    clipped = np.rint(255 * np.clip(np.nan_to_num(image, nan=0.0), 0, 1)).astype(np.uint8)
    return np.repeat(clipped, 3, axis=2) if clipped.shape[2] == 1 else clipped


def signed_bytes(values: Image, limit: float) -> Bytes:
    """Show three signed channels at once as red, green and blue: 128 + 127 v / limit, so zero is mid-grey."""
    places = np.clip(np.nan_to_num(values.astype(np.float64) / limit, nan=0.0), -1, 1)
    return (128 + np.rint(127 * places)).astype(np.uint8)


def enlarge(colours: Bytes, factor: int, holes: Bool[np.ndarray, "height width"] | None = None) -> Pillow.Image:
    """Make each place a square of `factor` pixels; `holes` are hatched."""
    large = colours.repeat(factor, axis=0).repeat(factor, axis=1)
    if holes is not None and holes.any():
        rows, columns = np.indices(large.shape[:2])
        stripes = (rows + columns) % HATCH < HATCH // 2
        inside = holes.repeat(factor, axis=0).repeat(factor, axis=1)
        large[inside & stripes] = parse(BORDER)
        large[inside & ~stripes] = parse(PAGE)
    return Pillow.fromarray(np.ascontiguousarray(large))


def show_image(image: Image, size: int = LARGE) -> Pillow.Image:
    """Show an image with values in [0, 1], cell by cell."""
    cells = cells_for(image.shape[0], image.shape[1], size)
    return enlarge(to_bytes(average(image, cells.block)), cells.enlarge)


def show_map(values: Map, scale: Scale, ramp: RampName = "evidence", size: int = LARGE) -> Pillow.Image:
    """Show a map in a ramp's colours; places without a finite value are hatched."""
    cells = cells_for(values.shape[0], values.shape[1], size)
    shown = average(values, cells.block)
    return enlarge(colour(shown, scale.limit, ramp), cells.enlarge, np.logical_not(np.isfinite(shown)))


def show_colours(values: Image, scale: Scale, size: int = LARGE) -> Pillow.Image:
    """Show three signed channels as red, green and blue about mid-grey; places with a hole are hatched."""
    cells = cells_for(values.shape[0], values.shape[1], size)
    shown = average(values, cells.block)
    holes = np.logical_not(np.isfinite(shown).all(axis=2))
    return enlarge(signed_bytes(shown, scale.limit), cells.enlarge, holes)


def show_bytes(colours: Bytes, holes: Shaped[np.ndarray, "height width"], size: int = LARGE) -> Pillow.Image:
    """Show finished colours, `holes` hatched; what is too large is averaged (a block with a hole is a hole)."""
    cells = cells_for(colours.shape[0], colours.shape[1], size)
    shown = np.rint(average(colours.astype(np.float64), cells.block)).astype(np.uint8)
    return enlarge(shown, cells.enlarge, average(holes.astype(np.float64), cells.block) > 0)
