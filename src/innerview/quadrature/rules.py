"""Fixed quadrature rules on [0, 1], as a table: nodes and weights of a given number of evaluations.

Every rule here is consistent: its weights sum to 1 to rounding, its nodes rise, and all is float64 whatever the
integrand's precision is (float32 weights would put a floor of 1e-7 under every result). "trapezoid" is the correct
one, with half weights at both ends: the rules that pass under this name elsewhere and give both ends a full or no
weight are off by 1/n on a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from innerview.errors import UsageError
from innerview.types import Alphas, Array


@dataclass(frozen=True, eq=False)
class Rule:
    """The integral of f over [0, 1] is about the sum of weights × f(nodes).

    Attributes:
        name: as in `RULES`.
        nodes: float64, rising, in [0, 1]; can't be written to.
        weights: float64, one per node, summing to 1; can't be written to.
        degree: polynomials up to this degree are integrated exactly.
    """

    name: str
    nodes: Alphas
    weights: Alphas
    degree: int

    def __post_init__(self) -> None:
        for values in (self.nodes, self.weights):
            values.setflags(write=False)

    @property
    def evaluations(self) -> int:
        """Number of nodes."""
        return self.nodes.shape[0]


@dataclass(frozen=True)
class _Definition:
    build: Callable[[int], tuple[Array, Array]]
    degree: Callable[[int], int]
    least: int


def _even(n: int) -> Array:
    return np.full(n, 1 / n)


def _right(n: int) -> tuple[Array, Array]:
    return np.arange(1, n + 1) / n, _even(n)


def _left(n: int) -> tuple[Array, Array]:
    return np.arange(n) / n, _even(n)


def _midpoint(n: int) -> tuple[Array, Array]:
    return (np.arange(n) + 0.5) / n, _even(n)


def _trapezoid(n: int) -> tuple[Array, Array]:
    weights = np.full(n, 1 / (n - 1))
    weights[[0, -1]] /= 2
    return np.arange(n) / (n - 1), weights


def _gauss_legendre(n: int) -> tuple[Array, Array]:
    """Newton's method on the Legendre recurrence, for all roots at once.

    numpy.polynomial.legendre.leggauss takes the eigenvalues of an n × n matrix: minutes for the 2018 tutorial's 3000.
    """
    roots = np.cos(np.pi * (np.arange(n, 0, -1) - 0.25) / (n + 0.5))
    slope = np.ones(n)
    for _ in range(6):  # converges quadratically from an error of 1/n²; six steps reach rounding for every n
        before, value = np.ones(n), roots
        for order in range(2, n + 1):
            before, value = value, ((2 * order - 1) * roots * value - (order - 1) * before) / order
        slope = n * (before - roots * value) / ((1 - roots) * (1 + roots))
        roots = roots - value / slope
    roots = (roots - roots[::-1]) / 2
    weights = 1 / ((1 - roots) * (1 + roots) * slope**2)
    weights = weights + weights[::-1]
    return (1 + roots) / 2, weights / weights.sum()


def clenshaw_curtis(n: int) -> tuple[Array, Array]:
    """Nodes sin²(πk / 2(n−1)) and the integral's weights: the cosine transform of the moments of Chebyshev's T_k.

    Waldvogel, "Fast construction of the Fejér and Clenshaw-Curtis quadrature rules", BIT 46 (2006). Only sums of
    bounded terms occur, so that thousands of nodes lose nothing.
    """
    last = n - 1
    orders = np.arange(n)
    moments = np.where(orders % 2 == 0, 2 / (1 - orders.astype(np.float64) ** 2 + (orders == 1)), 0.0)
    weights = np.fft.hfft(moments, 2 * last)[:n] / (2 * last)
    weights[[0, -1]] /= 2
    half = np.sin(np.pi * orders / (2 * last)) ** 2
    nodes = (half + (1 - half[::-1])) / 2
    return nodes, (weights + weights[::-1]) / (2 * weights.sum())


_DEFINITIONS: Final[Mapping[str, _Definition]] = MappingProxyType(
    {
        "riemann-right": _Definition(_right, lambda _: 0, 1),
        "riemann-left": _Definition(_left, lambda _: 0, 1),
        "midpoint": _Definition(_midpoint, lambda _: 1, 1),
        "trapezoid": _Definition(_trapezoid, lambda _: 1, 2),
        "gauss-legendre": _Definition(_gauss_legendre, lambda n: 2 * n - 1, 1),
        "clenshaw-curtis": _Definition(clenshaw_curtis, lambda n: n if n % 2 else n - 1, 2),
    }
)

RULES: Final[tuple[str, ...]] = tuple(_DEFINITIONS)
"""Names of the fixed rules."""


def fixed_rule(name: str, evaluations: int) -> Rule:
    """Make the rule `name` with so many nodes.

    Raises:
        UsageError: the rule is unknown, or needs more nodes (1; trapezoid and Clenshaw-Curtis 2).
    """
    if name not in _DEFINITIONS:
        raise UsageError(f"there is no quadrature rule {name!r}; the rules are {', '.join(RULES)}").of(
            "rule", asked=name, known=RULES
        )
    definition = _DEFINITIONS[name]
    if evaluations < definition.least:
        raise UsageError(
            f"the rule {name!r} was asked for with {evaluations} evaluations and needs at least {definition.least}; "
            f"give more, or take another of {', '.join(RULES)}"
        ).of("n_steps", asked=evaluations, found=name, limit=definition.least)
    nodes, weights = definition.build(evaluations)
    return Rule(name, nodes, weights, definition.degree(evaluations))
