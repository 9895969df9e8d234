"""Histograms of weights: the outlines hold every counted weight, and what is in no bin is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from innerview.errors import UnknownLayer, UsageError
from innerview.methods.weights import weight_histograms
from innerview.pictures import tokens
from innerview.pictures.charts.histograms import draw_layer, draw_layers, histogram_figure, layers_figure, left_out
from pictures.made import histograms
from raising import raises


def lines(axes) -> list[tuple[str, float]]:
    """Colour of each outline and how many weights it holds."""
    return [(to_hex(line.get_color()).upper(), line.get_ydata()[1:-1:2].sum()) for line in axes.lines]


@pytest.mark.parametrize("layer", [0, 3, "conv2.weight"])
def test_before_is_grey_and_after_coloured_and_both_hold_all_weights(layer) -> None:
    axes = Figure().subplots()
    draw_layer(axes, histograms(), layer)
    assert lines(axes) == [(tokens.BEFORE, 500), (tokens.TEST, 500)]


def test_an_outline_follows_its_bins() -> None:
    axes, result = Figure().subplots(), histograms()
    draw_layer(axes, result, 1)
    x, y = axes.lines[-1].get_data()
    assert (x == result.edges[1].repeat(2)).all()
    assert (y == np.concatenate([[0], result.counts[-1, 1].repeat(2), [0]])).all()


def test_three_layers_share_a_plot_with_one_outline_each() -> None:
    axes = Figure().subplots()
    draw_layers(axes, histograms(), [0, 1, 2])
    assert [colour for colour, _ in lines(axes)] == [tokens.BEFORE, tokens.TEST, tokens.BEFORE, tokens.TRAIN,
                                                     tokens.BEFORE, tokens.INK]  # fmt: skip
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["conv1.weight", "conv2.weight", "conv3.weight"]


def test_a_name_that_begins_with_an_underscore_is_in_the_legend_too() -> None:
    axes, result = Figure().subplots(), histograms()
    draw_layers(axes, replace(result, layers=("_fc.weight", *result.layers[1:])), [0, 1])
    assert [text.get_text().strip() for text in axes.get_legend().get_texts()] == ["_fc.weight", "conv2.weight"]


def test_the_names_of_layers_stand_above_their_curves() -> None:
    random = np.random.default_rng(0)
    weights = {f"conv{layer}.weight": random.normal(size=100_000) for layer in range(3)}
    figure = histogram_figure(weight_histograms({"after": weights}, limits=[2.8]))
    figure.draw_without_rendering()
    (axes,) = figure.axes
    names = axes.get_legend().get_window_extent()
    for line in axes.lines:
        assert not any(names.contains(x, y) for x, y in axes.transData.transform(line.get_xydata()))


@pytest.mark.parametrize(("layers", "together", "plots"), [(9, 3, 3), (4, 3, 2), (1, 3, 1), (4, 1, 4)])
def test_the_figure_has_a_plot_for_each_three_layers(layers, together, plots) -> None:
    figure = histogram_figure(histograms(layers=layers), together=together)
    assert len(figure.axes) == plots
    assert all(axes.get_ylabel().startswith("weights per bin") for axes in figure.axes)


@pytest.mark.parametrize(("checkpoints", "title"), [(1, "Weights: after"), (2, "Weights: before and after"),
                                                  (8, "Weights: epoch 0 to epoch 7")])  # fmt: skip
def test_one_or_many_checkpoints_are_drawn_from_light_to_dark(checkpoints, title) -> None:
    figure = layers_figure(histograms(checkpoints))
    assert figure.get_suptitle() == title
    strengths = [line.get_alpha() for line in figure.axes[0].lines]
    assert len(strengths) == checkpoints
    assert strengths == sorted(strengths)
    assert len(figure.axes) == 4


def test_weights_in_no_bin_are_said_in_the_plot() -> None:
    result = histograms(lost=1234)
    assert left_out(result, 0, 0) == "1,234 not a number"
    assert left_out(histograms(), 0, 0) == ""
    axes = Figure().subplots()
    draw_layer(axes, result, 0)
    assert "! after: 1,234 not a number" in axes.get_title(loc="left")
    together = Figure().subplots()
    draw_layers(together, result, [0, 1])
    assert "conv2.weight: 1,234 not a number" in [text.get_text() for text in together.get_legend().get_texts()]


def test_all_kinds_of_lost_weights_have_a_name() -> None:
    result = histograms()
    marked = replace(result, under=result.under + 1, over=result.over + 2, infinite=result.infinite + 3)
    assert left_out(marked, 1, 2) == "3 infinite, 1 below the bins, 2 above the bins"


def test_mean_and_deviation_are_written_from_the_first_to_the_last() -> None:
    axes = Figure().subplots()
    result = replace(histograms(), mean=np.array([[0.0] * 4, [0.25] * 4]))
    draw_layer(axes, result, 0)
    assert "mean 0 → 0.250" in axes.get_title(loc="left")


def test_empty_bins_and_weights_that_are_all_lost_are_drawn() -> None:
    result = histograms(lost=500)
    empty = replace(result, counts=np.zeros_like(result.counts), mean=result.mean * np.nan, std=result.std * np.nan)
    assert histogram_figure(empty).axes[0].get_ylim()[1] > 0
    assert "mean – → –" in layers_figure(empty).axes[0].get_title(loc="left")


def test_what_is_not_there_is_refused() -> None:
    axes = Figure().subplots()
    with raises(UnknownLayer, "layer", asked="conv99"):
        draw_layer(axes, histograms(), "conv99")
    with raises(UsageError, "layers", asked=4, limit=3):
        draw_layers(axes, histograms(), [0, 1, 2, 3])
    with raises(UsageError, "layers", asked=0, limit=3):
        histogram_figure(histograms(), together=0)


@pytest.mark.parametrize(
    ("checkpoints", "lines_of_a_layer", "said"),
    [
        (2, 2, "grey: before · coloured: after · "),
        (3, 2, "grey: epoch 0 · coloured: epoch 2 · 1 checkpoint between them not drawn · "),
        (5, 2, "grey: epoch 0 · coloured: epoch 4 · 3 checkpoints between them not drawn · "),
    ],
)
def test_checkpoints_that_are_not_drawn_are_said_so(checkpoints: int, lines_of_a_layer: int, said: str) -> None:
    figure = histogram_figure(histograms(checkpoints, layers=1))
    assert len(figure.axes[0].lines) == lines_of_a_layer
    assert figure.get_supxlabel().startswith(said)
