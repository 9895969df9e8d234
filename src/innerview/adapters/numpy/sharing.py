"""Many images that agree in large parts, such as one image with regions taken away, with every part worked out once.

A value behind a convolution depends on the pixels of its receptive field alone. So the value behind each of the first
convolutions is cut into tiles, and of all images that hold the same pixels in a tile's receptive field one is run and
the others take its tile. Of 1,024 coalitions of ten regions, most tiles of the first layers see a few dozen
different images. The field grows from layer to layer; where hardly any tile is shared, whole images go on.

Nothing is approximated: each tile is worked out by the same products as in the whole image, only its place in the
batch is another. Same pixels are found by a hash of 64 bits of each receptive field, a sum over its pixels, which a
table of running sums gives for every field at once; that two different fields of a batch have one hash has a
probability below 1e-10 (1,024 images: about 2^20 pairs of 2^-60 for each of some hundred tiles).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias, final

import numpy as np
from jaxtyping import Int, UInt64

from innerview.adapters.numpy.cores import parts, side_by_side
from innerview.adapters.numpy.operations import (
    ELU,
    Convolution,
    MaxPooling,
    MeanPooling,
    Operation,
    Prepared,
    ReLU,
    Shape,
)
from innerview.types import Array

Span: TypeAlias = tuple[int, int]
"""First position and the one behind the last, along an axis; outside of the value there are zeros."""

TILE: Final = 4
"""Rows and columns of a tile behind each convolution: one tile of `winograd`, so that no product of its is wasted."""

WORTH: Final = 0.8
"""Fraction of all tiles that are different, above which whole images are as fast."""

CROPS: Final = 256
"""Tiles that are worked out together: 256 of 6 × 6 × 128 in float32 are 5 MB, with results and columns."""

TAIL: Final = 16
"""Images that go on together where nothing is shared any more."""

LOCAL: Final = (Convolution, MeanPooling, MaxPooling, ELU, ReLU)
"""Operations of which a position depends on those around it, and on nothing else of the image."""


@dataclass(frozen=True)
class Block:
    """A convolution and what follows it, up to the next one.

    Attributes:
        steps: the operations, each with what it prepared.
        before: height × width × channel of what it takes.
        after: of what it gives.
    """

    steps: tuple[tuple[Operation, Prepared], ...]
    before: Shape
    after: Shape

    @property
    def tile(self) -> int:
        """Rows and columns of a tile of its result, behind the pooling."""
        pooled = math.prod(one.size for one, _ in self.steps if isinstance(one, MeanPooling | MaxPooling))
        return max(TILE // pooled, 1)

    def takes(self, span: Span, axis: int) -> Span:
        """The rows (axis 0) or columns (axis 1) on which a span of its result depends; they may lie outside."""
        for operation, prepared in reversed(self.steps):
            if isinstance(operation, MeanPooling | MaxPooling):
                span = _spread(span, operation.size, operation.size, 0)
            elif isinstance(operation, Convolution):
                reach = prepared[0].shape[:2]
                span = _spread(span, operation.stride, reach[axis], operation.around(self.before, reach)[axis][0])
        return span

    def run(self, value: Array) -> Array:
        """From what `takes` says to a part of the result."""
        for operation, prepared in self.steps:
            if isinstance(operation, Convolution):
                value = operation.inside(value, prepared, self.before)
            else:
                value, _ = operation.forward(value, prepared)
        return value


def _spread(span: Span, stride: int, reach: int, before: int) -> Span:
    return span[0] * stride - before, (span[1] - 1) * stride - before + reach


def local_blocks(
    operations: Sequence[Operation], prepared: Sequence[Prepared], shapes: Sequence[Shape]
) -> tuple[Block, ...]:
    """Cut the first operations, as far as they are local, into blocks that begin with a convolution each.

    Args:
        operations: of a model, in order.
        prepared: what each prepared.
        shapes: of the input, and behind each operation.
    """
    count = next((number for number, one in enumerate(operations) if not isinstance(one, LOCAL)), len(operations))
    if not count:
        return ()
    starts = [number for number in range(count) if number == 0 or isinstance(operations[number], Convolution)]
    return tuple(
        Block(tuple(zip(operations[start:end], prepared[start:end], strict=True)), shapes[start], shapes[end])
        for start, end in zip(starts, [*starts[1:], count], strict=True)
    )


@final
class _Whole:
    """All positions of all images."""

    def __init__(self, values: Array) -> None:
        self._values = values

    def part(self, images: Int[np.ndarray, " image"] | slice, rows: Span, columns: Span) -> Array:
        """Rows and columns of some images; zeros outside."""
        height, width = self._values.shape[1:3]
        inner = [slice(max(start, 0), min(end, size)) for (start, end), size in ((rows, height), (columns, width))]
        taken = self._values[images, inner[0], inner[1]]
        around = [(max(-start, 0), max(end - size, 0)) for (start, end), size in ((rows, height), (columns, width))]
        return np.pad(taken, ((0, 0), *around, (0, 0))) if any(map(any, around)) else taken


@final
class _Tiled:
    """Every different tile once, and which of them each image has.

    Args:
        tables: for each row and column of tiles the different ones, number × rows × columns × channel.
        numbers: of each image's tile in them, tile's row × tile's column × image.
        side: of a tile; those at the end may have less.
    """

    def __init__(self, tables: list[list[Array]], numbers: Int[np.ndarray, "row column image"], side: int) -> None:
        self._tables, self._numbers, self._side = tables, numbers, side

    def part(self, images: Int[np.ndarray, " image"] | slice, rows: Span, columns: Span) -> Array:
        """Rows and columns of some images; zeros outside."""
        first = self._tables[0][0]
        count = self._numbers[0, 0, images].size
        result = np.zeros((count, rows[1] - rows[0], columns[1] - columns[0], first.shape[3]), first.dtype)
        across = self._met(columns, [one.shape[2] for one in self._tables[0]])
        for row, from_row, to_row in self._met(rows, [line[0].shape[1] for line in self._tables]):
            for column, from_column, to_column in across:
                chosen = self._numbers[row, column, images]
                result[:, to_row, to_column] = self._tables[row][column][chosen, from_row, from_column]
        return result

    def _met(self, span: Span, lengths: Sequence[int]) -> list[tuple[int, slice, slice]]:
        """Along an axis the tiles that a span meets: which, from where in them, and to where in the span."""
        tiles = range(max(span[0] // self._side, 0), min(-(-span[1] // self._side), len(lengths)))
        return [(tile, *_meet(tile * self._side, lengths[tile], span)) for tile in tiles]


def _meet(start: int, length: int, span: Span) -> tuple[slice, slice]:
    """Where a tile and a span meet: in the tile, and in the span."""
    low, high = max(start, span[0]), max(min(start + length, span[1]), start, span[0])
    return slice(low - start, high - start), slice(low - span[0], high - span[0])


def run_shared(
    blocks: Sequence[Block], values: Array, rest: Sequence[Sequence[tuple[Operation, Prepared]]]
) -> Iterator[tuple[slice, Array]]:
    """Run images through a model, what several have in common once; give the outputs, some images at a time.

    Args:
        blocks: the model's first operations.
        values: the model's input, image × height × width × channel.
        rest: the operations behind each number of blocks: behind none, behind one, and so on.
    """
    current: _Whole | _Tiled = _Whole(values)
    sums, fields, done = _running_sums(values), list[Block](), 0
    for block in blocks:
        fields.append(block)
        found = _shared(fields, current, sums)
        if found is None:
            break
        current, done = found, done + 1
    height, width = (blocks[done - 1].after if done else values.shape[1:])[:2]
    for start in range(0, len(values), TAIL):
        part = slice(start, min(start + TAIL, len(values)))
        value = np.array(current.part(part, (0, height), (0, width)), order="C")  # an operation may overwrite it

        def run(some: slice, whole: Array = value) -> Array:
            value = whole[some]
            for operation, prepared in rest[done]:
                value, _ = operation.forward(value, prepared)
            return value

        yield part, np.concatenate(side_by_side(run, parts(len(value))))


def _shared(
    blocks: Sequence[Block], before: _Whole | _Tiled, sums: UInt64[np.ndarray, "image row column"]
) -> _Tiled | None:
    """Run the last of `blocks` tile by tile; None where most tiles are different."""
    block, images = blocks[-1], len(sums)
    height, width = block.after[:2]
    side = block.tile
    spans = [[(start, min(start + side, size)) for start in range(0, size, side)] for size in (height, width)]
    seen = [[_field(blocks, span, axis) for span in spans[axis]] for axis in (0, 1)]
    taken = [[block.takes(span, axis) for span in spans[axis]] for axis in (0, 1)]
    firsts = list[tuple[int, int, Array]]()
    numbers = np.empty((len(spans[0]), len(spans[1]), images), np.int64)
    different, most = 0, WORTH * numbers.size
    for row, (top, bottom) in enumerate(seen[0]):
        for column, (left, right) in enumerate(seen[1]):
            hashes = sums[:, bottom, right] - sums[:, top, right] - sums[:, bottom, left] + sums[:, top, left]
            _, first, numbers[row, column] = np.unique(hashes, return_index=True, return_inverse=True)
            firsts.append((row, column, first))
            different += len(first)
            if different > most:
                return None
    tables = [[np.empty(0, np.float32)] * len(spans[1]) for _ in spans[0]]
    waiting, size = list[tuple[int, int, Array]](), 0
    for row, column, first in firsts:
        crop = before.part(first, taken[0][row], taken[1][column])
        if waiting and (crop.shape[1:] != waiting[0][2].shape[1:] or size + len(crop) > CROPS):
            _work(block, waiting, tables)
            waiting, size = [], 0
        waiting.append((row, column, crop))
        size += len(crop)
    _work(block, waiting, tables)
    return _Tiled(tables, numbers, side)


def _work(block: Block, crops: Sequence[tuple[int, int, Array]], tables: list[list[Array]]) -> None:
    together = np.concatenate([crop for _, _, crop in crops])
    results = np.concatenate(side_by_side(lambda part: block.run(together[part]), parts(len(together))))
    ends = np.cumsum([len(crop) for _, _, crop in crops])[:-1].tolist()
    for (row, column, _), result in zip(crops, np.split(results, ends), strict=True):
        tables[row][column] = result


def _field(blocks: Sequence[Block], span: Span, axis: int) -> Span:
    """The rows (axis 0) or columns (axis 1) of pixels on which a span of the last block's result depends."""
    for block in reversed(blocks):
        start, end = block.takes(span, axis)
        span = max(start, 0), min(end, block.before[axis])
    return span


def _running_sums(values: Array) -> UInt64[np.ndarray, "image row column"]:
    """Of a number for each pixel, made of its bits and its position: the sums of those above and to the left."""
    images, height, width, channels = values.shape
    bits = np.ascontiguousarray(values).view(np.uint32 if values.itemsize == 4 else np.uint64).astype(np.uint64)
    for shift, factor in ((32, 0xD6E8FEB86659FD93), (29, 0xBF58476D1CE4E5B9), (32, 1)):  # every bit moves every other
        bits *= np.uint64(factor)
        bits ^= bits >> np.uint64(shift)
    sums = np.zeros((images, height + 1, width + 1), np.uint64)
    np.einsum("ihwc,hwc->ihw", bits, _factors(height, width, channels), out=sums[:, 1:, 1:])
    np.cumsum(sums, axis=1, out=sums)
    return np.cumsum(sums, axis=2, out=sums)


@cache
def _factors(height: int, width: int, channels: int) -> UInt64[np.ndarray, "row column channel"]:
    return np.random.default_rng(0).integers(2**63, size=(height, width, channels), dtype=np.uint64) * 2 + 1
