"""Where the nodes lie: alpha = u^p, with u on a rule's own nodes.

The integral of f over alpha equals that of p u^(p-1) f(u^p) over u. A power above 1 packs the nodes towards 0, where
the path of a deep network changes most; a large one takes a boundary layer apart, and gives its node at 0 no weight.

Powers and the bound between them were measured (docs/decisions/quadrature.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from innerview.types import Alphas

POWERS: Final[Mapping[str, float]] = MappingProxyType(
    {"identity": 1.0, "graded": math.log(27) / math.log(16), "square": 2.0, "layer": 3.0}
)
"""Power of each substitution by name. The graded one is 1.19, so that (1/16)^p is 1/27 (`EARLY`)."""

GRADING: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"trapezoid": ("graded", "layer"), "clenshaw-curtis": ("identity", "square")}
)
"""By family of rules: which substitution to take without and with a boundary layer at the start."""


EARLY: Final[Mapping[str, tuple[float, ...]]] = MappingProxyType({"trapezoid": (1 / 27,), "clenshaw-curtis": ()})
"""By family: places beside both ends where the integrand is asked before a substitution is taken. A layer may begin
just after 0, so 0 alone does not show it. 1/27 is a node of both choices by the first level that can be judged, so it
is free: (1/16)^1.19 and (1/3)^3."""

LAYER: Final = 1.5
"""How much larger than at the end the integrand is early on, where there is a boundary layer. Above 1, so that a
straight network, whose gradient is the same everywhere up to rounding, keeps the rule that is exact for it."""


def grade(family: str, ratio: float) -> str:
    """Choose a substitution by the size of the integrand early on, compared with its size at 1 (at least 0)."""
    ordinary, layer = GRADING[family]
    return ordinary if ratio <= LAYER else layer


def snapped(family: str, nodes: Alphas) -> Alphas:
    """Give a node that is an early place of its family but for rounding as that place itself."""
    for early in EARLY[family]:
        nodes = np.where(np.isclose(nodes, early, rtol=1e-12, atol=0), early, nodes)
    return nodes


def by_derivative(power: float, nodes: Alphas, weights: Alphas) -> tuple[Alphas, Alphas]:
    """Move the nodes of any rule to u^p and put the derivative p u^(p-1) into its weights."""
    return nodes**power, weights * power * nodes ** (power - 1)


def by_panels(power: float, nodes: Alphas) -> tuple[Alphas, Alphas]:
    """Make the rule that is exact in alpha for functions linear in u between the nodes (product integration).

    Below a power of 2 the derivative p u^(p-1) is itself rough at 0, and a trapezoid that samples it is off by
    panels^-p even on a constant. This one integrates it exactly: the weights sum to the stretch that the nodes span.
    """
    left, right = nodes[:-1], nodes[1:]
    mass = right**power - left**power
    moment = power / (power + 1) * (right ** (power + 1) - left ** (power + 1))
    towards = (moment - left * mass) / (right - left)  # the share of each panel that goes to its right end
    weights = np.zeros_like(nodes)
    weights[:-1] += mass - towards
    weights[1:] += towards
    return nodes**power, weights
