"""The drawn model: blocks joined as people count layers, kernels read from weights of any layout."""

from __future__ import annotations

import numpy as np
import pytest

from innerview.model import InputSpec, Layer, OutputSpec
from innerview.pictures import tokens
from innerview.pictures.architecture import CELL, architecture_figure, blocks_of, kernel_of
from innerview.pictures.wires import LANES, Takes, takes, wires
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
    page = architecture_figure(
        table(), weights, input=InputSpec(8, 8), output=OutputSpec(("a", "b", "c")), columns=columns
    )
    assert page.width == columns * (CELL + 8) + 2 * tokens.MARGIN


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
    page = architecture_figure(layers, output=OutputSpec(names))
    assert page.width >= CELL
    assert (np.asarray(page) != 255).any()


def layer(name: str, kind: str, *sources: str) -> Layer:
    return Layer(name, kind, shape=(8, 8, 4), sources=sources)


RESIDUAL = [
    layer("stem", "convolution", "input"),
    layer("conv", "convolution", "stem"),
    layer("norm", "normalisation", "conv"),
    layer("relu", "activation", "stem", "norm"),
    layer("side", "convolution", "relu"),
    layer("other", "convolution", "relu"),
    layer("last", "activation", "stem", "norm", "other"),
]


def test_what_a_block_takes_is_the_wiring() -> None:
    blocks = blocks_of(RESIDUAL)
    assert [block.layer.name for block in blocks] == [one.name for one in RESIDUAL]  # nothing follows anything alone
    found = takes([block.layer for block in blocks], {block.layer.name: at for at, block in enumerate(blocks)})
    assert found == [
        Takes((-1,)), Takes((0,)), Takes((1,)), Takes((0, 2)), Takes((3,)), Takes((3,)), Takes((5,), shared=3),
    ]  # fmt: skip
    laid = {(wire.start, wire.end, wire.in_front) for wire in wires(found)}
    assert laid == {(0, 3, False), (3, 5, False), (3, 6, True)}


def test_lines_that_pass_the_same_block_lie_on_different_lanes() -> None:
    many = [Takes((-1,)), *(Takes((0, number)) for number in range(1, 12))]
    laid = wires(many)
    assert {wire.lane for wire in laid} == set(range(LANES))
    for one in laid:
        assert not any(
            one.lane == other.lane and one.start < other.end and other.start < one.end for other in laid if other != one
        )


def test_wiring_that_is_not_known_is_said_and_not_drawn() -> None:
    known, unknown = (architecture_figure(layers) for layers in (RESIDUAL, [*RESIDUAL[:-1], Layer("last", "other")]))
    arrows = [int((np.asarray(page.convert("L"))[60:] < 160).sum()) for page in (known, unknown)]
    assert arrows[0] > arrows[1]
    assert takes([Layer("a", "other")], {"a": 0}) is None
