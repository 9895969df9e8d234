"""Weights over the time of a training as ridges: a histogram for each checkpoint, one behind the other.

The oldest is at the back and pale, the newest in front. All ridges of a layer share their bins and their height, so
that a spreading layer is seen to sink and widen; every run drawn in the same windows can be laid beside another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from innerview.errors import UsageError
from innerview.pictures import tokens, words
from innerview.pictures.charts.paper import Cells, dress, new_grid, write_numbers
from innerview.pictures.charts.spread import (
    APART,
    HELD,
    Window,
    chosen_layers,
    layer_words,
    left_out_layers,
    places,
    window_for,
)
from innerview.pictures.ramps import parse
from innerview.runs import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OVERLAP: Final = 2.6
"""Height of the highest ridge, in distances between two ridges."""

RIDGES: Final = 11
"""Ridges of a layer, at most: more of them hide one another."""


def draw_ridges(axes: Axes, history: History, window: Window, title: str = "") -> None:
    """Draw one layer.

    Args:
        axes: where to draw.
        history: of the layer, on the shared bins.
        window: which of them, and how coarse.
        title: of the plot.
    """
    kept = places(len(history.steps), RIDGES)
    edges, counts = window.cut(History(history.steps[kept], history.edges, history.counts[kept]))
    middles = (edges[:-1] + edges[1:]) / 2
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    highest = float(shares.max(initial=1e-12))
    number = len(shares)
    paper, front = np.array(parse(tokens.PAGE)) / 255, np.array(parse(tokens.TEST)) / 255
    for place, row in enumerate(shares):
        bottom = float(number - 1 - place)
        strength = 0.25 + 0.75 * place / max(1, number - 1)
        fill = tuple(float(part) for part in paper + strength * (front - paper))
        heights = bottom + OVERLAP * row / highest
        axes.fill_between(middles, bottom, heights, step="mid", color=fill, linewidth=0, zorder=2 + place)
        axes.step(middles, heights, where="mid", color=tokens.PAGE, linewidth=0.9, zorder=2 + place + 0.5)
    dress(axes, title)
    axes.set_xlim(-window.reach, window.reach)
    axes.set_ylim(-0.2, number - 1 + OVERLAP + 0.3)
    axes.set_yticks(range(number - 1, -1, -1), [words.count(int(history.steps[at])) for at in kept])
    axes.grid(visible=False, axis="y")
    write_numbers(axes, x=True, y=False)
    axes.locator_params(axis="x", nbins=5)


def ridges_figure(
    histories: Mapping[str, History], name: str, windows: Mapping[str, Window] | None = None, *, columns: int = 3
) -> Figure:
    """Draw ridges of each layer of a run.

    Args:
        histories: by the weights' names.
        name: of the run.
        windows: by the weights' names, to be shared with other runs; chosen for these alone if not given.
        columns: plots in a row.

    Raises:
        UsageError: there is no layer.
    """
    if not histories:
        raise UsageError("ridges of no layer were asked for; give the history of at least one").of("layers", found=0)
    layers = chosen_layers(histories)
    about = (
        f"a ridge per checkpoint (at most {RIDGES}), its step at the left, time runs downwards · a plot shows at least "
        f"{100 * HELD:g} % of the weights of every checkpoint; beyond: how many lie outside at most{_axes(windows)}"
        f"{left_out_layers(histories)}"
    )
    figure, plots = new_grid(len(layers), columns, Cells(2.5), f"How the weights spread: {name}", about)
    for layer, plot in zip(layers, plots, strict=True):
        window = (windows or {}).get(layer) or window_for([histories[layer]])
        draw_ridges(plot.axes, histories[layer], window, layer_words(layer, window, histories[layer]))
        plot.name_axes("weight", "step")
    return figure


def _axes(windows: Mapping[str, Window] | None) -> str:
    """Say what an axis of its own means, where one is."""
    if not any(window.own for window in (windows or {}).values()):
        return ""
    return f" · own axis: the runs of this page reach more than {APART:g} times as far as one another there"
