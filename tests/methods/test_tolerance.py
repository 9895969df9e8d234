"""Integrated gradients to a tolerance against closed forms, and what must not matter: company, batches, memory."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest

from innerview import allcnn
from innerview.errors import ImageError, ModelError, UsageError
from innerview.methods import integrated_gradients, interior_gradients
from innerview.methods.tolerance import integrate_jobs, integrate_one
from innerview.methods.walk import Job
from innerview.model import OutputSpec
from innerview.results import Status
from innerview.targets import Contrast, Logit, Margin, Probability
from methods.analytic import Analytic
from raising import raises
from typecheck import unchecked


@pytest.fixture
def model() -> Analytic:
    return Analytic.random(3)


@pytest.fixture
def images(model: Analytic) -> list[np.ndarray]:
    return list(np.random.default_rng(4).uniform(size=(5, *model.input.shape)))


def black(image):
    return np.zeros_like(image)


def job(image, *targets, baselines=None):
    return Job(image, targets or (Logit(0),), baselines or (black(image),))


def explain(model, jobs, **options):
    return dict(integrate_jobs(model, jobs, **{"tolerance": 0.01, **options}))


def relative(found, exact):
    return np.abs(found - exact).sum() / np.abs(exact).sum()


@pytest.mark.parametrize("tolerance", [0.05, 0.01, 1e-3, 1e-5])
def test_the_error_is_what_was_asked_for_and_within_what_was_stated(model, images, tolerance):
    for number, (result,) in explain(model, map(job, images), tolerance=tolerance, max_evaluations=4000).items():
        exact = model.exact(images[number], 0)
        assert result.status is Status.CONVERGED
        assert result.tolerance == tolerance
        assert relative(result.heatmap, exact.sum(axis=2)) <= result.error + 1e-15 <= tolerance
        assert relative(result.attribution, exact) <= result.channel_error + 1e-15 <= tolerance
        assert result.relative_convergence_delta <= tolerance


def test_each_pixel_states_an_error_of_its_own():
    model = Analytic.random(1, height=24, width=24)
    image = np.random.default_rng(2).uniform(size=model.input.shape)
    result = integrate_one(model, image, Logit(1), baseline=black(image), tolerance=0.01)
    wrong = np.abs(result.heatmap - model.exact(image, 1).sum(axis=2))
    assert result.pixel_error is not None
    assert np.mean(wrong <= result.pixel_error) >= 0.9
    assert wrong.sum() < result.pixel_error.sum() < 10 * wrong.sum()


def test_a_straight_model_is_exact_as_soon_as_it_can_be_judged():
    model = Analytic(np.random.default_rng(0).normal(size=(2, 3, 3, 1)), np.zeros((2, 3, 3, 1)))
    image = np.full((3, 3, 1), 0.7)
    result = integrate_one(model, image, Logit(1), baseline=black(image), tolerance=1e-9)
    np.testing.assert_allclose(result.attribution, model.linear[1] * image, rtol=1e-13)
    assert result.n_evaluations == 17
    assert result.error < 1e-13


def test_nothing_is_spent_on_scores(model, images):
    model.seen.clear()
    result = integrate_one(model, images[0], Logit(), baseline=black(images[0]), tolerance=0.01)
    assert sum(map(len, model.seen)) == result.n_evaluations == len(result.path.alphas)
    assert result.path.scores[-1] == result.score
    assert result.path.scores[0] == result.baseline_score == 0
    np.testing.assert_array_equal(model.seen[0][0], images[0])
    assert [evaluations for evaluations, _, _ in result.convergence][-1] == result.n_evaluations
    assert result.convergence[-1][1] == max(result.error, result.channel_error)
    assert result.convergence[-1][2] == pytest.approx(result.relative_convergence_delta, abs=1e-12)


def test_an_open_class_is_the_winner_at_the_image_and_stays_it(model, images):
    results = explain(model, [job(image, Logit()) for image in images])
    for number, (result,) in results.items():
        assert result.target == int(model.forward(images[number][None]).outputs[0].argmax())


def test_targets_of_an_image_share_its_passes(model, images):
    targets = (Logit(0), Logit(2), Contrast(1), Margin(0, 1), Probability(1))
    model.seen.clear()
    together = explain(model, [job(images[0], *targets)], tolerance=1e-3)[0]
    assert sum(map(len, model.seen)) == together[0].n_evaluations
    for target, result in zip(targets, together, strict=True):
        alone = integrate_one(model, images[0], target, baseline=black(images[0]), tolerance=1e-3)
        assert alone.n_evaluations <= result.n_evaluations
        assert relative(result.attribution, alone.attribution) < 2e-3
        assert result.provenance.target == alone.provenance.target
        assert result.unit == alone.unit


PLACES = (0.5, 0.01, 1.0, 0.0, 0.5, 1 / 27)


@pytest.mark.parametrize(("batch_size", "budget"), [(1, 513), (4, 513), (64, 513), (3, 2), (64, 2)])
def test_gradients_on_the_way_come_with_the_integral_and_are_the_same_as_alone(model, images, batch_size, budget):
    targets = (Logit(), Margin(0, 1))
    jobs = [Job(image, targets, (black(image), images[4]), PLACES) for image in images[:3]]
    model.seen.clear()
    found = explain(model, jobs, batch_size=batch_size, max_evaluations=2 * budget)
    spent = sum(map(len, model.seen))
    plain = explain(model, [replace(one, interior=()) for one in jobs], max_evaluations=2 * budget)
    for number, image in enumerate(images[:3]):
        for result, without, target in zip(found[number], plain[number], targets, strict=True):
            alone = interior_gradients(model, image, target, baseline=black(image), alphas=PLACES)
            inside = result.interior
            assert without.interior is None
            assert inside.target == alone.target
            assert inside.provenance.target == alone.provenance.target
            for name in ("alphas", "gradients", "scores", "logits", "probabilities", "baseline", "image", "points"):
                np.testing.assert_allclose(getattr(inside, name), getattr(alone, name), rtol=1e-6, atol=1e-9)
            np.testing.assert_allclose(result.attribution, without.attribution, rtol=0, atol=1e-12)
            assert result.n_evaluations == without.n_evaluations
            assert len(result.path.alphas) == len(without.path.alphas)
    # The ends are visited anyway, and so is 1/27 if there is more than them and a batch has room for both ends and it.
    rows = sum(result.n_evaluations for result, _ in found.values())
    assert spent == rows + 3 * (2 if budget > 2 and batch_size > 4 else 3)


def test_places_outside_the_path_are_refused(model, images):
    with raises(UsageError, "alphas", found=1.5):
        explain(model, [Job(images[0], (Logit(0),), (black(images[0]),), (0.5, 1.5))])


def test_gradients_on_the_way_come_with_a_fixed_rule_too(model, images):
    options = {"baseline": black(images[0]), "n_steps": 8}
    result = integrated_gradients(model, images[0], Logit(), interior=(0.25, 1.0), **options)
    alone = interior_gradients(model, images[0], Logit(), baseline=black(images[0]), alphas=(0.25, 1.0))
    np.testing.assert_array_equal(result.interior.gradients, alone.gradients)
    assert integrated_gradients(model, images[0], Logit(), **options).interior is None


def test_several_baselines_are_averaged_with_their_spread(model, images):
    baselines = (black(images[0]), np.ones_like(images[0]), images[1])
    ((result,),) = explain(model, [job(images[0], Logit(1), baselines=baselines)], tolerance=1e-4).values()
    singles = np.stack([model.exact(images[0], 1) - model.exact(one, 1) for one in baselines])
    assert relative(result.attribution, singles.mean(axis=0)) <= 1e-4
    np.testing.assert_allclose(result.std, singles.sum(axis=3).std(axis=0), rtol=1e-3, atol=1e-5)
    assert result.n_evaluations % 3 == 0
    assert result.n_evaluations == 3 * len(result.path.alphas)
    np.testing.assert_allclose(result.baseline, np.mean(baselines, axis=0))
    assert result.convergence_delta == pytest.approx(0, abs=1e-3)


def test_company_changes_nothing_but_rounding_and_the_same_work_gives_the_same_bits(model, images):
    together = explain(model, map(job, images), tolerance=1e-4)
    again = explain(model, map(job, images), tolerance=1e-4)
    for number, image in enumerate(images):
        ((alone,),) = explain(model, [job(image)], tolerance=1e-4).values()
        (result,) = together[number]
        assert relative(result.attribution, alone.attribution) < 1e-12
        assert result.n_evaluations == alone.n_evaluations
        assert result.attribution.tobytes() == again[number][0].attribution.tobytes()
        assert result.pixel_error.tobytes() == again[number][0].pixel_error.tobytes()


@pytest.mark.parametrize("batch_size", [1, 2, 7, 64])
def test_a_pass_never_holds_more_than_the_batch_size_and_images_fill_it_together(model, images, batch_size):
    model.seen.clear()
    baselines = (black(images[0]), images[4])
    explain(model, [job(image, baselines=baselines) for image in images], batch_size=batch_size)
    sizes = [len(batch) for batch in model.seen]
    assert max(sizes) <= batch_size
    assert np.mean(sizes) > 0.6 * min(batch_size, 40)


@dataclass
class Cramped(Analytic):
    room: int = 4

    def vjp(self, images, grad_outputs, layers=()):
        if len(images) > self.room:
            raise MemoryError
        return super().vjp(images, grad_outputs, layers)


def test_the_batch_size_is_halved_when_memory_runs_out_and_the_result_says_so(model, images):
    cramped = Cramped(model.linear, model.curved, batch_size=12)
    results = explain(cramped, map(job, images))
    for number, (result,) in results.items():
        assert result.provenance.batch_size == 3
        assert relative(result.attribution, explain(model, [job(images[number])])[0][0].attribution) < 1e-12
    with pytest.raises(MemoryError):
        explain(replace(cramped, room=0), [job(images[0])])


def test_long_lists_are_read_as_there_is_room(model, images):
    started = []

    def jobs():
        for number in itertools.count():
            started.append(number)
            yield job(images[number % 5])

    first = list(itertools.islice(integrate_jobs(model, jobs(), tolerance=0.01, batch_size=4), 10))
    assert len(first) == 10
    assert len(started) < 20


def test_progress_counts_evaluations_and_can_stop_the_work(model, images):
    calls = []
    results = explain(model, map(job, images), progress=lambda *call: calls.append(call), tolerance=1e-3)
    assert calls == sorted(calls)
    spent = sum(result.n_evaluations for (result,) in results.values())
    assert calls[-1] == (spent, spent)
    assert all(done <= wanted for done, wanted in calls)

    def stop(done, wanted):
        if done > 20:
            raise KeyboardInterrupt

    model.seen.clear()
    with pytest.raises(KeyboardInterrupt):
        explain(model, map(job, images), progress=stop)
    assert sum(map(len, model.seen)) <= 20 + model.batch_size


@pytest.mark.parametrize(("budget", "spent"), [(2, 2), (10, 10), (17, 17), (30, 30), (40, 40)])
def test_the_end_of_the_budget_is_owned_up_to_with_what_there_is(model, images, budget, spent):
    result = integrate_one(
        model, images[0], Logit(0), baseline=black(images[0]), tolerance=1e-8, max_evaluations=budget
    )
    assert result.status is Status.BUDGET_EXHAUSTED
    assert result.n_evaluations == spent
    assert result.error > 1e-8
    assert (result.pixel_error is None) == (spent < 17)
    assert np.isfinite(result.attribution).all()
    assert relative(result.attribution, model.exact(images[0], 0)) < 1


def test_a_kinked_model_of_many_layers_keeps_its_word():
    small = allcnn.build(
        {name: 3 * weight for name, weight in allcnn.initial_weights(5, 10).items()}, size=8, dtype=np.float64
    )
    images = np.random.default_rng(6).uniform(size=(4, 8, 8, 3))
    for number, (result,) in explain(small, [job(image, Logit()) for image in images]).items():
        exact = integrated_gradients(
            small, images[number], Logit(result.target), baseline=black(images[number]), n_steps=600
        )
        assert exact.relative_convergence_delta < 1e-3
        assert result.status is Status.CONVERGED
        assert relative(result.heatmap, exact.heatmap) <= result.error <= 0.01
        assert np.mean(np.abs(result.heatmap - exact.heatmap) <= result.pixel_error) >= 0.8


def test_a_boundary_layer_at_the_baseline_is_taken_apart():
    """S = Σ tanh(400 x): all of the change happens in the first hundredth of the path."""

    class Saturating(Analytic):
        def forward(self, images, layers=()):
            answer = super().forward(images)
            logits = np.tensordot(np.tanh(400 * images), self.linear, ((1, 2, 3), (1, 2, 3)))
            return replace(answer, outputs=logits)

        def vjp(self, images, grad_outputs, layers=()):
            logits = self.forward(images).outputs
            slopes = self.linear * 400 / np.cosh(np.minimum(400 * images[:, None], 300)) ** 2
            gradients = np.einsum("tbk,bkhwc->tbhwc", grad_outputs["output"](logits), slopes)
            return replace(super().vjp(images, grad_outputs), outputs=logits, input_gradients=gradients)

    model = Saturating(np.abs(Analytic.random(3).linear), np.zeros((3, 4, 5, 3)))
    image = np.random.default_rng(1).uniform(0.2, 1, size=model.input.shape)
    result = integrate_one(model, image, Logit(0), baseline=black(image), tolerance=0.01)
    assert result.rule == "trapezoid, layer"
    assert result.status is Status.CONVERGED
    assert result.n_evaluations <= 65
    assert relative(result.attribution, model.linear[0] * np.tanh(400 * image)) <= 0.01


def test_the_result_warns_of_what_makes_a_map_meaningless(model, images):
    image = images[0]
    (same,) = explain(model, [job(image, baselines=(image.copy(),))])[0]
    assert "The baseline is the image itself" in same.notes[0]
    assert not same.attribution.any()
    dead = Analytic(np.zeros_like(model.linear), np.zeros_like(model.linear))
    (result,) = explain(dead, [job(image)])[0]
    assert "exactly zero at every place" in result.notes[0]
    balanced = np.zeros((2, 1, 2, 1))
    balanced[0, 0, :, 0], balanced[1] = (1, -1), 3
    (result,) = explain(Analytic(balanced, np.zeros_like(balanced)), [job(np.ones((1, 2, 1)))])[0]
    assert "hardly changes" in result.notes[0]
    assert explain(model, [job(images[1])])[0][0].notes == ()


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_values_that_are_not_finite_are_named_with_their_place(model, images):
    broken = Analytic(model.linear, model.curved)
    broken.curved = np.where(np.arange(5)[:, None] == 2, np.inf, model.curved)
    with raises(ModelError, "output", found="not finite"):
        explain(broken, [job(images[0])])


def test_a_gradient_that_is_not_finite_is_named_too(model, images):
    class Broken(Analytic):
        def vjp(self, images, grad_outputs, layers=()):
            answer = super().vjp(images, grad_outputs, layers)
            return replace(answer, input_gradients=answer.input_gradients * np.nan)

    with raises(ModelError, "gradient", found="not finite"):
        explain(Broken(model.linear, model.curved), [job(images[0])])


@pytest.mark.parametrize("tolerance", [0.0, -1.0, 1e-11, float("nan"), float("inf")])
def test_a_tolerance_that_cant_be_kept_is_refused(model, images, tolerance):
    with raises(UsageError, "tolerance", limit=1e-10):
        explain(model, [job(images[0])], tolerance=tolerance)


def test_single_precision_says_what_it_can_give(images):
    small = allcnn.build(allcnn.initial_weights(0, 4), size=8)
    with raises(UsageError, "tolerance", asked=1e-06, limit=1e-05):
        explain(small, [job(np.zeros((8, 8, 3), np.float32))], tolerance=1e-6)


def test_images_of_several_sizes_are_told_apart(model, images):
    small = np.zeros((2, 2, 3))
    results = integrate_jobs(model, map(job, [*images[:2], small]), tolerance=0.01, batch_size=1)
    assert [number for number, _ in itertools.islice(results, 2)] == [0, 1]
    with raises(ImageError, "image", asked=(4, 5, 3), found=(2, 2, 3)):
        list(results)


def test_jobs_without_meaning_are_refused(model, images):
    image = images[0]
    with raises(UsageError, "baselines", found=0):
        explain(model, [Job(image, (Logit(0),), ())])
    with raises(UsageError, "targets", asked=0, found=0):
        explain(model, [Job(image, (), (image,))])
    with raises(UsageError, "targets", asked=2, found=1):
        explain(model, [job(image), job(image, Logit(0), Logit(1))])
    with unchecked(), raises(ImageError, "baseline", asked=(4, 5, 3), found=(2, 2, 3)):
        explain(model, [job(image, baselines=(np.zeros((2, 2, 3)),))])
    with raises(ImageError, "image", asked=(4, 5, 3), found=(2, 2, 3)):
        explain(model, [job(np.zeros((2, 2, 3)))])
    with raises(UsageError, "max_evaluations", asked=5, found=3):
        explain(model, [job(image, baselines=(image,) * 3)], max_evaluations=5)
    with raises(UsageError, "class", asked=7):
        explain(model, [job(image, Logit(7))])


def test_a_probability_of_scores_has_no_meaning(model, images):
    class Scores(Analytic):
        @property
        def output(self):
            return OutputSpec(super().output.class_names, kind="scores")

    with raises(UsageError, "target", asked="probability", found="scores"):
        explain(Scores(model.linear, model.curved), [job(images[0], Probability(0))])
