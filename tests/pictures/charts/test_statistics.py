"""Accuracy and class shares along the path: bars that add up to all images."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from innerview.errors import UsageError
from innerview.model import InputSpec
from innerview.pictures.charts.statistics import FILLS, draw_accuracy, draw_class_shares, statistics_figure
from innerview.results import PathPredictions
from pictures.made import SOURCE
from raising import raises


def made(alphas: int = 4, classes: int = 10, seed: int = 0) -> PathPredictions:
    shares = np.random.default_rng(seed).dirichlet(np.ones(classes), size=alphas)
    return PathPredictions(
        np.linspace(0.01, 1, alphas) if alphas else np.zeros(0),
        np.linspace(0.1, 0.8, alphas) if alphas else np.zeros(0),
        shares,
        200,
        tuple(f"name {index}" for index in range(classes)),
        InputSpec(8, 8),
        SOURCE,
    )


@pytest.mark.parametrize("classes", [1, 2, 10, 11, 1000])
@pytest.mark.parametrize("alphas", [1, 4, 64])
def test_the_parts_of_every_bar_add_up_to_one(alphas, classes) -> None:
    axes = Figure().subplots()
    draw_class_shares(axes, made(alphas, classes))
    heights = np.array([[bar.get_height() for bar in container] for container in axes.containers])
    assert heights.shape == (min(classes, len(FILLS)), alphas)
    assert np.allclose(heights.sum(axis=0), 1)


def test_all_classes_are_named_or_counted() -> None:
    axes = Figure().subplots()
    draw_class_shares(axes, made(classes=1000))
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names[0] == "991 other classes"
    assert len(names) == 10
    few = Figure().subplots()
    draw_class_shares(few, made(classes=3))
    assert [text.get_text() for text in few.get_legend().get_texts()] == ["2 name 2", "1 name 1", "0 name 0"]


def test_the_most_called_classes_are_the_named_ones() -> None:
    result = made(classes=40)
    axes = Figure().subplots()
    draw_class_shares(axes, result)
    named = {int(text.get_text().split()[0]) for text in axes.get_legend().get_texts()[1:]}
    assert named == set(np.argsort(-result.fractions.max(axis=0))[: len(FILLS) - 1].tolist())


def test_accuracy_is_drawn_and_its_last_value_written() -> None:
    axes = Figure().subplots()
    draw_accuracy(axes, made())
    assert axes.lines[0].get_ydata().tolist() == pytest.approx(np.linspace(0.1, 0.8, 4).tolist())
    assert axes.get_title(loc="left") == "Accuracy: 80 % at alpha 1"
    assert axes.get_ylim() == (0, 1)


def test_the_figure_says_over_how_many_images() -> None:
    assert statistics_figure(made()).get_suptitle() == "From the baseline to the image, over 200 images"
    with raises(UsageError, "alphas", found=0):
        statistics_figure(made(alphas=0))
