"""How many channels of each layer never fire, or are stuck, at each snapshot: a table whose cells are shaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from jaxtyping import Int

from innerview.errors import UsageError
from innerview.pictures import tokens, words
from innerview.pictures.charts.paper import TEXT, dress, new_figure
from innerview.pictures.ramps import ramp

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LIGHT: Final = 0.5
"""Above this share of the darkest shade, numbers are written in the paper's colour."""


def draw_counts(
    axes: Axes,
    steps: Sequence[int],
    layers: Sequence[str],
    counts: Int[np.ndarray, "snapshot layer"],
    sizes: Int[np.ndarray, " layer"],
    title: str,
) -> None:
    """Draw one table: a row for each layer, a column for each snapshot.

    Args:
        axes: where to draw.
        steps: of the snapshots, rising.
        layers: names, from the first to the last.
        counts: channels that are counted.
        sizes: channels that there are.
        title: of the table.
    """
    from matplotlib.colors import ListedColormap

    shares = counts / np.maximum(sizes, 1)
    axes.imshow(shares.T, cmap=ListedColormap(ramp("amount") / 255), vmin=0, vmax=1, aspect="auto")
    for column, row in np.ndindex(counts.shape):
        dark = shares[column, row] > LIGHT
        number = int(counts[column, row])
        axes.text(
            column,
            row,
            words.count(number) if number else "·",
            ha="center",
            va="center",
            fontsize=TEXT - 0.5,
            color=tokens.PAGE if dark else (tokens.INK if number else tokens.SECOND),
        )
    dress(axes, title)
    axes.set_xticks(range(len(steps)), [words.count(step) for step in steps], rotation=30 if len(steps) > 9 else 0)
    axes.set_yticks(
        range(len(layers)),
        [f"{words.brief(name, 16)} · {size}" for name, size in zip(layers, sizes, strict=True)],
    )
    axes.grid(visible=False)


def units_figure(
    steps: Sequence[int],
    layers: Sequence[str],
    silent: Int[np.ndarray, "snapshot layer"],
    stuck: Int[np.ndarray, "snapshot layer"],
    sizes: Int[np.ndarray, " layer"],
    *,
    name: str,
    about: str = "",
) -> Figure:
    """Draw which channels never fire, and which are stuck.

    Args:
        steps: of the snapshots, rising.
        layers: names, from the first to the last.
        silent: channels that are above 0 nowhere.
        stuck: channels whose slope is nearly 0 nearly everywhere.
        sizes: channels that there are.
        name: of the run.
        about: on what this was counted, and what the words mean.

    Raises:
        UsageError: there is no layer or no snapshot.
    """
    if not len(steps) or not len(layers):
        raise UsageError("channels of no layer or no snapshot were asked for; give at least one of each")
    height = 0.9 + 2 * (0.55 + 0.24 * len(layers))
    figure = new_figure(8.6, height, f"Channels that do nothing: {name}", about)
    upper, lower = figure.subplots(2, 1)
    draw_counts(upper, steps, layers, silent, sizes, "Never fire: above 0 nowhere")
    draw_counts(lower, steps, layers, stuck, sizes, "Stuck: at the floor of the ELU, nearly everywhere")
    lower.set_xlabel("step", fontsize=TEXT, color=tokens.SECOND)
    return figure
