"""Nested rules as tables: every level uses all nodes of the level before, with other weights.

A level has twice the panels of the one before. The table lists the nodes in the order in which they are evaluated,
level by level; a level's rule is a row of weights on the first so many of them. There is no Gauss-Kronrod or
Gauss-Patterson chain: on the path of a deep network, whose gradient has a kink or a jump wherever a unit changes
its sign, high degree brings nothing, and even nodes beat it at every level (docs/decisions/quadrature.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np

from innerview.errors import UsageError
from innerview.quadrature.rules import fixed_rule
from innerview.quadrature.substitutions import POWERS, by_derivative, by_panels, snapped
from innerview.types import Alphas, Array

PANELS: Final[Mapping[str, int]] = MappingProxyType({"trapezoid": 4, "clenshaw-curtis": 4})
"""Panels of the coarsest level of each family. From 4 even panels the third level, the first that can be judged,
has 16: enough for a map to 1 % on the networks measured. Clenshaw-Curtis pays on smooth networks and tight
tolerances only."""


@dataclass(frozen=True, eq=False)
class NestedRule:
    """A family of rules on [0, 1], each finer one on all nodes of the coarser ones.

    Attributes:
        family: as in `PANELS`.
        substitution: as in `substitutions.POWERS`.
        nodes: alphas in [0, 1] in the order of evaluation; those born in one level rise. Float64, can't be written to.
        counts: how many of the nodes each level uses: the first so many.
        weights: per level, one per node that it uses.
    """

    family: str
    substitution: str
    nodes: Array
    counts: tuple[int, ...]
    weights: tuple[Array, ...]

    def born(self, level: int) -> range:
        """Positions in `nodes` of those that `level` adds."""
        return range(self.counts[level - 1] if level else 0, self.counts[level])


@lru_cache(maxsize=64)
def nested_rule(family: str, substitution: str, most: int) -> NestedRule:
    """Make the levels of `family` that need at most `most` evaluations, and always the coarsest one.

    Raises:
        UsageError: there is no such family or substitution; lists them.
    """
    if family not in PANELS or substitution not in POWERS:
        raise UsageError(
            f"there is no nested rule {family!r} with substitution {substitution!r}; the families are "
            f"{', '.join(PANELS)}, the substitutions {', '.join(POWERS)}"
        )
    nodes: Array = np.empty(0)
    weights: list[Array] = []
    order: Array = np.empty(0, dtype=np.int64)  # positions on the finest level so far, in the order of evaluation
    panels = PANELS[family]
    while True:
        places, values = _level(family, POWERS[substitution], panels)
        used = np.flatnonzero(values)  # a node of weight 0 is not worth an evaluation
        order = np.concatenate([2 * order, np.setdiff1d(used, 2 * order)])
        if weights and len(order) > most:
            break
        nodes = snapped(family, places[order])
        weights.append(values[order])
        panels *= 2
    for row in (nodes, *weights):
        row.setflags(write=False)
    return NestedRule(family, substitution, nodes, tuple(map(len, weights)), tuple(weights))


def _level(family: str, power: float, panels: int) -> tuple[Alphas, Alphas]:
    rule = fixed_rule(family, panels + 1)
    if family == "trapezoid" and power < 2:
        return by_panels(power, rule.nodes)
    return by_derivative(power, rule.nodes, rule.weights)
