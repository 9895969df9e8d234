"""What a position sees: by brute force, every pixel changed one by one; worked out of windows, checked, or measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import ELU, Convolution, GlobalMean, MaxPooling, MeanPooling, Operation
from innerview.layers import Window
from innerview.methods.receptive_fields import ReceptiveField, receptive_field, worked_out
from innerview.model import InputSpec, Layer, Model, OutputSpec
from innerview.types import Array
from models import SUBJECTS, Subject

HEIGHT, WIDTH = 13, 16
NETWORKS = {
    "one convolution": (Convolution("conv"),),
    "no padding": (Convolution("conv", padding="valid"), Convolution("next", padding="valid")),
    "a stride": (Convolution("conv", stride=2), ELU("elu"), Convolution("next")),
    "an even kernel": (Convolution("even"), Convolution("next", stride=2)),
    "pooling": (Convolution("conv"), MeanPooling("mean2"), Convolution("next"), MaxPooling("max3", size=3)),
    "wide padding": (Convolution("conv", padding=2), Convolution("next")),
}


def network(operations: tuple[Operation, ...]) -> NumpyModel:
    random = np.random.default_rng(0)
    weights = {
        f"{one.name}.weight": random.normal(size=(3, 3 if number else 1, *((4, 2) if one.name == "even" else (3, 3))))
        for number, one in enumerate(operations)
        if isinstance(one, Convolution)
    }
    return NumpyModel(
        InputSpec(HEIGHT, WIDTH, 1), OutputSpec(("a", "b", "c")), (*operations, GlobalMean("mean")), weights
    )


def changed(model: Model, layer: Layer) -> Array:
    """Position × height × width: whether a change of the pixel changes the position, in one of four images."""
    random = np.random.default_rng(1)
    found: Array | None = None
    for _ in range(4):
        image = random.random(model.input.shape).astype(model.dtype)
        others = np.repeat(image[None], image.shape[0] * image.shape[1], axis=0)
        pixels = np.divmod(np.arange(len(others)), image.shape[1])
        # far up and far down: behind a maximum only a change that wins shows
        values = [others.copy(), others.copy()]
        for one, far in zip(values, (9, -9), strict=True):
            one[np.arange(len(others)), pixels[0], pixels[1]] += far
        base = layer.positions(model.forward(image[None], (layer.name,)).activations[layer.name][0])
        for one in values:
            given = model.forward(one, (layer.name,)).activations[layer.name]
            now = np.stack([layer.positions(row) for row in given])
            moved = (np.abs(now - base) > 1e-9).any(axis=3).reshape(*image.shape[:2], -1).transpose(2, 0, 1)
            found = moved if found is None else found | moved
    assert found is not None
    return found


def agrees(field: ReceptiveField, seen: Array) -> None:
    for position, pixels in enumerate(seen):
        box = field.box(position)
        rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
        assert (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1) == (box.top, box.bottom, box.left, box.right)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_field_is_every_pixel_that_can_change_the_position_and_no_other(name: str) -> None:
    model = network(NETWORKS[name])
    for layer in model.layers:
        if layer.grid[0] * layer.grid[1] > 1:
            found = receptive_field(model, layer)
            assert found.how == "worked out"
            agrees(found, changed(model, layer))


def test_a_field_that_passes_the_border_is_cut_off_there_and_says_so() -> None:
    model = network(NETWORKS["one convolution"])
    found = receptive_field(model, model.layers[0])
    corner, inside = found.box(0), found.box(WIDTH + 1)
    assert (corner.top, corner.left, corner.bottom, corner.right, corner.clipped) == (0, 0, 2, 2, True)
    assert (inside.top, inside.left, inside.bottom, inside.right, inside.clipped) == (0, 0, 3, 3, False)
    assert found.seen == (3, 3)


def test_what_has_no_positions_sees_the_whole_image() -> None:
    model = network(NETWORKS["pooling"])
    found = receptive_field(model, model.layers[-1])
    assert (found.how, found.seen, found.box(0).clipped) == ("whole image", (HEIGHT, WIDTH), False)


@pytest.mark.parametrize("subject", SUBJECTS, ids=[f"{one.adapter}-{one.name}" for one in SUBJECTS])
def test_every_framework_tells_the_same_fields_or_the_gradient_does(subject: Subject) -> None:
    model = subject.build()
    known = replace(subject, adapter="numpy").build()
    same = {one.name: one for one in known.layers if one.grid[0] * one.grid[1] > 1}
    for layer in model.layers:
        if layer.name in same and layer.grid == same[layer.name].grid:
            found, expected = receptive_field(model, layer), receptive_field(known, same[layer.name])
            positions = layer.grid[0] * layer.grid[1]
            if found.how != "whole image":
                assert [found.box(one) for one in range(positions)] == [expected.box(one) for one in range(positions)]
            else:
                assert all(one >= other for one, other in zip(found.seen, expected.seen, strict=True))


def test_same_padding_puts_the_larger_part_below() -> None:
    window = Window((3, 3), (2, 2), None)
    assert window.above(0, 8) == 0
    assert window.above(0, 7) == 1
    assert Window((4, 4), (1, 1), None).above(0, 9) == 1


def built(kind: str) -> Model:
    import torch
    from torch import nn

    import innerview

    class Between(nn.Module):
        """Pools by a function, which is no layer: by the windows alone the field would be too small."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
            self.last = nn.Conv2d(4, 3, 1)

        def forward(self, value: torch.Tensor) -> torch.Tensor:
            value = nn.functional.avg_pool2d(torch.tanh(self.first(value)), 2)
            return self.last(self.second(value)).mean((2, 3))

    class Mean(Between):
        def forward(self, value: torch.Tensor) -> torch.Tensor:
            value = self.first(value)
            value = value * torch.sigmoid(value.mean((2, 3), keepdim=True))
            return self.last(self.second(value)).mean((2, 3))

    class Circle(Between):
        def __init__(self) -> None:
            super().__init__()
            self.second = nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular")

        def forward(self, value: torch.Tensor) -> torch.Tensor:
            return self.last(self.second(self.first(value))).mean((2, 3))

    torch.manual_seed(0)
    module = {"between": Between, "mean": Mean, "circle": Circle}[kind]().double()
    return innerview.wrap(module, input=InputSpec(20, 24, 1, layout="CHW"), output=OutputSpec(("a", "b", "c")))


@pytest.mark.torch
def test_what_no_layer_does_is_found_by_the_gradient() -> None:
    model = built("between")
    layer = next(one for one in model.layers if one.name == "second")
    wrong = worked_out(model, layer)
    assert wrong is not None
    assert wrong.seen == (5, 5)
    found = receptive_field(model, layer)
    assert (found.how, found.seen) == ("measured", (8, 8))
    agrees(found, changed(model, layer))


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["mean", "circle"])
def test_what_sees_far_away_is_never_said_to_see_less(kind: str) -> None:
    model = built(kind)
    layer = next(one for one in model.layers if one.name == "second")
    found = receptive_field(model, layer)
    assert (found.how, found.seen) == ("whole image", (20, 24))
