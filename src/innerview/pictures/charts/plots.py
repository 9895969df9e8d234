"""A plot as a description: axes, lines and names, which matplotlib draws (here) or Pillow does (`raster`).

`innerview explain` draws two charts for each image, and importing and running matplotlib for them took a fifth of its
time. So what a chart shows stands once, in a `PlotSpec`, and whoever draws it works nothing out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from innerview.pictures import words
from innerview.pictures.charts.paper import TEXT, dress, label_ends, write_numbers
from innerview.pictures.tokens import BORDER, SECOND
from innerview.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import LineStyleType

Dash: TypeAlias = tuple[float, ...]
"""Lengths that are drawn and left out, in turn, in widths of the line; none for a solid line."""

Ticks: TypeAlias = tuple[tuple[float, str], ...]
"""Places on an axis, with what is written there."""

MARGIN: Final = 0.05
"""Of an axis without limits: how far it goes beyond its values on each side, as a fraction of their range."""


def _same(values: Array) -> Array:
    return values


@dataclass(frozen=True)
class AxisSpec:
    """One axis.

    Attributes:
        low: its lower end; None for what the lines need, as for `high`.
        high: its upper end.
        ticks: None for evenly spaced ones.
        name: what is measured, with its unit.
        onto: rising, from values to places along the axis; `back` from places to values. The same for a linear axis.
        back: see `onto`.
    """

    low: float | None = None
    high: float | None = None
    ticks: Ticks | None = None
    name: str = ""
    onto: Callable[[Array], Array] = _same
    back: Callable[[Array], Array] = _same

    @property
    def linear(self) -> bool:
        """Whether places are values."""
        return self.onto is _same

    def around(self, values: Array, most: int) -> AxisSpec:
        """The same with limits and at most `most` ticks where it had none, for what is to be seen on it."""
        known = values[np.isfinite(values)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        margin = MARGIN * (high - low) if high > low else max(abs(high), 1.0) * MARGIN
        low = low - margin if self.low is None else self.low
        high = high + margin if self.high is None else self.high
        return replace(
            self, low=low, high=high, ticks=even_ticks(low, high, most) if self.ticks is None else self.ticks
        )

    def places(self, values: Array | Sequence[float]) -> Array:
        """Where values are between both ends, 0 at the lower and 1 at the upper; it has limits."""
        assert self.low is not None  # noqa: S101 `around` sets both
        assert self.high is not None  # noqa: S101
        low, high = self.onto(np.array([self.low, self.high], np.float64))
        return (self.onto(np.asarray(values, np.float64)) - low) / (high - low)


def even_ticks(low: float, high: float, most: int) -> Ticks:
    """Multiples of 1, 2 or 5 times a power of ten within two limits, as close as `most` of them allow."""
    least = max((high - low) / max(most, 1), 1e-300)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(size * power for size in (1, 2, 5, 10, 20) if (high - low) / (size * power) <= most)
    numbers = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return tuple((number * step, words.limit(number * step) if number else "0") for number in numbers)


@dataclass(frozen=True, eq=False)
class LineSpec:
    """A line that joins points; one that is not finite parts it.

    Attributes:
        x: of its points.
        y: likewise.
        colour: of the line.
        width: in points.
        dash: none for a solid line.
        dots: diameter of a dot at each point, in points; 0 for none.
        name: in the legend, in the line's colour; empty for none.
        end: written beside its last point; empty for nothing.
    """

    x: Array
    y: Array
    colour: str
    width: float
    dash: Dash = ()
    dots: float = 0
    name: str = ""
    end: str = ""


@dataclass(frozen=True, eq=False)
class PlotSpec:
    """One plot.

    Attributes:
        x: horizontal axis.
        y: vertical axis.
        lines: the later ones over the earlier ones.
        title: above it, at the left.
        zero: draw a line at 0 of the vertical axis.
        says: in its middle, in the place of lines.
        gap: least distance between two names at the ends of lines, as a fraction of the plot's height.
    """

    x: AxisSpec
    y: AxisSpec
    lines: tuple[LineSpec, ...] = ()
    title: str = ""
    zero: bool = False
    says: str = ""
    gap: float = 0.14

    def fixed(self, across: int, up: int) -> PlotSpec:
        """The same with limits and at most so many ticks for both axes."""
        x = np.concatenate([line.x for line in self.lines] or [np.zeros(0)])
        y = np.concatenate([np.zeros(int(self.zero)), *(line.y for line in self.lines)])
        return replace(self, x=self.x.around(x, across), y=self.y.around(y, up))


def draw_plot(axes: Axes, plot: PlotSpec) -> None:
    """Draw a plot with matplotlib; limits and evenly spaced ticks stay its own, so that they follow its reader."""
    for axis, scale in ((plot.x, axes.set_xscale), (plot.y, axes.set_yscale)):
        if not axis.linear:
            scale("function", functions=(axis.onto, axis.back))
    if plot.zero:
        axes.axhline(0, color=BORDER, linewidth=0.8)
    _draw_lines(axes, plot.lines)
    dress(axes, plot.title, plot.x.name, plot.y.name)
    for axis, limit, drawn in ((plot.x, axes.set_xlim, axes.xaxis), (plot.y, axes.set_ylim, axes.yaxis)):
        if axis.low is not None and axis.high is not None:
            limit(axis.low, axis.high)
        if axis.ticks is not None:
            drawn.set_ticks([place for place, _ in axis.ticks], [text for _, text in axis.ticks])
            drawn.set_ticks([], minor=True)
    write_numbers(axes, x=plot.x.ticks is None, y=plot.y.ticks is None)
    if plot.says:
        axes.text(0.5, 0.5, plot.says, ha="center", transform=axes.transAxes, fontsize=TEXT, color=SECOND)
    ends = [(float(line.y[-1]), line.end, line.colour) for line in plot.lines if line.end]
    label_ends(axes, float(axes.get_xlim()[1]), ends, gap=plot.gap)


def _draw_lines(axes: Axes, lines: Sequence[LineSpec]) -> None:
    for line in lines:
        dash: LineStyleType = (0, line.dash) if line.dash else "solid"
        (drawn,) = axes.plot(line.x, line.y, color=line.colour, linewidth=line.width, linestyle=dash)
        if line.dots:
            drawn.set(marker="o", markersize=line.dots, clip_on=False)
        if line.name:  # a space in front: matplotlib leaves names that begin with _ out of its legends
            drawn.set_label(f"{' ' if line.name.startswith('_') else ''}{line.name}")
    if any(line.name for line in lines):
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1),
            borderaxespad=0.3,
            borderpad=0,
            fontsize=TEXT,
            frameon=False,
            labelcolor="linecolor",
            handlelength=2.4,
        )
