"""Every result shows itself as a figure, and importing innerview elsewhere than in a notebook costs nothing."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image

from attending import AttendingModel
from innerview import results
from innerview.adapters import FunctionModel
from innerview.methods import (
    activation_distances,
    activations,
    ask,
    attention,
    class_evidence,
    gradient,
    gradient_input,
    insertion,
    integrated_gradients,
    interior_gradients,
    parts,
    path_predictions,
    predict,
    shapley,
    weight_histograms,
)
from innerview.methods.verdict import judge, with_verdict
from innerview.model import InputSpec, OutputSpec
from innerview.notebook.display import FIGURES, attach, draw
from innerview.results import Prediction, as_attribution
from innerview.results.result import in_kind
from innerview.targets import Logit
from innerview.types import Array
from innerview.viewer import sentences
from models import MODELS, numpy_model
from results.saved import comparison, frames, truth_of

COLOURS = FunctionModel(lambda images: images.mean(axis=(1, 2)), InputSpec(8, 8), OutputSpec(("r", "g", "b")))


@pytest.fixture(scope="module")
def shown() -> list[Any]:
    model = MODELS["mixed"]
    wrapped = numpy_model(model, model.weights(), np.float32)
    image = np.random.default_rng(0).random(wrapped.input.shape, dtype=np.float32)
    black = np.zeros_like(image)
    integrated = integrated_gradients(wrapped, image, Logit(), baseline=black, n_steps=4)
    interior = interior_gradients(wrapped, image, Logit(), baseline=black, alphas=(0.1, 1.0))
    return [
        integrated,
        integrated.path,
        gradient(wrapped, image, Logit()),
        gradient_input(wrapped, image, Logit()),
        shapley(wrapped, image, Logit(), regions=4),
        regions := truth_of(shapley(wrapped, image, Logit(), regions=4)),
        regions.alone,
        judge(integrated.heatmap, regions.values),
        class_evidence(wrapped, image, Logit()),
        attention(AttendingModel(wrapped), image),
        comparison(),
        activation_distances(wrapped, image[None], np.random.default_rng(1).random((9, *image.shape), np.float32), k=2),
        ask(wrapped, image, (1, 0, 2, 2)),
        parts(COLOURS, np.random.default_rng(0).random((8, 8, 3), dtype=np.float32), eighths=(4,)),
        interior,
        frames(interior),
        insertion(wrapped, image, integrated.heatmap, fill=black, fractions=(0.5, 1.0)),
        activations(wrapped, image, [wrapped.layers[0].name, wrapped.layers[-1].name]),
        weight_histograms({"now": wrapped.weights()}, bins=8),
        path_predictions(wrapped, [(image, 0)], baseline=black, alphas=(0.5, 1.0)),
        predict(wrapped, image[None])[0],
    ]


def test_every_result_shows_itself(shown: list[Any]) -> None:
    attach()
    assert {type(one) for one in shown} - {Prediction} == set(FIGURES)
    for one in shown:
        if isinstance(one, Prediction):
            assert one._repr_html_().count("<tr>") == 1 + len(one.class_names)  # type: ignore[attr-defined]
            continue
        with Image.open(io.BytesIO(one._repr_png_())) as figure:
            assert figure.format == "PNG"
            assert min(figure.size) > 100
            assert len(set(figure.convert("RGB").resize((40, 40)).getdata())) > 10


class Doubled:
    """A kind of arrays that are twice what was given to it."""

    def give(self, values: Array) -> Array:
        return 2 * values


def test_the_result_of_a_tensor_shows_the_result_inside(shown: list[Any]) -> None:
    attach()
    for one in shown:
        seen = in_kind(one, Doubled())
        if isinstance(one, Prediction):
            assert seen._repr_html_() == one._repr_html_()  # type: ignore[attr-defined]
        else:
            assert seen._repr_png_() == one._repr_png_()


PARTS = {"Intervals", "Provenance", "Result", "Status"}
"""What stands in other results, and is printed with them."""


def test_no_kind_of_result_was_forgotten() -> None:
    kinds = {
        thing for name in results.__all__ if isinstance(thing := getattr(results, name), type) and name not in PARTS
    }
    assert kinds == {*FIGURES, Prediction}


def test_a_figure_is_drawn_anew_from_the_same_numbers(shown: list[Any]) -> None:
    assert draw(shown[0]) == draw(shown[0])


@pytest.mark.parametrize(("before", "attached"), [("", False), ("sys.modules['ipykernel'] = sys; ", True)])
def test_only_in_a_notebook_results_are_given_figures(before: str, attached: bool) -> None:
    code = f"import sys; {before}import innerview; print('innerview.notebook.display' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == str(attached), answer.stderr


def below(result: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the drawn map is told to say of its verdict."""
    said: list[str] = []
    monkeypatch.setattr(
        "innerview.pictures.attribution_figure", lambda _, verdict: said.append(verdict) or Image.new("RGB", (9, 9))
    )
    draw(result)
    return said[0]


def test_every_map_says_how_far_it_agrees_with_taking_regions_away(
    shown: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = next(one for one in shown if isinstance(one, results.ShapleyValues))
    maps = [
        one
        for one in shown
        if isinstance(one, results.IntegratedGradients | results.Gradient | results.Attribution | results.ClassEvidence)
    ]
    assert len(maps) == 4
    for one in maps:
        assert below(one, monkeypatch).startswith("– Not judged: 1,534 forward passes. With innerview.methods.verdict")
        found = with_verdict(one, truth)
        assert found.verdict is not None
        assert below(found, monkeypatch) == sentences.verdict_line(found.verdict, 0)
        assert f"This map {sentences.verdict(found.verdict)}." in below(found, monkeypatch)
        np.testing.assert_array_equal(found.heatmap, one.heatmap)
        as_one = as_attribution(found)
        assert as_one.verdict is found.verdict
    assert below(truth, monkeypatch) == "This is what taking regions away does: maps are held against it."
