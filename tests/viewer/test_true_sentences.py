"""Every sentence is true, finite and readable for networks at their limits, not only for those that work.

A table of networks: dead, constant, saturated at the image, shut at the baseline, tied, with tiny and with huge
outputs, all against, one output, two classes, one pixel, grey, with long names. What a sentence claims is read out of
it and compared with the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

from innerview.adapters import wrap
from innerview.methods import (
    activations,
    gradient_input,
    insertion,
    integrated_gradients,
    interior_gradients,
    predict,
    weight_histograms,
)
from innerview.methods.health import TrainingWarning
from innerview.model import ForwardResult, InputSpec, OutputSpec
from innerview.pictures.captions import Subject, said_lines, top_lines
from innerview.pictures.words import error, share
from innerview.results import PathPredictions, Provenance
from innerview.targets import Logit
from innerview.types import Array
from innerview.viewer import run_sentences, sentences
from innerview.viewer.explanations import EXPLANATIONS
from methods.analytic import Analytic

ALPHAS = [0.0, 0.001, 0.1, 0.5, 1.0]


@dataclass
class Formula(Analytic):
    """With names and a constant for each class."""

    names: tuple[str, ...] = ()
    bias: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def output(self) -> OutputSpec:
        return OutputSpec(self.names or tuple(f"class-{letter}" for letter in "abcdef"[: len(self.linear)]))

    def forward(self, images: Array, layers=()) -> ForwardResult:
        found = super().forward(images, layers)
        return ForwardResult(found.outputs + (self.bias if self.bias.size else 0), found.activations)


def formula(linear: object, curved: object = 0.0, *, classes: int = 3, size=(4, 5, 3), names=(), bias=()) -> Formula:
    """Every pixel the same; `linear` and `curved` have a number for all classes or one for each."""
    whole = [
        np.broadcast_to(np.reshape(one, (-1, 1, 1, 1)), (classes, *size)).astype(float) for one in (linear, curved)
    ]
    return Formula(*whole, names=tuple(names), bias=np.array(bias, float))


def random(scale: float = 1.0, **shape: int) -> Formula:
    found = Analytic.random(3, **shape)
    return Formula(found.linear * scale, found.curved * scale)


NETWORKS: Mapping[str, Formula] = {
    "ordinary": random(),
    "dead": formula(0),
    "constant": formula(0, bias=(3, -1, 2)),
    "saturated at the image": formula([3, 1, 0], [-1, 0, 0]),
    "shut at the baseline": formula(0, [1, 0.5, 0]),
    "shut at both ends": formula(0, [1, 0, 0], bias=(0, 5, 0)),
    "two classes tied": formula([1, 1, 0]),
    "tiny": random(1e-300),
    "huge": random(1e300),
    "all against": formula([-1, -2, -3]),
    "one output": formula([0.1], classes=1),
    "one output, even": formula([0], classes=1),
    "two classes": formula([0.1, -0.1], classes=2),
    "two classes tied of two": formula([1, 1], classes=2),
    "one pixel": random(height=1, width=1),
    "grey": random(channels=1),
    "long names": formula([1, 2, 3], names=("a" * 3000, "b c" * 500, "nan, inf and 0 of 0")),
}


def statements(network: Formula, image: Array, baseline: Array) -> Iterator[tuple[str, str, object]]:
    """All that is said of a network: what kind of sentence, the sentence, and its result."""
    prediction = predict(network, image[None])[0]
    names = network.output.class_names
    for truth in (None, 0, len(names) - 1):
        yield "says", sentences.says(prediction, truth), prediction
        yield "caption", Subject("x.png", prediction, truth).sentence + ".", prediction
        lines = said_lines(prediction, truth, 0)
        for line in [*lines, *top_lines(prediction)]:
            yield "line", f"X {line.text} {line.right}.", prediction
    for asked in ({"tolerance": 0.01}, {"n_steps": 1, "rule": "midpoint"}):
        result = integrated_gradients(network, image, Logit(0), baseline=baseline, **asked)
        yield "attribution", sentences.attribution(result), result
        yield (
            "keep",
            sentences.kept(insertion(network, image, result.heatmap, fill=baseline, fractions=[0, 0.5, 1])),
            None,
        )
    one = gradient_input(network, image, Logit(0), baseline=baseline)
    yield "method", sentences.by_method(one) + ("" if sentences.by_method(one).endswith(".") else "."), one
    for alphas in (ALPHAS, [0.5], [1.0, 0.0]):
        found = interior_gradients(network, image, Logit(0), baseline=baseline, alphas=alphas)
        yield "interior", sentences.interior(found), found
        yield "path", sentences.path(found.path), found.path
    yield "layers", sentences.activations(activations(network, image, ["cube"]), network.layers), None
    yield "weights", sentences.weights(weight_histograms({"now": dict(network.weights())})), None
    yield "network", sentences.network(network), None


UNREADABLE = {
    "a number that is none": r"\bnan\b(?! or infinite)|\binf(inity)?\b|∞",
    "nothing known": r"(?<![\w–])–(?![\w–])",
    "a factor of no use": r"factor of (?:[\d.,]+e|1(?:\.0+)?(?![\d.]*\d))|times its median \(0\)",
    "a part of nothing": r"\b0 of 0\b",
    "a certainty with decimals": r"\b100\.0 %|\b0\.0 %",
    "a hyphen for a minus": r"(?<![\w.])-\d",
    "one of many": r"(?<![\d.,e−])1 (?:evaluations|pixels|weights|layers|pictures|numbers|classes|others|minutes)\b",
    "many of one": r"\b(?:0|[2-9]|\d\d+) (?:evaluation|pixel|weight|layer|picture|number|class|other|minute)\b",
    "holes": r"  |\(\)|,,|: ;|; \.| \.$|, ?\.",
}


def assert_readable(text: str, names: tuple[str, ...] = ()) -> None:
    for name in names:
        text = text.replace(name, "N")
    found = {kind: re.findall(pattern, text, re.IGNORECASE)[:3] for kind, pattern in UNREADABLE.items()}
    assert not {kind: all_ for kind, all_ in found.items() if all_}, text
    assert text.endswith("."), text


def read(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").replace("+", ""))


def assert_true(kind: str, text: str, result) -> None:
    """What a sentence claims, against the numbers that it was made from."""
    if kind == "says":
        alike = int((result.logits == result.logits.max()).sum())
        assert ("no single class is predicted" in text) == (alike > 1)
        assert not (alike > 1 and ("correct" in text or "wrong" in text))
    elif kind in {"attribution", "method"}:
        values = result.heatmap if kind == "attribution" else sentences.as_attribution(result).heatmap
        claimed = re.search(r"row (\d+), column (\d+) \(([^ ]+)", text)
        assert (claimed is None) == (not values.any())
        if claimed:
            at = values[int(claimed[1]) - 1, int(claimed[2]) - 1]
            assert abs(at) == np.abs(values).max()
            assert read(claimed[3]) == pytest.approx(at, rel=0.006)
            alike = int((np.abs(values) == np.abs(values).max()).sum())
            assert ("as large" in text) == (alike > 1)
        if kind == "attribution":
            assert ("in blue raised" in text) == bool((values > 0).any())
            assert bool(re.search("ixels in red lowered", text)) == bool((values < 0).any())
    elif kind == "interior":
        order = np.argsort(result.alphas)
        first, last = result.norms[order[0]], result.norms[order[-1]]
        claimed = re.search(r"(fades|grows) by a factor of ([\d.,]+)", text)
        if claimed:
            assert (last > first) == (claimed[1] == "grows")
            assert read(claimed[2].rstrip(".")) == pytest.approx(max(first, last) / min(first, last), rel=0.006)
        assert ("is zero." in text and "gradient is zero" in text) == (first == last == 0 and len(order) > 1)
        assert ("to nothing" in text) == (last == 0 < first)
        assert ("from nothing" in text) == (first == 0 < last)
    elif kind == "path":
        moves = result.scores.min() < result.scores.max()
        assert ("stays at" in text) == (not moves and len(result.alphas) > 1)
        claimed = re.search(r"half of the change is there at alpha ([^ ]+)\.$", text)
        if claimed:
            at = int(np.abs(result.alphas - read(claimed[1])).argmin())
            change = abs(result.scores[-1] - result.scores[0])
            assert change > 0
            assert abs(result.scores[at] - result.scores[0]) >= change / 2


@pytest.mark.parametrize("image", ["ones", "random", "the baseline"])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_what_is_said_of_a_model_is_true_and_readable(name: str, image: str) -> None:
    network = NETWORKS[name]
    shape = network.input.shape
    black = np.zeros(shape)
    made = {"ones": np.ones(shape), "random": np.random.default_rng(1).random(shape), "the baseline": black}[image]
    for kind, text, result in statements(network, made, black):
        assert_readable(text, network.output.class_names)
        assert_true(kind, text, result)


def test_a_function_that_is_only_run_forward_has_no_layers_to_tell_of() -> None:
    function = wrap(lambda batch: batch.mean((1, 2)), input=InputSpec(4, 5), output=OutputSpec(("r", "g", "b")))
    text = sentences.network(function)
    assert_readable(text)
    assert "0 layers" not in text
    assert "layers are not known" in text


WEIGHTS = {
    "all alike": ({"a": np.ones(4)}, {"a": np.ones(4)}),
    "zero": ({"a": np.zeros(4)}, {"a": np.zeros(4)}),
    "narrowed": ({"a": np.array([-2.0, 2])}, {"a": np.array([-1.0, 1])}),
    "unchanged": ({"a": np.array([-2.0, 2])}, {"a": np.array([-2.0, 2])}),
    "lost": ({"a": np.array([-2.0, 2])}, {"a": np.array([np.nan, np.inf])}),
    "one lost": ({"a": np.array([-2.0, 2])}, {"a": np.array([np.nan, 1.0])}),
    "tiny and huge": ({"a": np.array([-1e-300, 1e-300])}, {"a": np.array([-1e150, 1e150])}),
}


@pytest.mark.parametrize(("before", "after"), WEIGHTS.values(), ids=WEIGHTS)
def test_what_is_said_of_weights_is_true_and_readable(before, after) -> None:
    text = sentences.weights(weight_histograms({"before": before, "after": after}))
    assert_readable(text)
    first, last = (np.nanstd(np.where(np.isfinite(one["a"]), one["a"], np.nan)) for one in (before, after))
    for verb, holds in {"spread most": last > first, "narrowed": last < first, "kept its width": last == first}.items():
        assert holds or verb not in text


@pytest.mark.parametrize("accuracy", [(0.0, 1.0), (np.nan, np.nan), (0.9996, 0.0004)])
@pytest.mark.parametrize("alphas", [(0.0, 1.0), (0.5, 0.5)])
def test_what_is_said_of_many_pictures_is_readable(accuracy, alphas) -> None:
    made = {
        "alphas": np.array(alphas),
        "fractions": np.array([[1.0, 0.0], [0.25, 0.75]]),
        "accuracy": np.array(accuracy),
        "n_images": 1,
        "class_names": ("a", "b"),
        "input": InputSpec(4, 5),
        "provenance": Provenance.of(NETWORKS["ordinary"]),
    }
    result = PathPredictions(**made)
    text = sentences.statistics(result)
    assert_readable(text)
    assert ("accuracy" in text) == (not np.isnan(accuracy[0]))
    assert "goes from" not in text or alphas[0] != alphas[1]


@pytest.mark.parametrize("values", [(5.0, 0.0), (5.0, 1.0), (1e30, 1e-30)])
def test_a_spike_over_nothing_has_no_factor(values: tuple[float, float]) -> None:
    text = run_sentences.warning(TrainingWarning("spike", "", 3, values)).text
    assert_readable(text)
    assert ("times its median" in text) == bool(values[1])


@pytest.mark.parametrize(
    "std",
    [[[1, 1], [1, 1]], [[1, 1], [2, 3]], [[2, 3], [1, 1]], [[1, 1], [2, 1]], [[1, 1], [0.5, 2]], [[0, 0], [0, 0]]],
)
def test_what_is_said_of_a_runs_spread_is_true(std) -> None:
    widths = np.array(std, float)
    text = run_sentences.spread(("first", "second"), widths)
    assert_readable(text)
    with np.errstate(all="ignore"):
        growth = widths[-1] / widths[0]
    assert ("widened" in text) == bool((growth > 1).any())
    assert ("narrowed" in text) == bool((growth < 1).any())


def test_layers_that_do_not_move_are_not_said_to_move_most() -> None:
    still = np.array([[np.nan, np.nan], [0.0, 0.0], [0.0, 0.0]])
    text = run_sentences.movement(("a", "b"), np.array([0, 1, 2]), still)
    assert_readable(text)
    assert "Nothing moves" in text


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0 %"), (1, "100 %"), (0.9996, "> 99.9 %"), (0.0004, "< 0.1 %"), (2.5, "250 %"), (np.inf, "–"), (np.nan, "–")],
)
def test_a_share_is_never_rounded_to_all_or_nothing(value: float, written: str) -> None:
    assert share(value) == written


def test_an_error_beyond_all_measure_is_short() -> None:
    assert error(3.21e300) == "3.21e302 %"
    assert error(123.4) == "12340 %"


def test_explanations_are_sentences() -> None:
    for one in EXPLANATIONS.values():
        assert_readable(one.text)
