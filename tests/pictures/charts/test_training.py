"""The course of trainings: means as they are said to be, a colour for each run, the last value at each line's end."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from innerview.errors import UsageError
from innerview.pictures import tokens
from innerview.pictures.charts.curves import Curve, smoothed
from innerview.pictures.charts.paper import NARROW
from innerview.pictures.charts.training import RUNS, Mark, Panel, Track, draw_panel, training_figure
from innerview.pictures.saving import DPI, to_pillow
from raising import raises

TIMES = np.arange(1.0, 101.0)


def track(values, part="training", run=0, window=1) -> Track:
    return Track(run, part, part, Curve(TIMES[: len(values)], np.asarray(values, dtype=np.float64)), window)


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


@given(st.lists(st.one_of(st.floats(-5, 5), st.just(float("nan"))), min_size=1, max_size=20), st.integers(1, 25))
def test_a_mean_is_that_of_the_last_values_that_were_measured(values: list[float], window: int) -> None:
    line = smoothed(Curve(np.arange(float(len(values))), np.array(values)), window).values
    for place in range(len(values)):
        part = [value for value in values[max(0, place + 1 - window) : place + 1] if not np.isnan(value)]
        expected = np.mean(part) if part else np.nan
        assert line[place] == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_one_run_has_the_colours_of_training_and_test_over_all_values() -> None:
    axes = Figure().subplots()
    panel = Panel("Loss", (track(2 / TIMES, window=5), track([1.0, 0.5], "test")), "number")
    draw_panel(axes, panel, 1, [Mark(30, "24 px")])
    colours = [to_hex(line.get_color()).upper() for line in axes.lines]
    assert colours[:3] == [tokens.TRAIN, tokens.TRAIN, tokens.TEST]
    assert axes.lines[0].get_alpha() < 1
    assert "24 px" in texts(axes)
    assert any(text.startswith("test 0.5") for text in texts(axes))
    assert axes.get_ylim()[0] == 0


def test_several_runs_have_a_colour_each_and_dash_their_training() -> None:
    tracks = tuple(track(TIMES / 100, part, run) for run in range(3) for part in ("training", "test"))
    figure = training_figure([Panel("Accuracy", tracks, "share")], ["a", "b", "c"], unit="minutes")
    (axes,) = figure.axes
    assert {to_hex(line.get_color()).upper() for line in axes.lines} == set(RUNS[:3])
    assert [line.get_linestyle() for line in axes.lines] == ["--", "-"] * 3
    assert axes.get_xlabel() == "minutes"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b", "c", "test", "training"]
    assert axes.get_ylim() == (0, 1)


def test_a_single_test_of_each_of_several_runs_lies_over_their_training() -> None:
    tracks = tuple(
        track(values, part, run) for run in range(3) for part, values in (("training", [0.5] * 9), ("test", [0.5]))
    )
    axes = Figure().subplots()
    draw_panel(axes, Panel("Accuracy", tracks, "share"), 3)
    drawn = sorted(axes.lines, key=lambda line: line.get_zorder())
    assert [line.get_marker() for line in drawn] == [""] * 3 + ["o"] * 3
    assert not any(line.get_clip_on() for line in drawn[3:])


def test_all_plots_reach_as_far_as_the_longest_line() -> None:
    short, long = (
        Panel("Loss", (track([1.0, 2.0]),), "number"),
        Panel("Accuracy", (track(TIMES / 100, "test"),), "share"),
    )
    for panels in ([short, long], [long, short]):
        assert [axes.get_xlim() for axes in training_figure(panels, ["a"]).axes] == [(0, 100)] * 2


def test_names_of_runs_stand_below_the_title_where_there_is_no_room_beside_it() -> None:
    panel = Panel("Loss", tuple(track([1.0, 2.0], "test", run) for run in range(3)), "number")
    figure = training_figure([panel], ["a" * 40, "b", "c"], width=NARROW)
    pixels = to_pillow(figure)
    assert pixels.width == round(NARROW * DPI)
    legend = figure.legends[0].get_window_extent()
    assert figure.axes[0].get_tightbbox().y1 <= legend.y0
    assert legend.y1 <= figure.texts[0].get_window_extent().y0
    assert legend.x1 <= figure.bbox.x1


def test_a_short_logarithmic_axis_has_more_than_one_number() -> None:
    figure = training_figure([Panel("Gradient norm", (track([0.8, 3.0, 6.0]),), "log")], ["a"])
    to_pillow(figure)
    (axes,) = figure.axes
    low, high = axes.get_ylim()
    ticks = [tick.label1.get_text() for tick in axes.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
    assert ticks == ["1", "2", "5"]


def test_what_has_no_values_has_no_plot_and_nothing_at_all_is_refused() -> None:
    empty = Panel("Gradient norm", (track([np.nan]),), "log")
    figure = training_figure([Panel("Loss", (track([1.0, 2.0]),), "log"), empty], ["a"])
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Loss"]
    assert figure.axes[0].get_yscale() == "log"
    with raises(UsageError, "metrics", asked=(0, 1), limit=5):
        training_figure([empty], ["a"])


@pytest.mark.parametrize("part", ["training", "test"])
def test_a_run_that_diverged_leaves_the_plot_to_the_others(part: Literal["training", "test"]) -> None:
    falling, risen = 2 / TIMES**0.25, np.where(TIMES < 90, 2.0, 2e19)
    axes = Figure().subplots()
    draw_panel(
        axes, Panel("Loss", (track(falling, part), track(risen[:60], part, 1), track(risen, part, 2)), "number"), 3
    )
    lines = [axes.transData.transform(line.get_xydata())[:, 1] for line in axes.lines]
    assert np.ptp(lines[0]) > 0.1 * axes.bbox.height
    assert all(line.get_clip_on() for line in axes.lines)
    assert [text for text in texts(axes) if "↑" in text] == [f"{part} 2e19 ↑"]
    top = axes.get_ylim()[1]
    assert all(text.xy[1] <= top for text in axes.texts if isinstance(text, Annotation))


@given(st.lists(st.floats(0, 9), min_size=1, max_size=30))
def test_a_run_that_did_not_diverge_is_seen_whole(values: list[float]) -> None:
    axes = Figure().subplots()
    draw_panel(axes, Panel("Loss", (track([9.0, *values]),), "number"), 1)
    assert axes.get_ylim()[1] > 9
    assert not any("↑" in text for text in texts(axes))
