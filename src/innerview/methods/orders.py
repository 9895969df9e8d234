"""What the order of a map is worth: taken away first from the top, then from the bottom, with a fill that hides holes.

    worth = mean over fractions f of  P(answer | lowest f taken away) − P(answer | highest f taken away)

After ROAD (Rong and others 2022, arXiv 2202.00449): what is taken away is filled by noisy linear imputation
(`fills.ImputedFill`), and least-first and most-first are read together. What is left when the lowest 90 % are gone is
what others call insertion. A coarse map takes away whole patches, which does more to a model than the same number of
single pixels; so the same map is also laid somewhere else (`moved`: shifted around the borders, mirrored), which keeps
its granularity and loses its place: the difference of the two is what the place is worth.

Images beyond MOST_CELLS a side are taken away and imputed in cells; a system over all pixels would take minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

from innerview.fills import ImputedFill
from innerview.methods.masking import rank
from innerview.methods.partitions import Labels
from innerview.methods.passes import batches, forward_logits
from innerview.methods.segments import grid_segments, segment_sums
from innerview.model import Model
from innerview.spec import decides
from innerview.targets import Target
from innerview.types import Array, Image, Images, Map

FRACTIONS: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Of the cells that are taken away, from either end."""

MOST_CELLS: Final = 32
"""Rows and columns of cells, at most."""


def cells(height: int, width: int) -> Labels:
    """Cells in which an image of this size is taken away: its pixels where there are few."""
    return grid_segments(height, width, min(height, MOST_CELLS), min(width, MOST_CELLS))


def moved(values: Map, random: np.random.Generator) -> Map:
    """Lay a map somewhere else: shifted around the borders by a random number of rows and columns, mirrored or not."""
    height, width = len(values), len(values[0])
    shift = int(random.integers(1, max(height, 2))), int(random.integers(1, max(width, 2)))
    found: Map = np.roll(values, shift, axis=(0, 1))
    found = found[::-1] if random.random() < 0.5 else found
    return found[:, ::-1] if random.random() < 0.5 else found


class Orders:
    """One image whose pixels are taken away in any order.

    Args:
        model: any model.
        image: one image (pixels in [0, 1], height × width × channel).
        target: resolved at the image; its class is the answer whose probability is read, or the score itself where
            the outputs have no probabilities.
    """

    def __init__(self, model: Model, image: Image, target: Target) -> None:
        self._network, self._image, self._target = model, image, target
        self._labels = cells(*image.shape[:2])
        self._sides = tuple(min(length, MOST_CELLS) for length in image.shape[:2])
        sizes = np.bincount(self._labels.ravel())
        self._means = np.stack(
            [segment_sums(image[..., channel], self._labels) / sizes for channel in range(image.shape[2])], axis=-1
        ).reshape(*self._sides, image.shape[2])

    def curves(self, values: Map) -> tuple[list[float], list[float]]:
        """What is said of the answer without the highest fractions, and without the lowest.

        Raises:
            ModelError: an output is NaN or infinite.
        """
        summed = segment_sums(values, self._labels).reshape(self._sides)
        order = rank(summed, "highest")
        gone = [round(fraction * order.size) for fraction in FRACTIONS]
        kept = np.stack([*(order >= count for count in gone), *(order < order.size - count for count in gone)])
        painted = self._painted(kept)
        read = np.concatenate(
            [
                self._read(forward_logits(self._network, painted[part]))
                for part in batches(len(kept), self._network.batch_size)
            ]
        )
        return read[: len(gone)].tolist(), read[len(gone) :].tolist()

    def _painted(self, kept: Bool[np.ndarray, "batch row column"]) -> Images:
        filled = ImputedFill().paint(self._means, kept)
        if self._means.shape == self._image.shape:
            return filled.astype(self._image.dtype, copy=False)
        down, across = (_between(few, many) for few, many in zip(self._sides, self._image.shape[:2], strict=True))
        smooth = np.einsum("hr,brkc,wk->bhwc", down, filled.astype(np.float64), across, optimize=True)
        shown = kept.reshape(len(kept), -1)[:, self._labels]
        return np.where(shown[..., None], self._image, smooth).astype(self._image.dtype)

    def _read(self, outputs: Array) -> Float[np.ndarray, " batch"]:
        spec, index = self._network.output, self._target.index
        if index is None or spec.kind == "scores" or not decides(spec):
            return self._target.score(outputs).astype(np.float64)
        return spec.probabilities(outputs)[:, index].astype(np.float64)


def worth(curves: Sequence[Sequence[float]]) -> float:
    """Lowest first less highest first, the mean over the fractions; in [−1, 1] for probabilities."""
    highest, lowest = curves
    return float(np.mean(lowest) - np.mean(highest))


def _between(few: int, many: int) -> Float[np.ndarray, "many few"]:
    """One axis of linear interpolation from cells' middles to pixels, level beyond the outer ones."""
    position = np.clip((np.arange(many) + 0.5) * few / many - 0.5, 0, few - 1)
    low: Int[Array, " many"] = np.minimum(position.astype(np.int64), max(few - 2, 0))
    matrix = np.zeros((many, few))
    np.add.at(matrix, (np.arange(many), low), 1 - (position - low))
    np.add.at(matrix, (np.arange(many), np.minimum(low + 1, few - 1)), position - low)
    return matrix
