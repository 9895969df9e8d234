"""What the model says along the path, over many images: accuracy, and the share of each predicted class.

One stacked bar per alpha, evenly spaced whatever the alphas, since nothing is known between them. Classes carry
their numbers inside the bars and their names at the side; beyond nine, the rarest are drawn together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from innerview.errors import UsageError
from innerview.pictures import tokens, words
from innerview.pictures.charts.paper import TEXT, dress, new_figure, write_percent
from innerview.results import PathPredictions
from innerview.targets import label
from innerview.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Paul Tol's "light" scheme: distinct for colour-blind readers, and light enough for ink on all of them.
FILLS: Final = (
    "#77AADD",
    "#EE8866",
    "#EEDD88",
    "#FFAABB",
    "#99DDFF",
    "#44BB99",
    "#BBCC33",
    "#AAAA00",
    "#DDDDDD",
    "#C9B8E6",
)
OTHERS: Final = "#F1F1F1"
FEWEST: Final = 0.045
"""A bar's part is high enough for a number from this share on."""


def draw_accuracy(axes: Axes, result: PathPredictions) -> None:
    """Draw the share of images called by their true class at each alpha."""
    places = np.arange(result.alphas.size)
    axes.plot(places, result.accuracy, color=tokens.TEST, marker="o", markersize=4, linewidth=1.5)
    write_percent(axes)
    _alphas(axes, result.alphas)
    best = words.share(float(result.accuracy[-1]))
    at = words.place(float(result.alphas[-1]))
    dress(axes, f"Accuracy: {best} at alpha {at}", "", "")


def draw_class_shares(axes: Axes, result: PathPredictions) -> None:
    """Draw the share of images called by each class at each alpha, as stacked bars."""
    order = np.argsort(-result.fractions.max(axis=0), kind="stable")
    few = order[: len(FILLS)] if len(order) <= len(FILLS) else order[: len(FILLS) - 1]
    named = sorted(int(index) for index in few)
    places = np.arange(result.alphas.size)
    bottom = np.zeros(result.alphas.size)
    stacks = [
        (result.fractions[:, index], words.brief(label(index, result.class_names)), str(index), FILLS[place])
        for place, index in enumerate(named)
    ]
    if len(named) < len(order):
        rest = 1 - result.fractions[:, named].sum(axis=1)
        stacks.append((rest, f"{words.count(len(order) - len(named))} other classes", "", OTHERS))
    for shares, name, number, fill in stacks:
        axes.bar(places, shares, 0.86, bottom, color=fill, edgecolor=tokens.PAGE, linewidth=0.6, label=name)
        for place, share in enumerate(shares):
            if number and share >= FEWEST and places.size <= 30:
                middle = float(bottom[place] + share / 2)
                axes.text(place, middle, number, ha="center", va="center", fontsize=TEXT - 1, color=tokens.INK)
        bottom = bottom + shares
    write_percent(axes)
    _alphas(axes, result.alphas)
    dress(axes, "Predictions: fraction of each class", "alpha", "")
    axes.grid(visible=False)
    handles, names = axes.get_legend_handles_labels()
    axes.legend(
        handles[::-1],
        names[::-1],
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        fontsize=TEXT - 0.5,
        frameon=False,
        labelcolor=tokens.INK,
        handlelength=1.1,
        handleheight=1.1,
    )


def _alphas(axes: Axes, alphas: Array) -> None:
    every = max(1, -(-alphas.size // 16))
    shown = list(range(0, alphas.size, every))
    axes.set_xticks(shown, [words.place(float(alphas[place])) for place in shown])
    axes.set_xlim(-0.6, alphas.size - 0.4)


def statistics_figure(result: PathPredictions) -> Figure:
    """Draw accuracy and class shares along the path, one above the other.

    Args:
        result: of any number of images, alphas and classes.

    Raises:
        UsageError: the result has no alpha.
    """
    if not result.alphas.size:
        raise UsageError("path statistics without any alpha were given; give at least one").of("alphas", found=0)
    width = float(np.clip(3.2 + 0.48 * result.alphas.size, 6.6, 14))
    images = "1 image" if result.n_images == 1 else f"{words.count(result.n_images)} images"
    title = f"From the baseline to the image, over {images}"
    figure = new_figure(width, 5.6, title, "alpha: 0 is the baseline, 1 the image")
    upper, lower = figure.subplots(2, 1, height_ratios=(1, 2))
    draw_accuracy(upper, result)
    draw_class_shares(lower, result)
    return figure
