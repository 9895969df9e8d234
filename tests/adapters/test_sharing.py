"""Images that agree in parts, run together: the outputs of each alone, and less work."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from innerview import allcnn
from innerview.adapters.numpy import sharing
from innerview.adapters.numpy.model import NumpyModel
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
from innerview.adapters.numpy.sharing import Block
from innerview.errors import ModelError
from innerview.methods.coalitions import members
from innerview.methods.partitions import partition
from innerview.model import InputSpec, OutputSpec
from innerview.types import Array

CHANNELS = 3
CONVOLUTION = st.builds(
    lambda reach, stride, padding, bias: (reach, Convolution("", stride, padding, bias)),
    st.integers(1, 4),
    st.integers(1, 2),
    st.sampled_from(["same", "valid", 1]),
    st.booleans(),
)
STEP = st.one_of(
    CONVOLUTION, st.sampled_from([(0, ELU("")), (0, ReLU("")), (0, MeanPooling("")), (0, MaxPooling("", 3))])
)


def build(size: tuple[int, int], asked: list[tuple[int, Operation]], *, dense: bool, seed: int) -> NumpyModel:
    """A model of these steps with random weights, that ends in a mean or in a dense layer."""
    random, shape, weights, steps = np.random.default_rng(seed), (*size, CHANNELS), dict[str, Array](), []
    for number, (reach, step) in enumerate(asked):
        named: Any = type(step)(**{**vars(step), "name": f"step{number}"})
        sizes = [(CHANNELS, CHANNELS, reach, reach), (CHANNELS,)]
        weights |= {name: random.normal(size=one) for name, one in zip(named.parameters, sizes, strict=False)}
        shape = named.shape(shape, weights)
        steps.append(named)
    ends: list[Operation] = [Flatten("flat"), Dense("dense", bias=False)] if dense else [GlobalMean("mean")]
    if dense:
        weights["dense.weight"] = random.normal(size=(3, int(np.prod(shape))))
    classes = OutputSpec(("one", "two", "three"))
    return NumpyModel(InputSpec(*size), classes, [*steps, *ends], weights, np.float64)


def together(model: NumpyModel, images: Array) -> Array:
    parts = list(model.forward_similar(images))
    assert [row for part, _ in parts for row in range(part.start, part.stop)] == list(range(len(images)))
    return np.concatenate([outputs for _, outputs in parts])


@given(
    st.tuples(st.integers(5, 19), st.integers(5, 19)),
    st.lists(STEP, max_size=6),
    st.booleans(),
    st.integers(0, 1000),
    st.sampled_from([sharing.WORTH, 2.0]),
)
def test_outputs_are_those_of_each_image_alone(size, asked, dense: bool, seed: int, worth: float) -> None:
    try:
        model = build(size, asked, dense=dense, seed=seed)
    except ModelError:  # a window does not fit what is left of the image
        assume(False)
        raise
    random = np.random.default_rng(seed)
    first, second = random.random((2, *size, CHANNELS))
    kept = members(4)[:, partition(*size, (2, 2))][..., None]
    images = np.where(kept, first, second)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharing, "WORTH", worth)  # above 1 everything goes by tiles
        found = together(model, images)
    exact = model.forward(images).outputs
    assert np.abs(found - exact).max() <= 1e-11 * max(np.abs(exact).max(), 1e-9)


def test_every_single_pixel_is_noticed() -> None:
    """Of images that differ in one pixel, or in the last digit of one, each has its own outputs."""
    steps = [(3, Convolution("")), (0, ELU("")), (0, MeanPooling("")), (3, Convolution("")), (0, ELU(""))]
    model = build((12, 10), steps, dense=True, seed=3)
    image = np.random.default_rng(0).random((12, 10, CHANNELS))
    images = np.repeat(image[None], 12 * 10 + 1, axis=0)
    for number in range(12 * 10):
        images[number, number // 10, number % 10, number % 3] += 1e-3 if number % 2 else 1e-9
    found, exact = together(model, images), model.forward(images).outputs
    np.testing.assert_allclose(found - found[-1], exact - exact[-1], rtol=0, atol=1e-14 * np.abs(exact).max())
    changed = (exact[:-1] != exact[-1]).any(axis=1)
    assert changed.mean() > 0.9
    assert (found[:-1] != found[-1]).any(axis=1)[changed].all()


def test_coalitions_on_the_built_in_model() -> None:
    model = allcnn.load_pretrained()
    random = np.random.default_rng(1)
    image, fill = random.random((2, 32, 32, 3)).astype(np.float32)
    images = np.where(members(6)[:, partition(32, 32, 6)][..., None], image, fill)
    found, exact = together(model, images), model.forward(images).outputs
    assert found.dtype == np.float32
    assert np.abs(found - exact).max() <= 1e-5 * np.abs(exact).max()


def counted(model: NumpyModel, images: Array) -> int:
    """Tiles that are worked out, of all blocks."""
    seen: list[int] = []
    run = Block.run

    def counting(self: Block, value: Array) -> Array:
        seen.append(len(value))
        return run(self, value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Block, "run", counting)
        together(model, images)
    return sum(seen)


def test_what_is_the_same_is_worked_out_once() -> None:
    model = build((16, 16), [(3, Convolution("")), (0, ReLU("")), (3, Convolution(""))], dense=False, seed=0)
    image = np.random.default_rng(0).random((16, 16, CHANNELS))
    assert counted(model, np.repeat(image[None], 20, axis=0)) == 2 * 16  # 4 × 4 tiles of 4 × 4, in two blocks
    corner = np.repeat(image[None], 20, axis=0)
    corner[1:, 0, 0] = 0
    assert counted(model, corner) == 2 * 16 + 2
    edge = np.repeat(image[None], 20, axis=0)
    edge[1:, 3, 0] = 0  # seen by two tiles of the first layer, and by two of the second
    assert counted(model, edge) == 2 * 16 + 4


def test_images_that_share_nothing_go_on_whole() -> None:
    model = build((16, 16), [(3, Convolution(""))], dense=False, seed=0)
    images = np.random.default_rng(0).random((20, 16, 16, CHANNELS))
    assert counted(model, images) == 0
    np.testing.assert_array_equal(together(model, images), model.forward(images).outputs)


def test_no_image_is_no_output() -> None:
    model = build((16, 16), [(3, Convolution(""))], dense=False, seed=0)
    assert list(model.forward_similar(np.zeros((0, 16, 16, CHANNELS)))) == []
