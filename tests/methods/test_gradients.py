"""Plain, interior and integrated gradients against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import ImageError, ModelError, UnknownClass, UsageError
from innerview.methods import TUTORIAL2018_ALPHAS, gradient, integrated_gradients, interior_gradients
from innerview.quadrature import RULES
from innerview.results import Status
from innerview.targets import Contrast, Logit, Margin, Probability
from methods.analytic import Analytic
from raising import raises
from typecheck import unchecked


@pytest.fixture
def model() -> Analytic:
    return Analytic.random(3)


@pytest.fixture
def image(model: Analytic) -> np.ndarray:
    return np.random.default_rng(4).uniform(size=model.input.shape)


def test_the_gradient_is_the_closed_form(model: Analytic, image: np.ndarray) -> None:
    result = gradient(model, image, Logit(1))
    np.testing.assert_allclose(result.gradient, model.linear[1] + 3 * model.curved[1] * image**2)
    np.testing.assert_allclose(result.heatmap, result.gradient.sum(axis=2))
    assert result.provenance.target == "logit of 1 class-b"


def test_an_open_class_is_the_winner_at_the_image(model: Analytic, image: np.ndarray) -> None:
    result = gradient(model, image, Logit())
    again = gradient(model, image, Logit(result.prediction.index))
    np.testing.assert_array_equal(result.gradient, again.gradient)


def test_interior_gradients_lie_on_the_straight_path(model: Analytic, image: np.ndarray) -> None:
    baseline = np.full_like(image, 0.25)
    model.seen.clear()
    result = interior_gradients(model, image, Logit(0), baseline=baseline)
    on_path = np.stack([baseline + alpha * (image - baseline) for alpha in TUTORIAL2018_ALPHAS])
    np.testing.assert_allclose(np.concatenate(model.seen[1:]), on_path)
    np.testing.assert_allclose(result.points, on_path)
    np.testing.assert_allclose(result.gradients, model.linear[0] + 3 * model.curved[0] * on_path**2)
    np.testing.assert_allclose(result.norms, np.abs(result.gradients).sum(axis=(1, 2, 3)))
    np.testing.assert_allclose(result.probabilities.sum(axis=1), 1)


def test_the_class_is_resolved_once_and_not_anew_at_each_alpha() -> None:
    # Class 0 wins at the image through the cube, class 1 near black through the slope.
    linear = np.zeros((2, 1, 1, 1))
    curved = np.zeros((2, 1, 1, 1))
    linear[1], curved[0] = 1, 2
    result = interior_gradients(
        Analytic(linear, curved), np.ones((1, 1, 1)), Logit(), baseline=np.zeros((1, 1, 1)), alphas=[0.1, 1]
    )
    assert result.target == 0
    assert [int(row.argmax()) for row in result.logits] == [1, 0]
    np.testing.assert_allclose(result.gradients[:, 0, 0, 0], [6 * 0.1**2, 6])


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_converges_to_the_exact_attribution(model: Analytic, image: np.ndarray, rule: str) -> None:
    result = integrated_gradients(model, image, Logit(2), baseline=np.zeros_like(image), rule=rule, n_steps=400)
    exact = model.exact(image, 2)
    np.testing.assert_allclose(result.attribution, exact, atol=0.02 * np.abs(exact).max())
    assert abs(result.convergence_delta) < 0.02 * np.abs(exact).sum()
    assert result.status is Status.FIXED_STEPS
    assert result.n_evaluations == 400


def test_gauss_legendre_is_exact_on_a_polynomial(model: Analytic, image: np.ndarray) -> None:
    # The integrand has degree 2, two nodes have degree 3.
    result = integrated_gradients(model, image, Logit(2), baseline=np.zeros_like(image), n_steps=2)
    np.testing.assert_allclose(result.attribution, model.exact(image, 2), atol=1e-13)
    assert result.convergence_delta == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(result.attribution.sum(), result.score - result.baseline_score)


def test_one_right_riemann_step_is_gradient_times_input(model: Analytic, image: np.ndarray) -> None:
    result = integrated_gradients(
        model, image, Logit(1), baseline=np.zeros_like(image), rule="riemann-right", n_steps=1
    )
    np.testing.assert_allclose(result.attribution, image * gradient(model, image, Logit(1)).gradient)


@given(st.integers(0, 2**32 - 1))
def test_attribution_is_linear_in_the_target(seed: int) -> None:
    model = Analytic.random(seed)
    image = np.random.default_rng(seed).uniform(size=model.input.shape)
    black = np.zeros_like(image)
    first, second, margin, contrast = (
        integrated_gradients(model, image, target, baseline=black, n_steps=4).attribution
        for target in (Logit(0), Logit(1), Margin(0, 1), Contrast(0))
    )
    third = integrated_gradients(model, image, Logit(2), baseline=black, n_steps=4).attribution
    np.testing.assert_allclose(margin, first - second, atol=1e-12)
    np.testing.assert_allclose(contrast, first - (second + third) / 2, atol=1e-12)


def test_a_probability_is_complete_too(model: Analytic, image: np.ndarray) -> None:
    result = integrated_gradients(model, image, Probability(), baseline=np.zeros_like(image), n_steps=64)
    assert result.unit == "probability"
    assert abs(result.convergence_delta) < 1e-8
    assert result.score == pytest.approx(model.output.probabilities(model.forward(image[None]).outputs).max())


def test_several_baselines_are_averaged_with_their_spread(model: Analytic, image: np.ndarray) -> None:
    baselines = [np.zeros_like(image), np.ones_like(image)]
    both = integrated_gradients(model, image, Logit(0), baseline=baselines, n_steps=4)
    single = [integrated_gradients(model, image, Logit(0), baseline=one, n_steps=4) for one in baselines]
    np.testing.assert_allclose(both.attribution, (single[0].attribution + single[1].attribution) / 2)
    np.testing.assert_allclose(both.std, np.abs(single[0].heatmap - single[1].heatmap) / 2)
    assert both.n_evaluations == 8
    assert both.convergence_delta == pytest.approx(0, abs=1e-10)


def test_progress_counts_to_the_end_and_can_stop_the_work(model: Analytic, image: np.ndarray) -> None:
    calls: list[tuple[int, int]] = []
    black = np.zeros_like(image)
    integrated_gradients(
        model,
        image,
        Logit(0),
        baseline=[black, black],
        n_steps=5,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(done, 10) for done in (2, 4, 6, 8, 10)]  # both baselines of a node share a pass

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        integrated_gradients(model, image, Logit(0), baseline=black, n_steps=5, progress=stop)


def test_bad_requests_say_asked_found_and_do(model: Analytic, image: np.ndarray) -> None:
    black = np.zeros_like(image)
    with raises(UsageError, "alphas", found=1.5):
        interior_gradients(model, image, Logit(), baseline=black, alphas=[0.5, 1.5])
    with raises(UsageError, "alphas", asked=(), found=None):
        interior_gradients(model, image, Logit(), baseline=black, alphas=[])
    with unchecked(), raises(ImageError, "baseline", asked=(4, 5, 3), found=(2, 2, 3)):
        integrated_gradients(model, image, Logit(), baseline=np.zeros((2, 2, 3)), n_steps=2)
    with unchecked(), raises(ImageError, "image", found="uint8"):
        gradient(model, (image * 255).astype(np.uint8), Logit())
    with raises(ImageError, "image", found=60):
        gradient(model, np.full_like(image, np.nan), Logit())
    with raises(UnknownClass, "class", asked=9):
        gradient(model, image, Logit(9))
    with raises(UsageError, "rule", asked="simpsons"):
        integrated_gradients(model, image, Logit(), baseline=black, rule="simpsons", n_steps=2)
    with raises(UsageError, "baselines", found=0):
        integrated_gradients(model, image, Logit(), baseline=[], n_steps=2)
    with raises(UsageError, "target", asked="1 class-b", found="itself"):
        integrated_gradients(model, image, Margin(1, 1), baseline=black, n_steps=2)


def test_an_accuracy_or_a_cost_must_be_said(model: Analytic, image: np.ndarray) -> None:
    black = np.zeros_like(image)
    with raises(UsageError, "n_steps", found="neither was given"):
        integrated_gradients(model, image, Logit(), baseline=black)
    with raises(UsageError, "n_steps", found="both were given"):
        integrated_gradients(model, image, Logit(), baseline=black, tolerance=0.01, n_steps=9)
    exact = integrated_gradients(model, image, Logit(), baseline=black, tolerance=1e-4)
    assert exact.status is Status.CONVERGED
    np.testing.assert_allclose(exact.attribution, model.exact(image, exact.target or 0), atol=1e-3)


def test_a_value_that_is_not_finite_is_named(model: Analytic, image: np.ndarray) -> None:
    model.curved[0, 0, 0, 0] = np.inf
    with raises(ModelError, "output", found="not finite"):
        gradient(model, image, Logit(0))
    model.curved[0, 0, 0, 0] = 1e308  # finite at the image, infinite when multiplied by 3
    with (
        np.errstate(over="ignore"),
        raises(ModelError, "gradient", found="not finite"),
    ):
        interior_gradients(model, image, Logit(0), baseline=np.zeros_like(image))


def test_profiles_of_one_path_join(model: Analytic, image: np.ndarray) -> None:
    black = np.zeros_like(image)
    interior = interior_gradients(model, image, Logit(0), baseline=black, alphas=[1, 0.5, 0])
    integrated = integrated_gradients(model, image, Logit(0), baseline=black, rule="riemann-right", n_steps=4)
    joined = interior.path.joined(integrated.path)
    assert joined.alphas.tolist() == [0, 0.25, 0.5, 0.75, 1]
    points = joined.alphas[:, None, None, None] * image
    logits = model.forward(points).outputs
    np.testing.assert_allclose(joined.scores, logits[:, 0])
    np.testing.assert_allclose(joined.probabilities, model.output.probabilities(logits))
    np.testing.assert_allclose(joined.norms[-1], np.abs(gradient(model, image, Logit(0)).gradient).sum())
