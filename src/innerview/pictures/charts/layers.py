"""One statistic of each layer over the checkpoints of a training: a plot for each layer, the others pale behind it.

All plots share their axes, so that a layer is read against the others without a colour for each. The axis of steps is
log(1 + step): checkpoints are dense early on, where most changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from innerview.errors import UsageError
from innerview.pictures import tokens, words
from innerview.pictures.charts.paper import Cells, dress, new_grid, write_numbers, write_percent
from innerview.pictures.charts.spread import chosen_layers, left_out_layers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Statistic:
    """One statistic.

    Attributes:
        title: of the figure.
        about: its unit, and what a reader must know.
        values: checkpoint × layer, at least 0; NaN where there is none.
        log: draw it on powers of ten; else it is a share, from 0 to 100 %.
    """

    title: str
    about: str
    values: Float[np.ndarray, "checkpoint layer"]
    log: bool = False


def scale_steps(axes: Axes, steps: Int[np.ndarray, " checkpoint"]) -> None:
    """Make x steps, on log(1 + step), with the last one named."""
    last = int(steps[-1])
    axes.set_xscale("function", functions=(np.log1p, np.expm1))
    decades = [step for step in (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000) if step < 0.25 * last]
    ticks = [0, *decades, last]
    axes.set_xlim(0, max(1, last))
    axes.set_xticks(ticks, [words.count(tick) for tick in ticks])
    axes.set_xticks([], minor=True)


def draw_statistic(axes: Axes, steps: Int[np.ndarray, " checkpoint"], shown: Statistic, layer: int, title: str) -> None:
    """Draw one layer in colour, all others pale behind it, and write its last value into the title.

    Args:
        axes: where to draw.
        steps: of the checkpoints, rising.
        shown: the statistic.
        layer: position of the layer.
        title: its name.
    """
    values = shown.values
    for place in range(values.shape[1]):
        mine = place == layer
        seen = np.isfinite(values[:, place]) & ((values[:, place] > 0) | (not shown.log))
        axes.plot(
            steps[seen],
            values[seen, place],
            color=tokens.TEST if mine else tokens.RULE,
            linewidth=1.6 if mine else 0.9,
            marker="o" if mine else "",
            markersize=2.5,
            zorder=3 if mine else 2,
        )
    first = values[np.isfinite(values[:, layer]), layer]
    told = f" · {_written(shown, float(first[0]))} → {_written(shown, float(first[-1]))}" if first.size else ""
    dress(axes, f"{title}{told}")
    scale_steps(axes, steps)
    if not shown.log:
        write_percent(axes)
        axes.set_ylim(0, max(1.0, float(np.nanmax(values, initial=0)) * 1.05))
    elif (values > 0).any():
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(lambda _value, _: "")
        write_numbers(axes)


def _written(shown: Statistic, value: float) -> str:
    """A value with its unit; a distance may be more than 100 %."""
    if shown.log:
        return words.number(value)
    return f"{words.number(100 * value)} %" if value > 1 else words.share(value)


def layer_times_figure(
    steps: Int[np.ndarray, " checkpoint"], shown: Statistic, layers: Mapping[str, int], name: str, *, columns: int = 3
) -> Figure:
    """Draw one statistic of each layer.

    Args:
        steps: of the checkpoints, rising.
        shown: the statistic.
        layers: title of each layer, and its position in the statistic.
        name: of the run.
        columns: plots in a row.

    Raises:
        UsageError: there is no layer or no checkpoint.
    """
    if not layers or not len(steps):
        raise UsageError(
            f"a statistic of {len(layers)} layers at {len(steps)} steps was asked for; give at least one"
        ).of("layers", asked=(len(layers), len(steps)))
    chosen = chosen_layers(layers)
    about = f"{shown.about} · pale: the other layers · steps on log(1 + step){left_out_layers(layers)}"
    figure, plots = new_grid(len(chosen), columns, Cells(1.65), f"{shown.title}: {name}", about, one_height=True)
    for layer, plot in zip(chosen, plots, strict=True):
        draw_statistic(plot.axes, steps, shown, layers[layer], layer)
        plot.name_axes("step")
    return figure
