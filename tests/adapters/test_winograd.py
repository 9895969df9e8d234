"""Convolution by tiles, against im2col: the same answer for every size, padding and piece, and its digits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview import allcnn
from innerview.adapters.numpy import correlation, winograd
from innerview.adapters.numpy.correlation import Window, correlate
from innerview.adapters.numpy.winograd import Kernels, correlate_tiles, measured_error, transform_kernels, transforms
from innerview.types import Array


def problem(size: tuple[int, int], channels: tuple[int, int], padding=((1, 1), (1, 1)), batch: int = 2, seed: int = 0):
    random = np.random.default_rng(seed)
    values = random.normal(size=(batch, *size, channels[0])).astype(np.float32)
    kernels = random.normal(size=(3, 3, *channels)).astype(np.float32)
    return values, kernels, Window.of(size, (3, 3), 1, padding)


def relative(found: Array, values: Array, kernels: Array, window: Window) -> float:
    exact = correlate(values.astype(np.float64), kernels.astype(np.float64), window)
    assert found.shape == exact.shape
    return float(np.abs(found - exact).max() / np.abs(exact).max())


def test_the_transforms_are_a_convolution_of_one_row_whatever_the_points() -> None:
    """Aᵀ[(G g) · (Bᵀ d)] is the correlation of d with g, by its definition."""
    random = np.random.default_rng(0)
    for points in (winograd.POINTS, [Fraction(one) for one in (0, 1, -1, 2, -2)]):
        onto, kernel, result = transforms(points)
        d, g = random.normal(size=winograd.REACH), random.normal(size=3)
        found = result @ ((kernel @ g) * (onto @ d))
        np.testing.assert_allclose(found, [d[place : place + 3] @ g for place in range(winograd.TILE)], atol=1e-13)


@given(
    st.tuples(st.integers(3, 13), st.integers(3, 13)),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.tuples(*(st.tuples(st.integers(0, 2), st.integers(0, 2)) for _ in range(2))),
    st.integers(1, 3),
    st.sampled_from([1, 3000, 1 << 21]),
)
def test_it_is_the_same_convolution(size, channels, padding, batch: int, piece: int) -> None:
    values, kernels, window = problem(size, channels, padding, batch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(correlation, "COLUMN_BYTES", piece)
        found = correlate_tiles(values, transform_kernels(kernels), window)
    assert found.flags.c_contiguous
    assert relative(found, values, kernels, window) < 1e-5


def test_an_image_has_the_same_answer_alone_and_in_company() -> None:
    values, kernels, window = problem((16, 16), (32, 32), batch=3)
    together = Kernels(kernels).correlate(values, window)
    np.testing.assert_allclose(Kernels(kernels).correlate(values[1:2], window)[0], together[1], rtol=0, atol=1e-4)


def test_zeros_stay_zeros() -> None:
    """A black image is 0 through all layers of a model without biases: not nearly, but exactly."""
    values, kernels, window = problem((8, 8), (32, 32))
    assert not Kernels(kernels).correlate(np.zeros_like(values), window).any()


WAYS = {
    "large enough": ((8, 8), (32, 32), np.float32, True),
    "not square, not a multiple of the tile": ((11, 9), (32, 40), np.float32, True),
    "few inputs": ((32, 32), (3, 128), np.float32, False),
    "few outputs": ((32, 32), (128, 10), np.float32, False),
    "a small image": ((4, 4), (128, 128), np.float32, False),
    "double precision": ((32, 32), (32, 32), np.float64, False),
}


@pytest.mark.parametrize(("size", "channels", "dtype", "tiled"), WAYS.values(), ids=WAYS)
def test_where_it_is_used(size, channels, dtype, tiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    values, kernels, window = problem(size, channels)
    calls: list[int] = []

    def counted(*arguments):
        calls.append(1)
        return correlate_tiles(*arguments)

    ready = Kernels(kernels.astype(dtype))
    assert ready._tiled is not None
    monkeypatch.setattr(winograd, "correlate_tiles", counted)
    found = ready.correlate(values.astype(dtype), window)
    assert bool(calls) == tiled
    assert relative(found, values, kernels, window) < (5e-6 if tiled else 1e-6)


@pytest.mark.parametrize("stride", [2, 3])
def test_strides_stay_with_im2col(stride: int) -> None:
    values, kernels, _ = problem((33, 33), (32, 32))
    window = Window.of((33, 33), (3, 3), stride, ((1, 1), (1, 1)))
    np.testing.assert_array_equal(Kernels(kernels).correlate(values, window), correlate(values, kernels, window))


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1.0, 1e3, 1e30])
def test_its_digits_do_not_depend_on_the_size_of_the_weights(scale: float) -> None:
    values, kernels, window = problem((12, 12), (48, 32))
    kernels *= np.float32(scale)
    ready = Kernels(kernels)
    assert ready._tiled is not None
    assert relative(ready.correlate(values, window), values, kernels, window) < winograd.LARGEST_ERROR


def test_kernels_that_lose_their_digits_stay_with_im2col() -> None:
    """Their transforms fall out of the precision, above or below; the plain sums do not."""
    for scale in (2e37, 3e-44):
        values, kernels, window = problem((8, 8), (32, 32))
        kernels = np.sign(kernels) * np.float32(scale)
        small = values * np.float32(1e-3 if scale > 1 else 1e3)
        ready = Kernels(kernels)
        assert ready._tiled is None
        found = ready.correlate(small, window)
        assert np.isfinite(found).all()
        np.testing.assert_array_equal(found, correlate(small, kernels, window))


@pytest.mark.parametrize("name", allcnn.NAMES)
def test_the_built_in_weights_keep_their_digits(name: str) -> None:
    weights = allcnn.load_pretrained(name).weights()
    for layer in ("conv2", "conv7"):
        direct = np.ascontiguousarray(weights[f"{layer}.weight"].transpose(2, 3, 1, 0))
        assert measured_error(direct, transform_kernels(direct)) < 3e-6
