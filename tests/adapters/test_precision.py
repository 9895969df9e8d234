"""Models in half precision, as they are handed in: what computes in what, and how far a map can be trusted then.

The table is precision × framework × how it came about; Keras on its three backends is in test_keras.py. The truth
is the same model in float64, whose map is found to 0.1 %.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import innerview
from innerview.adapters import wrap
from innerview.errors import ModelError, UsageError
from innerview.fills import make_fill
from innerview.methods import grad_cam, gradient, integrated_gradients, occlusion
from innerview.model import DifferentiableModel, InputSpec, Model, OutputSpec, precision_of
from innerview.results import Status
from innerview.targets import Logit
from raising import raises

CLASSES = OutputSpec(tuple("abcd"))
IMAGE = np.random.default_rng(0).random((16, 16, 3)).astype(np.float32)
BLACK = np.zeros_like(IMAGE)
TRUTH = 1e-3
BLACK_FILL = make_fill("black", IMAGE)
Made = Callable[[], DifferentiableModel]


def torch_net() -> Any:
    import torch

    nn = torch.nn
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.GELU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4),
    )  # fmt: skip
    with torch.no_grad():
        net[-1].weight *= 8  # scores as far apart as those of a trained model
    return net


def torch_model(change: Callable[[Any], Any] = lambda net: net, **options: Any) -> Any:
    return wrap(change(torch_net()), input=InputSpec(16, 16, layout="CHW"), output=CLASSES, **options)


def normalised_in_float(net: Any, kind: str) -> Any:
    net = getattr(net, kind)()
    net[1].float()
    return net


def with_autocast_inside(net: Any) -> Any:
    import torch

    class Inside(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, value: torch.Tensor) -> torch.Tensor:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return self.net(value)

    return Inside()


def jax_model(kind: str = "float32", dense: str = "", inside: bool = False, **options: Any) -> Any:
    import jax

    numbers = np.random.default_rng(1)
    weights = {
        "conv": jax.numpy.asarray(numbers.normal(size=(3, 3, 3, 8)) * 0.3, kind),
        "dense": jax.numpy.asarray(numbers.normal(size=(8, 4)), dense or kind),
    }

    def run(weights: Any, images: Any) -> Any:
        if inside:
            weights, images = jax.tree.map(lambda one: one.astype("bfloat16"), (weights, images))
        value = jax.lax.conv_general_dilated(
            images, weights["conv"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        value = jax.nn.gelu(value).mean((1, 2)).astype(weights["dense"].dtype)
        return value @ weights["dense"]

    return wrap(run, parameters=weights, input=InputSpec(16, 16), output=CLASSES, **options)


TORCH = [pytest.mark.torch]
JAX = [pytest.mark.jax]
TABLE: dict[str, tuple[Made, str, list[pytest.MarkDecorator]]] = {
    "torch bfloat16": (lambda: torch_model(lambda net: net.bfloat16()), "bfloat16", TORCH),
    "torch float16": (lambda: torch_model(lambda net: net.half()), "float16", TORCH),
    "torch bfloat16, norm in float32": (
        lambda: torch_model(lambda net: normalised_in_float(net, "bfloat16")), "bfloat16", TORCH,
    ),
    "torch float16, norm in float32": (
        lambda: torch_model(lambda net: normalised_in_float(net, "half")), "float16", TORCH,
    ),
    "torch autocast inside": (lambda: torch_model(with_autocast_inside), "bfloat16", TORCH),
    "torch autocast bf16": (lambda: torch_model(precision="bf16"), "bfloat16", TORCH),
    "torch autocast fp16": (lambda: torch_model(precision="fp16"), "float16", TORCH),
    "torch float16 under bf16": (lambda: torch_model(lambda net: net.half(), precision="bf16"), "bfloat16", TORCH),
    "torch bfloat16 in float32": (
        lambda: torch_model(lambda net: net.bfloat16(), precision="float32"), "float32", TORCH,
    ),
    "jax bfloat16": (lambda: jax_model("bfloat16"), "bfloat16", JAX),
    "jax float16": (lambda: jax_model("float16"), "float16", JAX),
    "jax bfloat16 and float32": (lambda: jax_model("bfloat16", dense="float32"), "bfloat16", JAX),
    "jax bf16 inside": (lambda: jax_model(inside=True), "bfloat16", JAX),
    "jax asked for bf16": (lambda: jax_model(precision="bf16"), "bfloat16", JAX),
    "jax bfloat16 in float32": (lambda: jax_model("bfloat16", precision="float32"), "float32", JAX),
}  # fmt: skip
ROWS = [pytest.param(made, kind, marks=marks, id=name) for name, (made, kind, marks) in TABLE.items()]
COPIED = [row for row in ROWS if row.id != "jax bf16 inside"]  # which has no copy without it


@pytest.mark.parametrize(("made", "kind"), ROWS)
def test_every_family_of_methods_answers_in_full_floats_and_says_what_it_computed_in(made: Made, kind: str) -> None:
    model = made()
    assert (precision_of(model), model.dtype) == (kind, np.dtype(np.float32))
    assert all(value.dtype == np.float32 for value in model.weights().values())
    seen = gradient(model, IMAGE, Logit(1))
    assert seen.gradient.dtype == np.float32
    assert np.abs(seen.gradient).sum() > 0
    assert seen.provenance.dtype == kind
    hidden = occlusion(model, IMAGE, Logit(1), fill=BLACK_FILL, window=8)
    assert np.isfinite(hidden.heatmap).all()
    layers = [layer.name for layer in model.layers if layer.kind == "convolution"]
    for name in layers[:1]:
        assert np.isfinite(grad_cam(model, IMAGE, Logit(1), name).heatmap).all()
    noted = [note for note in model.notes if "digits" in note]
    assert [kind in note for note in noted] == ([] if kind == "float32" else [True])


def exact_map(model: Any) -> np.ndarray:
    """Of the same weights in float64, where nothing switches to half inside."""
    copy = model.astype(np.float64)
    assert precision_of(copy) == "float64"
    found = integrated_gradients(copy, IMAGE, Logit(1), baseline=BLACK, tolerance=TRUTH, max_evaluations=1000)
    return found.heatmap


@pytest.mark.parametrize(("made", "kind"), COPIED)
def test_one_per_cent_is_met_or_it_is_said_what_can_be_reached(made: Made, kind: str) -> None:
    model = made()
    found = integrated_gradients(model, IMAGE, Logit(1), baseline=BLACK, tolerance=0.01)
    assert found.error is not None
    truth = exact_map(model)
    off = np.abs(found.heatmap - truth).sum() / np.abs(truth).sum()
    assert off <= found.error + TRUTH  # rounding is in what is stated
    assert found.error >= abs(found.relative_convergence_delta)
    assert found.n_evaluations <= 513
    said = [note for note in found.notes if kind in note]
    if found.status is Status.CONVERGED:
        assert found.error <= 0.01
        assert len(said) == (kind != "float32")
    else:
        assert found.status is Status.ROUNDED
        assert "1 % can't be reached" in said[0]
        assert "float32" in said[0]


def asked_again(note: str) -> float:
    return float(note.partition("Ask for ")[2].partition(" %")[0]) / 100


@pytest.mark.torch
def test_what_is_said_to_be_reachable_is_reached() -> None:
    model = torch_model(lambda net: net.bfloat16())
    short = integrated_gradients(model, IMAGE, Logit(1), baseline=BLACK, tolerance=0.002)
    assert short.status is Status.ROUNDED
    assert short.n_evaluations < 300  # and not the whole budget for what no budget buys
    again = integrated_gradients(model, IMAGE, Logit(1), baseline=BLACK, tolerance=asked_again(short.notes[-1]))
    assert again.status is Status.CONVERGED


@pytest.mark.jax
def test_without_a_copy_in_full_precision_the_image_is_moved_instead() -> None:
    found = integrated_gradients(jax_model(inside=True), IMAGE, Logit(1), baseline=BLACK, tolerance=0.05)
    assert "moving pixels less than bfloat16 can tell apart" in found.notes[-1]
    assert found.status is Status.CONVERGED


@pytest.mark.torch
def test_full_precision_says_and_costs_nothing_of_it() -> None:
    found = integrated_gradients(torch_model(), IMAGE, Logit(1), baseline=BLACK, tolerance=0.01)
    assert not [note for note in found.notes if "computes in" in note]


@pytest.mark.torch
def test_a_model_whose_gradients_miss_the_score_is_found_in_half_precision_too() -> None:
    import torch

    class Rounded(torch.nn.Module):
        def forward(self, value: torch.Tensor) -> torch.Tensor:
            return value + 3 * (value.mean((2, 3), keepdim=True) * 4).round()

    model = torch_model(lambda net: torch.nn.Sequential(Rounded(), net).bfloat16())
    found = integrated_gradients(model, IMAGE, Logit(1), baseline=BLACK, tolerance=0.05)
    assert found.status in {Status.NO_GRADIENT, Status.BUDGET_EXHAUSTED}


@pytest.mark.torch
def test_gradients_in_float16_do_not_vanish_below_what_it_can_write() -> None:
    small = 1e-4  # of the score by a pixel: 16 × 16 pixels share it, which float16 would round to a few steps

    def change(net: Any) -> Any:
        net[-1].weight.data *= small
        return net.half()

    model = torch_model(change)
    exact = gradient(model.astype(np.float64), IMAGE, Logit(1)).gradient
    found = gradient(model, IMAGE, Logit(1)).gradient
    assert np.abs(found - exact).sum() < 0.02 * np.abs(exact).sum()


@pytest.mark.torch
def test_a_finer_tolerance_than_the_precision_has_is_refused_at_once() -> None:
    with raises(UsageError, "tolerance", asked=1e-5, limit=1e-3):
        integrated_gradients(torch_model(lambda net: net.bfloat16()), IMAGE, Logit(1), baseline=BLACK, tolerance=1e-5)


@pytest.mark.torch
def test_the_module_stays_as_it_was_and_an_unknown_precision_is_refused() -> None:
    import torch

    net = torch_net().bfloat16()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    wrap(net, input=InputSpec(16, 16, layout="CHW"), output=CLASSES, precision="float64")
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    with raises(UsageError, "precision", asked="float8"):
        torch_model(precision="float8")
    with pytest.raises(ModelError, match="float32, float16 and bfloat16, or in float64 throughout"):
        torch_model(lambda net: torch.nn.Sequential(net, torch.nn.Linear(4, 4).double()))


@pytest.mark.torch
def test_a_model_that_does_not_run_in_its_own_mix_says_where() -> None:
    def mixed(net: Any) -> Any:
        net.bfloat16()[-1].float()
        return net

    with pytest.raises(ModelError, match=r"in layer 7 \(Linear\).*wrap a copy in one"):
        torch_model(mixed)


def test_what_has_no_such_option_says_so() -> None:
    def function(images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), -1)[:, :4]

    with raises(UsageError, "options", asked=("precision",)):
        wrap(function, input=InputSpec(16, 16), output=CLASSES, precision="bf16")


def test_a_built_in_model_has_one_precision() -> None:
    from innerview.session.models import ModelRequest, open_model

    with raises(UsageError, "--precision", asked="allcnn"):
        open_model(ModelRequest("allcnn", precision="bf16"))
    model: Model = innerview.load_pretrained("allcnn")
    assert precision_of(model) == "float32"
