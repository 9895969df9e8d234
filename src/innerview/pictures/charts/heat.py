"""Weights over the time of a training as heat maps: a column for each checkpoint, darker where more weights lie.

Darkness is log(1 + n), so the few weights that moved far are seen beside the many that did not: what ridges hide.
Columns are checkpoints, in even distances, since they are dense early on, where weights change most.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from innerview.errors import UsageError
from innerview.pictures import tokens, words
from innerview.pictures.charts.paper import TEXT, Cells, dress, new_grid, write_numbers
from innerview.pictures.charts.spread import Window, chosen_layers, left_out_layers, places, window_for
from innerview.pictures.ramps import ramp
from innerview.runs import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMED: Final = 4
WIDER: Final = 2.0
"""A heat map reaches this much farther than the window that ridges use: its point is the tails."""


def draw_heat(axes: Axes, history: History, window: Window, title: str = "") -> float:
    """Draw one layer; return the count that is darkest."""
    from matplotlib.colors import ListedColormap

    wide = Window(min(WIDER * window.reach, float(history.edges[-1])), window.factor)
    edges, counts = wide.cut(history)
    colours = ListedColormap(ramp("amount") / 255)
    most = max(1, int(counts.max(initial=0)))
    borders = np.arange(len(history.steps) + 1) - 0.5
    axes.pcolormesh(borders, edges, np.log1p(counts).T, cmap=colours, vmin=0, vmax=np.log1p(most), rasterized=True)
    dress(axes, title)
    shown = places(len(history.steps), NAMED)
    axes.set_xticks(shown, [words.count(int(history.steps[at])) for at in shown])
    axes.grid(visible=False)
    write_numbers(axes)
    axes.locator_params(axis="y", nbins=5)
    return float(most)


def heat_figure(
    histories: Mapping[str, History], name: str, windows: Mapping[str, Window] | None = None, *, columns: int = 3
) -> Figure:
    """Draw a heat map of each layer of a run.

    Args:
        histories: by the weights' names.
        name: of the run.
        windows: by the weights' names, to be shared with other runs; chosen for these alone if not given.
        columns: plots in a row.

    Raises:
        UsageError: there is no layer.
    """
    if not histories:
        raise UsageError("heat maps of no layer were asked for; give the history of at least one").of("layers", found=0)
    layers = chosen_layers(histories)
    about = (
        "a column per checkpoint (dense early on), a row per bin · darkness is log(1 + weights), darkest where each "
        f"layer has most{left_out_layers(histories)}"
    )
    figure, plots = new_grid(len(layers), columns, Cells(2.0), f"Where the weights lie: {name}", about)
    for layer, plot in zip(layers, plots, strict=True):
        window = (windows or {}).get(layer) or window_for([histories[layer]])
        most = draw_heat(plot.axes, histories[layer], window)
        title = f"{layer}{' · own axis' * window.own} · darkest {words.count(int(most))}"
        plot.axes.set_title(title, loc="left", fontsize=TEXT, color=tokens.INK)
        plot.name_axes("step", "weight")
    return figure
