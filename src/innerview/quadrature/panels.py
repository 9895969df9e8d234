"""The path cut into panels, each of which knows what halving its parent changed.

A panel is a stretch of u between two nodes, alpha = u^power; the integrand there is g(u) = power u^(power-1) f(u^power)
and its integral (b - a) (g(a) + g(b)) / 2. The panels are the leaves of a binary tree. Its upper borders lie at uneven
places, so that no period of an integrand suits more than one of them; below, every panel is halved in the middle.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from innerview.types import Array

GOLDEN: Final = (math.sqrt(5) - 1) / 2

UNEVEN: Final = 0.2
"""By how much of a panel the first borders lie off even places, from end to end of the range. Even ones let a wave
that vanishes at all of them pass for nothing; with these a boundary layer costs two evaluations in a hundred more."""


@dataclass(eq=False)
class Panel:
    """A stretch [start, end] of u.

    Attributes:
        parent: that it is a part of; None for the whole.
        middle: where it is cut, with `halves`: the two parts; none for a leaf.
        change: by measure, the size of what the cut changed in the integral.
    """

    start: float
    end: float
    parent: Panel | None = None
    middle: float = math.nan
    halves: tuple[Panel, ...] = field(default=())
    change: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def width(self) -> float:
        """In u."""
        return self.end - self.start

    @property
    def leaf(self) -> bool:
        """Whether it is not cut."""
        return not self.halves

    def cut(self, middle: float) -> None:
        """Make it two."""
        self.middle = middle
        self.halves = (Panel(self.start, middle, self), Panel(middle, self.end, self))

    def all(self) -> Iterator[Panel]:
        """Itself and all its parts, from the start to the end."""
        stack = list[Panel]()
        stack.append(self)  # in a list of its own, its type would be Self
        while stack:
            panel = stack.pop()
            yield panel
            stack.extend(panel.halves[::-1])

    def leaves(self) -> list[Panel]:
        """All parts that are not cut, from the start to the end."""
        return [panel for panel in self.all() if not panel.halves]

    def branches(self) -> list[Panel]:
        """All parts that are cut, itself first."""
        return [panel for panel in self.all() if panel.halves]

    def parents(self) -> list[Panel]:
        """All parts that a leaf is half of."""
        return [panel for panel in self.branches() if not all(half.halves for half in panel.halves)]


def first_borders(count: int, grading: float, through: float) -> list[float]:
    """Borders of `count` panels on [0, 1], graded and a little uneven, one of them at `through`."""
    places = np.arange(count + 1.0)
    off = (places * GOLDEN % 1 - 0.5) * UNEVEN
    off[[0, -1]] = 0
    borders = ((places + off) / count) ** grading
    nearest = min(max(int(np.abs(borders - through).argmin()), 1), count - 1)
    borders[nearest] = through
    return borders.tolist()


def tree(borders: Sequence[float]) -> Panel:
    """Put neighbouring panels together, two by two, up to the whole."""
    root = Panel(borders[0], borders[-1])

    def grow(panel: Panel, inner: Sequence[float]) -> None:
        if inner:
            at = len(inner) // 2
            panel.cut(inner[at])
            for half, rest in zip(panel.halves, (inner[:at], inner[at + 1 :]), strict=True):
                grow(half, rest)

    grow(root, borders[1:-1])
    return root
