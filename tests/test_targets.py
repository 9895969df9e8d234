"""Each target's grad_output is the derivative of its score, and an open class is fixed once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import AmbiguousClass, UnknownClass, UsageError
from innerview.methods import integrated_gradients
from innerview.model import OutputSpec
from innerview.session.query import Query
from innerview.targets import (
    Contrast,
    Logit,
    LogOdds,
    Margin,
    Probability,
    Similarity,
    Target,
    find_class,
    label,
    row_by_row,
    together,
    usual_kind,
)
from methods.analytic import Analytic
from raising import raises

NAMES = ("airplane", "cat", "horse", "7")
SPEC = OutputSpec(NAMES, temperature=0.2)
TARGETS = [
    Logit(0),
    Logit(),
    Contrast(2),
    Contrast(),
    Probability(0),
    Probability(),
    LogOdds(0),
    LogOdds(),
    Margin(0, 3),
    Margin(None, 3),
]


@pytest.mark.parametrize("target", TARGETS, ids=repr)
def test_the_grad_output_is_the_derivative_of_the_score(target: Target) -> None:
    outputs = np.random.default_rng(0).normal(size=(5, 4))
    outputs[0, 1] = 3  # so that the winner of the first row is not the other class of the margin
    resolved = target.resolve(outputs[0], SPEC)
    step = 1e-6
    slopes = np.stack(
        [
            (resolved.score(outputs + step * unit) - resolved.score(outputs - step * unit)) / (2 * step)
            for unit in np.eye(4)
        ],
        axis=1,
    )
    np.testing.assert_allclose(resolved.grad_output(outputs), slopes, atol=1e-8)
    assert isinstance(resolved, Target)
    assert resolved.index is not None
    assert label(resolved.index, NAMES) in resolved.describe(NAMES)


def test_similarity_is_the_cosine_and_its_derivative() -> None:
    outputs = np.random.default_rng(2).normal(size=(5, 4))
    target = Similarity(tuple(outputs[0].tolist())).resolve(outputs[1], OutputSpec(NAMES, kind="scores"))
    expected = [row @ outputs[0] / np.linalg.norm(row) / np.linalg.norm(outputs[0]) for row in outputs]
    np.testing.assert_allclose(target.score(outputs), expected)
    np.testing.assert_allclose(target.score(outputs * 7), expected)
    step = 1e-6
    slopes = [
        (target.score(outputs + step * unit) - target.score(outputs - step * unit)) / step / 2 for unit in np.eye(4)
    ]
    np.testing.assert_allclose(target.grad_output(outputs), np.stack(slopes, axis=1), atol=1e-8)
    assert isinstance(target, Target)
    assert target.index is None


def test_two_images_are_alike_by_what_integrated_gradients_add_up_to() -> None:
    model = Analytic.random(3)
    random = np.random.default_rng(6)
    image, other, baseline = (random.uniform(size=model.input.shape) for _ in range(3))
    target = Similarity.to(model, other)
    found = integrated_gradients(model, image, target, baseline=baseline, tolerance=1e-4)
    ends = target.score(model.forward(np.stack([image, baseline])).outputs)
    assert found.attribution.sum() == pytest.approx(ends[0] - ends[1], abs=1e-4)
    assert found.unit == "cosine"
    assert found.target is None
    assert Similarity.to(model, image).score(model.forward(image[None]).outputs)[0] == pytest.approx(1)


def test_similarity_without_a_direction_or_to_another_model_is_refused() -> None:
    model = Analytic(np.zeros((3, 2, 2, 3)), np.zeros((3, 2, 2, 3)))
    with raises(UsageError, "target", asked="other image", found="no direction"):
        Similarity.to(model, np.ones((2, 2, 3)))
    with raises(UsageError, "target", asked=2, found=4):
        Similarity((1.0, 2.0)).resolve(np.ones(4), SPEC)


@given(st.integers(0, 2**32 - 1), st.floats(-50, 50))
def test_contrast_and_margin_ignore_a_constant(seed: int, shift: float) -> None:
    outputs = np.random.default_rng(seed).normal(size=(3, 4))
    for target in (Contrast(1), Margin(1, 2)):
        np.testing.assert_allclose(target.score(outputs + shift), target.score(outputs), atol=1e-9)


def test_log_odds_are_those_of_the_probability_and_do_not_level_off() -> None:
    outputs = np.random.default_rng(1).normal(size=(6, 4))
    resolved = LogOdds(2).resolve(outputs[0], SPEC)
    chance = SPEC.probabilities(outputs)[:, 2]
    np.testing.assert_allclose(resolved.score(outputs), np.log(chance / (1 - chance)))
    np.testing.assert_allclose(resolved.score(outputs + 7), resolved.score(outputs))
    far = np.array([[0.0, 0.0, 1000.0, 0.0]])  # a probability of 1 in any precision
    np.testing.assert_allclose(resolved.score(far), 5000 - np.log(3))
    for kind in ("probabilities", "sigmoid", "scores"):
        with raises(UsageError, "target", asked="log-odds"):
            LogOdds(0).resolve(outputs[0], OutputSpec(NAMES, kind=kind))


def test_the_probability_is_the_model_s_own() -> None:
    outputs = np.random.default_rng(1).normal(size=(6, 4)) * 300  # far enough to overflow a naive exponential
    resolved = Probability(2).resolve(outputs[0], SPEC)
    np.testing.assert_allclose(resolved.score(outputs), SPEC.probabilities(outputs)[:, 2])


def test_an_open_class_is_the_winner_and_needs_resolving() -> None:
    outputs = np.array([0.1, 0.7, 0.2, 0.0])
    assert Logit().resolve(outputs, SPEC).index == 1
    assert Logit(0).resolve(outputs, SPEC).index == 0  # class 0 is a class like any other
    for target in (Logit(), Contrast(), Margin(None, 0)):
        with raises(UsageError, "target", found="open"):
            target.grad_output(outputs[None])


def test_what_has_no_meaning_is_refused() -> None:
    outputs = np.array([0.1, 0.7, 0.2, 0.0])
    with raises(UsageError, "target", asked="probability", found="sigmoid"):
        Probability(1).resolve(outputs, OutputSpec(NAMES, kind="sigmoid"))
    with raises(UsageError, "target", asked="1 cat", found="itself"):
        Margin(None, 1).resolve(outputs, SPEC)
    for target in (Logit(4), Contrast(-1), Margin(0, 9)):
        with pytest.raises(UnknownClass, match="0 airplane, 1 cat, 2 horse"):
            target.resolve(outputs, SPEC)


@pytest.mark.parametrize("asked", ["horse", "Horse", "2", 2, "2 horse", " 2 HORSE "])
def test_classes_are_found_by_number_name_or_both(asked: str | int) -> None:
    assert find_class(asked, NAMES) == 2


def test_a_name_that_is_a_number_comes_before_the_number() -> None:
    """As PyTorch's ImageFolder sorts folders that are called by numbers."""
    names = ("0", "1", "10", "2")
    assert [find_class(name, names) for name in names] == [0, 1, 2, 3]
    assert [find_class(number, names) for number in range(4)] == [0, 1, 2, 3]
    assert [find_class(text, names) for text in ("3", "2 10", "3 2")] == [3, 2, 3]
    assert find_class("twice", ("once", "Twice", "twice")) == 2
    assert find_class("Twice", ("once", "Twice", "twice")) == 1


def test_a_name_of_several_classes_is_refused_with_their_numbers() -> None:
    """ImageNet has two classes each that are called crane and maillot."""
    names = ("hen", "crane", "heron", "Crane", "crane")
    with raises(AmbiguousClass, "class", asked="crane"):
        find_class("crane", names)
    with raises(AmbiguousClass, "class", asked="CRANE"):
        find_class("CRANE", names)
    assert [find_class(text, names) for text in ("4 crane", "4", "Crane", 1)] == [4, 4, 3, 1]


COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


@pytest.mark.parametrize("asked", [COMPOSED, DECOMPOSED, COMPOSED.upper(), DECOMPOSED.upper(), f" {DECOMPOSED} "])
@pytest.mark.parametrize("name", [COMPOSED, DECOMPOSED])
def test_letters_are_the_same_however_they_are_composed(asked: str, name: str) -> None:
    assert find_class(asked, ("dog", name)) == 1
    assert find_class(f"1 {asked}", ("dog", name)) == 1


@pytest.mark.parametrize("text", ["00001", "1", " 01 "])
def test_zeros_in_front_of_a_number_change_nothing(text: str) -> None:
    assert find_class(text, ("stop", "yield")) == 1


@pytest.mark.parametrize("text", ["9" * 5000, "00002", "1 stop", "-1", "\u0661", "1.0", "", "0x1"])
def test_what_is_no_number_of_a_class_is_unknown(text: str) -> None:
    with pytest.raises(UnknownClass):
        find_class(text, ("stop", "yield"))


def test_an_unknown_class_lists_the_classes() -> None:
    with raises(UnknownClass, "class", asked="cow"):
        find_class("cow", NAMES)
    with pytest.raises(UnknownClass):
        find_class(7, NAMES)  # a number is no name


def test_several_targets_and_a_target_for_each_row() -> None:
    outputs = np.random.default_rng(2).normal(size=(2, 4))
    both = together([Logit(0), Margin(1, 2)])(outputs)
    assert both.shape == (2, 2, 4)
    mixed = row_by_row([Logit(0), Margin(1, 2)])(outputs)
    np.testing.assert_array_equal(mixed[0], [both[0, 0], both[1, 1]])


PROBABLE = OutputSpec(NAMES, kind="probabilities")


def test_a_margin_of_probabilities_is_that_of_their_logarithms() -> None:
    logits = np.random.default_rng(5).normal(size=(3, len(NAMES)))
    outputs = OutputSpec(NAMES).probabilities(logits)
    plain, margin = Margin(1, 0), Margin(1, 0).resolve(outputs[0], PROBABLE)
    np.testing.assert_allclose(margin.score(outputs), plain.score(logits))
    step = 1e-6 * np.random.default_rng(6).random(outputs.shape)
    slopes = (margin.score(outputs + step) - margin.score(outputs - step)) / 2
    np.testing.assert_allclose((margin.grad_output(outputs) * step).sum(axis=1), slopes, rtol=1e-5)
    assert margin.describe(NAMES).startswith("log-probability of 1")
    assert np.isfinite(margin.score(np.eye(len(NAMES)))).all()


def test_a_probability_that_is_given_is_taken_as_it_is() -> None:
    outputs = OutputSpec(NAMES).probabilities(np.random.default_rng(5).normal(size=(3, len(NAMES))))
    target = Probability(1).resolve(outputs[0], PROBABLE)
    np.testing.assert_array_equal(target.score(outputs), outputs[:, 1])
    np.testing.assert_array_equal(target.grad_output(outputs), Logit(1).grad_output(outputs))


@pytest.mark.parametrize("target", [Logit(1), Contrast(1)])
def test_a_logit_of_probabilities_is_refused(target) -> None:
    with pytest.raises(UsageError, match="gives probabilities; explain the probability or a margin"):
        target.resolve(np.array([0.5, 0.5]), PROBABLE)


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        (OutputSpec(("a", "b", "c")), "contrast"),
        (OutputSpec(("a", "b"), kind="probabilities"), "probability"),
        (OutputSpec(("a", "b"), kind="sigmoid"), "logit"),
        (OutputSpec(("a", "b"), kind="scores"), "logit"),
        (OutputSpec(("a",)), "logit"),  # there is nothing to set it against
        (OutputSpec(("a",), kind="probabilities"), "probability"),
    ],
)
def test_what_is_explained_if_nobody_says_suits_the_outputs(output: OutputSpec, kind: str) -> None:
    assert usual_kind(output) == kind
    target = Query().explained(output)
    assert type(target).__name__.lower() == kind
    outputs = np.linspace(0.1, 0.9, len(output.class_names), dtype=np.float32)
    assert target.resolve(outputs, output).index == len(outputs) - 1
    assert Query(objective="probability").explained(output) == Probability()
