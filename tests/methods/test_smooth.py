"""SmoothGrad and VarGrad against the moments of a normal distribution, over any method."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from innerview.errors import ImageError, UsageError
from innerview.methods import (
    gradient,
    gradient_input,
    integrated_gradients,
    noisy_images,
    occlusion,
    smooth_grad,
    var_grad,
)
from innerview.results import as_attribution
from innerview.targets import Logit, Probability
from methods.analytic import Analytic
from models import Subject
from raising import raises
from typecheck import unchecked

NETWORK = Analytic.random(3)
IMAGE = np.random.default_rng(4).uniform(size=NETWORK.input.shape)
BLACK = np.zeros_like(IMAGE)

METHODS = {
    "gradient": gradient,
    "gradient × input": gradient_input,
    "integrated gradients": partial(integrated_gradients, baseline=BLACK, n_steps=3),
    "occlusion": partial(occlusion, fill=BLACK, window=2),
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_without_noise_it_is_the_method(method) -> None:
    plain = as_attribution(method(NETWORK, IMAGE, Logit(1)))
    smooth = smooth_grad(NETWORK, IMAGE, Logit(1), method=method, stdevs=0.0, n_samples=3)
    np.testing.assert_array_equal(smooth.attribution, plain.attribution)
    assert not smooth.pixel_error.any()
    assert (smooth.unit, smooth.meaning, smooth.score) == (plain.unit, plain.meaning, plain.score)
    assert smooth.n_evaluations == 3 * plain.n_evaluations
    assert not var_grad(NETWORK, IMAGE, Logit(1), method=method, stdevs=0.0, n_samples=3).attribution.any()


def test_the_mean_and_its_error_are_those_of_the_noise() -> None:
    # The gradient is linear + 3 curved (x + e)², whose mean is linear + 3 curved (x² + σ²).
    sigma = 0.2 * np.ptp(IMAGE)
    result = smooth_grad(NETWORK, IMAGE, Logit(0), stdevs=0.2, n_samples=200, seed=7)
    exact = (NETWORK.linear[0] + 3 * NETWORK.curved[0] * (IMAGE**2 + sigma**2)).sum(axis=2)
    ratios = (result.heatmap - exact) / result.pixel_error
    assert 0.7 < np.sqrt((ratios**2).mean()) < 1.3
    # Of (x + e)², the variance is 4 x² σ² + 2 σ⁴.
    variance = (9 * NETWORK.curved[0] ** 2 * (4 * IMAGE**2 * sigma**2 + 2 * sigma**4)).sum(axis=2)
    np.testing.assert_allclose(result.pixel_error, np.sqrt(variance / 200), rtol=0.4)


def test_the_variance_and_its_error_are_those_of_the_noise() -> None:
    sigma = 0.1 * np.ptp(IMAGE)
    result = var_grad(NETWORK, IMAGE, Logit(0), stdevs=0.1, n_samples=200, seed=7)
    exact = (9 * NETWORK.curved[0] ** 2 * (4 * IMAGE**2 * sigma**2 + 2 * sigma**4)).sum(axis=2)
    ratios = (result.heatmap - exact) / result.pixel_error
    assert 0.6 < np.sqrt((ratios**2).mean()) < 1.4
    assert (result.unit, result.meaning) == ("(logit per unit of pixel value)²", "spread")


def test_the_variance_is_that_of_the_very_maps() -> None:
    images = noisy_images(IMAGE, stdevs=0.3, n_samples=5, seed=2)
    maps = np.stack([gradient(NETWORK, image, Logit(2)).gradient for image in images])
    options = {"stdevs": 0.3, "n_samples": 5, "seed": 2}
    np.testing.assert_allclose(smooth_grad(NETWORK, IMAGE, Logit(2), **options).attribution, maps.mean(axis=0))
    np.testing.assert_allclose(var_grad(NETWORK, IMAGE, Logit(2), **options).attribution, maps.var(axis=0, ddof=1))
    error = maps.sum(axis=3).std(axis=0, ddof=1) / np.sqrt(5)
    np.testing.assert_allclose(smooth_grad(NETWORK, IMAGE, Logit(2), **options).pixel_error, error)


def test_a_seed_decides_and_is_taken_down() -> None:
    first, again, other = (smooth_grad(NETWORK, IMAGE, Logit(0), n_samples=4, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.attribution, again.attribution)
    assert (first.attribution != other.attribution).any()
    assert (first.provenance.seed, other.provenance.seed) == (1, 2)
    assert "seed 1" in first.notes[0]


def test_an_open_class_is_resolved_at_the_image_alone() -> None:
    linear = np.zeros((2, 1, 2, 1))
    linear[0], linear[1] = 1.0, 1.001  # noise makes another class win at nearly every image
    seen: list[int | None] = []

    def method(model, image, target):
        seen.append(target.index)
        return gradient(model, image, target)

    asked = np.array([[[0.0], [1.0]]])
    result = smooth_grad(
        Analytic(linear, np.zeros_like(linear)), asked, Logit(), method=method, n_samples=20, stdevs=3.0
    )
    assert seen == [1] * 20
    assert result.target == 1


def test_it_works_forward_only_with_a_method_that_does() -> None:
    function = Subject("function", "linear")
    image = function.images(1)[0]
    method = partial(occlusion, fill=np.zeros_like(image), window=1)
    assert smooth_grad(function.build(), image, Logit(0), method=method, n_samples=2).heatmap.shape == image.shape[:2]
    with unchecked(), raises(UsageError, "gradients", found="forward only"):
        smooth_grad(function.build(), image, Logit(0), n_samples=2)


def test_progress_is_told() -> None:
    calls: list[tuple[int, int]] = []
    smooth_grad(NETWORK, IMAGE, Logit(0), n_samples=3, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("noise", [-0.1, float("nan"), float("inf")])
@pytest.mark.parametrize("function", [smooth_grad, var_grad])
def test_noise_without_meaning_is_refused(function, noise) -> None:
    with raises(UsageError, "stdevs"):
        function(NETWORK, IMAGE, Logit(0), stdevs=noise)


@pytest.mark.parametrize("function", [smooth_grad, var_grad])
def test_bad_requests_are_refused(function) -> None:
    with raises(UsageError, "n_samples", asked=1, limit=2):
        function(NETWORK, IMAGE, Logit(0), n_samples=1)
    with raises(UsageError, "image", found=0.5):
        function(NETWORK, np.full_like(IMAGE, 0.5), Logit(0))
    with unchecked(), raises(ImageError, "image", asked=(4, 5, 3), found=(2, 5, 3)):
        function(NETWORK, IMAGE[:2], Logit(0))
    assert function(NETWORK, np.full_like(IMAGE, 0.5), Probability(), stdevs=0.0).target is not None
