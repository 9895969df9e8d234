"""What a model calls the images of each class: the confusion matrix, and the accuracy of each class.

Rows are the labels, columns the predictions. Right answers stand on the diagonal, in ink and without shade, so that the
shades show the mistakes alone. Accuracies carry a 95 % interval (Wilson's), since a class has few images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from jaxtyping import Float, Int

from innerview.errors import UsageError
from innerview.pictures import tokens, words
from innerview.pictures.charts.paper import TEXT, dress, new_figure
from innerview.pictures.ramps import ramp
from innerview.targets import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WRITTEN: Final = 30
"""Classes up to which each cell has its number written in it, if it finds room there."""

SMALLEST: Final = 6.0
"""Points of the smallest type in which a number is written."""

DIGIT: Final = 0.7
"""Width of a digit in bold, as a share of the type's size."""

MARGINS: Final = 1.3
"""Inches beside the matrix: the names of the classes."""


def draw_confusion(
    axes: Axes, confusion: Int[np.ndarray, "label predicted"], class_names: Sequence[str], cell: float = 40.0
) -> None:
    """Draw the matrix: counts in the cells, mistakes shaded by their number.

    Args:
        axes: where to draw.
        confusion: images by label (rows) and prediction (columns).
        class_names: one per class.
        cell: width of a cell, in points; numbers are made smaller to fit it, or left out.
    """
    from matplotlib.colors import ListedColormap

    wrong = confusion * (1 - np.eye(len(confusion), dtype=confusion.dtype))
    most = max(1, int(wrong.max(initial=0)))
    axes.imshow(wrong, cmap=ListedColormap(ramp("amount") / 255), vmin=0, vmax=1.15 * most)
    size = min(TEXT, 0.9 * cell / (DIGIT * len(words.count(int(confusion.max(initial=0))))))
    written = len(confusion) <= WRITTEN and size >= SMALLEST
    for row, column in np.ndindex(confusion.shape) if written else ():
        number = int(confusion[row, column])
        right = row == column
        if number or right:
            axes.text(
                column,
                row,
                words.count(number),
                ha="center",
                va="center",
                fontsize=size,
                fontweight="bold" if right else "normal",
                color=tokens.PAGE if wrong[row, column] > 0.55 * most else (tokens.TEST if right else tokens.INK),
            )
    names = [words.brief(label(index, class_names), 16) for index in range(len(class_names))]
    every = max(1, len(names) // WRITTEN)
    axes.set_xticks(range(0, len(names), every), names[::every], rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(0, len(names), every), names[::every])
    dress(axes, "", "prediction", "label")
    axes.grid(visible=False)


def draw_class_accuracy(
    axes: Axes,
    shares: Float[np.ndarray, " class"],
    intervals: Float[np.ndarray, "class 2"],
    counts: Int[np.ndarray, " class"],
    class_names: Sequence[str],
) -> None:
    """Draw the accuracy of each class as a point on its interval, the best on top.

    Args:
        axes: where to draw.
        shares: in [0, 1]; NaN where a class has no image.
        intervals: lower and upper end of each.
        counts: images of each class.
        class_names: one per class.
    """
    order = [int(index) for index in np.argsort(np.nan_to_num(shares, nan=-1.0), kind="stable")]
    for place, index in enumerate(order):
        if np.isfinite(shares[index]):
            axes.plot(
                intervals[index], [place, place], color=tokens.TEST, linewidth=5, alpha=0.3, solid_capstyle="butt"
            )
            axes.plot([shares[index]], [place], color=tokens.TEST, marker="o", markersize=5)
    named = [
        f"{words.brief(label(index, class_names), 16)} · {words.share(float(shares[index]))} of {counts[index]}"
        for index in order
    ]
    axes.set_yticks(range(len(order)), named)
    low = float(np.nanmin(intervals[np.isfinite(shares)], initial=1.0))
    start = max(0.0, float(np.floor(10 * low)) / 10)
    ticks = np.linspace(start, 1, 5 if start in {0.0, 0.2, 0.6} else round((1 - start) * 10) + 1)
    axes.set_xlim(start, 1.005)
    axes.set_xticks(ticks, [f"{100 * tick:.0f} %" for tick in ticks])
    dress(axes, "", "accuracy, with 95 % intervals", "")


def confusion_figure(
    confusion: Int[np.ndarray, "label predicted"], class_names: Sequence[str], *, about: str, width: float | None = None
) -> Figure:
    """Draw the matrix alone.

    Args:
        confusion: images by label (rows) and prediction (columns).
        class_names: one per class.
        about: on which images.
        width: of the figure, in inches; None for as much as the classes need.

    Raises:
        UsageError: no image was counted.
    """
    if not confusion.sum():
        raise UsageError("a confusion matrix of no image was asked for; show the model at least one").of(
            "images", found=0
        )
    side = width or float(np.clip(2.8 + 0.46 * len(class_names), 5.1, 11.6))
    figure = new_figure(side, side, "Confusion matrix", about)
    draw_confusion(figure.subplots(), confusion, class_names, 72 * (side - MARGINS) / len(class_names))
    return figure


def class_accuracy_figure(
    shares: Float[np.ndarray, " class"],
    intervals: Float[np.ndarray, "class 2"],
    counts: Int[np.ndarray, " class"],
    class_names: Sequence[str],
    *,
    about: str,
    width: float = 6.6,
) -> Figure:
    """Draw the accuracy of each class alone; see `draw_class_accuracy`."""
    figure = new_figure(width, 1.2 + 0.3 * len(class_names), "Accuracy, class by class", about)
    draw_class_accuracy(figure.subplots(), shares, intervals, counts, class_names)
    return figure
