"""What a convolution is taken apart into adds up to the layer's own number, in every framework and geometry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import innerview
from innerview import allcnn
from innerview.errors import UnknownLayer, UsageError
from innerview.layers import by_name
from innerview.methods import activations
from innerview.methods.one_convolution import OneConvolution, one_convolution
from innerview.model import InputSpec, Model, OutputSpec
from models import SUBJECTS, Subject
from raising import raises

CONVOLVING = [one for one in SUBJECTS if one.name in {"means", "mixed"}]


def image_for(model: Model, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(model.input.shape).astype(np.float32)


def is_exact(found: OneConvolution, given: np.ndarray) -> None:
    """The sum is the number that the layer gives there, to the rounding of float32."""
    wanted = float(given[found.row, found.column, found.channel])
    assert found.output == wanted
    size = float(np.abs(found.products).sum()) + abs(found.bias or 0)
    assert abs(found.total - wanted) <= 2e-5 * size + 1e-9
    assert found.total == pytest.approx(float((found.patch * found.kernel).sum()) + (found.bias or 0))


@pytest.mark.parametrize("subject", CONVOLVING, ids=str)
def test_the_sum_is_the_layers_number_on_every_framework(subject: Subject) -> None:
    model = subject.build()
    image = image_for(model)
    for layer in (one for one in model.layers if one.kind == "convolution"):
        given = activations(model, image, [layer.name]).layers[layer.name]
        for row, column in ((0, 0), (given.shape[0] - 1, given.shape[1] - 1), (given.shape[0] // 2, 1)):
            for channel in (0, given.shape[2] - 1):
                is_exact(one_convolution(model, image, layer.name, channel, (row, column)), given)


def test_of_the_built_in_model_every_convolution_and_what_follows_it() -> None:
    model = allcnn.load_pretrained()
    image = image_for(model, 1)
    random = np.random.default_rng(2)
    names = [layer.name for layer in model.layers]
    given = activations(model, image, names).layers
    for number in range(1, 10):
        height, width, channels = given[f"conv{number}"].shape
        for _ in range(4):
            place = (int(random.integers(height)), int(random.integers(width)))
            channel = int(random.integers(channels))
            found = one_convolution(model, image, f"elu{number}", channel, place)
            assert found.layer == f"conv{number}"
            is_exact(found, given[found.layer])
            [(name, kind, value)] = found.following
            assert (name, kind) == (f"elu{number}", "activation")
            assert value == float(given[name][(*place, channel)])
            assert value == pytest.approx(max(found.output, np.expm1(min(found.output, 0))), abs=1e-5)


def convolving(**options: Any) -> Any:
    """conv, normalisation and ReLU behind a first convolution, with statistics that are not the usual ones."""
    import torch

    torch.manual_seed(0)
    second = torch.nn.Conv2d(6, 8, **{"kernel_size": 3, **options})
    norm = torch.nn.BatchNorm2d(8)
    norm.running_mean = torch.rand(8)
    norm.running_var = torch.rand(8) + 0.5
    head = [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 3)]
    return torch.nn.Sequential(torch.nn.Conv2d(3, 6, 3), second, norm, torch.nn.ReLU(), *head).eval()


def wrapped(module: Any, **numbers: Any) -> Model:
    spec = InputSpec(28, 32, 3, layout="CHW", **numbers)
    return innerview.wrap(module, input=spec, output=OutputSpec(("ant", "bee", "cow")))


@pytest.mark.torch
@pytest.mark.parametrize(
    ("options", "stride", "dilation", "corner"),
    [
        ({}, 1, 1, (4, 7)),
        ({"padding": 1}, 1, 1, (3, 6)),
        ({"stride": 2, "padding": 1}, 2, 1, (7, 13)),
        ({"stride": 3}, 3, 1, (12, 21)),
        ({"dilation": 2, "padding": 2}, 1, 2, (2, 5)),
        ({"kernel_size": (1, 5), "padding": (0, 2)}, 1, 1, (4, 5)),
        ({"kernel_size": 5, "stride": 2, "padding": 2, "bias": False}, 2, 1, (6, 12)),
        ({"groups": 2, "padding": 1}, 1, 1, (3, 6)),
    ],
    ids=str,
)
def test_strides_paddings_dilations_and_groups_are_found(
    options: dict[str, Any], stride: int, dilation: int, corner: tuple[int, int]
) -> None:
    model = wrapped(convolving(**options), mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
    image = image_for(model, 3)
    names = [layer.name for layer in model.layers]
    given = activations(model, image, [by_name(name) for name in names[:4]]).layers
    found = one_convolution(model, image, names[1], 7, (4, 7))
    is_exact(found, given[names[1]])
    assert (found.stride, found.dilation, (found.top, found.left)) == (stride, dilation, corner)
    assert found.inputs == ((3, 4, 5) if "groups" in options else (0, 1, 2, 3, 4, 5))
    assert [kind for _, kind, _ in found.following] == ["normalisation", "activation"]
    assert [value for _, _, value in found.following] == [float(given[name][4, 7, 7]) for name in names[2:4]]


@pytest.mark.torch
def test_what_is_no_sum_with_zeros_around_is_refused_and_not_made_to_fit() -> None:
    model = wrapped(convolving(padding=1, padding_mode="reflect"))
    name = model.layers[1].name
    with raises(UsageError, "layer", layer=name):
        one_convolution(model, image_for(model), name, 0, (0, 0))


def test_what_is_no_convolution_or_not_there_is_refused() -> None:
    model = allcnn.load_pretrained()
    image = image_for(model)
    with raises(UsageError, "layer", asked="pool3", found="pooling"):
        one_convolution(model, image, "pool3", 0, (0, 0))
    with raises(UsageError, "channel", asked=128, limit=127):
        one_convolution(model, image, "conv1", 128, (0, 0))
    with raises(UsageError, "column", asked=32, limit=31):
        one_convolution(model, image, "conv1", 0, (0, 32))
    with pytest.raises(UnknownLayer):
        one_convolution(model, image, "conv10", 0, (0, 0))
