"""Convolution of 3 × 3 kernels with a quarter of the multiplications, as matrix products of NumPy.

    Y = Aᵀ [(G g Gᵀ) · (Bᵀ d B)] A

Winograd 1980; Lavin and Gray 2015, arXiv 1509.09308: a tile of 4 × 4 results from 6 × 6 values d and a kernel g, by
36 products in the place of 144. Summed over the channels, each of the 36 is a matrix product, tiles × inputs times
inputs × outputs. Both transforms are matrix products too, 36 × 36 and 16 × 36 (the Kronecker squares of Bᵀ and Aᵀ),
so that everything is done by the BLAS library. Tiles overlap by two values: they are 2.25 times the data, where the
columns of im2col are 9 times.

The price is rounding: differences of large terms. It is kept small by the points that the polynomials are evaluated
at (0, ±2/3, ±3/2 and infinity: a quarter of the error of the usual 0, ±1, ±2), and it is measured for each kernel when
it is first used: where it is above `LARGEST_ERROR`, as for kernels that nearly cancel, the convolution stays with
im2col. So does double precision, which is there for its digits. Points, pieces and errors: benchmarks/winograd.py and
docs/decisions/numpy-adapter.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Final, final

import numpy as np

from innerview.adapters.numpy.correlation import Window, correlate
from innerview.types import Array

TILE: Final = 4
"""Rows and columns of results that are worked out together."""

REACH: Final = TILE + 2
"""Rows and columns of values that they take."""

POINTS: Final = (Fraction(0), Fraction(2, 3), Fraction(-2, 3), Fraction(3, 2), Fraction(-3, 2))
"""Where the polynomials are evaluated, beside infinity."""

FEWEST_CHANNELS: Final = 32
"""Of the inputs and of the outputs: below, the transforms cost more than the products save."""

FEWEST_TILES: Final = 4
"""Of one image: below, matrices have too few rows. Of the image and not of the batch, so that an image is computed in
the same way alone and in company."""

LARGEST_ERROR: Final = 4e-6
"""Of a result, relative to the largest; the contract between the backends is 1e-5."""


def polynomial(roots: Sequence[Fraction]) -> list[Fraction]:
    """Coefficients of Π (x − root), the constant first."""
    found = [Fraction(1)]
    for root in roots:
        found = [
            (found[power - 1] if power else Fraction(0)) - (root * found[power] if power < len(found) else 0)
            for power in range(len(found) + 1)
        ]
    return found


def transforms(points: Sequence[Fraction]) -> tuple[Array, Array, Array]:
    """Bᵀ (values), G (kernel) and Aᵀ (results) for TILE results of a kernel of 3, by Toom and Cook.

    Rows of Bᵀ are scaled to sums of about 2 by powers of two, which G takes back exactly.

    Args:
        points: REACH − 1 different numbers; infinity is the last, unnamed one.
    """
    infinity = [Fraction(0), Fraction(0), Fraction(1)]
    values = [[*polynomial([*points[:place], *points[place + 1 :]]), Fraction(0)] for place in range(len(points))]
    values.append(polynomial(points))
    kernel: list[list[Fraction]] = []
    for point in points:
        scale = Fraction(1)
        for other in points:
            scale *= point - other if other != point else 1
        kernel.append([point**power / scale for power in range(3)])
    kernel.append(infinity)
    results = [[*(point**power for point in points), Fraction(int(power == TILE - 1))] for power in range(TILE)]
    balance = np.array([[2.0 ** round(math.log2(sum(abs(value) for value in row) / 2))] for row in values])
    return np.array(values, np.float64) / balance, np.array(kernel, np.float64) * balance, np.array(results, np.float64)


_VALUES, _KERNEL, _RESULTS = transforms(POINTS)
_ONTO: Final = np.kron(_VALUES, _VALUES).astype(np.float32)
_FROM: Final = np.kron(_RESULTS, _RESULTS).astype(np.float32)


@final
class Kernels:
    """The kernels of one convolution, laid out for the fastest way that keeps the digits.

    Args:
        direct: height × width × input × output.
    """

    def __init__(self, direct: Array) -> None:
        self.direct = direct

    @property
    def shape(self) -> tuple[int, ...]:
        """Height × width × input × output."""
        return self.direct.shape

    def correlate(self, value: Array, window: Window, whole: Window | None = None) -> Array:
        """Slide the kernels over `value` (batch × height × width × input).

        Args:
            value: what they slide over.
            window: how.
            whole: where `value` is a part of something larger, how they would slide over that: a part is worked out
                in the same way as the whole.
        """
        if self._pays(whole or window) and self._tiled is not None:
            return correlate_tiles(value, self._tiled, window)
        return correlate(value, self.direct, window)

    def _pays(self, window: Window) -> bool:
        tiles = (window.output[0] // TILE) * (window.output[1] // TILE)
        few = min(self.direct.shape[2:]) < FEWEST_CHANNELS or tiles < FEWEST_TILES
        return window.kernel == (3, 3) and window.stride == 1 and not few and self.direct.dtype == np.float32

    @property
    def in_tiles(self) -> bool:
        """Whether tiles keep the digits of these kernels."""
        return self._tiled is not None

    @cached_property
    def _tiled(self) -> Array | None:
        """The kernels transformed (36 × input × output), or None where that costs too many digits."""
        with np.errstate(all="ignore"):  # what overflows is found by its error, which is then no number
            tiled = transform_kernels(self.direct)
            return tiled if measured_error(self.direct, tiled) <= LARGEST_ERROR else None


def transform_kernels(direct: Array) -> Array:
    """G g Gᵀ for kernels of 3 × 3 × input × output: 36 × input × output, in their precision."""
    exact = np.einsum("xi,yj,ijcd->xycd", _KERNEL, _KERNEL, direct.astype(np.float64), optimize=True)
    return np.ascontiguousarray(exact.reshape(-1, *direct.shape[2:]), dtype=direct.dtype)


def measured_error(direct: Array, tiled: Array) -> float:
    """Largest difference between both ways, relative to the largest result, on values of mean 0 and of mean 1."""
    values = np.random.default_rng(0).normal(size=(2, 2 * TILE, 2 * TILE, direct.shape[2])).astype(direct.dtype)
    values[1] += 1
    window = Window.of(values.shape[1:3], (3, 3), 1, ((1, 1), (1, 1)))
    wanted = correlate(values, direct, window)
    off = np.abs(correlate_tiles(values, tiled, window) - wanted).max(axis=(1, 2, 3))
    largest = np.abs(wanted).max(axis=(1, 2, 3))
    return float(np.max(off / np.where(largest > 0, largest, 1)))


def correlate_tiles(value: Array, tiled: Array, window: Window) -> Array:
    """Slide transformed kernels over `value` (batch × height × width × input), a piece of tiles at a time."""
    inputs, outputs = tiled.shape[1:]
    batch, (height, width) = len(value), window.output
    down, across = -(-height // TILE), -(-width // TILE)
    padded = window.pad(value, (down * TILE + 2, across * TILE + 2))
    image, row, column, channel = padded.strides
    tiles = np.lib.stride_tricks.as_strided(  # row and column in the tile, image, tile's row and column, channel
        padded,
        (REACH, REACH, batch, down, across, inputs),
        (row, column, image, TILE * row, TILE * column, channel),
        writeable=False,
    )
    result = np.empty((batch, down * TILE, across * TILE, outputs), value.dtype)
    placed = result.reshape(batch, down, TILE, across, TILE, outputs).transpose(2, 4, 0, 1, 3, 5)
    grid = Window.of((down, across), (1, 1), 1, ((0, 0), (0, 0)))
    room: list[Array] = []
    for images, rows in grid.pieces(batch, max(inputs, outputs) * REACH**2 * across * value.itemsize):
        here, place = tiles[:, :, images, rows], placed[:, :, images, rows]
        count = here[0, 0].size // inputs
        # The first piece is the largest; fresh memory for every piece would cost a tenth more.
        sizes = here.size, here.size, REACH**2 * count * outputs, place.size
        room = room or [np.empty(size, value.dtype) for size in sizes]
        taken, seen, product, given = (one[:size] for one, size in zip(room, sizes, strict=True))
        np.copyto(taken.reshape(here.shape), here)
        np.matmul(_ONTO, taken.reshape(REACH**2, -1), out=seen.reshape(REACH**2, -1))
        np.matmul(seen.reshape(REACH**2, count, inputs), tiled, out=product.reshape(REACH**2, count, outputs))
        np.matmul(_FROM, product.reshape(REACH**2, -1), out=given.reshape(TILE**2, -1))
        np.copyto(place, given.reshape(place.shape))
    return np.ascontiguousarray(result[:, :height, :width])
