"""What each layer's channels do at each checkpoint: how many never fire, how many are stuck, how much is saturated.

Tables whose cells are shaded by their share; a dot stands for none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from jaxtyping import Float

from innerview.errors import UsageError
from innerview.pictures import tokens, words
from innerview.pictures.charts.paper import TEXT, dress, new_figure
from innerview.pictures.charts.spread import places
from innerview.pictures.ramps import ramp

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LIGHT: Final = 0.5
"""Above this shade, numbers are written in the paper's colour."""

NAMES: Final = 1.4
"""Inches that the names of layers take."""

CELL: Final = 0.5
"""Inches that a share written in a cell takes; where there is no room for all checkpoints, fewer are shown."""


@dataclass(frozen=True)
class Shares:
    """One table.

    Attributes:
        title: what is counted.
        values: checkpoint × layer, in [0, 1].
        sizes: channels of each layer, if they are counted; empty for shares that are written as such.
    """

    title: str
    values: Float[np.ndarray, "checkpoint layer"]
    sizes: tuple[int, ...] = ()

    def written(self, checkpoint: int, layer: int) -> str:
        """A cell's text: a count, or a share; a dot for none."""
        share = float(self.values[checkpoint, layer])
        if share == 0:
            return "·"
        return words.count(round(share * self.sizes[layer])) if self.sizes else words.share(share)


def draw_shares(axes: Axes, steps: Sequence[int], layers: Sequence[str], shown: Shares) -> None:
    """Draw one table: a row for each layer, a column for each checkpoint.

    Args:
        axes: where to draw.
        steps: of the checkpoints, rising.
        layers: names, from the first to the last.
        shown: the table.
    """
    from matplotlib.colors import ListedColormap

    axes.imshow(shown.values.T, cmap=ListedColormap(ramp("amount") / 255), vmin=0, vmax=1, aspect="auto")
    for checkpoint, layer in np.ndindex(shown.values.shape):
        text = shown.written(checkpoint, layer)
        dark = shown.values[checkpoint, layer] > LIGHT
        colour = tokens.PAGE if dark else (tokens.SECOND if text == "·" else tokens.INK)
        axes.text(checkpoint, layer, text, ha="center", va="center", fontsize=TEXT - 0.5, color=colour)
    dress(axes, shown.title)
    axes.set_xticks(range(len(steps)), [words.count(step) for step in steps], rotation=30 if len(steps) > 9 else 0)
    axes.set_yticks(range(len(layers)), [words.brief(name, 16) for name in layers])
    axes.grid(visible=False)


def units_figure(
    steps: Sequence[int],
    layers: Sequence[str],
    shown: Sequence[Shares],
    *,
    name: str,
    about: str = "",
    width: float = 8.6,
) -> Figure:
    """Draw tables one below the other.

    Args:
        steps: of the checkpoints, rising.
        layers: names, from the first to the last.
        shown: the tables.
        name: of the run.
        about: on what this was counted, and what the words mean.
        width: of the figure, in inches.

    Raises:
        UsageError: there is no table, no layer or no checkpoint.
    """
    if not len(steps) or not len(layers) or not shown:
        raise UsageError("channels of no layer or no checkpoint were asked for; give at least one of each").of(
            "layers", found=0
        )
    height = 0.9 + len(shown) * (0.55 + 0.22 * len(layers))
    kept = places(len(steps), int((width - NAMES) / CELL))
    few = f" · {len(kept)} of {len(steps)} checkpoints" if len(kept) < len(steps) else ""
    figure = new_figure(width, height, f"What the channels do: {name}", f"{about}{few}")
    grid = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    for axes, one in zip(grid, shown, strict=True):
        draw_shares(axes, [steps[place] for place in kept], layers, replace(one, values=one.values[kept]))
    grid[-1].set_xlabel("step", fontsize=TEXT, color=tokens.SECOND)
    return figure
