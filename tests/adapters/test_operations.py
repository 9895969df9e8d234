"""Each operation: a known answer, its vjp against slopes, and what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.adapters.numpy.operations import (
    ELU,
    Convolution,
    Dense,
    Flatten,
    GlobalMean,
    MaxPooling,
    MeanPooling,
    Operation,
    ReLU,
)
from innerview.errors import ModelError
from innerview.types import Array
from raising import raises

PICTURE = (7, 6, 3)
RANDOM = np.random.default_rng(0)
WEIGHTS = {
    "c.weight": RANDOM.normal(size=(5, 3, 3, 3)),
    "c.bias": RANDOM.normal(size=5),
    "d.weight": RANDOM.normal(size=(4, 6)),
    "d.bias": RANDOM.normal(size=4),
}
CASES: dict[str, tuple[Operation, tuple[int, ...], tuple[int, ...]]] = {
    "convolution, same": (Convolution("c"), PICTURE, (7, 6, 5)),
    "convolution, valid": (Convolution("c", padding="valid"), PICTURE, (5, 4, 5)),
    "convolution, padded": (Convolution("c", padding=2), PICTURE, (9, 8, 5)),
    "convolution, bias": (Convolution("c", bias=True), PICTURE, (7, 6, 5)),
    "convolution, stride 2": (Convolution("c", stride=2), PICTURE, (4, 3, 5)),
    "convolution, stride 3, valid": (Convolution("c", stride=3, padding="valid"), PICTURE, (2, 2, 5)),
    "elu": (ELU("e"), PICTURE, PICTURE),
    "relu": (ReLU("r"), (6,), (6,)),
    "mean pooling": (MeanPooling("m"), PICTURE, (3, 3, 3)),
    "mean pooling of 3": (MeanPooling("m", size=3), PICTURE, (2, 2, 3)),
    "max pooling": (MaxPooling("m"), PICTURE, (3, 3, 3)),
    "max pooling of 3": (MaxPooling("m", size=3), PICTURE, (2, 2, 3)),
    "global mean": (GlobalMean("g"), PICTURE, (3,)),
    "flatten": (Flatten("f"), PICTURE, (126,)),
    "flatten, channels first": (Flatten("f", layout="CHW"), PICTURE, (126,)),
    "dense": (Dense("d"), (6,), (4,)),
    "dense, no bias": (Dense("d", bias=False), (6,), (4,)),
}
every = pytest.mark.parametrize(("operation", "before", "after"), CASES.values(), ids=CASES)


def run(operation: Operation, value: Array) -> Array:
    return operation.forward(value.copy(), operation.prepare(WEIGHTS))[0]


@every
def test_the_shape_is_the_one_that_was_announced(operation: Operation, before, after) -> None:
    assert operation.shape(before, WEIGHTS) == after
    assert run(operation, np.ones((2, *before))).shape == (2, *after)


@every
def test_the_vjp_gives_slopes(operation: Operation, before, after) -> None:
    random = np.random.default_rng(1)
    value, direction = random.normal(size=(2, 2, *before))
    factors = random.normal(size=(3, 2, *after))
    prepared = operation.prepare(WEIGHTS)
    _, saved = operation.forward(value.copy(), prepared)
    gradient = operation.vjp(factors.copy(), saved, prepared)
    assert gradient.shape == (3, *value.shape)
    step = 1e-6
    slope = (run(operation, value + step * direction) - run(operation, value - step * direction)) / (2 * step)
    axes = tuple(range(1, gradient.ndim))
    wanted = (factors * slope).sum(axis=tuple(range(1, factors.ndim)))
    np.testing.assert_allclose((gradient * direction).sum(axis=axes), wanted, rtol=1e-6, atol=1e-8)


@every
def test_float32_stays_float32(operation: Operation, before, after) -> None:
    weights = {name: value.astype(np.float32) for name, value in WEIGHTS.items()}
    prepared = operation.prepare(weights)
    output, saved = operation.forward(np.ones((2, *before), np.float32), prepared)
    assert output.dtype == np.float32
    assert operation.vjp(np.ones((1, 2, *after), np.float32), saved, prepared).dtype == np.float32


def test_elu_at_known_places() -> None:
    value = np.array([[-np.inf, -1000.0, -1.0, 0.0, 2.0, 1000.0]])
    output, saved = ELU("e").forward(value.copy(), ())
    np.testing.assert_allclose(output, [[-1, -1, np.exp(-1) - 1, 0, 2, 1000]])
    np.testing.assert_allclose(ELU("e").vjp(np.ones((1, 1, 6)), saved, ()), [[[0, 0, np.exp(-1), 1, 1, 1]]])


def test_elu_keeps_its_digits_near_zero() -> None:
    value = -(np.float32(10.0) ** -np.arange(1, 30, dtype=np.float32)[None])
    output, _ = ELU("e").forward(value.copy(), ())
    np.testing.assert_allclose(output, np.expm1(value.astype(np.float64)), rtol=3e-7)


def test_relu_has_no_slope_at_zero() -> None:
    output, saved = ReLU("r").forward(np.array([[-1.0, 0.0, 3.0]]), ())
    np.testing.assert_array_equal(output, [[0, 0, 3]])
    np.testing.assert_array_equal(ReLU("r").vjp(np.ones((1, 1, 3)), saved, ()), [[[0, 0, 1]]])


def test_of_equal_values_the_first_gets_the_gradient() -> None:
    _, saved = MaxPooling("m").forward(np.ones((1, 2, 2, 1)), ())
    gradient = MaxPooling("m").vjp(np.full((1, 1, 1, 1, 1), 5.0), saved, ())
    np.testing.assert_array_equal(gradient[0, 0, :, :, 0], [[5, 0], [0, 0]])


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))
def test_pooling_keeps_a_constant(height: int, width: int, size: int) -> None:
    value = np.full((1, height, width, 2), 3.0)
    for pooling in (MeanPooling("p", size=size), MaxPooling("p", size=size)):
        if min(height, width) < size:
            with raises(ModelError, "window", layer="p"):
                pooling.shape((height, width, 2), {})
        else:
            assert (run(pooling, value) == 3).all()


def test_a_channels_first_layout_is_undone_on_the_way_back() -> None:
    value = np.random.default_rng(0).normal(size=(2, *PICTURE))
    output, saved = Flatten("f", layout="CHW").forward(value, ())
    np.testing.assert_array_equal(output, value.transpose(0, 3, 1, 2).reshape(2, -1))
    np.testing.assert_array_equal(Flatten("f", layout="CHW").vjp(output[None], saved, ())[0], value)


MISFITS: dict[str, tuple[Operation, tuple[int, ...], dict[str, Array], str]] = {
    "a flat value": (Convolution("c"), (6,), {}, {"about": "axes", "asked": 3, "found": (6,), "layer": "c"}),
    "an image": (Dense("d"), PICTURE, {}, {"about": "axes", "asked": 1, "found": (7, 6, 3), "layer": "d"}),
    "kernels of other inputs": (
        Convolution("c"),
        (7, 6, 4),
        {},
        {"about": "shape", "asked": 4, "found": (5, 3, 3, 3), "layer": "c"},
    ),
    "kernels of three axes": (
        Convolution("c"),
        PICTURE,
        {"c.weight": np.ones((5, 3, 3))},
        {"about": "shape", "asked": 3, "found": (5, 3, 3), "layer": "c"},
    ),
    "a bias too long": (
        Convolution("c", bias=True),
        PICTURE,
        {"c.bias": np.ones(6)},
        {"about": "shape", "asked": 5, "found": (6,), "layer": "c"},
    ),
    "a kernel too large": (Convolution("c", padding="valid"), (2, 2, 3), {}, {"about": "window"}),
    "padding as large as the kernel": (Convolution("c", padding=3), PICTURE, {}, {"about": "window"}),
    "stride 0": (Convolution("c", stride=0), PICTURE, {}, {"about": "window"}),
    "windows too large": (MeanPooling("m", size=8), PICTURE, {}, {"about": "window"}),
    "a matrix of other inputs": (Dense("d"), (5,), {}, {"about": "shape", "asked": 5, "found": (4, 6), "layer": "d"}),
    "a dense bias too short": (
        Dense("d"),
        (6,),
        {"d.bias": np.ones(3)},
        {"about": "shape", "asked": 6, "found": (4, 6), "layer": "d"},
    ),
}


@pytest.mark.parametrize(("operation", "before", "weights", "message"), MISFITS.values(), ids=MISFITS)
def test_what_does_not_fit_is_refused_by_name(operation: Operation, before, weights, message: dict[str, Any]) -> None:
    with raises(ModelError, **message) as caught:
        operation.shape(before, {**WEIGHTS, **weights})
    assert str(caught.value).startswith(operation.name)
