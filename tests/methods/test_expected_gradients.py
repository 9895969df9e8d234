from __future__ import annotations

import numpy as np

from innerview.errors import ImageError, UsageError
from innerview.methods import expected_gradients, integrated_gradients
from innerview.methods.expected_gradients import stratified
from innerview.targets import Contrast, Logit
from methods.analytic import Analytic
from models import Subject
from raising import raises
from typecheck import unchecked

NETWORK = Analytic.random(3)
IMAGE = np.random.default_rng(4).uniform(size=NETWORK.input.shape)
BASELINES = list(np.random.default_rng(5).uniform(size=(4, *IMAGE.shape)))


def exact(index: int, baselines: list[np.ndarray]) -> np.ndarray:
    return np.mean([NETWORK.exact(IMAGE, index) - NETWORK.exact(one, index) for one in baselines], axis=0)


def ratios(index: int, baselines: list[np.ndarray], samples: int = 40) -> np.ndarray:
    """Errors in standard errors, over seeds: the pixels of one map share their places, so one map is not enough."""
    runs = [
        expected_gradients(NETWORK, IMAGE, Logit(index), baselines=baselines, n_samples=samples, seed=seed)
        for seed in range(25)
    ]
    return np.stack([(run.heatmap - exact(index, baselines).sum(axis=2)) / run.pixel_error for run in runs])


def test_one_baseline_gives_integrated_gradients_within_the_standard_error() -> None:
    integrated = integrated_gradients(NETWORK, IMAGE, Logit(1), baseline=BASELINES[0], n_steps=4)
    np.testing.assert_allclose(integrated.attribution, exact(1, BASELINES[:1]))
    assert np.sqrt((ratios(1, BASELINES[:1]) ** 2).mean()) < 0.5  # places are stratified, and nothing else varies
    result = expected_gradients(NETWORK, IMAGE, Logit(1), baselines=BASELINES[:1], n_samples=600)
    assert np.abs(result.heatmap - integrated.heatmap).max() < 0.1 * np.abs(integrated.heatmap).max()


def test_over_all_baselines_it_is_their_mean_within_the_standard_error() -> None:
    assert 0.75 < np.sqrt((ratios(0, BASELINES) ** 2).mean()) < 1.25
    result = expected_gradients(NETWORK, IMAGE, Logit(0), baselines=BASELINES, n_samples=10)
    assert (result.n_evaluations, result.unit, result.meaning) == (10, "logit", "contribution")


def test_places_are_uniform_and_each_run_has_one_in_every_stretch() -> None:
    places = stratified(np.random.default_rng(0), 16 * 500 + 5)
    runs = places[: 16 * 500].reshape(500, 16)
    np.testing.assert_array_equal(np.sort((runs * 16).astype(int), axis=1), np.tile(np.arange(16), (500, 1)))
    assert len(places) == 8005
    assert np.abs(runs.mean(axis=0) - 0.5).max() < 5 * (1 / 12 / 500) ** 0.5  # wherever in its run a sample stands


def test_of_a_linear_model_one_baseline_is_exact_with_two_samples() -> None:
    linear = Analytic(NETWORK.linear, np.zeros_like(NETWORK.curved))
    result = expected_gradients(linear, IMAGE, Contrast(2), baselines=BASELINES[:1], n_samples=2)
    slope = linear.linear[2] - (linear.linear[0] + linear.linear[1]) / 2
    np.testing.assert_allclose(result.attribution, slope * (IMAGE - BASELINES[0]))
    np.testing.assert_allclose(result.pixel_error, 0, atol=1e-12)


def test_the_note_has_both_sums_and_the_standard_error() -> None:
    result = expected_gradients(NETWORK, IMAGE, Logit(0), baselines=BASELINES, n_samples=50)
    change = exact(0, BASELINES).sum()
    assert result.notes[0].startswith(f"The score is {change:+.3g} logit from the baselines' mean; ")
    assert f"adds up to {result.heatmap.sum():+.3g} ± " in result.notes[0]


def test_a_seed_decides_whatever_the_batch_size() -> None:
    other_batch_size = Analytic(NETWORK.linear, NETWORK.curved, batch_size=7)
    first, again, other = (
        expected_gradients(model, IMAGE, Logit(0), baselines=BASELINES, n_samples=10, seed=seed)
        for model, seed in ((NETWORK, 1), (other_batch_size, 1), (NETWORK, 2))
    )
    np.testing.assert_allclose(first.attribution, again.attribution, rtol=1e-12, atol=1e-12)
    assert (first.attribution != other.attribution).any()
    assert first.provenance.seed == 1


def test_bad_requests_say_asked_found_and_do() -> None:
    with raises(UsageError, "baselines", found=0):
        expected_gradients(NETWORK, IMAGE, Logit(0), baselines=[])
    with raises(UsageError, "n_samples", asked=1, limit=2):
        expected_gradients(NETWORK, IMAGE, Logit(0), baselines=BASELINES, n_samples=1)
    with unchecked(), raises(ImageError, "baseline", asked=(4, 5, 3), found=(2, 5, 3)):
        expected_gradients(NETWORK, IMAGE, Logit(0), baselines=[IMAGE[:2]])
    function = Subject("function", "linear")
    image = function.images(1)[0]
    with unchecked(), raises(UsageError, "gradients", found="forward only"):
        expected_gradients(function.build(), image, Logit(0), baselines=[image])
