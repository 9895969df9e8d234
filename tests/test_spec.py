"""Declarations: every form with one meaning is taken, everything else is refused where it is given."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from innerview.errors import ModelError
from innerview.spec import InputSpec, OutputSpec
from raising import raises
from typecheck import unchecked

RGB = (0.5, 0.25, 0.125)
SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "one number": ({"mean": 0.5, "std": 2}, {"mean": (0.5,) * 3, "std": (2.0,) * 3}),
    "one number of NumPy": ({"mean": np.float32(0.5)}, {"mean": (0.5,) * 3}),
    "an array": ({"mean": np.array(RGB), "std": np.array(RGB)}, {"mean": RGB, "std": RGB}),
    "an array as torchvision has it": ({"mean": np.array(RGB).reshape(3, 1, 1)}, {"mean": RGB}),
    "a list of whole numbers": ({"mean": [1, 2, 3]}, {"mean": (1.0, 2.0, 3.0)}),
    "None": ({"mean": None, "std": None}, {}),
    "grey": ({"channels": 1, "mean": 0.1307, "std": [0.3081]}, {"channels": 1, "mean": (0.1307,), "std": (0.3081,)}),
    "whole numbers of NumPy": ({"height": np.int64(4), "channels": np.uint8(3)}, {}),
}


@pytest.mark.parametrize(("given", "meant"), SAME.values(), ids=SAME)
def test_an_input_in_any_form_is_the_same_input(given, meant) -> None:
    with unchecked():
        found, wanted = InputSpec(**{"height": 4, "width": 5, **given}), InputSpec(**{"height": 4, "width": 5, **meant})
    assert found == wanted
    assert asdict(found) == asdict(wanted)
    assert {type(one) for one in (*found.mean, *found.std)} == {float}
    assert {type(one) for one in found.shape} == {int}
    assert replace(found, height=9).mean == found.mean


@pytest.mark.parametrize(
    "bad",
    [
        {"mean": "grey"},
        {"mean": (0.1, 0.2)},
        {"mean": ((1, 2), (3,))},
        {"mean": {"red": 1}},
        {"mean": np.nan},
        {"std": 0},
        {"std": -1.0},
        {"std": np.array([0.2, np.nan, 0.2])},
        {"std": np.inf},
        {"value_range": ("black", 1)},
        {"value_range": (0, 0)},
        {"value_range": 255},
        {"height": 4.5},
        {"height": "4"},
        {"height": True},
        {"channels": 4},
        {"layout": "NCHW"},
        {"layout": "chw"},
        {"layout": None},
    ],
    ids=str,
)
def test_an_input_without_meaning_is_refused_where_it_is_given(bad) -> None:
    with unchecked(), pytest.raises(ModelError, match="declared"):
        InputSpec(**{"height": 4, "width": 5, **bad})


NAMES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "a list": (["cat", "dog"], ("cat", "dog")),
    "an array": (np.array(["cat", "dog"]), ("cat", "dog")),
    "a generator": ((name for name in ("cat", "dog")), ("cat", "dog")),
    "names by number": ({1: "dog", 0: "cat"}, ("cat", "dog")),
    "names by number, as JSON has them": ({"0": "cat", "1": "dog"}, ("cat", "dog")),
    "numbers by name": ({"dog": 1, "cat": 0}, ("cat", "dog")),
    "a number": (3, ("0", "1", "2")),
    "a number of NumPy": (np.int64(2), ("0", "1")),
    "numbers": ([0, 1], ("0", "1")),
    "a name twice, as ImageNet has it": (["crane", "owl", "crane"], ("crane", "owl", "crane")),
}


@pytest.mark.parametrize(("given", "names"), NAMES.values(), ids=NAMES)
def test_class_names_in_any_form_are_the_same_names(given, names: tuple[str, ...]) -> None:
    with unchecked():
        found = OutputSpec(given).class_names
    assert found == names
    assert {type(name) for name in found} == {str}


@pytest.mark.parametrize(
    "bad",
    [
        {"class_names": "cat"},
        {"class_names": b"cat"},
        {"class_names": None},
        {"class_names": ()},
        {"class_names": 0},
        {"class_names": 2.0},
        {"class_names": {"cat"}},  # a set has no order
        {"class_names": {0: "cat", 2: "dog"}},
        {"class_names": {"cat": "dog"}},
        {"class_names": [["cat"], ["dog"]]},
        {"class_names": ["cat", None]},
        {"kind": "softmax"},
        {"kind": None},
        {"kind": "Logits"},
        {"temperature": 0},
        {"temperature": np.nan},
        {"temperature": np.inf},
        {"temperature": "warm"},
        {"output": 1.5},
    ],
    ids=str,
)
def test_an_output_without_meaning_is_refused_where_it_is_given(bad) -> None:
    with unchecked(), pytest.raises(ModelError, match=r"class|declared"):
        OutputSpec(**{"class_names": ("a", "b"), **bad})


def test_an_unknown_kind_is_answered_with_those_that_there_are() -> None:
    with unchecked(), raises(ModelError, "kind", asked="softmax"):
        OutputSpec(("a", "b"), kind="softmax")  # pyright: ignore[reportArgumentType]


def test_a_thousand_names_are_one_line() -> None:
    assert len(repr(OutputSpec(1000))) < 120
    assert "kind='probabilities'" in repr(OutputSpec(1000, kind="probabilities"))


def test_one_logit_is_read_with_the_sigmoid_and_never_with_softmax() -> None:
    spec = OutputSpec(("dog",))
    np.testing.assert_allclose(spec.probabilities(np.array([[-3.0], [0.0], [3.0]]))[:, 0], [0.04742587, 0.5, 0.9525741])
    assert spec == OutputSpec(["dog"], kind="sigmoid")


DECISIONS: dict[str, tuple[OutputSpec, list[list[float]], list[int]]] = {
    "logits": (OutputSpec(3), [[1, 3, 2], [0, -1, -2]], [1, 0]),
    "probabilities": (OutputSpec(2, kind="probabilities"), [[0.25, 0.75]], [1]),
    "several labels": (OutputSpec(2, kind="sigmoid"), [[-5, -4], [-5, 4], [3, 4], [0, 0]], [2, 1, 1, 2]),
    "one logit": (OutputSpec(["dog"]), [[-3], [3], [0]], [1, 0, 1]),
    "one probability": (OutputSpec(["dog"], kind="probabilities"), [[0.05], [0.95]], [1, 0]),
    "scores": (OutputSpec(2, kind="scores"), [[5, 7]], [1]),
}


@pytest.mark.parametrize(("spec", "outputs", "wanted"), DECISIONS.values(), ids=DECISIONS)
def test_what_the_model_says(spec: OutputSpec, outputs: list[list[float]], wanted: list[int]) -> None:
    np.testing.assert_array_equal(spec.decide(np.array(outputs, np.float64)), wanted)


def test_a_single_output_has_the_other_answer_too() -> None:
    spec = OutputSpec(["dog"])
    assert spec.answers == ("dog", "not dog")
    assert [spec.output_of(answer, np.array([-3.0])) for answer in (0, 1)] == [0, 0]
    assert [OutputSpec(3, "sigmoid").output_of(answer, np.array([1.0, 3, 2])) for answer in range(4)] == [0, 1, 2, 1]
    assert OutputSpec(2).answers == ("0", "1")
    assert OutputSpec(2, "sigmoid").answers == ("0", "1", "none of them")


def test_of_one_score_without_a_meaning_nothing_is_said() -> None:
    with raises(ModelError, "kind", found="dog"):
        OutputSpec(["dog"], kind="scores").decide(np.zeros((1, 1)))
