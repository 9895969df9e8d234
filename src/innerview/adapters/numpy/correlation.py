"""Convolution as matrix products: windows are copied into rows (im2col), a few at a time, and multiplied at once.

The columns of a whole batch would fall out of the processor's caches (4.7 MB for one image of 32 × 32 × 128),
so they are cut into pieces that stay in. `correlate` serves the way there and, with turned kernels, the way back;
`scatter` is the plain adjoint, for few input channels (a skinny product of many columns otherwise) and for strides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from innerview.types import Array

Pair: TypeAlias = tuple[int, int]
Padding: TypeAlias = tuple[Pair, Pair]

COLUMN_BYTES: Final = 1 << 21
"""Size of a piece of columns; measured in benchmarks/adapters.py (see docs/decisions/numpy-adapter.md)."""


@dataclass(frozen=True)
class Window:
    """How a kernel walks over a value.

    Attributes:
        input: height and width of the value.
        output: height and width of the result.
        kernel: height and width of the kernel.
        stride: step in both directions.
        padding: zeros above and below, left and right.
    """

    input: Pair
    output: Pair
    kernel: Pair
    stride: int
    padding: Padding

    @staticmethod
    def of(size: tuple[int, ...], kernel: tuple[int, ...], stride: int, padding: Padding) -> Window:
        """Work out the size of the result."""
        height, width = (
            (length + sum(around) - reach) // max(stride, 1) + 1
            for length, around, reach in zip(size, padding, kernel, strict=True)
        )
        return Window((size[0], size[1]), (height, width), (kernel[0], kernel[1]), stride, padding)

    def reversed(self) -> Window:
        """The window of the way back, for stride 1: turned kernels over the gradient."""
        (top, bottom), (left, right) = self.padding
        height, width = self.kernel
        padding = (height - 1 - top, height - 1 - bottom), (width - 1 - left, width - 1 - right)
        return Window(self.output, self.input, self.kernel, 1, padding)

    @property
    def trivial(self) -> bool:
        """Whether every window is one place, in its order: then the value already is its columns."""
        return self.kernel == (1, 1) and self.stride == 1 and self.padding == ((0, 0), (0, 0))

    def pad(self, value: Array, size: tuple[int, int] = (0, 0)) -> Array:
        """Copy `value` (batch × input × channel) into zeros, with more of them below and to the right up to `size`."""
        (top, bottom), (left, right) = self.padding
        batch, height, width, channels = value.shape
        padded_size = max(height + top + bottom, size[0]), max(width + left + right, size[1])
        if padded_size == (height, width):
            return value
        padded = np.zeros((batch, *padded_size, channels), value.dtype)
        padded[:, top : top + height, left : left + width] = value
        return padded

    def pieces(self, batch: int, row_bytes: int) -> Iterator[tuple[slice, slice]]:
        """Cut batch × output rows into pieces of about COLUMN_BYTES: whole images, or rows of one."""
        rows = max(COLUMN_BYTES // row_bytes, 1)
        images, rows = max(rows // self.output[0], 1), min(rows, self.output[0])
        for first in range(0, batch, images):
            for row in range(0, self.output[0], rows):
                yield slice(first, min(first + images, batch)), slice(row, min(row + rows, self.output[0]))


def correlate(value: Array, kernels: Array, window: Window) -> Array:
    """Slide kernels (height × width × input × output) over `value` (batch × height × width × input)."""
    inputs, outputs = kernels.shape[2:]
    matrix = kernels.reshape(-1, outputs)
    result = np.empty((len(value), *window.output, outputs), value.dtype)
    if window.trivial:
        np.matmul(value.reshape(-1, inputs), matrix, out=result.reshape(-1, outputs))
        return result
    padded = window.pad(np.ascontiguousarray(value))
    (height, width), stride = window.kernel, window.stride
    places = np.lib.stride_tricks.as_strided(  # batch, row, column, kernel row, kernel column and channel
        padded,
        (len(value), *window.output, height, width * inputs),
        (padded.strides[0], padded.strides[1] * stride, padded.strides[2] * stride, padded.strides[1], padded.itemsize),
        writeable=False,
    )
    columns = np.empty(0, value.dtype)
    for images, rows in window.pieces(len(value), window.output[1] * matrix.shape[0] * value.itemsize):
        here = places[images, rows]
        if columns.size < here.size:
            columns = np.empty(here.size, value.dtype)
        piece = columns[: here.size]
        np.copyto(piece.reshape(here.shape), here)
        np.matmul(piece.reshape(-1, matrix.shape[0]), matrix, out=result[images, rows].reshape(-1, outputs))
    return result


def scatter(gradient: Array, kernels: Array, window: Window) -> Array:
    """Adjoint of `correlate`: from batch × output × output channel back to batch × input × input channel."""
    batch, rows, columns, outputs = gradient.shape
    height, width, inputs, _ = kernels.shape
    (top, bottom), (left, right) = window.padding
    stride = window.stride
    padded = np.zeros((batch, window.input[0] + top + bottom, window.input[1] + left + right, inputs), gradient.dtype)
    shares = gradient.reshape(-1, outputs) @ kernels.reshape(-1, outputs).T
    shares = shares.reshape(batch, rows, columns, height, width, inputs)
    for row in range(height):
        for column in range(width):
            padded[:, row : row + rows * stride : stride, column : column + columns * stride : stride] += shares[
                :, :, :, row, column
            ]
    return np.ascontiguousarray(padded[:, top : top + window.input[0], left : left + window.input[1]])
