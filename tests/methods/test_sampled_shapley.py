"""Sampled Shapley values against exact ones: intervals hold as often as is stated, and are as narrow as was asked."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from scipy.stats import t as student_t

from innerview.adapters import FunctionModel
from innerview.errors import UsageError
from innerview.methods import sampled_shapley, segment_sums, shapley
from innerview.methods.coalitions import shapley_values
from innerview.methods.leverage import LeverageSets, count_pairs
from innerview.methods.partitions import partition
from innerview.methods.sampled_shapley import count_pilot
from innerview.methods.stopping import student
from innerview.model import InputSpec, OutputSpec
from innerview.targets import Logit
from methods.analytic import Analytic

ADDITIVE = Analytic.random(3)
IMAGE = np.random.default_rng(4).uniform(size=ADDITIVE.input.shape)
PLAYERS = 10
PIXELS = np.ones((1, PLAYERS, 1))


def game(seed: int, players: int = PLAYERS) -> tuple[FunctionModel, np.ndarray]:
    """A model of some pixels that gives any number for each coalition of them, and the exact values."""
    values = np.random.default_rng(seed).normal(size=2**players)

    def run(images: np.ndarray) -> np.ndarray:
        found = values[(images.reshape(len(images), players) @ 2 ** np.arange(players)).astype(int)]
        return np.column_stack([found, np.zeros(len(images))])

    return FunctionModel(run, InputSpec(1, players, 1), OutputSpec(("a", "b")), np.float64), shapley_values(values)


def test_all_intervals_hold_at_once_as_often_as_is_stated() -> None:
    held, runs, passes = 0, 150, set[int]()
    for seed in range(runs):
        model, exact = game(seed % 20)
        found = sampled_shapley(
            model, PIXELS, Logit(0), regions=(1, PLAYERS), fill="black", half_width=0.26, confidence=0.9, seed=seed
        )
        assert found.pixel_error is not None
        assert found.pixel_error.max() <= 0.26 + 1e-12
        held += bool((np.abs(found.heatmap[0] - exact) <= found.pixel_error[0]).all())
        passes.add(found.n_evaluations)
    assert held / runs >= 0.85  # 0.9, less two standard errors of 150 runs
    assert len(passes) > 3  # or the first stage would decide alone
    assert max(passes) < 2**PLAYERS


@pytest.mark.parametrize("players", [2, 3, 6, 7])
def test_where_all_sets_are_seen_the_values_are_exact(players: int) -> None:
    model, exact = game(1, players)
    image = np.ones((1, players, 1))
    found = sampled_shapley(model, image, Logit(0), regions=(1, players), fill="black", half_width=1e-6)
    np.testing.assert_allclose(found.heatmap[0], exact, atol=1e-9)
    assert found.pixel_error is not None
    np.testing.assert_allclose(found.pixel_error, 0, atol=1e-9)
    assert found.n_evaluations == 2**players
    assert not any("ended first" in note for note in found.notes)


@pytest.mark.parametrize(("number", "counts"), [(5, (3, 9, 15)), (8, (20, 90, 127)), (40, (60, 700))])
def test_pairs_are_drawn_once_each_size_as_often_and_more_of_the_same_later(
    number: int, counts: tuple[int, ...]
) -> None:
    sets, rows = LeverageSets(number, np.random.default_rng(0)), np.zeros((0, number), bool)
    for count in counts:
        rows = np.concatenate([rows, sets.draw(count)])
        assert len(rows) == sets.count == min(count, count_pairs(number))
        both = {row.tobytes() for row in rows} | {row.tobytes() for row in ~rows}
        assert len(both) == 2 * len(rows)
        sizes = np.bincount(rows.sum(axis=1), minlength=number // 2 + 1)[1:]
        there = np.array([comb(number, size) / (1 + (2 * size == number)) for size in range(1, len(sizes) + 1)])
        share = sizes * (1 + (2 * np.arange(1, len(sizes) + 1) == number))
        partly = share[(sizes < there) & (2 * np.arange(1, len(sizes) + 1) != number)]
        assert np.ptp(partly) <= len(sizes) if len(partly) else True
        assert (sizes <= there).all()


def test_of_a_sum_the_first_stage_is_enough() -> None:
    found = sampled_shapley(ADDITIVE, IMAGE, Logit(1), regions=(4, 5), fill="black")
    labels = partition(4, 5, (4, 5))
    np.testing.assert_allclose(
        segment_sums(found.heatmap, labels), segment_sums(ADDITIVE.exact(IMAGE, 1).sum(axis=2), labels)
    )
    assert found.n_evaluations == count_pilot(20)
    assert found.pixel_error is not None
    np.testing.assert_allclose(found.pixel_error, 0, atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_values_add_up_and_are_the_exact_ones_within_the_interval(seed: int) -> None:
    model, _ = game(3)
    exact = shapley(model, PIXELS, Logit(0), regions=(1, PLAYERS), fills=("black",))
    found = sampled_shapley(
        model, PIXELS, Logit(0), regions=(1, PLAYERS), fill="black", half_width=0.2, confidence=0.9999, seed=seed
    )
    assert found.heatmap.sum() == pytest.approx(exact.values.sum())  # by its construction
    np.testing.assert_allclose(found.heatmap[0], exact.values[0], atol=0.2)
    again = sampled_shapley(
        model, PIXELS, Logit(0), regions=(1, PLAYERS), fill="black", half_width=0.2, confidence=0.9999, seed=seed
    )
    np.testing.assert_array_equal(found.heatmap, again.heatmap)


def test_where_the_passes_end_first_the_interval_is_wider_and_it_is_said() -> None:
    model, _ = game(3)
    most = count_pilot(PLAYERS) + 100
    found = sampled_shapley(
        model, PIXELS, Logit(0), regions=(1, PLAYERS), fill="black", half_width=1e-4, max_evaluations=most
    )
    assert found.n_evaluations <= most
    assert found.pixel_error is not None
    assert found.pixel_error.max() > 1e-4
    assert any("ended first" in note for note in found.notes)


def test_passes_are_told() -> None:
    calls, (model, _) = list[tuple[int, int]](), game(3)
    found = sampled_shapley(
        model,
        PIXELS,
        Logit(0),
        regions=(1, PLAYERS),
        half_width=0.2,
        fill="black",
        progress=lambda *told: calls.append(told),
    )
    assert calls[-1] == (found.n_evaluations, found.n_evaluations)
    assert calls == sorted(calls)
    assert len({total for _, total in calls}) > 1  # the first stage said that more are needed


@pytest.mark.parametrize("freedom", [15, 30, 100])
@pytest.mark.parametrize("probability", [0.9, 0.975, 0.9999])
def test_quantiles_of_student(probability: float, freedom: int) -> None:
    assert student(probability, freedom) == pytest.approx(student_t.ppf(probability, freedom), rel=5e-3)


@pytest.mark.parametrize(
    "asked", [{"regions": 1}, {"half_width": 0.0}, {"half_width": -1.0}, {"confidence": 1.0}, {"max_evaluations": 100}]
)
def test_what_has_no_meaning_is_refused(asked: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        sampled_shapley(ADDITIVE, IMAGE, Logit(0), **asked)
