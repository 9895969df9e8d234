"""Class evidence adds up to the outputs, on every framework; what does not end in a sum is refused with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from innerview.adapters import FunctionModel
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import (
    ELU,
    Convolution,
    Dense,
    Flatten,
    GlobalMean,
    MeanPooling,
    Operation,
    ReLU,
)
from innerview.errors import UsageError
from innerview.methods import class_evidence
from innerview.model import InputSpec, OutputSpec
from innerview.results import as_attribution
from innerview.targets import Contrast, Logit, Margin, Probability, Target
from models import SUBJECTS, Subject
from raising import raises

ENDING = [one for one in SUBJECTS if one.name in {"means", "mixed"}]
SPEC = InputSpec(8, 12, 3)
CLASSES = OutputSpec(("ant", "bee", "cow"))


def wrapped(*operations: Operation, dtype: type[np.floating] = np.float64, output: OutputSpec = CLASSES) -> NumpyModel:
    random = np.random.default_rng(0)
    sizes = {"conv": (4, 3, 3, 3), "last": (3, 4, 1, 1), "hidden": (4, 4), "dense": (3, 4), "all": (3, 96)}
    weights = {
        name: random.normal(size=(sizes[one.name] if name.endswith("weight") else sizes[one.name][:1]))
        for one in operations
        for name in one.parameters
    }
    return NumpyModel(SPEC, output, operations, weights, dtype)


IMAGE = np.random.default_rng(2).random(SPEC.shape)
BODY = (Convolution("conv", bias=True), ELU("elu"), MeanPooling("pool"))
HEADS = {
    "mean": (*BODY, Convolution("last", padding="valid"), GlobalMean("mean")),
    "mean and dense": (*BODY, GlobalMean("mean"), Dense("dense")),
    "dense over all": (*BODY, Flatten("flatten"), Dense("all")),
    "dense over all, channels in front": (*BODY, Flatten("flatten", layout="CHW"), Dense("all", bias=False)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", HEADS)
def test_every_output_is_the_sum_of_its_positions(name: str, dtype: type[np.floating]) -> None:
    model = wrapped(*HEADS[name], dtype=dtype)
    found = class_evidence(model, IMAGE.astype(dtype), Logit(2))
    outputs = model.forward(IMAGE[None].astype(dtype)).outputs[0]
    tolerance = 1e-4 if dtype is np.float32 else 1e-10
    assert found.evidence.shape == (4, 6, 3)
    np.testing.assert_allclose(found.evidence.sum(axis=(0, 1)), outputs, atol=tolerance)
    np.testing.assert_allclose(found.scores.mean(axis=(0, 1)), outputs, atol=tolerance)
    np.testing.assert_allclose(found.heatmap.sum(), found.score, atol=tolerance)
    assert found.residual <= found.rounding < 1e-2
    assert (found.target, found.unit) == (2, "logit")


def test_of_a_mean_and_a_dense_layer_it_is_what_the_layer_makes_of_each_position() -> None:
    model = wrapped(*HEADS["mean and dense"])
    found = class_evidence(model, IMAGE, Logit())
    values = model.forward(IMAGE[None], ("pool",)).activations["pool"][0]
    weights = model.weights()
    np.testing.assert_allclose(found.scores, values @ weights["dense.weight"].T + weights["dense.bias"], atol=1e-12)
    assert (found.layer, found.head) == ("pool", ("mean", "dense"))


def test_a_position_sees_what_its_convolutions_take_in() -> None:
    # 3 × 3 pixels before the pooling of 2 × 2: 4 × 4 around each position.
    found = class_evidence(wrapped(*HEADS["mean"]), IMAGE, Logit(0))
    assert found.receptive_field == (4, 4)
    assert "each sees 4 × 4 pixels around it" in found.notes[0]
    wide = NumpyModel(
        InputSpec(6, 6, 1),
        OutputSpec(("a", "b")),
        (Convolution("one"), Convolution("two"), Convolution("three"), GlobalMean("mean")),
        {f"{name}.weight": np.ones((2, 1 if name == "one" else 2, 3, 3)) for name in ("one", "two", "three")},
    )
    seen = class_evidence(wide, np.ones((6, 6, 1), np.float32), Logit(0))
    assert seen.receptive_field == (6, 6)
    assert "each sees the whole image" in seen.notes[0]


@pytest.mark.parametrize(("target", "factors"), [(Contrast(1), (-0.5, 1, -0.5)), (Margin(0, 2), (1, 0, -1))])
def test_a_score_that_is_a_sum_of_outputs_has_parts_too(target: Target, factors: tuple[float, ...]) -> None:
    model = wrapped(*HEADS["mean"])
    found = class_evidence(model, IMAGE, target)
    np.testing.assert_allclose(found.factors, factors)
    np.testing.assert_allclose(found.parts, found.evidence @ np.array(factors))
    assert found.parts.sum() == pytest.approx(found.score)
    drawn = as_attribution(found)
    assert drawn.heatmap.sum() == pytest.approx(found.score)
    assert drawn.heatmap.shape == (8, 12)


def test_a_probability_is_no_sum_of_outputs() -> None:
    with raises(UsageError, "target", asked="probability"):
        class_evidence(wrapped(*HEADS["mean"]), IMAGE, Probability())


@pytest.mark.parametrize("subject", ENDING, ids=[f"{one.adapter}-{one.name}" for one in ENDING])
def test_it_holds_on_every_framework(subject: Subject) -> None:
    model = subject.build()
    image = subject.images(1)[0].astype(model.dtype)
    found = class_evidence(model, image, Logit(1))
    known = class_evidence(replace(subject, adapter="numpy").build(), image.astype(np.float64), Logit(1))
    np.testing.assert_allclose(found.evidence, known.evidence, atol=1e-4)
    np.testing.assert_allclose(found.evidence.sum(axis=(0, 1)), model.forward(image[None]).outputs[0], atol=1e-4)
    assert found.receptive_field == known.receptive_field


REFUSED = {
    "an activation behind": ((*BODY, GlobalMean("mean"), ReLU("relu"), Dense("dense")), {"about": "class_evidence"}),
    "two dense layers": ((*BODY, GlobalMean("mean"), Dense("hidden"), Dense("dense")), {"about": "class_evidence"}),
}


@pytest.mark.parametrize(("operations", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_end_in_a_sum_is_refused(operations: tuple[Operation, ...], reason: dict[str, Any]) -> None:
    with raises(UsageError, **reason):
        class_evidence(wrapped(*operations), IMAGE, Logit(0))


def test_a_function_has_no_layers() -> None:
    function: Any = FunctionModel(lambda images: images.reshape(len(images), -1)[:, :3], SPEC, CLASSES, np.float64)
    with raises(UsageError, "class_evidence", found="its layers are not known: a function was wrapped"):
        class_evidence(function, IMAGE, Logit(0))
