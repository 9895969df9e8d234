"""Convolutions as matrix products, against the definition of a convolution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.adapters.numpy import correlation
from innerview.adapters.numpy.correlation import Padding, Window, correlate, scatter
from innerview.types import Array

Case = tuple[Array, Array, int, Padding]


def by_definition(value: Array, kernels: Array, window: Window) -> Array:
    """Sum over the kernel's places, place by place."""
    (top, bottom), (left, right) = window.padding
    padded = np.pad(value, ((0, 0), (top, bottom), (left, right), (0, 0)))
    result = np.zeros((len(value), *window.output, kernels.shape[3]))
    for row, column in np.ndindex(*window.output):
        first, second = row * window.stride, column * window.stride
        patch = padded[:, first : first + kernels.shape[0], second : second + kernels.shape[1]]
        result[:, row, column] = np.einsum("bhwi,hwio->bo", patch, kernels)
    return result


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A value, kernels, a stride and a padding that fit each other."""
    size = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    stride, batch, inputs, outputs = (draw(st.integers(1, top)) for top in (3, 4, 4, 4))
    padding = []
    kernel = []
    for length in size:
        reach = draw(st.integers(1, 4))
        around = draw(st.tuples(st.integers(0, reach - 1), st.integers(0, reach - 1)))
        kernel.append(min(reach, length + sum(around)))
        padding.append(tuple(min(side, kernel[-1] - 1) for side in around))
        kernel[-1] = min(kernel[-1], length + sum(padding[-1]))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    value, kernels = random.normal(size=(batch, *size, inputs)), random.normal(size=(*kernel, inputs, outputs))
    return value, kernels, stride, (padding[0], padding[1])


def window_of(case: Case) -> Window:
    value, kernels, stride, padding = case
    return Window.of(value.shape[1:3], kernels.shape[:2], stride, padding)


@given(cases())
def test_it_is_a_convolution(case: Case) -> None:
    value, kernels, *_ = case
    window = window_of(case)
    np.testing.assert_allclose(correlate(value, kernels, window), by_definition(value, kernels, window), atol=1e-12)


@pytest.mark.parametrize("size", [1, 1000, 3000, 20_000])
def test_the_pieces_of_the_columns_are_not_seen(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    value, kernels = random.normal(size=(5, 7, 6, 3)), random.normal(size=(3, 3, 3, 4))
    window = Window.of((7, 6), (3, 3), 1, ((1, 1), (1, 1)))
    monkeypatch.setattr(correlation, "COLUMN_BYTES", size)
    np.testing.assert_allclose(correlate(value, kernels, window), by_definition(value, kernels, window), atol=1e-12)


@given(st.integers(0, 7), st.integers(1, 9), st.integers(1, 5000), st.integers(1, 10_000))
def test_pieces_cover_every_row_of_every_image_once(batch: int, rows: int, row_bytes: int, piece: int) -> None:
    window = Window.of((rows, 3), (1, 1), 1, ((0, 0), (0, 0)))
    covered = np.zeros((batch, rows), int)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(correlation, "COLUMN_BYTES", piece)
        for images, lines in window.pieces(batch, row_bytes):
            covered[images, lines] += 1
            here = covered[images, lines]
            assert here.size * row_bytes <= max(piece, row_bytes)
            assert here.shape[0] == 1 or here.shape[1] == rows
    assert (covered == 1).all()


@given(cases())
def test_scattering_is_the_adjoint(case: Case) -> None:
    """⟨correlate(x), g⟩ = ⟨x, scatter(g)⟩ for every x and g."""
    value, kernels, *_ = case
    window = window_of(case)
    gradient = np.random.default_rng(1).normal(size=(len(value), *window.output, kernels.shape[3]))
    forward = (correlate(value, kernels, window) * gradient).sum()
    back = scatter(gradient, kernels, window)
    assert back.shape == value.shape
    np.testing.assert_allclose((value * back).sum(), forward, atol=1e-10)


@given(cases())
def test_turned_kernels_are_the_adjoint_too(case: Case) -> None:
    value, kernels, _, padding = case
    window = window_of((value, kernels, 1, padding))
    gradient = np.random.default_rng(1).normal(size=(len(value), *window.output, kernels.shape[3]))
    turned = np.ascontiguousarray(kernels[::-1, ::-1].swapaxes(2, 3))
    back = correlate(gradient, turned, window.reversed())
    np.testing.assert_allclose(back, scatter(gradient, kernels, window), atol=1e-12)


def test_one_by_one_kernels_need_no_columns() -> None:
    window = Window.of((4, 5), (1, 1), 1, ((0, 0), (0, 0)))
    assert window.trivial
    assert not Window.of((4, 5), (1, 1), 2, ((0, 0), (0, 0))).trivial
    assert not Window.of((4, 5), (3, 3), 1, ((1, 1), (1, 1))).trivial
