"""The weights of several runs over each other, layer by layer, as outlines on one set of bins: where they ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from innerview.errors import UsageError
from innerview.pictures.charts.histograms import outline
from innerview.pictures.charts.paper import Cells, dress, new_grid, write_numbers
from innerview.pictures.charts.spread import HELD, Window, chosen_layers, left_out_layers, window_for
from innerview.pictures.charts.training import RUNS, name_runs
from innerview.runs import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_ends(axes: Axes, histories: Sequence[History | None], window: Window, title: str) -> None:
    """Draw the last checkpoint of each run as shares of its weights, in the run's colour.

    Args:
        axes: where to draw.
        histories: one for each run; None where a run has no such layer.
        window: bins that they share.
        title: of the plot.
    """
    for colour, history in zip(RUNS, histories, strict=False):
        if history is not None:
            edges, counts = window.cut(history)
            shares = counts[-1] / max(1, int(history.counts[-1].sum()))
            axes.plot(*outline(edges, shares), color=colour, linewidth=1.3)
    dress(axes, title)
    axes.set_xlim(-window.reach, window.reach)
    axes.set_ylim(bottom=0)
    axes.set_yticks([])
    axes.grid(visible=False, axis="y")
    write_numbers(axes, x=True, y=False)
    axes.locator_params(axis="x", nbins=5)


def ends_figure(runs: Mapping[str, Mapping[str, History]], *, columns: int = 3) -> Figure:
    """Draw where the weights of several runs ended.

    Args:
        runs: by name: histories by the weights' names.
        columns: plots in a row.

    Raises:
        UsageError: there is no layer, or there are more runs than colours.
    """
    names = dict.fromkeys(layer for histories in runs.values() for layer in histories)
    if not names or len(runs) > len(RUNS):
        raise UsageError(
            f"the ends of {len(names)} layers in {len(runs)} runs were asked for; at most {len(RUNS)} runs"
        ).of("layers", asked=(len(names), len(runs)), limit=len(RUNS))
    layers = chosen_layers(names)
    about = (
        "the last checkpoint of each run · fraction of its weights per bin · a plot shows at least "
        f"{100 * HELD:g} % of each run's weights{left_out_layers(names)}"
    )
    figure, plots = new_grid(len(layers), columns, Cells(1.7, head=0.9), "Where the weights ended", about)
    for layer, plot in zip(layers, plots, strict=True):
        found = [histories.get(layer) for histories in runs.values()]
        known = [history for history in found if history is not None]
        draw_ends(plot.axes, found, window_for([_last(history) for history in known]), layer)
        plot.name_axes("weight")
    name_runs(figure, list(runs))
    return figure


def _last(history: History) -> History:
    return History(history.steps[-1:], history.edges, history.counts[-1:])
