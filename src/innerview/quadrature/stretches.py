"""One part of an integral under way: takes the integrand's values in any order, folds them in node order.

Memory does not grow with the evaluations: there is one float64 accumulator per level (weights change from level to
level, so each value goes into every level that uses it), and a value that came before its turn waits only until the
ones before it are there. The order of folding is that of the nodes, so the result is the same to the bit however
answers were ordered and whatever else was computed along with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Final, final

import numpy as np

from innerview.quadrature.nested import Part
from innerview.types import Array

STEPS: Final = 3
"""How many differences between levels an estimate looks at."""


@final
class Stretch:
    """The state of one part: values are offered, and folded level by level."""

    def __init__(self, part: Part, shape: tuple[int, ...]) -> None:
        self.part = part
        self.level = -1  # the last one that is complete
        self._accumulators = [np.zeros(shape, dtype=np.float64) for _ in part.counts]
        self._places = {alpha: place for place, alpha in enumerate(part.nodes.tolist())}
        self._waiting: dict[int, Array] = {}
        self._folded = 0  # nodes of the part, in their order

    def missing(self, level: int, known: AbstractSet[float]) -> Sequence[float] | None:
        """The nodes that a level adds, without those at `known`; None if there is no such level."""
        if level >= len(self.part.counts):
            return None
        return [alpha for alpha in self.part.born(level).tolist() if alpha not in known]

    def offer(self, alpha: float, value: Array) -> None:
        """Take a value; one at a place that is no node of this part is left alone."""
        if alpha in self._places:
            self._waiting[self._places[alpha]] = value

    def fold(self, level: int) -> bool:
        """Add all values whose turn has come, up to the end of a level; say if that has been reached."""
        while self._folded < self.part.counts[level]:
            value = self._waiting.pop(self._folded, None)
            if value is None:
                return False
            exact = value.astype(np.float64, copy=False)
            for accumulator, weights in zip(self._accumulators, self.part.weights, strict=True):
                if self._folded < len(weights):
                    np.add(accumulator, weights[self._folded] * exact, out=accumulator)
            self._folded += 1
        self.level = level
        return True

    def value(self) -> Array:
        """The integral over this part, by the last complete level."""
        return self._accumulators[self.level]

    def steps(self) -> list[Array]:
        """The last differences between levels, the oldest first: as many as an estimate looks at."""
        first = max(self.level - STEPS, 0)
        return [after - before for before, after in pairwise(self._accumulators[first : self.level + 1])]
