"""Weights, layers and channels through time: what is drawn is what was counted, on shared bins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from innerview.errors import UsageError
from innerview.pictures.charts.heat import draw_heat, heat_figure
from innerview.pictures.charts.layers import Statistic, layer_times_figure
from innerview.pictures.charts.overlaid import ends_figure
from innerview.pictures.charts.ridges import RIDGES, draw_ridges, ridges_figure
from innerview.pictures.charts.spread import HELD, MOST, Window, layer_words, window_for, windows_for
from innerview.pictures.charts.training import RUNS
from innerview.pictures.charts.units import Shares, draw_shares, units_figure
from innerview.pictures.saving import to_pillow
from innerview.runs import History, histogram
from raising import raises


def history(widths: list[float], seed: int = 0) -> History:
    """A layer of 2,000 weights whose spread is `widths`, checkpoint by checkpoint."""
    random = np.random.default_rng(seed)
    counted = [histogram(random.normal(0, width, 2000)) for width in widths]
    return History(np.arange(len(widths)) * 10, counted[0].edges, np.stack([one.counts for one in counted]))


@given(st.lists(st.floats(0.001, 1.5), min_size=1, max_size=4))
def test_a_window_holds_nearly_all_weights_of_every_checkpoint(widths: list[float]) -> None:
    found = history(widths)
    window = window_for([found])
    edges, counts = window.cut(found)
    assert counts.shape == (len(widths), len(edges) - 1)
    assert (counts.sum(axis=1) >= HELD * 2000).all()
    assert edges[-1] == pytest.approx(window.reach)
    assert edges[0] == -edges[-1]


def test_a_window_for_two_runs_is_that_of_the_wider() -> None:
    narrow, wide = history([0.1]), history([0.1, 0.8], seed=1)
    assert window_for([narrow, wide]) == window_for([wide])


def test_runs_share_a_window_unless_one_would_squash_another() -> None:
    narrow, near, wide = history([0.05]), history([0.1], seed=1), history([0.05, 1.3], seed=2)
    shared = windows_for([narrow, near])
    assert shared[0] == shared[1] == window_for([near])
    assert not shared[0].own
    own = windows_for([narrow, wide])
    assert [window.reach for window in own] == [window_for([one]).reach for one in (narrow, wide)]
    assert all(window.own for window in own)
    figure = ridges_figure({"conv1": narrow}, "run", {"conv1": own[0]})
    assert "own axis" in figure.axes[0].get_title(loc="left")


def test_weights_beyond_a_plot_are_counted_those_beyond_all_bins_too() -> None:
    values = np.concatenate([np.zeros(90), np.full(6, 2.0), np.full(3, -7.0), np.full(4, 100.0)])
    first, last = histogram(values), histogram(np.zeros(103))
    found = History(
        np.array([0, 10]), first.edges, np.stack([first.counts, last.counts]), np.array([first.above, last.above])
    )
    assert Window(1.0, 8).beyond(found) == 13
    assert Window(4.0, 8).beyond(found) == 7
    assert layer_words("conv1", Window(4.0, 8), found) == "conv1 · ≤ 7 beyond"
    assert layer_words("conv1", Window(4.0, 8, own=True), history([0.1])) == "conv1 · own axis"


def test_ridges_run_downwards_with_their_steps_and_keep_one_height() -> None:
    axes = Figure().subplots()
    found = history([0.1, 0.2, 0.4])
    draw_ridges(axes, found, window_for([found]), "conv1")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "10", "20"]
    assert axes.get_yticks().tolist() == [2, 1, 0]
    tops = [line.get_ydata().max() - place for place, line in zip((2, 1, 0), axes.lines, strict=True)]
    assert tops == sorted(tops, reverse=True)
    assert tops[0] == pytest.approx(2.6)


def test_many_checkpoints_are_thinned_and_the_first_and_last_stay() -> None:
    axes = Figure().subplots()
    found = history([0.1] * 30)
    draw_ridges(axes, found, window_for([found]))
    steps = [label.get_text() for label in axes.get_yticklabels()]
    assert len(steps) == RIDGES
    assert (steps[0], steps[-1]) == ("0", "290")


def test_a_heat_map_is_the_logarithm_of_the_counts() -> None:
    axes = Figure().subplots()
    found = history([0.1, 0.4])
    most = draw_heat(axes, found, Window(0.5, 8))
    drawn = axes.collections[0].get_array()
    _, counts = Window(1.0, 8).cut(found)
    np.testing.assert_allclose(np.expm1(np.asarray(drawn)), counts.T, atol=1e-9)
    assert most == counts.max()


@pytest.mark.parametrize("figure", [ridges_figure, heat_figure])
def test_layers_find_room_and_those_that_do_not_are_counted(figure) -> None:
    many = {f"layer {number}": history([0.1, 0.2]) for number in range(MOST + 3)}
    drawn = figure(many, "run")
    assert len(drawn.axes) == MOST
    assert f"{MOST} of {MOST + 3} layers" in drawn.get_supxlabel()
    with raises(UsageError, "layers", found=0):
        figure({}, "run")


def test_runs_lie_over_each_other_on_one_set_of_bins() -> None:
    runs = {"one": {"a": history([9, 0.1]), "b": history([0.1])}, "two": {"a": history([0.3], seed=1)}}
    first, second = ends_figure(runs).axes
    assert [to_hex(line.get_color()).upper() for line in first.lines] == list(RUNS[:2])
    edges = [line.get_xdata().tolist() for line in first.lines]
    assert edges[0] == edges[1]
    assert edges[0][-1] < 2  # the widest last checkpoint decides, not an earlier one
    assert [line.get_ydata()[1:-1:2].sum() for line in first.lines] == pytest.approx([1, 1], abs=2e-3)
    assert len(second.lines) == 1
    with raises(UsageError, "layers", asked=(0, 0), limit=5):
        ends_figure({})


def test_a_distance_beyond_the_size_is_written_as_it_is() -> None:
    values = np.array([[1.35], [0.5]])
    figure = layer_times_figure(np.array([0, 10]), Statistic("Distance", "share", values), {"a": 0}, "run")
    assert figure.axes[0].get_title(loc="left") == "a · 135 % → 50 %"


@pytest.mark.parametrize(("log", "first"), [(True, "a · 0.500 → 0.125"), (False, "a · 50 % → 12.5 %")])
def test_each_layer_has_a_plot_before_the_others(log: bool, first: str) -> None:
    values = np.array([[0.5, np.nan], [0.25, 0.1], [0.125, 0.05]])
    steps = np.array([0, 10, 1000])
    figure = layer_times_figure(steps, Statistic("Movement", "share", values, log=log), {"a": 0, "b": 1}, "run")
    left, right = figure.axes
    assert left.get_title(loc="left") == first
    assert left.lines[0].get_ydata().tolist() == [0.5, 0.25, 0.125]
    assert right.lines[1].get_xdata().tolist() == [10, 1000]
    assert [tick.get_text() for tick in right.get_xticklabels()] == ["0", "1", "10", "100", "1,000"]
    with raises(UsageError, "layers", asked=(0, 3)):
        layer_times_figure(steps, Statistic("Movement", "share", values), {}, "run")


def test_counts_are_written_as_counts_and_shares_as_shares() -> None:
    counted = Shares("Stuck", np.array([[0.0, 0.5], [0.25, 1.0]]), (8, 4))
    axes = Figure().subplots()
    draw_shares(axes, [0, 1000], ["a", "b"], counted)
    assert [text.get_text() for text in axes.texts] == ["·", "2", "2", "4"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "1,000"]
    assert Shares("Saturated", np.array([[0.123]])).written(0, 0) == "12.3 %"
    with raises(UsageError, "layers", found=0):
        units_figure([], [], [counted], name="run")


@pytest.mark.parametrize(("width", "kept"), [(8.6, [0, 10, 20, 30, 40, 50, 60]), (3.8, [0, 20, 40, 60])])
def test_as_many_checkpoints_are_shown_as_find_room(width: float, kept: list[int]) -> None:
    shares = Shares("Saturated", np.linspace(0, 0.6, 7)[:, None])
    figure = units_figure(range(0, 70, 10), ["a"], [shares], name="run", about="told", width=width)
    (axes,) = figure.axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [str(step) for step in kept]
    assert [text.get_text() for text in axes.texts[1:]] == [f"{step} %" for step in kept[1:]]
    assert figure.get_supxlabel() == ("told" if len(kept) == 7 else "told · 4 of 7 checkpoints")


def test_words_are_wrapped_to_the_width_of_their_figure() -> None:
    figure = heat_figure({"a": history([0.1, 0.2])}, "a run with a name of many words", columns=1)
    to_pillow(figure)
    assert [text.get_window_extent().x1 <= figure.bbox.x1 for text in figure.texts] == [True, True]
