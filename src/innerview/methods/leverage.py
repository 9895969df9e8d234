"""Shapley values by least squares over sets that are drawn by their leverage, each with what it leaves out.

    φ = argmin Σ over sets S of  k(S) (v(S) − v(∅) − Σ over r in S of φ_r)²,   Σ φ = v(all) − v(∅),
    k(S) = 1 / (C(n, s) s (n − s)),   s = |S|

Over all sets that is the Shapley value exactly (Charnes and others 1988; Lundberg, Lee 2017). Of a set and what it
leaves out only half the difference matters, so they are drawn as a pair. By leverage (Musco, Witter 2024, arXiv
2410.01917) every size gets as many pairs; sizes that have no more than that are taken whole, and no pair is drawn
twice. Each size stands for all its pairs: weights are k times (pairs there are) / (pairs drawn).

The covariance is that of weighted least squares in a sample by strata, made robust (HC3): within each size the scores
of the normal equations less their mean, less what is no sample any more (1 − drawn / there are).
"""

from __future__ import annotations

from itertools import combinations
from math import comb, floor
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Float, Int

from innerview.types import Array

LISTED: Final = 20_000
"""Pairs of a size, at most, that are listed and shuffled; of more some are drawn, passing by what was drawn before."""


def count_pairs(number: int) -> int:
    """How many pairs of sets there are, without the empty and the full one."""
    return 2 ** (number - 1) - 1


def _pairs_of(number: int, size: int) -> int:
    """Pairs whose smaller set has this size."""
    return comb(number, size) // (1 + (2 * size == number))


@final
class LeverageSets:
    """Sets of one of each pair, in the order in which they are drawn, and the values that follow from what they score.

    Args:
        number: of regions, two or more.
        random: the generator.
    """

    def __init__(self, number: int, random: np.random.Generator) -> None:
        self._number, self._random = number, random
        self._there = {size: _pairs_of(number, size) for size in range(1, number // 2 + 1)}
        self._orders = dict[int, Int[Array, "pair size"]]()
        self._known = {size: set[tuple[int, ...]]() for size in self._there}
        self._drawn = dict.fromkeys(self._there, 0)
        self._shown = list[Bool[Array, " region"]]()
        self._sizes = list[int]()

    @property
    def count(self) -> int:
        """Pairs so far."""
        return len(self._shown)

    def draw(self, count: int) -> Bool[np.ndarray, "pair region"]:
        """Draw more, until there are `count` pairs (or all): the smaller set of each of the new ones."""
        before = self.count
        for size, wanted in self._shares(min(count, count_pairs(self._number))).items():
            while self._drawn[size] < wanted:
                self._shown.append(np.isin(np.arange(self._number), self._next(size)))
                self._sizes.append(size)
                self._drawn[size] += 1
        return np.array(self._shown[before:]).reshape(-1, self._number)

    def _shares(self, count: int) -> dict[int, int]:
        """How many pairs of each size: as many of each, or all that there are; of half the regions half as many."""
        halves = {size: 2 if 2 * size == self._number else 1 for size in self._there}
        low, high = 0.0, float(2 * count)
        for _ in range(60):
            middle = (low + high) / 2
            total = sum(min(there, middle / halves[size]) for size, there in self._there.items())
            low, high = (middle, high) if total < count else (low, middle)
        shares = {size: min(there, floor(high / halves[size] + 1e-6)) for size, there in self._there.items()}
        for size in sorted(self._there, key=lambda one: shares[one] - self._there[one]):  # what rounding left over
            missing = count - sum(shares.values())
            shares[size] += min(max(missing, 0), self._there[size] - shares[size])
        return shares

    def _next(self, size: int) -> tuple[int, ...]:
        if self._there[size] <= LISTED:
            if size not in self._orders:
                # of half the regions, a set and what it leaves out are both of this size: the one with the first region
                fixed = 2 * size == self._number
                rest = combinations(range(1, self._number), size - 1) if fixed else None
                every = [(0, *one) for one in rest] if rest else list(combinations(range(self._number), size))
                self._orders[size] = self._random.permutation(np.array(every))
            return tuple(self._orders[size][self._drawn[size]].tolist())
        while True:
            found = tuple(sorted(self._random.choice(self._number, size, replace=False).tolist()))
            if found not in self._known[size]:
                self._known[size].add(found)
                return found

    def fit(
        self, differences: Float[np.ndarray, " pair"], change: float
    ) -> tuple[Float[np.ndarray, " region"], Float[np.ndarray, " region"]]:
        """Values, and their standard errors.

        Args:
            differences: of each pair, (v(set) − v(what it leaves out)) / 2.
            change: v(all) − v(∅), which the values add up to.
        """
        number, sizes = self._number, np.array(self._sizes)
        factor = np.array([self._there[size] / self._drawn[size] for size in self._sizes])
        weights = factor / np.array([comb(number, size) * size * (number - size) for size in self._sizes])
        halved = np.array(self._shown) - 0.5
        level = halved.mean(axis=1, keepdims=True)
        rows, wanted = halved - level, differences - level[:, 0] * change
        normal = (rows * weights[:, None]).T @ rows
        inverse = np.asarray(np.linalg.pinv(normal, rcond=1e-9, hermitian=True), np.float64)
        found = inverse @ (rows.T @ (weights * wanted))
        leverage = ((rows @ inverse) * rows).sum(axis=1) * weights
        residuals = (wanted - rows @ found) / (1 - np.minimum(leverage, 0.99))
        scores = rows * (weights * residuals)[:, None]
        spread = np.zeros((number, number))
        for size, count in self._drawn.items():
            if 1 < count < self._there[size]:
                own = scores[sizes == size]
                apart = own - own.mean(axis=0)
                spread += (1 - count / self._there[size]) * count / (count - 1) * apart.T @ apart
        variances = np.diagonal(inverse @ spread @ inverse)
        return found + change / number, np.sqrt(np.maximum(variances, 0))
