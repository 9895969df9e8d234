from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import ModelError, UnknownLayer
from innerview.model import InputSpec, Layer, OutputSpec, as_pixels, find_layer, fingerprint_of, require_layers
from raising import raises

LAYERS = [
    Layer("conv1", "convolution"),
    Layer("norm1", "normalisation"),
    Layer("elu1", "activation"),
    Layer("pool1", "pooling"),
    Layer("conv2", "convolution"),
    Layer("pool2", "pooling"),
    Layer("elu2", "activation"),
    Layer("dense", "dense"),
]


@pytest.mark.parametrize(
    ("asked", "name"),
    [(1, "elu1"), ("1", "elu1"), (2, "conv2"), ("3", "dense"), ("pool1", "pool1"), ("conv1", "conv1")],
)
def test_layers_count_from_one_and_end_before_pooling(asked: str | int, name: str) -> None:
    assert find_layer(LAYERS, asked).name == name


@pytest.mark.parametrize("asked", [0, 4, "0", "-1", "conv3", "", "1.5", "²"])
def test_an_unknown_layer_lists_numbers_and_names(asked: str | int) -> None:
    with pytest.raises(UnknownLayer, match="the layers are 1 to 3, conv1, norm1"):
        find_layer(LAYERS, asked)
    with pytest.raises(UnknownLayer):
        require_layers(LAYERS, ["conv1", "conv9"])


def test_scale_and_offset_are_what_the_docstring_says() -> None:
    spec = InputSpec(2, 2, 3, mean=(10, 20, 30), std=(2, 4, 5), value_range=(-1, 254))
    pixel = np.array([0.0, 0.5, 1.0])
    np.testing.assert_allclose(
        pixel * spec.scale + spec.offset, (-1 + 255 * pixel - np.array([10, 20, 30])) / np.array([2, 4, 5])
    )
    assert InputSpec(2, 2, 1).mean == (0.0,)


@pytest.mark.parametrize("bad", [{"channels": 2}, {"height": 0}, {"mean": (1.0,)}, {"std": (1.0, 1.0, 0.0)}])
def test_an_input_without_meaning_is_refused(bad: dict) -> None:
    with pytest.raises(ModelError):
        InputSpec(**{"height": 4, "width": 4, **bad})


def test_a_batch_of_another_shape_is_refused_with_both_shapes() -> None:
    with raises(ModelError, "images", asked=(4, 5, 3), found=(1, 5, 4, 3)):
        InputSpec(4, 5).check(np.zeros((1, 5, 4, 3)))


@given(st.lists(st.floats(-500, 500), min_size=2, max_size=5), st.floats(0.05, 20))
def test_probabilities_sum_to_one_whatever_the_logits(values: list[float], temperature: float) -> None:
    outputs = np.array([values])
    spec = OutputSpec(tuple("abcde"[: len(values)]), temperature=temperature)
    chances = spec.probabilities(outputs)
    assert chances.sum() == pytest.approx(1)
    assert chances[0, outputs.argmax()] == chances.max()
    shifted = spec.probabilities(outputs + 7)
    np.testing.assert_allclose(shifted, chances, atol=1e-9)


def test_other_kinds_of_output() -> None:
    values = np.array([[0.0, -1000.0, 1000.0]])
    names = ("a", "b", "c")
    np.testing.assert_allclose(OutputSpec(names, kind="sigmoid").probabilities(values), [[0.5, 0, 1]])
    np.testing.assert_allclose(OutputSpec(names, kind="probabilities").probabilities(values), values)
    assert np.isnan(OutputSpec(names, kind="scores").probabilities(values)).all()
    with raises(ModelError, "classes", asked=3, found=0):
        OutputSpec(names, temperature=0)


def test_identity_follows_weights_and_specification() -> None:
    weights = {"a": np.arange(4.0), "b": np.ones(2)}
    same = fingerprint_of({"x": 1}, dict(reversed(weights.items())))
    assert fingerprint_of({"x": 1}, weights) == same
    changed = {"a": np.arange(4.0) + np.eye(1, 4)[0] * 1e-12, "b": np.ones(2)}
    others = [
        fingerprint_of({"x": 2}, weights),
        fingerprint_of({"x": 1}, changed),
        fingerprint_of({"x": 1}, {"a": weights["a"]}),
    ]
    assert len({same, *others}) == 4
    assert len(same) == 16


def test_bytes_are_not_pixels() -> None:
    with raises(ModelError, "dtype", found="uint8"):
        as_pixels(np.zeros((1, 2, 2, 3), dtype=np.uint8), np.dtype(np.float32))
