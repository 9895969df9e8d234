"""What Python prints of results and models is at most five lines, however large they are."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attending import AttendingModel
from innerview import methods
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Convolution, Dense, GlobalMean, ReLU
from innerview.methods.mistakes import mistakes
from innerview.methods.verdict import judge
from innerview.model import InputSpec, OutputSpec
from innerview.reprs import LINES, WIDTH, brief
from innerview.results import Status
from innerview.results.io import load_result, save_result
from innerview.results.rebuilding import KINDS
from innerview.spec import Resize
from innerview.targets import Contrast
from results.saved import comparison, frames, truth_of

CLASSES = 1000
LAYERS = 60


@cache
def deep() -> NumpyModel:
    """Sixty layers and a thousand classes whose names are sentences."""
    random = np.random.default_rng(0)
    operations: list[Any] = []
    weights = {"head.weight": random.normal(size=(CLASSES, 3)), "head.bias": np.zeros(CLASSES)}
    for number in range(LAYERS // 2):
        operations += [Convolution(f"conv{number}", padding=1), ReLU(f"relu{number}")]
        weights[f"conv{number}.weight"] = random.normal(0, 0.4, (3, 3, 3, 3))
    names = [f"class {number}, which has a name of some length" for number in range(CLASSES)]
    return NumpyModel(
        InputSpec(8, 8), OutputSpec(names), [*operations, GlobalMean("mean"), Dense("head")], weights, np.float32
    )


@cache
def results(folder: Path) -> dict[str, Any]:
    """One of every public result, of that model."""
    model, image = deep(), np.random.default_rng(1).random((8, 8, 3), np.float32)
    black, target = np.zeros_like(image), Contrast()
    integrated = methods.integrated_gradients(model, image, target, baseline=black, n_steps=8)
    interior = methods.interior_gradients(model, image, target, baseline=black, alphas=(0.0, 0.5, 1.0))
    save_result(folder, {"one": integrated})
    predictions = methods.predict(model, np.stack([image, black]))
    counted = {f"epoch {number}": model.weights() for number in range(30)}
    found = (
        predictions[0],
        methods.rise(model, image, target, n_samples=16, half_width=9, regions=4).intervals,
        methods.gradient(model, image, target),
        integrated,
        replace(integrated, notes=("what should be known, in a sentence that is not short. " * 40,) * 9),
        methods.occlusion(model, image, target, fill=black),
        methods.shapley(model, image, target, regions=4),
        regions := truth_of(methods.shapley(model, image, target, regions=4)),
        regions.alone,
        judge(integrated.heatmap, regions.values),
        methods.class_evidence(model, image, target),
        methods.attention_rollout(AttendingModel(model), image, target),
        methods.activation_distances(
            model, image[None], np.random.default_rng(2).random((4, 8, 8, 3), np.float32), k=1
        ),
        methods.parts(model, image, eighths=(3,), fills=("black",)),
        methods.ask(model, image, (1, 1, 3, 2), n_placebos=4),
        interior,
        interior.path,
        frames(interior),
        methods.insertion(model, image, integrated.heatmap, fill=black, fractions=(0.0, 0.5, 1.0)),
        methods.path_predictions(model, [(image, 3)], baseline=black, alphas=(0.0, 1.0)),
        methods.activations(model, image, [layer.name for layer in model.layers]),
        methods.weight_histograms(counted),
        mistakes(predictions, [1, 2]),
        load_result(folder),
        comparison(),
        model.input,
        Resize(8, "bicubic"),
        model.output,
        model.layers[0],
        integrated.provenance,
    )
    return {f"{type(one).__name__} {number}": one for number, one in enumerate(found)}


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return results(tmp_path_factory.mktemp("result"))


def assert_short(found: object) -> None:
    lines = repr(found).splitlines()
    assert 1 <= len(lines) <= LINES, repr(found)
    assert max(map(len, lines)) <= WIDTH + 10, repr(found)
    assert type(found).__name__ in lines[0]


def test_every_public_result_is_tried(every: dict[str, Any]) -> None:
    assert set(KINDS) - {"TokenGrid"} <= {type(one).__name__ for one in every.values()}


def test_a_result_is_five_lines_at_most(every: dict[str, Any]) -> None:
    for found in every.values():
        assert_short(found)


def test_a_model_of_many_layers_and_classes_is_five_lines_at_most() -> None:
    assert_short(deep())
    assert "1000 classes" in repr(deep())


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (np.zeros((2, 3), np.float32), "float32 2 × 3"),
        (Status.CONVERGED, "CONVERGED"),
        (1 / 3, "0.333333"),
        (np.float32(0.5), "0.5"),
        (True, "True"),
        ("a" * 100, f"'{'a' * 58}…"),
        (tuple(range(100)), "(0, 1, 2, … 96 more …, 99)"),
        ([1], "[1]"),
        ((1,), "(1,)"),
        ({1: "a", 2: "b", 3: "c", 4: "d"}, "{1: 'a', 2: 'b', 3: 'c', … 1 more}"),
    ],
)
def test_how_a_value_is_written(value: object, written: str) -> None:
    assert brief(value) == written
