"""Verdicts: what is the truth agrees with it, what is its opposite contradicts it, and chance is told from neither."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from innerview.errors import ImageError
from innerview.methods import shapley
from innerview.methods.verdict import judge
from innerview.results import ShapleyValues
from innerview.targets import Logit
from models import MODELS, numpy_model
from raising import raises

MODEL = MODELS["mixed"]
WRAPPED = numpy_model(MODEL, MODEL.weights(), np.float64)


@pytest.fixture(scope="module")
def truth() -> ShapleyValues:
    image = np.random.default_rng(5).random((WRAPPED.input.height, WRAPPED.input.width, 3)).astype(np.float32)
    return shapley(WRAPPED, image, Logit(0), regions=(3, 3), fills=("mean", "black"))


def alone(truth: ShapleyValues, fill: int) -> ShapleyValues:
    """The same truth under one fill."""
    by_fill = (
        "fills", "scores", "answers", "confidences", "values", "banzhaf", "interactions", "sufficient", "decisive"
    )  # fmt: skip
    return replace(truth, **{name: getattr(truth, name)[fill : fill + 1] for name in by_fill})


def test_the_truth_agrees_with_itself_and_its_opposite_contradicts_it(truth: ShapleyValues) -> None:
    for number in range(len(truth.fills)):
        one = alone(truth, number)
        found = judge(one.heatmap, one)
        np.testing.assert_allclose(found.correlations, 1)
        assert found.kind == "agrees"
        assert found.p_values[0] <= 2 / 9999
        assert found.reversed_p_values[0] == 1
        opposite = judge(-one.heatmap, one)
        np.testing.assert_allclose(opposite.correlations, -1)
        assert opposite.kind == "contradicts"


def test_only_the_order_of_the_sums_over_regions_counts(truth: ShapleyValues) -> None:
    heatmap = np.random.default_rng(0).normal(size=truth.labels.shape)
    first = judge(heatmap, truth)
    shuffled = heatmap.copy()
    for region in range(9):
        inside = truth.labels == region
        shuffled[inside] = np.random.default_rng(region).permutation(shuffled[inside])
    second = judge(7 * shuffled + 0, truth)
    np.testing.assert_allclose(first.correlations, second.correlations)
    np.testing.assert_array_equal(first.p_values, second.p_values)


def test_a_map_that_is_right_under_one_fill_only_agrees_in_part(truth: ShapleyValues) -> None:
    order = np.arange(9.0)
    both = replace(truth, values=np.stack([order, order[::-1]]))
    assert judge(order[truth.labels], both).kind == "partly"


def test_a_map_or_a_truth_without_any_order_is_not_judged(truth: ShapleyValues) -> None:
    assert judge(np.zeros(truth.labels.shape), truth).kind == "not judged"
    flat = replace(truth, values=np.zeros_like(truth.values))
    found = judge(np.random.default_rng(1).normal(size=truth.labels.shape), flat)
    assert found.kind == "not judged"
    assert np.isnan(found.correlations).all()


def test_p_values_of_random_maps_are_uniform(truth: ShapleyValues) -> None:
    one, generator = alone(truth, 0), np.random.default_rng(11)
    values = np.sort([judge(generator.normal(size=one.labels.shape), one).p_values[0] for _ in range(400)])
    steps = np.arange(1, len(values) + 1) / len(values)
    assert np.abs(values - steps).max() < 1.63 / np.sqrt(len(values))  # Kolmogorov-Smirnov at 1 %


def test_p_values_fall_as_the_correlation_rises(truth: ShapleyValues) -> None:
    one, generator = alone(truth, 0), np.random.default_rng(3)
    found = [judge(generator.normal(size=one.labels.shape), one) for _ in range(40)]
    rows = sorted((float(one.correlations[0]), float(one.p_values[0])) for one in found)
    assert all(low[1] >= high[1] for low, high in pairwise(rows))


def test_a_map_of_another_size_is_refused(truth: ShapleyValues) -> None:
    with raises(ImageError, "map", asked=(21, 18), found=(3, 3)):
        judge(np.zeros((3, 3)), truth)
