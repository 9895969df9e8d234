"""A model with one output says its class or "not" that class, in words, counts and captions alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from innerview.adapters import FunctionModel
from innerview.errors import UsageError
from innerview.methods import path_predictions, predict
from innerview.methods.mistakes import mistakes
from innerview.model import InputSpec, OutputSpec
from innerview.pictures.captions import Subject, said_lines
from innerview.results import Prediction
from innerview.viewer import sentences
from raising import raises

SPEC = InputSpec(2, 2, 1)
BRIGHT = np.full((2, 2, 1), 0.9, np.float32)
DARK = np.full((2, 2, 1), 0.1, np.float32)


def model(kind: Any = "logits") -> FunctionModel:
    """Says "dog" of what is brighter than the middle: a logit of 6 (x - 1/2), or its probability."""

    def function(inputs):
        logits = 6 * (inputs.mean((1, 2, 3)) - 0.5)[:, None]
        return 1 / (1 + np.exp(-logits)) if kind == "probabilities" else logits

    return FunctionModel(function, SPEC, OutputSpec(["dog"], kind=kind))


@pytest.mark.parametrize("kind", ["logits", "sigmoid", "probabilities"])
def test_the_answer_and_its_probability(kind) -> None:
    bright, dark = predict(model(kind), np.stack([BRIGHT, DARK]))
    assert (bright.index, bright.label, dark.index, dark.label) == (0, "0 dog", 1, "not dog")
    assert bright.confidence == pytest.approx(1 / (1 + np.exp(-2.4)), rel=1e-5)
    assert dark.confidence == pytest.approx(bright.confidence, rel=1e-4)


@pytest.mark.parametrize(
    ("image", "truth", "ends"),
    [
        (BRIGHT, 0, "predicts 0 dog (91.7 %). The label is 0 dog, so it is correct."),
        (BRIGHT, 1, "predicts 0 dog (91.7 %). The label is not dog, so it is wrong."),
        (DARK, 0, "predicts not dog (91.7 %). The label is 0 dog, so it is wrong."),
        (DARK, 1, "predicts not dog (91.7 %). The label is not dog, so it is correct."),
    ],
)
def test_words_and_captions_say_the_same(image, truth: int, ends: str) -> None:
    (found,) = predict(model(), image[None])
    assert sentences.says(found, truth).endswith(ends)
    said, true = said_lines(found, truth, None)
    assert (said.text, said.right, said.bold) == (f"predicts {found.label}", "91.7 %", ends.endswith("correct."))
    assert true.text == ("label 0 dog" if truth == 0 else "label not dog")
    assert f"predicts {found.label} (91.7 %)" in Subject("x", found, truth).sentence


def test_counts_know_both_answers() -> None:
    pairs = [(BRIGHT, 0), (DARK, 0), (DARK, 1), (DARK, 1)]
    predictions = predict(model(), np.stack([image for image, _ in pairs]))
    found = mistakes(predictions, [truth for _, truth in pairs])
    np.testing.assert_array_equal(found.confusion, [[1, 1], [0, 2]])
    assert (found.class_names, found.accuracy) == (("dog", "not dog"), 0.75)
    assert found.confidence[1] == pytest.approx(predictions[1].confidence)


def test_accuracy_along_the_path_counts_what_is_not_the_class() -> None:
    found = path_predictions(model(), [(BRIGHT, 0), (DARK, 1)], baseline=DARK, alphas=(0.0, 1.0))
    np.testing.assert_array_equal(found.accuracy, [0.5, 1.0])
    np.testing.assert_array_equal(found.fractions, [[0, 1], [0.5, 0.5]])
    assert found.class_names == ("dog", "not dog")


def test_one_score_without_a_threshold_is_no_answer() -> None:
    found = Prediction(np.array([-3.0]), np.array([np.nan]), ("dog",))
    assert sentences.says(found, 0).startswith("The model gives 0 dog a score of −3.00; ")
    assert said_lines(found, 0, None)[0].text == "score of 0 dog"
    with raises(UsageError, "kind", found="dog"):
        mistakes([found], [0])
