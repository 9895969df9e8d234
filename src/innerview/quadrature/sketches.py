"""A short stand-in for what was seen at each node: enough to compare panels, small enough to keep them all.

A view of the integrand is multiplied by random signs (fixed once for all) and added up into a few hundred bins. That is
linear, so that differences of stand-ins are stand-ins of differences; no value is left out; what is small enough is
kept as it is. Sizes in bins are smaller than true sizes, by a factor that the caller learns from a vector that it knows
whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from innerview.quadrature.problems import Measure
from innerview.types import Array

BINS: Final = 256


@lru_cache(maxsize=16)
def _signs(size: int) -> Array:
    return np.random.default_rng(size).choice([-1.0, 1.0], size)


def sketch(view: Array) -> Array:
    """The stand-in for one view: itself, flat, or `BINS` sums of its values with random signs."""
    flat = view.reshape(-1).astype(np.float64, copy=False)
    if flat.size <= BINS:
        return flat
    signed = np.zeros((-(-flat.size // BINS), BINS))
    np.multiply(flat, _signs(flat.size), out=signed.reshape(-1)[: flat.size])
    return signed.sum(axis=0)


class Sketches:
    """Stand-ins of all measures at all nodes, with the plain sum of each view."""

    def __init__(self, measures: Sequence[Measure]) -> None:
        self._measures = measures
        self._rows: dict[float, int] = {}
        self._known = np.zeros((0, 0))
        self._sums = np.zeros((0, len(measures)))
        self.parts: list[slice] = []

    def put(self, place: float, value: Array) -> None:
        """Take the integrand at a place."""
        views = [measure.view(value) for measure in self._measures]
        found = [sketch(view) for view in views]
        if not self.parts:
            ends = np.cumsum([0, *map(len, found)]).tolist()
            self.parts = [slice(*pair) for pair in pairwise(ends)]
            self._known = np.zeros((32, ends[-1]))
            self._sums = np.zeros((32, len(found)))
        row = len(self._rows)
        if row == len(self._known):
            self._known = np.concatenate([self._known, np.zeros_like(self._known)])
            self._sums = np.concatenate([self._sums, np.zeros_like(self._sums)])
        self._known[row] = np.concatenate(found)
        self._sums[row] = [float(view.sum(dtype=np.float64)) for view in views]
        self._rows[place] = row

    def at(self, places: Sequence[float]) -> Array:
        """Stand-ins at these places, place × bin, all measures side by side (`parts`)."""
        return self._known[[self._rows[place] for place in places]]

    def sums(self, places: Sequence[float]) -> Array:
        """Plain sums at these places, place × measure."""
        return self._sums[[self._rows[place] for place in places]]

    def sizes(self, rows: Array) -> Array:
        """Sum of absolute values, row × measure."""
        return np.stack([np.abs(rows[:, part]).sum(axis=1) for part in self.parts], axis=1)
