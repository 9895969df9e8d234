"""Methods compared: agreement with exact truth, a line for each method, control and part of the truth.

A dot is the median, a line its interval, and the names stand beside in the order of the medians. The best control is
drawn through the chart, since whoever does not pass it says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from innerview.errors import UsageError
from innerview.pictures import tokens
from innerview.pictures.charts.paper import TEXT, dress, new_figure
from innerview.results.comparison import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS: Final = {"method": tokens.TEST, "control": tokens.TRAIN, "regions": tokens.BEFORE}
"""Teal, orange and grey are told apart by colour-blind readers, and the markers differ too."""

MARKERS: Final = {"method": "o", "control": "s", "regions": "D"}

WORDS: Final = {"method": "method", "control": "control: knows the image alone", "regions": "from passes of the truth"}


def draw_comparison(axes: Axes, result: Comparison, metric: str = "truth") -> None:
    """Draw one metric, the highest median on top."""
    row = result.row(metric)
    names = result.ranking(metric)
    for place, name in enumerate(reversed(names)):
        column = result.column(name)
        kind = result.kinds[column]
        low, high = result.lows[row, column], result.highs[row, column]
        axes.plot([low, high], [place, place], color=COLOURS[kind], linewidth=1.6, solid_capstyle="butt")
        axes.plot(
            result.medians[row, column], place, MARKERS[kind], color=COLOURS[kind], markersize=4.5, label=WORDS[kind]
        )
    controls = [one for one in names if result.kinds[result.column(one)] == "control"]
    if controls:
        best = float(result.medians[row, result.column(controls[0])])
        axes.axvline(best, color=COLOURS["control"], linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set_yticks(range(len(names)), [f"{one}  " for one in reversed(names)])
    axes.set_ylim(-0.7, len(names) - 0.3)
    dress(axes, "", "Spearman's correlation with exact Shapley values" if metric.startswith("truth") else metric, "")
    for label, name in zip(axes.get_yticklabels(), reversed(names), strict=True):
        label.set_color(COLOURS[result.kinds[result.column(name)]])
        label.set_fontsize(TEXT - 0.5)
    seen = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(
        [seen[word] for word in WORDS.values() if word in seen], [word for word in WORDS.values() if word in seen],
        fontsize=TEXT - 1, frameon=False, loc="lower right", labelcolor=tokens.INK,
    )  # fmt: skip


def comparison_figure(result: Comparison, metric: str = "truth") -> Figure:
    """Draw one metric of a comparison as a figure.

    Raises:
        UsageError: the metric was not measured.
    """
    names = result.ranking(metric)
    if not names:
        raise UsageError(f"{metric} has no value in this comparison; nothing can be drawn of it").of(
            "metric", asked=metric, found=None
        )
    most = max(result.count(metric, one) for one in names)
    fills = ", ".join(result.fills) if metric == "truth" else metric.removeprefix("truth, ")
    about = f"median and 95 % interval over {most} images; {result.regions} regions, fills: {fills}"
    width = 7.2 if np.isfinite(result.medians).any() else 6.0
    figure = new_figure(width, 1.1 + 0.21 * len(names), "Which map agrees with taking parts away?", about)
    draw_comparison(figure.subplots(), result, metric)
    return figure
