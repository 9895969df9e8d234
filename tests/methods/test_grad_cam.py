"""Grad-CAM against the class activation map of models that end in a mean and a dense layer."""

from __future__ import annotations

import numpy as np
import pytest

from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import ELU, Convolution, Dense, GlobalMean, MeanPooling, Operation
from innerview.errors import UnknownLayer, UsageError
from innerview.methods import grad_cam
from innerview.model import InputSpec, OutputSpec
from innerview.targets import Logit, Margin
from models import Subject
from raising import raises
from typecheck import unchecked

SPEC = InputSpec(8, 12)
CLASSES = OutputSpec(("ant", "bee", "cow"))
IMAGE = np.random.default_rng(1).random(SPEC.shape)


def model(*, dtype: type[np.floating] = np.float64) -> NumpyModel:
    """Convolution, ELU, pooling to 4 × 6 places, mean over them, dense layer."""
    random = np.random.default_rng(2)
    shapes = {"conv1.weight": (5, 3, 3, 3), "dense.weight": (3, 5), "dense.bias": (3,)}
    steps: tuple[Operation, ...] = (
        Convolution("conv1"),
        ELU("elu1"),
        MeanPooling("pool1"),
        GlobalMean("mean"),
        Dense("dense"),
    )
    weights = {name: random.normal(size=shape) for name, shape in shapes.items()}
    return NumpyModel(SPEC, CLASSES, steps, weights, dtype)


def places(subject: NumpyModel, index: int) -> np.ndarray:
    """The class activation map: each place's part in the logit."""
    values = subject.forward(IMAGE[None], ("pool1",)).activations["pool1"][0]
    return values @ subject.weights()["dense.weight"][index] / values[..., 0].size


@pytest.mark.parametrize("index", range(3))
def test_of_a_linear_head_it_is_the_class_activation_map(index: int) -> None:
    subject = model()
    result = grad_cam(subject, IMAGE, Logit(index), "pool1")
    np.testing.assert_allclose(result.heatmap, np.kron(places(subject, index), np.full((2, 2), 0.25)))
    assert result.heatmap.sum() == pytest.approx(result.score - subject.weights()["dense.bias"][index])
    assert (result.unit, result.meaning, result.target) == ("logit", "contribution", index)


def test_a_margin_is_the_difference_of_two_maps() -> None:
    subject = model()
    margin = grad_cam(subject, IMAGE, Margin(0, 2), "pool1").heatmap
    np.testing.assert_allclose(
        margin,
        grad_cam(subject, IMAGE, Logit(0), "pool1").heatmap - grad_cam(subject, IMAGE, Logit(2), "pool1").heatmap,
    )


def test_the_positive_part_is_the_paper_s() -> None:
    subject = model()
    signed, positive = (
        grad_cam(subject, IMAGE, Logit(0), "pool1", relu_attributions=rectify) for rectify in (False, True)
    )
    assert signed.heatmap.min() < 0
    np.testing.assert_array_equal(positive.heatmap, np.maximum(signed.heatmap, 0))
    assert positive.method == "Grad-CAM at layer pool1, positive part"


def test_a_number_counts_layers_as_people_do() -> None:
    assert grad_cam(model(), IMAGE, Logit(0), 1).method == "Grad-CAM at layer elu1"
    with raises(UnknownLayer, "layer", asked="conv7"):
        grad_cam(model(), IMAGE, Logit(0), "conv7")


@pytest.mark.parametrize(("layer", "axes"), [("dense", "channel"), ("mean", "channel"), (2, "channel")])
def test_a_layer_without_places_is_refused(layer: str | int, axes: str) -> None:
    with raises(UsageError, "layer"):
        grad_cam(model(), IMAGE, Logit(0), layer)


def test_a_layer_with_one_place_is_refused() -> None:
    weights = {"conv1.weight": np.ones((3, 3, 3, 3))}
    steps = (Convolution("conv1", padding="valid"), GlobalMean("mean"))
    subject = NumpyModel(InputSpec(3, 3), CLASSES, steps, weights, np.float64)
    with raises(UsageError, "layer", asked="conv1", layer="conv1"):
        grad_cam(subject, np.ones((3, 3, 3)), Logit(0), "conv1")


@pytest.mark.torch
def test_it_is_the_same_in_pytorch() -> None:
    ours, theirs = (Subject(adapter, "mixed").build() for adapter in ("numpy", "torch"))
    image = Subject("numpy", "mixed").images(1)[0]
    for layer in ("conv1", "relu2", "pool3"):
        np.testing.assert_allclose(
            grad_cam(theirs, image, Logit(1), layer).heatmap, grad_cam(ours, image, Logit(1), layer).heatmap, atol=1e-12
        )


@pytest.mark.torch
@pytest.mark.parametrize("front", [1, 2, 5], ids=["class token", "distilled token", "registers"])
def test_of_a_transformer_it_is_the_normalisation_in_front_of_the_last_attention(front: int) -> None:
    """Not the queries, keys and values inside it, which come later and have three times the channels."""
    import torch

    from adapters.torch_axes_models import Tokens
    from innerview.adapters import wrap

    torch.manual_seed(0)
    model = Tokens(front).eval()
    subject = wrap(model, input=InputSpec(24, 36, layout="CHW"), output=CLASSES)
    image = np.random.default_rng(0).random((24, 36, 3)).astype(np.float32)
    found = grad_cam(subject, image, Logit(1))
    assert found.method == "Grad-CAM at layer blocks.1.norm1"
    kept: list[torch.Tensor] = []

    def keep(_module: object, _given: object, value: torch.Tensor) -> None:
        value.retain_grad()
        kept.append(value)

    with model.blocks[1].norm1.register_forward_hook(keep):
        model(torch.tensor(image).permute(2, 0, 1)[None])[0, 1].backward()
    values, gradients = (
        one[0, front : front + 24].reshape(4, 6, -1).detach().numpy() for one in (kept[0], kept[0].grad)
    )
    by_hand = (values * gradients.mean((0, 1))).sum(-1)
    np.testing.assert_allclose(found.heatmap.reshape(4, 6, 6, 6).sum((1, 3)), by_hand, atol=1e-5)


@pytest.mark.torch
def test_of_a_transformer_that_reads_all_its_tokens_it_is_the_last_layer() -> None:
    import torch

    from adapters.torch_axes_models import Tokens
    from innerview.adapters import wrap

    torch.manual_seed(0)
    subject = wrap(Tokens(0).eval(), input=InputSpec(24, 36, layout="CHW"), output=CLASSES)
    assert grad_cam(subject, np.full((24, 36, 3), 0.4), Logit(1)).method == "Grad-CAM at layer norm"


def test_a_function_has_no_layers() -> None:
    function = Subject("function", "linear")
    with unchecked(), raises(UsageError, "gradients", found="forward only"):
        grad_cam(function.build(), function.images(1)[0], Logit(0), 1)
