"""The curves of one or several runs: which metrics stand in which plot, smoothed how, on which axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from innerview.pictures.charts.curves import Curve, smoothed
from innerview.pictures.charts.training import Mark, Panel, Track, training_figure
from innerview.pictures.words import limit
from innerview.session.query import Query
from innerview.session.training.reading import Recorded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Part = Literal["training", "test"]


@dataclass(frozen=True)
class Plot:
    """What stands in one plot.

    Attributes:
        title: without the unit.
        axis: the vertical one.
        metrics: with the part of the data that each is of.
        unit: empty where there is none, or only who wrote the run knows it.
    """

    title: str
    axis: Literal["share", "number", "log"]
    metrics: tuple[tuple[str, Part], ...]
    unit: str = ""

    @property
    def titled(self) -> str:
        """Title and unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


PLOTS: Final = (
    Plot("Loss", "number", (("loss", "training"), ("test_loss", "test")), "nats"),
    Plot("Accuracy", "share", (("accuracy", "training"), ("test_accuracy", "test"))),
    Plot("Learning rate", "number", (("learning_rate", "training"),)),
    Plot("Gradient norm", "log", (("gradient_norm", "training"),)),
)
"""From top to bottom."""

STEADY: Final = frozenset({"learning_rate"})
"""Metrics without noise, which are not smoothed."""


@dataclass(frozen=True)
class Curves:
    """The plots, ready to be drawn, and what their readers must know."""

    panels: tuple[Panel, ...]
    names: tuple[str, ...]
    unit: str
    about: str
    marks: tuple[Mark, ...]

    def figure(self, **how: float) -> Figure:
        """Draw them; `how`: the width in inches, if not the usual one."""
        return training_figure(self.panels, self.names, unit=self.unit, about=self.about, marks=self.marks, **how)

    @property
    def drawn(self) -> bool:
        """Whether there is anything to draw."""
        return any(np.isfinite(track.curve.values).any() for panel in self.panels for track in panel.tracks)

    def rows(self) -> list[tuple[str, str, str, float, float, float]]:
        """Run, plot, part, time, value, and mean as drawn: of every point."""
        return [
            (self.names[track.run], panel.title, track.part, float(time), float(value), float(mean))
            for panel in self.panels
            for track in panel.tracks
            for time, value, mean in zip(
                track.curve.times, track.curve.values, smoothed(track.curve, track.window).values, strict=True
            )
        ]


def window_of(run: Recorded, query: Query) -> int:
    """How many values of a run's training are averaged in a curve."""
    return query.smooth or max(1, round(run.curve("loss")[0].size / 100))


def curves(runs: Sequence[Recorded], query: Query) -> Curves:
    """Put the metrics of runs into plots, one over the other."""
    alone = len(runs) == 1
    panels: list[Panel] = []
    for plot in PLOTS:
        tracks: list[Track] = []
        for number, run in enumerate(runs):
            for metric, part in plot.metrics:
                steps, values = run.curve(metric)
                if not steps.size:
                    continue
                times = run.minutes(steps) if query.axis == "time" else steps.astype(np.float64)
                window = window_of(run, query) if part == "training" and metric not in STEADY else 1
                name = part if alone and len(plot.metrics) > 1 else ""
                tracks.append(Track(number, part, name, Curve(times, values), window))
        panels.append(Panel(plot.titled, tuple(tracks), plot.axis))
    unit = "minutes of training" if query.axis == "time" else "step"
    return Curves(
        tuple(panels),
        tuple(run.name for run in runs),
        unit,
        _about(runs, query),
        sizes(runs[0], query) if alone else (),
    )


def _about(runs: Sequence[Recorded], query: Query) -> str:
    windows = sorted({window_of(run, query) for run in runs})
    steps = " or ".join(str(window) for window in windows)
    smooth = "training: every logged step" if windows == [1] else f"training: mean of the last {steps} logged steps"
    pale = " (all values: pale)" if len(runs) == 1 and windows != [1] else ""
    counts = sorted({int(count) for run in runs for count in run.curve("test_images")[1]})
    tests = f" · tests on {' or '.join(f'{count:,}' for count in counts)} images" if counts else ""
    return f"{smooth}{pale}{tests}"


def sizes(run: Recorded, query: Query) -> tuple[Mark, ...]:
    """Where the size of the images changed; nothing if it never did."""
    steps, values = run.curve("size")
    changed = np.flatnonzero(np.diff(values)) + 1
    if not changed.size:
        return ()
    places = np.concatenate([[0], changed])
    times = run.minutes(steps[places]) if query.axis == "time" else steps[places].astype(np.float64)
    times[0] = 0.0
    return tuple(Mark(float(time), f"{limit(float(values[at]))} px") for time, at in zip(times, places, strict=True))
