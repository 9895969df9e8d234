"""What is stated of maps whose gradients miss a part of the score: never less than their gap, and never a success."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from innerview.methods import integrated_gradients
from innerview.methods.expected_gradients import expected_gradients
from innerview.methods.smooth import smooth_grad, var_grad
from innerview.methods.tolerance import integrate_jobs
from innerview.methods.walk import Job
from innerview.pictures.attribution import certificate, doubtful
from innerview.results import Status
from innerview.targets import Logit, Margin
from innerview.viewer.sentences import exactness
from methods.analytic import Analytic


class Altered(Analytic):
    """A model whose scores have a part that its gradients do not know of, as after round or detach."""

    kept = 1.0

    def hidden(self, images):
        return np.zeros((len(images), len(self.linear)))

    def forward(self, images, layers=()):
        answer = super().forward(images)
        return replace(answer, outputs=answer.outputs * self.kept + self.hidden(images))

    def vjp(self, images, grad_outputs, layers=()):
        answer = super().vjp(images, grad_outputs)
        return replace(answer, input_gradients=answer.input_gradients * self.kept)


class Detached(Altered):
    def hidden(self, images):
        return images.sum(axis=(1, 2, 3))[:, None] * np.array([5.0, 0.0, 0.0])


class Rounded(Altered):
    kept = 0.0

    def hidden(self, images):
        return np.tensordot(np.round(images * 255) / 255, self.linear, ((1, 2, 3), (1, 2, 3)))


class Argmax(Altered):
    kept = 0.0

    def hidden(self, images):
        return (images.sum(axis=(1, 2, 3)) > 9.7)[:, None] * np.array([1.0, 0.0, 0.0])


class Dead(Altered):
    kept = 0.0


def made(kind):
    return kind(Analytic.random(3).linear, Analytic.random(3).curved)


@pytest.fixture
def image():
    return np.random.default_rng(4).uniform(size=(4, 5, 3))


def explained(model, image, **options):
    return integrated_gradients(model, image, Logit(0), baseline=np.zeros_like(image), **{"tolerance": 0.01, **options})


@pytest.mark.parametrize("kind", [Detached, Rounded, Argmax, Dead])
@pytest.mark.parametrize("tolerance", [0.05, 1e-3])
def test_a_score_that_the_gradients_miss_is_no_success_and_stops_early(image, kind, tolerance):
    result = explained(made(kind), image, tolerance=tolerance)
    assert result.status is Status.NO_GRADIENT
    assert result.n_evaluations < 100
    assert result.error > tolerance
    assert not result.error < result.relative_convergence_delta
    assert not result.channel_error < result.relative_convergence_delta
    assert result.pixel_error is None
    assert result.notes
    assert doubtful(result) == ""
    assert certificate(result).startswith("! error not known")
    assert "error is not known" in exactness(result)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Detached, "goes on to do so however finely the path is cut.*detach.*Use occlusion"),
        (Rounded, "exactly zero at every place that was visited, but the score changes.*round.*Use occlusion"),
        (Dead, "the score is the same at both ends"),
    ],
)
def test_the_note_says_what_it_means_and_what_to_use_instead(image, kind, words):
    assert any(re.search(words, note) for note in explained(made(kind), image).notes)


def test_of_several_targets_only_those_that_miss_something_are_marked(image):
    job = Job(image, (Logit(0), Logit(1), Margin(1, 2)), (np.zeros_like(image),))
    ((_, results),) = integrate_jobs(made(Detached), [job], tolerance=0.01)
    assert [result.status for result in results] == [Status.NO_GRADIENT, Status.CONVERGED, Status.CONVERGED]
    for result in results[1:]:
        assert result.relative_convergence_delta <= result.error <= 0.01


@pytest.mark.parametrize("kind", [Rounded, Argmax])
def test_a_fixed_rule_owns_up_to_a_zero_map_of_a_changed_score(image, kind):
    result = explained(made(kind), image, tolerance=None, n_steps=8)
    assert result.status is Status.NO_GRADIENT
    assert "Use occlusion" in result.notes[0]
    assert explained(made(Analytic), image, tolerance=None, n_steps=8).status is Status.FIXED_STEPS


def test_a_pixel_that_is_the_baselines_has_no_error_at_all(image):
    baseline = image.copy()
    baseline[1:3, 2:4] -= 0.3
    baseline[3, 4, 1] += 0.2
    result = integrated_gradients(made(Analytic), image, Logit(1), baseline=baseline, tolerance=0.01)
    same = ~(image != baseline).any(axis=2)
    assert not result.pixel_error[same].any()
    assert result.pixel_error[~same].all()
    assert not result.heatmap[same].any()
    same_everywhere = integrated_gradients(made(Analytic), image, Logit(1), baseline=image.copy(), tolerance=0.01)
    assert same_everywhere.error == same_everywhere.channel_error == 0
    assert same_everywhere.status is Status.CONVERGED


def test_what_is_made_of_such_maps_says_so(image):
    method = partial(integrated_gradients, baseline=np.zeros_like(image), tolerance=0.01)
    for kind in (smooth_grad, var_grad):
        assert (
            "3 of these maps are not within"
            in kind(made(Detached), image, Logit(0), method=method, n_samples=3).notes[1]
        )
        assert len(kind(made(Analytic), image, Logit(0), method=method, n_samples=3).notes) == 1
    baselines = [np.zeros_like(image)]
    assert "Use occlusion" in expected_gradients(made(Rounded), image, Logit(0), baselines=baselines).notes[1]
    assert len(expected_gradients(made(Analytic), image, Logit(0), baselines=baselines).notes) == 1


class Coarse(Analytic):
    """Float32 scores of a million, which can't hold changes of a thousandth."""

    @property
    def dtype(self):
        return np.dtype(np.float32)

    def forward(self, images, layers=()):
        answer = super().forward(images.astype(np.float64), layers)
        return replace(answer, outputs=(answer.outputs * 1e-3 + 1e6).astype(np.float32))

    def vjp(self, images, grad_outputs, layers=()):
        answer = super().vjp(images.astype(np.float64), grad_outputs)
        return replace(answer, input_gradients=(answer.input_gradients * 1e-3).astype(np.float32))


def test_scores_too_coarse_to_check_a_map_by_are_said_to_be():
    image = np.random.default_rng(4).uniform(size=(4, 5, 3)).astype(np.float32)
    result = explained(made(Coarse), image)
    assert result.status is Status.NO_GRADIENT
    assert result.error >= result.relative_convergence_delta > 0.01
    assert "model.astype(np.float64)" in result.notes[0]
