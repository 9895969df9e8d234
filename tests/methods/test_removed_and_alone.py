"""Regions removed and alone: exact where at most two regions act together, one pass of each, under every fill."""

from __future__ import annotations

from typing import Any

import numpy as np

from innerview.adapters import FunctionModel
from innerview.errors import ModelError, UsageError
from innerview.fills import DEFAULT_FILLS
from innerview.methods import removed_and_alone, shapley
from innerview.model import InputSpec, OutputSpec
from innerview.targets import Logit
from innerview.types import Array
from raising import raises

SIDE = 6
IMAGE = np.random.default_rng(0).uniform(0.2, 1, (SIDE, SIDE, 1))
FACTORS = np.random.default_rng(1).normal(size=(SIDE * SIDE, SIDE * SIDE))


def model(score: Any) -> FunctionModel:
    def run(images: Array) -> Array:
        values = score(images.reshape(len(images), -1))
        return np.column_stack([np.zeros(len(images)), values])

    return FunctionModel(run, InputSpec(SIDE, SIDE, 1), OutputSpec(("no", "yes")), np.float64)


PAIRS = model(lambda pixels: np.einsum("bi,ij,bj->b", pixels, FACTORS, pixels) + pixels.sum(axis=1))


def test_where_two_regions_act_together_at_most_it_is_the_shapley_value() -> None:
    found = removed_and_alone(PAIRS, IMAGE, Logit(1), regions=4)
    exact = shapley(PAIRS, IMAGE, Logit(1), regions=4)
    np.testing.assert_allclose(found.heatmap, exact.heatmap, atol=1e-9)
    np.testing.assert_allclose(found.pixel_error, exact.disagreement, atol=1e-9)


def test_it_takes_two_passes_a_region_and_fill() -> None:
    told = list[tuple[int, int]]()
    found = removed_and_alone(PAIRS, IMAGE, Logit(1), progress=lambda done, total: told.append((done, total)))
    assert found.n_evaluations == 1 + len(DEFAULT_FILLS) * (2 * 9 + 1) == 58
    assert told[-1] == (58, 58)
    assert found.method == "9 regions removed and alone, fills blurred, mean, black"


def test_where_fills_disagree_is_said() -> None:
    added = model(lambda pixels: pixels.sum(axis=1))
    dark, light = np.zeros_like(IMAGE), np.ones_like(IMAGE)
    found = removed_and_alone(added, IMAGE, Logit(1), regions=4, fills=(dark, light))
    assert "Fills disagree about the sign of 4 of 4 regions." in found.notes
    assert not any("disagree" in note for note in removed_and_alone(PAIRS, IMAGE, Logit(1), fills=("mean",)).notes)


def test_what_has_no_meaning_is_refused() -> None:
    with raises(UsageError, "regions", asked=1, limit=2):
        removed_and_alone(PAIRS, IMAGE, Logit(1), regions=1)
    with raises(UsageError, "fills", found=0):
        removed_and_alone(PAIRS, IMAGE, Logit(1), fills=())
    broken = model(lambda pixels: np.where(pixels[:, 0] == 0, np.nan, 1.0))
    with raises(ModelError, "outputs", found="not finite"):
        removed_and_alone(broken, IMAGE, Logit(1))
