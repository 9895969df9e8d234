"""The look that all charts share, and their axes: units always, direct labels, no colour that is not data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from innerview.pictures import tokens, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEXT: Final = 9
TITLE: Final = 12
PERCENT: Final = tuple((share, f"{100 * share:.0f} %") for share in (0, 0.25, 0.5, 0.75, 1))
"""Ticks of a share."""

NARROW: Final = 3.8
"""Inches: the width of a figure whose type is still read on a telephone, where it is shown at about nine tenths."""


def new_figure(width: float, height: float, title: str, about: str = "") -> Figure:
    """Start a figure of `width` × `height` inches with a title at the left and words below it, wrapped to its width."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    engine = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06, hspace=0.04, wspace=0.03)
    figure = Figure(figsize=(width, height), layout=engine, facecolor=tokens.PAGE)
    figure.suptitle(title, x=0.015, ha="left", fontsize=TITLE, fontweight="bold", color=tokens.INK, wrap=True)
    if about:
        figure.supxlabel(about, x=0.015, ha="left", fontsize=TEXT, color=tokens.SECOND, wrap=True)
    return figure


@dataclass(frozen=True)
class Plot:
    """One plot of a grid.

    Attributes:
        axes: where to draw.
        leftmost: it begins a row.
        lowest: no plot is under it.
    """

    axes: Axes
    leftmost: bool
    lowest: bool

    def name_axes(self, x: str, y: str = "") -> None:
        """Write what the axes are at the grid's left and lower edge alone."""
        self.axes.set_xlabel(x if self.lowest else "", fontsize=TEXT, color=tokens.SECOND)
        self.axes.set_ylabel(y if self.leftmost else "", fontsize=TEXT, color=tokens.SECOND)


@dataclass(frozen=True)
class Cells:
    """The size of a grid's plots in inches.

    Attributes:
        height: of a plot.
        width: of a plot.
        least: width of the whole figure, at least.
        head: height of title and foot.
    """

    height: float
    width: float = 2.95
    least: float = NARROW
    head: float = 0.8


def new_grid(
    count: int, columns: int, cells: Cells, title: str, about: str, *, one_height: bool = False
) -> tuple[Figure, list[Plot]]:
    """Start a figure of `count` plots, at most `columns` in a row; `one_height` gives all of them one y axis."""
    columns = max(1, min(columns, count))
    rows = -(-count // columns)
    figure = new_figure(max(cells.least, cells.width * columns), cells.head + cells.height * rows, title, about)
    plots: list[Plot] = []
    for place, axes in enumerate(figure.subplots(rows, columns, squeeze=False, sharey=one_height).ravel()):
        if place < count:
            plots.append(Plot(axes, place % columns == 0, place + columns >= count))
        else:
            axes.remove()
    return figure, plots


def dress(axes: Axes, title: str = "", x: str = "", y: str = "") -> None:
    """Give axes their title and units, and take away what is not data."""
    axes.set_title(title, loc="left", fontsize=TEXT + 1, color=tokens.INK)
    axes.set_xlabel(x, fontsize=TEXT, color=tokens.SECOND)
    axes.set_ylabel(y, fontsize=TEXT, color=tokens.SECOND)
    axes.tick_params(labelsize=TEXT - 1, colors=tokens.SECOND, length=3)
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(tokens.BORDER)
    axes.grid(visible=True, color=tokens.RULE, linewidth=0.6)
    axes.set_axisbelow(True)


def write_numbers(axes: Axes, *, x: bool = False, y: bool = True) -> None:
    """Write the ticks of an axis as numbers are written everywhere: a true minus, thousands with a comma."""
    for axis, wanted in ((axes.xaxis, x), (axes.yaxis, y)):
        if wanted:
            axis.set_major_formatter(lambda value, _: words.limit(float(value)) if value else "0")


def write_percent(axes: Axes) -> None:
    """Make the y axis a share from 0 to 100 %."""
    axes.set_ylim(0, 1)
    axes.set_yticks([place for place, _ in PERCENT], [text for _, text in PERCENT])


def label_ends(axes: Axes, x: float, ends: Sequence[tuple[float, str, str]], *, gap: float = 0.075) -> None:
    """Write names at the right ends of lines, moved apart so that none covers another.

    Args:
        axes: with its limits already set.
        x: where the lines end, in data coordinates.
        ends: value, text and colour of each line.
        gap: least distance between two names, as a share of the axes' height.
    """
    low, high = axes.get_ylim()
    transform = axes.transData + axes.transAxes.inverted()
    ends = sorted(ends, key=lambda end: end[0])
    heights = [float(transform.transform((x, np.clip(value, low, high)))[1]) for value, _, _ in ends]
    for height, (_, text, colour) in zip(apart(heights, gap), ends, strict=True):
        axes.annotate(
            text,
            (1, height),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=TEXT,
            color=colour,
            annotation_clip=False,
        )


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Move heights (0 to 1) up where the next lower one is closer than `gap`, then all down that none is above 1."""
    moved, before = list(heights), -np.inf
    for at in sorted(range(len(moved)), key=moved.__getitem__):
        before = moved[at] = max(moved[at], before + gap)
    over = max(0.0, before - 1)
    return [height - over for height in moved]
