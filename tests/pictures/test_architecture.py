"""The drawn network: blocks joined as people count layers, kernels read from weights of any layout."""

from __future__ import annotations

import numpy as np
import pytest

from innerview.network import InputSpec, Layer, OutputSpec
from innerview.pictures import tokens
from innerview.pictures.architecture import CELL, architecture_picture, blocks_of, kernel_of
from pictures.made import table


def test_activations_join_the_layer_they_follow() -> None:
    blocks = blocks_of(table())
    assert [(block.number, block.layer.name, block.following) for block in blocks] == [
        (1, "conv1", ["elu1"]), (0, "pool1", []), (2, "conv2", ["elu2"]), (0, "mean", [])
    ]  # fmt: skip
    assert [block.shape for block in blocks] == [(8, 8, 6), (4, 4, 6), (4, 4, 3), (3,)]


@pytest.mark.parametrize(
    ("shape", "outputs", "kernel"),
    [((128, 3, 3, 3), 128, (3, 3)), ((5, 7, 3, 128), 128, (5, 7)), ((128, 128, 1, 1), 128, (1, 1)),
     ((1, 1, 128, 128), 128, (1, 1)), ((3, 3, 3, 3), 3, (3, 3)), ((10, 128, 1, 1), 10, (1, 1)),
     ((10, 128), 10, None), ((4, 4, 4, 4), 9, None)],
)  # fmt: skip
def test_a_kernel_is_found_in_weights_of_either_layout(shape, outputs, kernel) -> None:
    assert kernel_of(shape, outputs) == kernel


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_blocks_stand_in_rows(columns) -> None:
    weights = {"conv1.weight": np.zeros((6, 3, 3, 3)), "conv2.weight": np.zeros((3, 6, 1, 1))}
    page = architecture_picture(
        table(), weights, input=InputSpec(8, 8), output=OutputSpec(("a", "b", "c")), columns=columns
    )
    assert page.width == columns * CELL + (columns - 1) * 8 + 2 * tokens.MARGIN


@pytest.mark.parametrize(
    "layers",
    [
        [],
        [Layer("only", "other")],
        [Layer("relu", "activation", shape=(4,)), Layer("norm", "normalisation")],
        [Layer(f"block.{number}.conv", "convolution", shape=(224, 224, 2048)) for number in range(60)],
        [Layer("tokens", "dense", axes="token channel", shape=(196, 768)), Layer("a very long name " * 9, "dense")],
    ],
    ids=["none", "unknown", "activations alone", "many", "tokens"],
)
def test_any_list_of_layers_is_drawn(layers) -> None:
    names = tuple(f"class with a name of many words, number {number}" for number in range(1000))
    page = architecture_picture(layers, output=OutputSpec(names))
    assert page.width >= CELL
    assert (np.asarray(page) != 255).any()
