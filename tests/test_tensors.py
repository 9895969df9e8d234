"""A tensor for an image: what is taken, what comes back in its kind, what is refused, and what is left as it was."""

from __future__ import annotations

import copy
import dataclasses
import gc
import os
import pickle
import subprocess
import sys
import weakref
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import giving
import innerview
from giving import BLACK, IMAGE, MAKERS, METHODS, NETWORK, TARGET, turned
from innerview import arrays, pictures, results
from innerview.data.baselines import Baseline
from innerview.errors import ImageError, MissingExtra, UsageError
from innerview.results.result import Result, _OfKind, _placed, in_kind
from raising import raises
from typecheck import unchecked

TORCH, JAX = (pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("torch", "jax"))


@pytest.mark.parametrize("first", [False, True], ids=["last", "first"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("framework", [TORCH, JAX])
def test_the_same_numbers_come_back_in_the_same_kind(framework: str, method: str, first: bool) -> None:
    giving.check_round_trip(framework, method, first=first)


@pytest.mark.tensorflow
def test_the_same_holds_for_tensorflow() -> None:
    """In a process of its own, since two frameworks in one take each other's threads."""
    tests = Path(__file__).parent
    path = os.pathsep.join([str(tests.parent / "src"), str(tests)])
    command = [sys.executable, str(tests / "giving.py"), "tensorflow"]
    answer = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr[-3000:]


@pytest.mark.parametrize("framework", [TORCH, JAX])
def test_a_prediction_for_every_image_of_a_batch(framework: str) -> None:
    make = MAKERS[framework]
    batch = np.stack([IMAGE, BLACK, 1 - IMAGE])
    plain = innerview.predict(NETWORK, batch)
    for given in (make(batch), make(turned(batch))):
        found = innerview.predict(NETWORK, given)
        assert [one.label for one in found] == [one.label for one in plain]
        assert isinstance(found[0].logits, type(given))
        np.testing.assert_array_equal(np.asarray(found[2].logits), plain[2].logits)


@pytest.mark.torch
def test_path_statistics_take_a_data_set_of_tensors() -> None:
    make = MAKERS["torch"]
    pairs = [(IMAGE, 0), (1 - IMAGE, 2), (BLACK, 1)]
    plain = innerview.path_predictions(NETWORK, pairs, baseline=BLACK, alphas=(0, 1))
    tensors = ((make(turned(image)), make(np.array(truth))) for image, truth in pairs)
    found = innerview.path_predictions(NETWORK, tensors, baseline=make(turned(BLACK)), alphas=(0, 1))
    np.testing.assert_array_equal(found.fractions, plain.fractions)
    np.testing.assert_array_equal(found.accuracy, plain.accuracy)


@pytest.mark.torch
def test_a_batch_of_baselines_is_one_tensor() -> None:
    several = [BLACK, BLACK + np.float32(0.5)]
    batch = MAKERS["torch"](turned(np.stack(several)))
    asked = {"target": TARGET, "n_steps": 4}
    plain = innerview.integrated_gradients(NETWORK, IMAGE, baseline=several, **asked)
    found = innerview.integrated_gradients(NETWORK, IMAGE, baseline=batch, **asked)
    np.testing.assert_array_equal(found.attribution, plain.attribution)
    expected = innerview.expected_gradients(NETWORK, IMAGE, TARGET, baselines=batch, n_samples=3)
    known = innerview.expected_gradients(NETWORK, IMAGE, TARGET, baselines=several, n_samples=3)
    np.testing.assert_array_equal(expected.attribution, known.attribution)


@pytest.mark.torch
def test_captum_answers_in_kind() -> None:
    from models import torch_model

    model = torch_model(giving.MODEL, giving.MODEL.weights(), np.float32)
    image, black = MAKERS["torch"](turned(IMAGE)), MAKERS["torch"](turned(BLACK))
    found = innerview.captum_attribution(model, "IntegratedGradients", image, TARGET, baselines=black, n_steps=4)
    plain = innerview.captum_attribution(model, "IntegratedGradients", IMAGE, TARGET, baselines=BLACK, n_steps=4)
    np.testing.assert_array_equal(found.attribution.numpy(), turned(plain.attribution).astype(np.float32))
    batch = MAKERS["torch"](turned(np.stack([BLACK, BLACK])))
    shap = innerview.captum_attribution(model, "GradientShap", image, TARGET, baselines=batch, n_samples=2)
    assert tuple(shap.attribution.shape) == turned(IMAGE).shape


@pytest.mark.torch
def test_weights_of_a_state_dict_are_counted() -> None:
    import torch

    layer = torch.nn.Linear(5, 3).to(torch.bfloat16)
    found = innerview.weight_histograms({"now": dict(layer.named_parameters())})
    assert found.layers == ("weight", "bias")
    assert found.sizes.tolist() == [[15, 3]]
    assert found.mean[0, 0] == pytest.approx(float(layer.weight.double().mean()))


@pytest.mark.torch
def test_the_kind_of_the_answer_is_that_of_the_image_alone() -> None:
    make = MAKERS["torch"]
    from_numpy = innerview.gradient_input(NETWORK, IMAGE, TARGET, baseline=make(turned(BLACK)))
    assert isinstance(from_numpy.attribution, np.ndarray)
    from_tensor = innerview.gradient_input(NETWORK, make(turned(IMAGE)), TARGET, baseline=BLACK)
    assert tuple(from_tensor.attribution.shape) == turned(IMAGE).shape


@pytest.mark.parametrize(
    ("framework", "given", "wanted"),
    [
        pytest.param("torch", "float64", "float64", marks=pytest.mark.torch),
        pytest.param("torch", "float16", "float32", marks=pytest.mark.torch),
        pytest.param("torch", "bfloat16", "float32", marks=pytest.mark.torch),
        pytest.param("jax", "bfloat16", "float32", marks=pytest.mark.jax),
        pytest.param("jax", "float16", "float32", marks=pytest.mark.jax),
    ],
)
def test_answers_have_the_precision_of_the_image_from_float32_upwards(framework, given, wanted) -> None:
    halves = np.round(IMAGE * 128) / 128  # what every precision holds exactly
    found = innerview.gradient_input(NETWORK, MAKERS[framework](halves, given), TARGET)
    assert str(found.attribution.dtype).endswith(wanted)
    plain = innerview.gradient_input(NETWORK, halves, TARGET)
    np.testing.assert_allclose(np.asarray(found.attribution), plain.attribution, rtol=1e-6)


@pytest.mark.torch
def test_answers_go_to_the_device_that_the_image_is_on() -> None:
    """The device of shapes without values stands for one that this machine may not have."""
    import torch

    from innerview.arrays import TorchKind

    kind = TorchKind(torch.float32, torch.device("meta"))
    result = in_kind(innerview.gradient(NETWORK, IMAGE, TARGET), kind, "first")
    assert result.gradient.device.type == "meta"
    assert tuple(result.gradient.shape) == turned(IMAGE).shape


@pytest.mark.torch
def test_the_tensor_is_left_as_it_was_and_nobody_holds_on_to_it() -> None:
    import torch

    leaf = torch.tensor(turned(IMAGE)).requires_grad_()
    image = leaf * 1.0  # in the middle of a graph
    before = image.detach().clone()
    result = innerview.gradient(NETWORK, image, TARGET)
    assert image.requires_grad
    assert image.grad_fn is not None
    assert leaf.grad is None
    assert torch.equal(image, before)
    assert not result.gradient.requires_grad
    image.detach().zero_()  # the result's image is its own
    np.testing.assert_array_equal(result.numpy.image, IMAGE)
    watched = weakref.ref(image)
    del image
    gc.collect()
    assert watched() is None


@pytest.mark.torch
def test_every_array_that_is_asked_for_is_new() -> None:
    result = innerview.gradient(NETWORK, MAKERS["torch"](IMAGE), TARGET)
    result.gradient.zero_()
    assert float(result.gradient.abs().sum()) > 0
    assert np.abs(result.numpy.gradient).sum() > 0


@pytest.mark.torch
def test_what_a_result_works_out_comes_in_kind_too() -> None:
    import torch

    image, black = MAKERS["torch"](turned(IMAGE)), MAKERS["torch"](turned(BLACK))
    found = innerview.interior_gradients(NETWORK, image, TARGET, baseline=black, alphas=(0.25, 0.5, 1))
    assert tuple(found.points.shape) == (3, *turned(IMAGE).shape)
    assert tuple(found.first(2).gradients.shape) == (2, *turned(IMAGE).shape)
    assert isinstance(found.path.scores, torch.Tensor)
    whole = innerview.integrated_gradients(NETWORK, image, TARGET, baseline=black, n_steps=4)
    assert whole.convergence_delta == whole.numpy.convergence_delta
    assert float(whole.heatmap.sum()) == pytest.approx(
        whole.score - whole.baseline_score + whole.convergence_delta, rel=1e-4
    )
    layers = innerview.activations(NETWORK, image, ["conv2", "dense"]).layers
    assert (
        tuple(layers["conv2"].shape) == turned(innerview.activations(NETWORK, IMAGE, ["conv2"]).layers["conv2"]).shape
    )
    assert layers["dense"].ndim == 1


@pytest.mark.torch
def test_a_result_can_be_copied_pickled_printed_and_looked_into() -> None:
    found = innerview.gradient(NETWORK, MAKERS["torch"](IMAGE), TARGET)
    for again in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):  # noqa: S301 our own bytes
        assert float((again.gradient - found.gradient).abs().max()) == 0
    assert repr(found).startswith(f"Gradient[torch.float32 on cpu](image=float32 {' × '.join(map(str, IMAGE.shape))}")
    assert {"gradient", "heatmap", "numpy", "unit"} <= set(dir(found))
    with pytest.raises(AttributeError, match="attributions"):
        _ = found.attributions


@pytest.mark.torch
@pytest.mark.parametrize("first", [False, True])
def test_images_draw_it_as_they_draw_numpy(first: bool) -> None:
    def drawn(image: Any, black: Any) -> list[bytes]:
        result = innerview.integrated_gradients(NETWORK, image, TARGET, baseline=black, tolerance=0.5)
        inner = innerview.interior_gradients(NETWORK, image, TARGET, baseline=black, alphas=(0.5, 1))
        kept = innerview.insertion(NETWORK, image, result.heatmap, fill=black, fractions=(0.5,))
        layers = innerview.activations(NETWORK, image, ["conv2"])
        made = [
            pictures.attribution_figure(result),
            pictures.contact_sheet([result, result]),
            pictures.error_figure(result.pixel_error, result.unit),
            pictures.interior_strip(inner),
            pictures.masking_strip(kept),
            pictures.activation_grid(layers, "conv2"),
            pictures.to_pillow(pictures.path_figure(result)),
            pictures.to_pillow(pictures.convergence_figure(result)),
        ]
        return [one.tobytes() for one in made]

    give = MAKERS["torch"]
    tensors = [give(turned(one) if first else one) for one in (IMAGE, BLACK)]
    assert drawn(*tensors) == drawn(IMAGE, BLACK)


@pytest.mark.torch
@pytest.mark.parametrize("bad", [IMAGE * 255, (IMAGE - 0.45) / 0.22, IMAGE * 2 - 1], ids=["bytes", "mean", "centred"])
@pytest.mark.parametrize("role", ["image", "baseline"])
def test_a_normalised_tensor_is_refused_with_the_way_back(bad: np.ndarray, role: str) -> None:
    given = {"image": MAKERS["torch"](IMAGE), "baseline": MAKERS["torch"](BLACK), role: MAKERS["torch"](bad)}
    with pytest.raises(ImageError, match=rf"the {role} was given as a tensor with values from .*tensor \* std \+ mean"):
        innerview.gradient_input(NETWORK, target=TARGET, **given)
    asked = {"image": IMAGE, "baseline": BLACK, role: bad}
    assert np.isfinite(innerview.gradient_input(NETWORK, target=TARGET, **asked).attribution).all()


@pytest.mark.torch
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (IMAGE[None], r"give one image: images\[0\]"),
        (IMAGE[1:], r"has shape \(20, 18, 3\); this model takes 21 × 18 × 3"),
        (np.round(255 * IMAGE).astype(np.uint8), "divide bytes by 255"),
    ],
    ids=["batch", "size", "bytes"],
)
def test_other_tensors_are_refused_in_words(given: np.ndarray, said: str) -> None:
    with unchecked(), pytest.raises(ImageError, match=said):
        innerview.gradient(NETWORK, MAKERS["torch"](given), TARGET)


@pytest.mark.torch
def test_a_tensor_without_values_is_refused() -> None:
    import torch

    with raises(ImageError, "values", found="Tensor"):
        innerview.gradient(NETWORK, torch.zeros(IMAGE.shape, device="meta"), TARGET)


@pytest.mark.jax
def test_an_array_inside_a_compiled_function_is_refused() -> None:
    import jax

    with raises(ImageError, "values", found="DynamicJaxprTracer"):
        jax.jit(lambda image: innerview.gradient(NETWORK, image, TARGET).gradient)(IMAGE)


@pytest.mark.torch
def test_where_all_sides_are_equal_the_rule_holds() -> None:
    model = innerview.wrap(
        lambda batch: batch[:, 0, 1] * 2, input=innerview.InputSpec(3, 3), output=innerview.OutputSpec(("r", "g", "b"))
    )
    image = np.arange(27, dtype=np.float32).reshape(3, 3, 3) / 27
    (found,) = innerview.predict(model, MAKERS["torch"](image)[None])
    np.testing.assert_allclose(np.asarray(found.logits), image[0, 1] * 2)


def test_every_class_of_result_is_tried() -> None:
    kinds = {*Result.__subclasses__(), Baseline}
    assert {kind.__name__ for kind in kinds if not issubclass(kind, _OfKind)} == set(giving.every_result())


@pytest.mark.parametrize("first", [False, True], ids=["last", "first"])
@pytest.mark.parametrize("name", giving.every_result())
@pytest.mark.parametrize("framework", [TORCH, JAX])
def test_a_result_with_tensors_is_one_of_its_class(framework: str, name: str, first: bool) -> None:
    giving.check_class(framework, name, first=first)


@pytest.mark.torch
def test_what_is_made_of_tensors_has_its_channels_where_they_were() -> None:
    image, other = MAKERS["torch"](turned(IMAGE)), MAKERS["torch"](turned(1 - IMAGE))
    found = innerview.gradient(NETWORK, image, TARGET)
    changed = dataclasses.replace(found, image=other, score=7.0)
    np.testing.assert_array_equal(changed.numpy.image, 1 - IMAGE)
    np.testing.assert_array_equal(changed.numpy.gradient, found.numpy.gradient)
    assert (changed.score, tuple(changed.image.shape)) == (7.0, turned(IMAGE).shape)
    with pytest.raises(TypeError, match="colour"):
        dataclasses.replace(found, colour=1)


def test_channels_are_known_by_the_declared_axes() -> None:
    """A field that is added to a result is known by its type; these are the kinds of types that there are."""
    placed = {kind.__name__: _placed(kind) for kind in Result.__subclasses__() if not issubclass(kind, _OfKind)}
    assert {"image", "layers"} <= placed["Activations"]
    assert "colours" not in placed["Activations"]
    assert {"image", "fill", "images"} <= placed["MaskingCurve"]
    assert "ranking" not in placed["MaskingCurve"]
    assert {"points", "gradients"} <= placed["InteriorGradients"]
    assert placed["WeightHistograms"] == placed["PathProfile"] == set()


def test_no_result_has_a_field_that_would_be_hidden() -> None:
    own = {name for kind in (Result, _OfKind) for name in vars(kind) if not name.startswith("_")}
    own |= set(_OfKind.__annotations__)
    assert [(kind, name) for kind in Result.__subclasses__() for name in own & set(vars(kind))] == []
    assert [(one, own) for one in giving.every_result().values() if own & {field.name for field in fields(one)}] == []


def test_a_kind_that_is_none_is_refused() -> None:
    result = innerview.gradient(NETWORK, IMAGE, TARGET)
    with unchecked(), raises(UsageError, "framework", asked="torhc", known=("numpy", "torch", "jax", "tensorflow")):
        result.to("torhc")
    with raises(UsageError, "channels", found="numpy"):
        result.to("numpy", channels="first")


def test_a_kind_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "find_spec", lambda _: None)
    with raises(MissingExtra, "extra", extra="torch"):
        innerview.gradient(NETWORK, IMAGE, TARGET).to("torch")


def test_numpy_alone_is_passed_on_as_it_is() -> None:
    plain = innerview.gradient(NETWORK, IMAGE, TARGET)
    assert isinstance(plain, results.Gradient)
    assert plain.image is IMAGE
    assert innerview.gradient.__doc__ == innerview.methods.gradient.__doc__
    smooth = innerview.smooth_grad(NETWORK, IMAGE, TARGET, method=partial(innerview.gradient_input), n_samples=2)
    assert isinstance(smooth, results.Attribution)


@pytest.mark.parametrize(("name", "old", "new"), [("gradient", "network", "model"), ("smooth_grad", "noise", "stdevs")])
def test_an_old_argument_is_answered_with_the_new_one(name: str, old: str, new: str) -> None:
    with pytest.raises(TypeError, match=f"{name}: {old}= was renamed; use {new}="):
        getattr(innerview, name)(**{old: None})


def test_an_unknown_argument_is_answered_with_the_method_and_what_is_near() -> None:
    with pytest.raises(TypeError, match=r"shapley\(\) got .* 'regionz'; did you mean 'regions'"):
        innerview.shapley(NETWORK, IMAGE, TARGET, regionz=3)
    with pytest.raises(TypeError, match="it takes model, image"):
        innerview.gradient(NETWORK, IMAGE, TARGET, quux=3)


def test_regions_may_be_masks_of_any_kind() -> None:
    mask = np.zeros(IMAGE.shape[:2], bool)
    mask[:2] = True
    expected = innerview.shapley(NETWORK, IMAGE, TARGET, regions=np.logical_not(mask), fills=["black"])
    found = innerview.shapley(NETWORK, IMAGE, TARGET, regions=[mask], fills=["black"])
    np.testing.assert_allclose(found.values, expected.values)
