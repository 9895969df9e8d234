"""Who wins is decided once: words, captions, counts and what the viewer is sent agree, whatever the outputs are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from innerview.adapters import FunctionModel
from innerview.methods import insertion, path_predictions, predict
from innerview.methods.mistakes import mistakes
from innerview.model import InputSpec, OutputSpec
from innerview.pictures.captions import Subject, said_lines
from innerview.session.compute.masking import keep_by_orders
from innerview.session.progress import NullListener
from innerview.spec import NONE
from innerview.targets import find_class, label
from innerview.viewer import sentences
from innerview.viewer.hello import describe_model
from innerview.viewer.payloads.masking import mask_payload, masking_payload
from innerview.viewer.payloads.stamp import Stamp, answered

LOW, HIGH = float(np.log(0.05 / 0.95)), float(np.log(0.95 / 0.05))
"""Logits of 5 % and 95 %."""

PICTURE = np.full((4, 4, 1), 0.5, np.float32)
STAMP = Stamp("0" * 16, "01234567")


@dataclass(frozen=True)
class Case:
    """Outputs, and what is right."""

    names: tuple[str, ...]
    kind: Any
    outputs: tuple[float, ...]
    answer: str
    chance: float
    answers: int

    @property
    def model(self) -> FunctionModel:
        """Gives these outputs for every image."""
        row = np.asarray(self.outputs, np.float32)
        return FunctionModel(
            lambda inputs: np.repeat(row[None], len(inputs), axis=0),
            InputSpec(4, 4, 1),
            OutputSpec(self.names, kind=self.kind),
        )


NAMES = ("dog", "cat", "bee")
CASES = {
    "one logit, low": Case(("dog",), "logits", (LOW,), "not dog", 0.95, 2),
    "one logit, high": Case(("dog",), "logits", (HIGH,), "0 dog", 0.95, 2),
    "one logit, even": Case(("dog",), "sigmoid", (0.0,), "not dog", 0.5, 2),
    "one probability, low": Case(("dog",), "probabilities", (0.05,), "not dog", 0.95, 2),
    "sigmoids, all low": Case(NAMES, "sigmoid", (LOW - 1, LOW, LOW - 2), NONE, np.nan, 4),
    "sigmoids, all low and alike": Case(NAMES, "sigmoid", (LOW, LOW, LOW), NONE, np.nan, 4),
    "sigmoids, even": Case(NAMES, "sigmoid", (LOW, 0.0, LOW), NONE, np.nan, 4),
    "sigmoids, one high": Case(NAMES, "sigmoid", (LOW, LOW, HIGH), "2 bee", 0.95, 4),
    "sigmoids, two high": Case(NAMES, "sigmoid", (1.0, HIGH, LOW), "1 cat", 0.95, 4),
    "softmax, none above half": Case(NAMES, "logits", (1.0, 1.1, 1.0), "1 cat", np.nan, 3),
    "probabilities, none above half": Case(NAMES, "probabilities", (0.3, 0.3, 0.4), "2 bee", 0.4, 3),
    "scores": Case(NAMES, "scores", (-3.0, -2.0, -5.0), "1 cat", np.nan, 3),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def test_the_prediction_says_it(case: Case) -> None:
    (found,) = predict(case.model, PICTURE[None])
    assert found.label == case.answer
    if not np.isnan(case.chance):
        assert found.confidence == pytest.approx(case.chance, rel=1e-5)
    assert len(case.model.output.answers) == case.answers
    assert label(found.index, case.model.output.answers) == case.answer
    assert case.model.output.output_of(found.index, found.logits) in range(len(case.names))


def test_words_and_captions_say_it(case: Case) -> None:
    (found,) = predict(case.model, PICTURE[None])
    told = sentences.says(found, None)
    if case.answer == NONE:
        assert told.startswith("The model predicts none of its classes")
        assert "predicts 0 dog" not in told
    else:
        assert told.startswith(f"The model predicts {case.answer}")
    assert f"predicts {case.answer}" in Subject("x", found).sentence
    line = said_lines(found, None, None)[0]
    assert line.text == f"predicts {case.answer}"


def test_a_truth_that_is_no_class_is_right_where_it_is_said(case: Case) -> None:
    (found,) = predict(case.model, PICTURE[None])
    verdict = "it is correct" if found.index == case.answers - 1 else "it is wrong"
    assert verdict in sentences.says(found, case.answers - 1)
    assert find_class(case.model.output.answers[-1], case.model.output.answers) == case.answers - 1


def test_counts_say_it(case: Case) -> None:
    model = case.model
    predictions = predict(model, PICTURE[None])
    found = mistakes(predictions, [predictions[0].index])
    assert found.accuracy == 1
    assert found.class_names == model.output.answers
    along = path_predictions(
        model, [(PICTURE, predictions[0].index)], baseline=np.zeros_like(PICTURE), alphas=(0.0, 1.0)
    )
    np.testing.assert_array_equal(along.accuracy, [1, 1])
    assert (along.fractions[:, predictions[0].index] == 1).all()
    assert f"100 % of 1 image as {case.answer}" in sentences.statistics(along)


def test_what_is_said_of_a_part_says_it(case: Case) -> None:
    model, black = case.model, np.zeros_like(PICTURE)
    found = insertion(model, PICTURE, PICTURE[..., 0], fill=black, fractions=(0.0, 1.0))
    assert found.prediction(1).label == case.answer
    assert f"{case.answer} from 0 % on" in sentences.kept(found) or case.answer == NONE


def test_the_viewer_is_told_who_wins(case: Case) -> None:
    model, black = case.model, np.zeros_like(PICTURE)
    (found,) = predict(model, PICTURE[None])
    told = describe_model(model, "it", [])
    names, index = told["answers"], found.index
    assert names == list(model.output.answers)
    sent = [
        answered([found]),
        mask_payload(found, STAMP, pixels=1, fraction=0.5, fill="black").arrays,
        masking_payload(
            keep_by_orders(model, PICTURE, PICTURE[..., 0], fill=black, target=0, listener=NullListener(), seed=0),
            STAMP,
            fill="black",
            seed=0,
        ).arrays,
    ]
    for arrays in sent:
        assert (arrays["predicted"] == index).all()
        np.testing.assert_allclose(arrays["confidence"], found.confidence, rtol=1e-5)
    assert label(index, names) == case.answer
