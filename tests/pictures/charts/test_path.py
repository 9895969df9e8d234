"""The path's three plots: drawn at the computed alphas, on an axis that opens up near zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from innerview.errors import UsageError
from innerview.pictures.charts.path import (
    draw_norm_path,
    draw_probability_path,
    draw_score_path,
    path_figure,
    profile_of,
)
from pictures.made import integrated, interior, profile
from raising import raises

ALPHAS = (0.0, 1e-4, 0.001, 0.01, 0.1, 0.5, 1.0)


@pytest.mark.parametrize("alphas", [ALPHAS, (0.5,), (0.0,), (1.0,), tuple(np.linspace(0, 1, 64))])
def test_the_figure_has_score_probability_and_gradient(alphas) -> None:
    figure = path_figure(profile(alphas))
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Score: 2 horse", "Probability", "Size of the gradient"
    ]  # fmt: skip
    for axes in figure.axes:
        points = [line for line in axes.lines if len(line.get_xdata()) == len(alphas)]
        assert all((line.get_xdata() == alphas).all() for line in points)


def test_the_values_are_those_of_the_profile() -> None:
    given = profile(ALPHAS)
    score, chance, norm = path_figure(given).axes
    assert (score.lines[1].get_ydata() == given.scores).all()
    assert (chance.lines[0].get_ydata() == given.probabilities[:, 2]).all()
    assert (norm.lines[0].get_ydata() == given.norms).all()


def test_the_axis_is_linear_nowhere_and_opens_up_near_zero() -> None:
    axes = Figure().subplots()
    draw_score_path(axes, profile(ALPHAS))
    places = axes.transScale.transform(np.array([[alpha, 0.0] for alpha in ALPHAS]))[:, 0]
    assert (np.diff(places) > 0).all()
    steps = np.diff(places[1:5])  # a power of ten each
    assert np.allclose(steps[1:], np.log(10), rtol=0.05)
    assert axes.get_xlim() == (0, 1)


def test_the_closest_classes_are_drawn_beside_the_one_explained() -> None:
    axes = Figure().subplots()
    draw_probability_path(axes, profile(ALPHAS), rivals=1)
    assert [text.get_text() for text in axes.texts] == ["0 airplane", "2 horse"]
    assert len(axes.lines) == 2


def test_names_at_the_ends_of_lines_do_not_cover_each_other() -> None:
    same = replace(profile(ALPHAS), probabilities=np.full((7, 3), 1 / 3))
    axes = Figure().subplots()
    draw_probability_path(axes, same)
    heights = sorted(text.xy[1] for text in axes.texts)
    assert len(heights) == 3
    assert min(np.diff(heights)) >= 0.139
    assert heights[-1] <= 1


def test_outputs_without_probabilities_are_said() -> None:
    axes = Figure().subplots()
    draw_probability_path(axes, replace(profile(), probabilities=np.full((3, 3), np.nan)))
    assert axes.texts[0].get_text() == "this model's outputs are no probabilities"


@pytest.mark.parametrize("norms", [(0.0, 0.0, 0.0), (0.0, 1.0, 1e-9), (1e9, 1.0, 1e-9), (3.0, 3.0, 3.0)])
def test_gradients_that_vanish_or_explode_are_drawn(norms) -> None:
    axes = Figure().subplots()
    draw_norm_path(axes, replace(profile(), norms=np.array(norms)))
    zeros = norms.count(0.0)
    assert (f"zero at {zeros} of 3 positions" in axes.get_title(loc="left")) == (zeros > 0)
    assert np.isfinite(axes.get_ylim()).all()
    assert len(axes.get_yticks()) <= 9


@pytest.mark.parametrize("classes", [1, 2, 1000])
def test_any_number_of_classes_is_drawn(classes) -> None:
    names = tuple(f"great white shark, man-eater, number {index}" for index in range(classes))
    figure = path_figure(profile(ALPHAS, names))
    assert 1 <= len(figure.axes[1].lines) <= 3
    assert all(len(text.get_text()) <= 18 for text in figure.axes[1].texts)


def test_profiles_are_taken_out_of_results() -> None:
    result = interior(np.ones((3, 8, 8, 3)), (1.0, 0.01, 0.5))
    assert (profile_of(result).alphas == [0.01, 0.5, 1.0]).all()
    assert profile_of(integrated(np.ones((8, 8)))).unit == "logit"
    with raises(UsageError, "result", found="list"):
        profile_of([])
