"""RISE against what is known of sums over pixels, and intervals of sampled maps that hold as often as is stated."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from innerview.errors import UsageError
from innerview.methods import expected_gradients, rise, segment_sums, smooth_grad
from innerview.methods.partitions import partition
from innerview.methods.rise import draw_masks
from innerview.methods.stopping import PILOT, Stopping
from innerview.results import Attribution
from innerview.targets import Logit
from methods.analytic import Analytic
from raising import raises

MODEL = Analytic.random(3, 4, 4)
ADDITIVE = Analytic(MODEL.linear, np.zeros_like(MODEL.curved))
IMAGE = np.random.default_rng(4).uniform(size=MODEL.input.shape)
BASELINES = list(np.random.default_rng(5).uniform(size=(4, *IMAGE.shape)))
LABELS = partition(4, 4, (2, 2))


def test_masks_have_the_same_mean_at_every_pixel() -> None:
    for cells in (1, 3, 5, 7):
        masks = draw_masks(np.random.default_rng(cells), 4000, (7, 11), cells, 0.3)
        assert masks.shape == (4000, 7, 11)
        assert masks.min() >= 0
        assert masks.max() <= 1 + 1e-12
        error = masks.std(axis=0) / np.sqrt(4000)
        assert np.abs((masks.mean(axis=0) - 0.3) / error).max() < 5


def test_of_a_sum_over_pixels_each_pixel_has_its_own_part() -> None:
    # cells of one pixel: E[(S − c)(M_i / p − 1)] = w_i (x_i − f_i) (1 − p)
    shown = 0.4
    found = rise(ADDITIVE, IMAGE, Logit(1), fill="black", cells=99, shown=shown, n_samples=3000)
    exact = ADDITIVE.exact(IMAGE, 1).sum(axis=2) * (1 - shown)
    assert found.pixel_error is not None
    ratios = (found.heatmap - exact) / found.pixel_error
    assert np.abs(ratios).max() < 4.5
    assert 0.6 < np.sqrt((ratios**2).mean()) < 1.5
    assert (found.n_evaluations, found.unit) == (3002, "logit")
    assert found.method == "RISE, 3000 masks of 4 × 4 cells, black fill"


def test_a_seed_decides_whatever_the_batch_size() -> None:
    first, again = (
        rise(Analytic(MODEL.linear, MODEL.curved, batch_size=size), IMAGE, Logit(1), n_samples=7) for size in (7, 7)
    )
    np.testing.assert_array_equal(first.heatmap, again.heatmap)
    assert not np.array_equal(first.heatmap, rise(MODEL, IMAGE, Logit(1), n_samples=7, seed=1).heatmap)


SIGMA = 0.3 * np.ptp(IMAGE)
SMOOTH = (MODEL.linear[0] + 3 * MODEL.curved[0] * (IMAGE**2 + SIGMA**2)).sum(axis=2)
EXPECTED = np.mean([MODEL.exact(IMAGE, 0) - MODEL.exact(one, 0) for one in BASELINES], axis=0).sum(axis=2)
SHOWN = ADDITIVE.exact(IMAGE, 0).sum(axis=2) * 0.5

SAMPLED: dict[str, tuple[Callable[..., Attribution], np.ndarray, float]] = {
    "smooth_grad": (partial(smooth_grad, MODEL, IMAGE, Logit(0), stdevs=0.3), segment_sums(SMOOTH, LABELS), 1.5),
    "expected_gradients": (
        partial(expected_gradients, MODEL, IMAGE, Logit(0), baselines=BASELINES),
        segment_sums(EXPECTED, LABELS),
        0.8,
    ),
    "rise": (
        partial(rise, ADDITIVE, IMAGE, Logit(0), fill="black", cells=99),
        segment_sums(SHOWN, LABELS) / np.bincount(LABELS.ravel()),
        0.25,
    ),
}


@pytest.mark.parametrize("name", SAMPLED)
def test_intervals_are_as_narrow_as_asked_and_hold_all_at_once(name: str) -> None:
    run, exact, half_width = SAMPLED[name]
    held, runs, drawn = 0, 80, set[int]()
    for seed in range(runs):
        found = run(half_width=half_width, regions=LABELS, confidence=0.9, seed=seed).intervals
        assert found is not None
        assert found.half_widths.max() <= half_width * (1 + 1e-9)
        held += bool((np.abs(found.values - exact) <= found.half_widths).all())
        drawn.add(found.n_samples)
    assert held / runs >= 0.83  # 0.9, less two standard errors of 80 runs
    assert len(drawn) > 3  # or the pilot would decide alone


@pytest.mark.parametrize("name", SAMPLED)
def test_where_the_samples_end_first_it_is_said(name: str) -> None:
    run, _, _ = SAMPLED[name]
    found = run(half_width=1e-3, n_samples=20)
    assert found.intervals is not None
    assert found.intervals.n_samples == 20
    assert found.intervals.half_widths.max() > 1e-3
    assert any("ended first" in note for note in found.notes)
    with raises(UsageError, "n_samples", asked=15, found=1, limit=16):
        run(half_width=1, n_samples=PILOT - 1)
    with raises(UsageError, "half_width", asked=(-1, 0.95)):
        run(half_width=-1)
    with raises(UsageError, "regions", asked=1, limit=2):
        run(half_width=1, regions=1)
    assert run(n_samples=3).intervals is None


def test_what_has_no_meaning_is_refused() -> None:
    for asked in ({"cells": 0}, {"shown": 0.0}, {"shown": 1.0}, {"n_samples": 1}):
        with pytest.raises(UsageError):
            rise(MODEL, IMAGE, Logit(0), **asked)


def test_equal_samples_end_with_the_pilot() -> None:
    stopping = Stopping(3, 0.1, 0.95, 1000)
    while stopping.going:
        stopping.add(np.arange(3.0))
    assert stopping.count == PILOT
    assert not stopping.half_widths.any()
    assert not stopping.is_short
