"""The course of one or several trainings: loss, accuracy, learning rate and gradient norm over steps or time.

What is logged at every step is noisy, so the line is a mean of the last values (how many is stated) over a pale line of
all values. One run has a colour for training and one for tests; several runs have a colour each, and their training
is dashed. The last value is written at the end of each line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from innerview.errors import UsageError
from innerview.pictures import tokens, words
from innerview.pictures.charts.curves import LOOKS, Curve, smoothed
from innerview.pictures.charts.paper import (
    NARROW,
    TEXT,
    dress,
    label_ends,
    new_figure,
    write_numbers,
    write_percent,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import LineStyleType

RUNS: Final = (tokens.TEST, tokens.TRAIN, "#4A55A8", "#A3327A", tokens.INK)
"""A colour for each run where there are several; as dark as each other, and apart for colour-blind readers."""

DASHED: Final = (0, (4, 2))

TITLE_ROOM: Final = 0.25
"""Inches that a figure's title takes, below which the names of runs stand where there is no room beside it."""

ROW: Final = 0.19
"""Inches that a row of such names takes."""

DECADES: Final = 100.0
"""A logarithmic axis that reaches less far has 2 and 5 beside its powers of ten, of which it may hold but one."""

FAR: Final = 10.0
"""Beyond so many times the usual height a line leaves the plot, as when a run diverged: others stay legible."""

FEW: Final = {"test": 60, "training": 3}
"""Values of a line up to which each is marked: a test is a moment, and a single value is no line."""


@dataclass(frozen=True)
class Track:
    """One line of a plot.

    Attributes:
        run: number of the run, from 0.
        part: "training" or "test".
        name: written at the end of the line.
        curve: values over time.
        window: how many values are averaged; 1 for none.
    """

    run: int
    part: Literal["training", "test"]
    name: str
    curve: Curve
    window: int = 1


@dataclass(frozen=True)
class Panel:
    """One plot: its title, its lines, its vertical axis ("share", "number" from 0, or "log")."""

    title: str
    tracks: tuple[Track, ...]
    axis: Literal["share", "number", "log"]


@dataclass(frozen=True)
class Mark:
    """A moment to be seen in all plots: where it is and what changed there."""

    time: float
    text: str


def draw_panel(axes: Axes, panel: Panel, runs: int, marks: Sequence[Mark] = ()) -> None:
    """Draw one plot.

    Args:
        axes: where to draw.
        panel: what to draw; lines without a finite value are left out.
        runs: how many runs there are in all: one has the colours of training and test, several one each.
        marks: moments to be seen.
    """
    ends: list[tuple[float, str, str]] = []
    shown: list[np.ndarray] = []
    for track in panel.tracks:
        colour, dash = LOOKS[track.part] if runs == 1 else (RUNS[track.run], DASHED)
        dash = "solid" if track.part == "test" or runs == 1 else dash
        line = smoothed(track.curve, track.window)
        seen = np.isfinite(line.values)
        if not seen.any():
            continue
        if track.window > 1 and runs == 1:
            axes.plot(track.curve.times, track.curve.values, color=colour, alpha=0.22, linewidth=0.6)
        marker = "o" if int(seen.sum()) <= FEW[track.part] else ""
        top = 3 if track.part == "test" else 2  # of several runs, no training covers the few points of another's tests
        axes.plot(
            line.times[seen],
            line.values[seen],
            color=colour,
            linestyle=dash,
            linewidth=1.4,
            marker=marker,
            ms=3 if seen.sum() > 1 else 4,
            zorder=top,
            clip_on=not marker,
        )
        last = float(line.values[seen][-1])
        written = words.share(last) if panel.axis == "share" else words.limit(last)
        ends.append((last, f"{track.name} {written}".strip(), colour))
        shown.append(line.values[seen][len(line.values[seen]) // 50 :])
    _scale(axes, panel, shown)
    top = axes.get_ylim()[1]
    if any(values.max() > top for values in shown):
        for line in axes.lines:
            line.set_clip_on(True)
    ends = [(last, text, colour) if last <= top else (top, f"{text} ↑", colour) for last, text, colour in ends]
    dress(axes, panel.title)
    for mark in marks:
        axes.axvline(mark.time, color=tokens.BORDER, linewidth=0.8, linestyle=(0, (1, 2)))
        axes.annotate(
            mark.text,
            (mark.time, 0.04),
            xycoords=("data", "axes fraction"),
            xytext=(3, 0),
            textcoords="offset points",
            fontsize=TEXT - 1.5,
            color=tokens.SECOND,
        )
    label_ends(axes, 0, ends, gap=0.11)


def _scale(axes: Axes, panel: Panel, shown: Sequence[np.ndarray]) -> None:
    """Set the vertical axis: shares from 0 to 100 %, numbers from 0, or powers of ten."""
    values = np.concatenate(shown) if shown else np.ones(1)
    if panel.axis == "share":
        write_percent(axes)
    elif panel.axis == "log" and (values > 0).any():
        from matplotlib.ticker import LogLocator

        axes.set_yscale("log")
        positive = values[values > 0]
        if positive.max() < DECADES * positive.min():
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(lambda value, _: words.limit(float(value)))
        axes.yaxis.set_minor_formatter(lambda _value, _: "")
    else:
        highest = float(values.max(initial=1e-9))
        usual = 1.5 * max(4 * float(np.median(values)), *(float(line[0]) for line in shown), 0.0)
        axes.set_ylim(0, usual if 0 < FAR * usual < highest else 1.08 * highest)
        write_numbers(axes)


def training_figure(
    panels: Sequence[Panel],
    names: Sequence[str],
    *,
    unit: str = "step",
    about: str = "",
    marks: Sequence[Mark] = (),
    width: float = 8.6,
) -> Figure:
    """Draw plots one above the other, on one axis of time.

    Args:
        panels: with at least one line among them.
        names: of the runs, in the order of the tracks' numbers.
        unit: of the time.
        about: what a reader must know (how lines were smoothed, on how many images was tested).
        marks: moments to be seen in each plot.
        width: of the figure, in inches.

    Raises:
        UsageError: there is nothing to draw, or more runs than colours.
    """
    drawn = [panel for panel in panels if any(np.isfinite(track.curve.values).any() for track in panel.tracks)]
    if not drawn or len(names) > len(RUNS):
        raise UsageError(
            f"curves of {len(drawn)} metrics and {len(names)} runs were asked for; at most {len(RUNS)} runs"
        ).of("metrics", asked=(len(drawn), len(names)), limit=len(RUNS))
    title = f"Training: {names[0]}" if len(names) == 1 else "Trainings, one over the other"
    figure = new_figure(width, 1.0 + 1.75 * len(drawn), title, about)
    grid = figure.subplots(len(drawn), 1, squeeze=False, sharex=True)[:, 0]
    for place, (axes, panel) in enumerate(zip(grid, drawn, strict=True)):
        draw_panel(axes, panel, len(names), [mark if place == 0 else Mark(mark.time, "") for mark in marks])
        axes.set_xlabel(unit if place == len(drawn) - 1 else "", fontsize=TEXT, color=tokens.SECOND)
    last = max(float(track.curve.times.max(initial=0)) for panel in drawn for track in panel.tracks)
    grid[-1].set_xlim(0, last or 1.0)  # shared by all plots, also where a metric ends before the others
    write_numbers(grid[-1], x=True, y=False)
    if width <= NARROW:
        grid[-1].locator_params(axis="x", nbins=5)
    if len(names) > 1:
        name_runs(figure, names, {"test": "solid", "training": DASHED})
    return figure


def name_runs(figure: Figure, names: Sequence[str], dashes: Mapping[str, LineStyleType] | None = None) -> None:
    """Say which colour is which run, and what dashes mean: beside the title, or below it where there is no room."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=colour, linewidth=2) for colour, _ in zip(RUNS, names, strict=False)]
    handles += [Line2D([], [], color=tokens.SECOND, linestyle=dash) for dash in (dashes or {}).values()]
    narrow = figure.get_figwidth() <= NARROW
    texts = [*(words.brief(name, 20 if narrow else 32) for name in names), *(dashes or {})]
    if not narrow:
        figure.legend(handles, texts, loc="upper right", ncols=len(handles), fontsize=TEXT, frameon=False)
        return
    room = ROW * (-(-len(handles) // 2) + 0.5)
    height = figure.get_figheight() + room
    figure.set_figheight(height)
    if isinstance(engine := figure.get_layout_engine(), ConstrainedLayoutEngine):
        engine.set(rect=(0, 0, 1, 1 - room / height))
    below = (0, 1 - TITLE_ROOM / height)
    figure.legend(handles, texts, loc="upper left", bbox_to_anchor=below, ncols=2, fontsize=TEXT, frameon=False)
