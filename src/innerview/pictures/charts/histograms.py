"""How weights are spread, before and after training: outlined histograms, layers together or one by one.

The count axis is log(1 + n), so that the few weights that moved far are seen beside the many that did not. Before
is grey and dashed, after is coloured; with more than two checkpoints the earlier ones are the lighter ones. Weights
that are in no bin (not a number, infinite, beyond the bins) are counted in words, in every plot that has any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from textwrap import wrap
from typing import TYPE_CHECKING, Final

import numpy as np

from innerview.errors import UnknownLayer, UsageError
from innerview.pictures import tokens, words
from innerview.pictures.charts.paper import TEXT, Cells, new_figure, new_grid
from innerview.pictures.charts.plots import AxisSpec, Dash, LineSpec, PlotSpec, draw_plot
from innerview.pictures.charts.raster import draw_plots
from innerview.results import WeightHistograms
from innerview.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

TRIO: Final[tuple[tuple[str, Dash], ...]] = ((tokens.TEST, ()), (tokens.TRAIN, (5, 1.5)), (tokens.INK, (1.5, 1.2)))
"""Colour and dash of the layers that share a plot."""

NOTES: Final = 4
"""Notes in a figure, at most."""

TICKS: Final = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)

WIDTH: Final = 6.6
"""Inches of a figure whose layers stand together."""

LONGEST: Final = 48
"""Letters of a layer's name: a longer one leaves no room for the chart."""


def layer_index(result: WeightHistograms, layer: str | int) -> int:
    """Find a layer by name or position, or raise UnknownLayer."""
    if isinstance(layer, int) and 0 <= layer < len(result.layers):
        return layer
    if layer not in result.layers:
        raise UnknownLayer(layer, result.layers)
    return result.layers.index(str(layer))


def left_out(result: WeightHistograms, checkpoint: int, layer: int) -> str:
    """Say which weights are in no bin: "500 not a number, 3 infinite"; empty if all are in one."""
    if not result.sizes[checkpoint, layer]:
        return "no such weights"
    kinds = (
        (result.nan, "not a number"),
        (result.infinite, "infinite"),
        (result.under, "below the bins"),
        (result.over, "above the bins"),
    )
    found = [(int(counts[checkpoint, layer]), kind) for counts, kind in kinds]
    return ", ".join(f"{words.count(number)} {kind}" for number, kind in found if number)


def outline(edges: Array, counts: Array) -> tuple[Array, Array]:
    """Give the corners of a histogram's outline, from zero to zero."""
    return np.repeat(edges, 2), np.concatenate([[0], np.repeat(counts, 2), [0]])


def _axes(result: WeightHistograms, layers: Sequence[int], *, log: bool) -> tuple[AxisSpec, AxisSpec]:
    """Weights as far as the layers' reach, and counts of at least all that they have in a bin."""
    most = max(int(result.counts[:, index].max(initial=0)) for index in layers)
    reach = max(_reach(result, index) for index in layers)
    x = AxisSpec(-reach, reach, name="weight")
    if not log:
        return x, AxisSpec(0, 1.05 * max(1, most), name="weights per bin")
    ticks = tuple((float(tick), words.limit(tick) if tick else "0") for tick in (0, *TICKS) if tick <= 1.5 * most)
    return x, AxisSpec(0, 2 * (1 + most), ticks, "weights per bin,\nlog(1 + n)", np.log1p, np.expm1)


def _reach(result: WeightHistograms, layer: int) -> float:
    """Find how far from 0 the layer's filled bins reach, so that empty bins take no room."""
    filled = result.counts[:, layer].sum(axis=0) > 0
    edges = np.abs(result.edges[layer])
    largest = np.maximum(edges[:-1], edges[1:])
    return float(largest[filled].max()) if filled.any() else float(edges.max())


def draw_layers(axes: Axes, result: WeightHistograms, layers: Sequence[str | int], *, log: bool = True) -> None:
    """Draw up to three layers in one plot, one outline each: the first checkpoint grey, the last one coloured.

    Args:
        axes: where to draw.
        result: with any number of checkpoints; those between the first and the last are not drawn here.
        layers: one to three, by name or position. Their bins may differ in width, which changes the heights.
        log: count axis as log(1 + n).

    Raises:
        UnknownLayer: a layer that the result does not have.
        UsageError: no layer, or more than three.
    """
    if not 1 <= len(layers) <= len(TRIO):
        raise UsageError(f"{len(layers)} layers were asked for in one plot; take one to {len(TRIO)}").of(
            "layers", asked=len(layers), limit=len(TRIO)
        )
    draw_plot(axes, _together(result, [layer_index(result, layer) for layer in layers], log=log))


def _together(result: WeightHistograms, layers: Sequence[int], *, log: bool) -> PlotSpec:
    last, lines = len(result.checkpoints) - 1, list[LineSpec]()
    for index, (colour, dash) in zip(layers, TRIO, strict=False):
        edges = result.edges[index]
        if last and result.sizes[0, index]:
            lines.append(LineSpec(*outline(edges, result.counts[0, index]), tokens.BEFORE, 1.1, dash))
        name, lost = words.brief(result.layers[index], LONGEST), left_out(result, last, index)
        if last and not result.sizes[0, index]:
            lost = f"{lost}{', ' * bool(lost)}not in {result.checkpoints[0]}"
        name = f"{name}{': ' if lost else ''}{lost}"
        lines.append(LineSpec(*outline(edges, result.counts[last, index]), colour, 1.5, dash, name=name))
    return PlotSpec(*_axes(result, layers, log=log), tuple(lines))


def draw_layer(axes: Axes, result: WeightHistograms, layer: str | int, *, log: bool = True) -> None:
    """Draw one layer: before in grey, after in colour; more than two checkpoints from light to dark.

    Args:
        axes: where to draw.
        result: with any number of checkpoints.
        layer: by name or position.
        log: count axis as log(1 + n).

    Raises:
        UnknownLayer: a layer that the result does not have.
    """
    index = layer_index(result, layer)
    last = len(result.checkpoints) - 1
    for checkpoint in range(last + 1):
        corners = outline(result.edges[index], result.counts[checkpoint, index])
        newest = checkpoint == last
        strength = 1.0 if last < 2 else 0.3 + 0.7 * checkpoint / last
        colour = tokens.TEST if newest else tokens.BEFORE
        axes.plot(*corners, color=colour, alpha=strength, linewidth=1.5 if newest else 1.1, zorder=2 + newest)
        if last < 2:
            axes.fill_between(*corners, color=colour, alpha=0.12, linewidth=0)
    draw_plot(axes, PlotSpec(*_axes(result, [index], log=log)))
    facts = [f"mean {_from_to(result.mean[:, index])}", f"std {_from_to(result.std[:, index])}"]
    lost = [(name, left_out(result, place, index)) for place, name in enumerate(result.checkpoints)]
    facts += [row for name, text in lost if text for row in wrap(f"! {name}: {text}", 36)]
    name = words.brief(result.layers[index], LONGEST)
    axes.set_title("\n".join([name, *facts]), loc="left", fontsize=TEXT - 0.5, color=tokens.INK)


def _from_to(values: Array) -> str:
    first, last = words.number(float(values[0])), words.number(float(values[-1]))
    return first if len(values) == 1 else f"{first} → {last}"


def _about(result: WeightHistograms, *, between: bool = True) -> str:
    """Say what is drawn; `between`: so are the checkpoints between the first and the last."""
    first, last, number = result.checkpoints[0], result.checkpoints[-1], len(result.checkpoints)
    many = f"light grey to dark: {number} checkpoints from {first} · coloured: {last} · "
    ends = f"grey: {first} · coloured: {last} · "
    left = f"grey: {first} · coloured: {last} · {number - 2} checkpoints between them not drawn · "
    checkpoints = {1: "", 2: ends}.get(number, many if between else left.replace("1 checkpoints", "1 checkpoint"))
    bins = "one set of bins" if (result.edges == result.edges[0]).all() else "each layer has bins of its own"
    told = "".join(f" · {note}" for note in result.notes[:NOTES])
    more = len(result.notes) - NOTES
    return f"{checkpoints}{bins}{told}" + (f" · and {more} notes more, in statistics.csv" if more > 0 else "")


def histogram_figure(result: WeightHistograms, *, together: int = 3, log: bool = True) -> Figure:
    """Draw all layers, three in each plot, one outlined histogram per layer: the first checkpoint against the last.

    Args:
        result: with any number of checkpoints and layers.
        together: layers in one plot, 1 to 3.
        log: count axis as log(1 + n).

    Raises:
        UsageError: there is no layer, or `together` is not 1 to 3.
    """
    plots = _plots(result, together, log=log)
    figure = new_figure(WIDTH, _height(plots), _title(result), _about(result, between=False))
    for axes, plot in zip(figure.subplots(len(plots), 1, squeeze=False)[:, 0], plots, strict=True):
        draw_plot(axes, plot)
    return figure


def histogram_image(result: WeightHistograms, *, together: int = 3, log: bool = True) -> Image:
    """The same as a finished image, without matplotlib; arguments and errors as above."""
    plots = _plots(result, together, log=log)
    return draw_plots(plots, _title(result), _about(result, between=False), (WIDTH, _height(plots)))


def _height(plots: Sequence[PlotSpec]) -> float:
    return 0.9 + 2.05 * len(plots)


def _plots(result: WeightHistograms, together: int, *, log: bool) -> list[PlotSpec]:
    """A plot for each few layers; what is on the horizontal axis is said under the last one alone."""
    if not result.layers:
        raise UsageError("histograms of no layer were given; name at least one layer").of("layers", found=0)
    if not 1 <= together <= len(TRIO):
        raise UsageError(f"{together} layers were asked for in one plot; take one to {len(TRIO)}").of(
            "layers", asked=together, limit=len(TRIO)
        )
    starts = range(0, len(result.layers), together)
    *plots, last = (
        _together(result, range(start, min(start + together, len(result.layers))), log=log) for start in starts
    )
    return [*(replace(plot, x=replace(plot.x, name="")) for plot in plots), last]


def layers_figure(result: WeightHistograms, *, columns: int = 3, log: bool = True) -> Figure:
    """Draw all layers, each in a plot of its own, with mean and standard deviation from first to last checkpoint.

    Args:
        result: with any number of checkpoints and layers.
        columns: plots in a row.
        log: count axis as log(1 + n).

    Raises:
        UsageError: there is no layer.
    """
    if not result.layers:
        raise UsageError("histograms of no layer were given; name at least one layer").of("layers", found=0)
    cells = Cells(2.1, width=2.75, least=3.6, head=0.9)
    figure, plots = new_grid(len(result.layers), columns, cells, _title(result), _about(result))
    for number, plot in enumerate(plots):
        draw_layer(plot.axes, result, number, log=log)
        plot.name_axes(plot.axes.get_xlabel(), plot.axes.get_ylabel())
    return figure


def _title(result: WeightHistograms) -> str:
    first, last = result.checkpoints[0], result.checkpoints[-1]
    joined = {1: last, 2: f"{first} and {last}"}
    return f"Weights: {joined.get(len(result.checkpoints), f'{first} to {last}')}"
