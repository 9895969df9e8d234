from __future__ import annotations

import numpy as np
import pytest

from innerview.errors import ImageError, UsageError
from innerview.methods import gradient, gradient_input, integrated_gradients
from innerview.targets import Contrast, Logit
from methods.analytic import Analytic
from models import Subject
from raising import raises
from typecheck import unchecked

NETWORK = Analytic.random(3)
IMAGE = np.random.default_rng(4).uniform(size=NETWORK.input.shape)


def test_it_is_the_closed_form() -> None:
    result = gradient_input(NETWORK, IMAGE, Logit(1))
    np.testing.assert_allclose(result.attribution, IMAGE * (NETWORK.linear[1] + 3 * NETWORK.curved[1] * IMAGE**2))
    np.testing.assert_allclose(result.heatmap, result.attribution.sum(axis=2))
    assert (result.unit, result.meaning, result.target, result.n_evaluations) == ("logit", "contribution", 1, 1)
    assert result.score == pytest.approx(NETWORK.forward(IMAGE[None]).outputs[0, 1])
    assert (result.provenance.target, result.provenance.baseline) == ("logit of 1 class-b", "black")


def test_from_a_baseline_it_is_gradient_times_difference() -> None:
    baseline = np.full_like(IMAGE, 0.3)
    result = gradient_input(NETWORK, IMAGE, Contrast(), baseline=baseline)
    slope = gradient(NETWORK, IMAGE, Contrast(result.target)).gradient
    np.testing.assert_allclose(result.attribution, slope * (IMAGE - baseline))
    assert not gradient_input(NETWORK, IMAGE, Logit(0), baseline=IMAGE).attribution.any()


def test_for_a_linear_model_it_is_integrated_gradients() -> None:
    linear = Analytic(NETWORK.linear, np.zeros_like(NETWORK.curved))
    baseline = np.random.default_rng(5).uniform(size=IMAGE.shape)
    found = gradient_input(linear, IMAGE, Logit(2), baseline=baseline).attribution
    np.testing.assert_allclose(
        found, integrated_gradients(linear, IMAGE, Logit(2), baseline=baseline, n_steps=3).attribution
    )


def test_what_does_not_fit_is_refused() -> None:
    with unchecked(), raises(ImageError, "baseline", asked=(4, 5, 3), found=(2, 2, 3)):
        gradient_input(NETWORK, IMAGE, Logit(), baseline=np.zeros((2, 2, 3)))
    function = Subject("function", "linear")
    with unchecked(), raises(UsageError, "gradients", found="forward only"):
        gradient_input(function.build(), function.images(1)[0], Logit())
