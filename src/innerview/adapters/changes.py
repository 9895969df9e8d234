"""Images that are changed band by band, and how each layer of a model answers: the evidence for its axes.

An image of noise, and the same with one band of rows or of columns replaced by other noise. Of every layer only sums
are kept: of its squared changes, over all axes but one, for each axis and each band. So the values of one layer at a
time are held, however many there are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from innerview.model import Layer
from innerview.types import Array

Take: TypeAlias = Callable[[str, Callable[[], Array]], None]
"""Told of a layer's name and how to get its value."""

BANDS: Final = 4
"""Of rows, and of columns: two would not tell a line from a step, and each costs an image."""

PIXELS: Final = 256 * 256
"""Of smaller images several rounds are run, up to ROUNDS: the fewer the values of a layer, the more they scatter."""

ROUNDS: Final = 8
LARGEST: Final = 512 * 512 * 9
"""Pixels in one batch, at most; larger images are run in smaller batches."""


@dataclass(frozen=True)
class Bands:
    """Where the changed bands of a batch are.

    Attributes:
        rows: centre of each band of rows, in sides of the image; columns: the same.
    """

    rows: Array
    columns: Array


NOWHERE: Final = Bands(np.zeros(0), np.zeros(0))


@dataclass
class Changes:
    """Squared changes of one layer's output, summed over all axes but one, for each axis and band.

    Attributes:
        shape: of the output behind the batch.
        rows: for each axis, band × length.
        columns: the same.
    """

    shape: tuple[int, ...]
    rows: list[Array]
    columns: list[Array]


@dataclass
class Evidence:
    """Gathers, over the batches of `images`, how each layer answers the changes.

    Attributes:
        height, width, channels: of the image.
        singly: run one changed image at a time, where memory is short.
        changes: by the layer's name; none of a layer whose values are not finite or whose shape is not always the same.
    """

    height: int
    width: int
    channels: int
    singly: bool = False
    changes: dict[str, Changes] = field(default_factory=dict[str, Changes])
    _refused: set[str] = field(default_factory=set[str])
    _now: tuple[slice, slice] = (slice(0), slice(0))

    @property
    def bands(self) -> Bands:
        """Of each batch's changed images: first those of rows, then those of columns."""
        return Bands(_centres(self.height), _centres(self.width))

    def images(self, given: Array | None = None) -> Iterator[Array]:
        """Batches of pixels: an image of noise first, then the same with one band of it replaced.

        Some `given` images may stand for the noise, in whatever range: each has bands of the next one, with noise.
        """
        count = len(self.bands.rows) + len(self.bands.columns)
        area = self.height * self.width
        sizes = (1,) if self.singly else (count, -(-count // 2), 1)
        at_once = next(size for size in sizes if (size + 1) * area <= LARGEST or size == 1)
        for number in range(min(max(PIXELS // area, 1), ROUNDS)):
            random = np.random.default_rng(number)
            if given is None:
                base, other = (_noise(random, (self.height, self.width, self.channels)) for _ in range(2))
            else:
                base, other = (given[place % len(given)] for place in (number, number + 1))
                other = other + (float(given.std()) or 1.0) * (_noise(random, other.shape) - 0.5)
            changed = [*_banded(base, other, 0), *_banded(base, other, 1)]
            for begin in range(0, count, at_once):
                end = min(begin + at_once, count)
                self._now = (
                    slice(begin, min(end, len(self.bands.rows))),
                    slice(max(begin - len(self.bands.rows), 0), max(end - len(self.bands.rows), 0)),
                )
                yield np.stack([base, *changed[begin:end]])

    def take(self, name: str, value: Array) -> None:
        """Take down a layer's output for the batch that `images` gave last, in the model's own axis order."""
        shape = value.shape[1:]
        rows, columns = self._now
        here = (rows.stop - rows.start if rows.stop > rows.start else 0) + columns.stop - columns.start
        known = self.changes.get(name)
        if (
            name in self._refused
            or len(value) != here + 1
            or (known and known.shape != shape)
            or not np.isfinite(value).all()
        ):
            self._refused.add(name)
            self.changes.pop(name, None)
            return
        if known is None:
            known = Changes(
                shape,
                [np.zeros((len(self.bands.rows), length)) for length in shape],
                [np.zeros((len(self.bands.columns), length)) for length in shape],
            )
            self.changes[name] = known
        squared = value[1:] - value[:1]
        largest = float(np.abs(squared).max(initial=0.0))
        if largest == 0:
            return
        squared /= largest  # so that no square is too small for the precision
        np.square(squared, out=squared)
        of_rows = max(rows.stop - rows.start, 0)
        for axis in range(len(shape)):
            others = tuple(1 + other for other in range(len(shape)) if other != axis)
            sums = squared.sum(axis=others, dtype=np.float64)
            known.rows[axis][rows] += sums[:of_rows]
            known.columns[axis][columns] += sums[of_rows:]


def gather(
    evidence: Evidence, layers: Iterable[Layer], run: Callable[[Array, Take], None], given: Array | None = None
) -> Evidence | None:
    """Run the images of `evidence` and take down what layers with several axes give; None if the model fails on them.

    Args:
        evidence: empty; it is filled.
        layers: those of the dry run.
        run: runs one batch of pixels and gives each layer's value, in the model's own axis order, to what it is told.
        given: images (batch × height × width × channel) in place of noise.
    """
    wanted = {layer.name for layer in layers if len(layer.shape) > 1}

    def take(name: str, value: Callable[[], Array]) -> None:
        if name in wanted:
            evidence.take(name, value())

    if not wanted:
        return None
    try:
        for images in evidence.images(given):
            run(images, take)
    except MemoryError:
        if evidence.singly:
            raise
        smaller = Evidence(evidence.height, evidence.width, evidence.channels, singly=True)
        return gather(smaller, layers, run, given)
    except Exception:  # noqa: BLE001 whatever the model does: it ran, but not on these images
        return None
    return evidence


def _edges(length: int) -> list[int]:
    return np.linspace(0, length, min(BANDS, length) + 1).round().astype(int).tolist()


def _centres(length: int) -> Array:
    edges = np.array(_edges(length), dtype=np.float64)
    return (edges[1:] + edges[:-1]) / 2 / length


def _banded(base: Array, other: Array, axis: int) -> Iterator[Array]:
    edges = _edges(base.shape[axis])
    for begin, end in itertools.pairwise(edges):
        changed = base.copy()
        place = (slice(None),) * axis + (slice(begin, end),)
        changed[place] = other[place]
        yield changed


def _noise(random: np.random.Generator, shape: tuple[int, int, int]) -> Array:
    """Noise that is partly coarse, so that it is not averaged away by the first layers."""
    cell = max(1, min(shape[:2]) // 16)
    coarse = random.random((-(-shape[0] // cell), -(-shape[1] // cell), shape[2]))
    coarse = coarse.repeat(cell, axis=0).repeat(cell, axis=1)[: shape[0], : shape[1]]
    return 0.5 * coarse + 0.5 * random.random(shape)
