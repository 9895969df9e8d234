"""How wide a layer's bins must reach so that what happens in them is seen, and which layers find room in a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from innerview.pictures import words
from innerview.runs import History
from innerview.types import Array

HELD: Final = 0.999
"""Share of the weights of the widest checkpoint that a plot shows; the rest lies beyond its ends, and is counted."""

FINEST: Final = 96
"""Bins in a plot, at most."""

APART: Final = 4.0
"""Times that one run's weights may reach as far as another's before each has an axis of its own."""

MOST: Final = 12
"""Layers in a figure, at most."""


@dataclass(frozen=True)
class Window:
    """A part of the shared bins, coarser: the same for every checkpoint and run that it was chosen for.

    Attributes:
        reach: the plot goes from -reach to reach, in the unit of the weights.
        factor: shared bins to one of the plot's.
        own: whether it is one run's alone, while the runs beside it have others.
    """

    reach: float
    factor: int
    own: bool = False

    def cut(self, history: History) -> tuple[Array, Array]:
        """Give the edges, and counts as checkpoint × bin; what lies beyond is left out."""
        width = self.factor * float(history.edges[1] - history.edges[0])
        half = max(1, round(self.reach / width))
        merged = history.counts.reshape(len(history.steps), -1, self.factor).sum(axis=2)
        middle = merged.shape[1] // 2
        return np.linspace(-half * width, half * width, 2 * half + 1), merged[:, middle - half : middle + half]

    def beyond(self, history: History) -> int:
        """How many weights lie beyond the ends of the plot, in the checkpoint that has most of them there."""
        outside = np.zeros(len(history.steps), dtype=np.int64) if history.outside is None else history.outside
        left = history.counts.sum(axis=1) - self.cut(history)[1].sum(axis=1) + outside
        return int(left.max(initial=0))


def window_for(histories: Sequence[History]) -> Window:
    """Choose the window of one layer, over all of its checkpoints in all runs."""
    reach = max(reach_of(one) for one in histories)
    bin_width = float(histories[0].edges[1] - histories[0].edges[0])
    factor = 1
    while 2 * reach / (factor * bin_width) > FINEST:
        factor *= 2
    step = factor * bin_width
    return Window(min(float(np.ceil(reach / step)) * step, float(histories[0].edges[-1])), factor)


def windows_for(histories: Sequence[History]) -> list[Window]:
    """Choose a window of one layer for each run: the same for all, or each its own where it would squash another.

    One run may begin with weights thirty times as large as another's; on the wider one's axis, nothing would be seen
    of the narrower one.
    """
    reaches = [reach_of(one) for one in histories]
    if max(reaches) <= APART * min(reaches):
        return [window_for(histories)] * len(histories)
    return [replace(window_for([one]), own=True) for one in histories]


def reach_of(history: History) -> float:
    """How far from 0 the bins reach that hold the share HELD of each checkpoint."""
    middle = history.counts.shape[1] // 2
    sizes = history.counts[:, middle:] + history.counts[:, :middle][:, ::-1]
    outside = 0 if history.outside is None else history.outside[:, None]
    totals = np.maximum(sizes.sum(axis=1, keepdims=True) + outside, 1)
    places = (np.cumsum(sizes, axis=1) < HELD * totals).sum(axis=1)
    return float(history.edges[middle + 1 + min(int(places.max()), middle - 1)])


def places(count: int, most: int) -> Array:
    """Positions of at most `most` of `count` things in a row, evenly, always with the first and the last."""
    return np.unique(np.rint(np.linspace(0, count - 1, min(count, max(2, most)))).astype(np.int64))


def chosen_layers(histories: Mapping[str, object]) -> tuple[str, ...]:
    """The layers that a figure shows: all, or MOST of them, evenly from the first to the last."""
    names = tuple(histories)
    if len(names) <= MOST:
        return names
    return tuple(names[place] for place in places(len(names), MOST))


def left_out_layers(histories: Mapping[str, object]) -> str:
    """Say how many layers find no room; empty if all do."""
    return f" · {MOST} of {len(histories)} layers" if len(histories) > MOST else ""


def layer_words(layer: str, window: Window, history: History) -> str:
    """A plot's title: the layer, whether its axis is its own, and how many weights lie beyond the ends."""
    beyond = window.beyond(history)
    told = [layer, "own axis" * window.own, f"≤ {words.count(beyond)} beyond" if beyond else ""]
    return " · ".join(part for part in told if part)
