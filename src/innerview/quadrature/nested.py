"""Nested rules as tables: every level uses all nodes of the level before, with other weights.

[0, 1] is cut into parts, each with levels of its own, so that one part can be refined without the others: doubling
everything costs twice as much for an accuracy that a quarter more would have bought. A level has twice the panels of
the one before. The table lists a part's nodes in the order in which they are evaluated, level by level; a level's rule
is a row of weights on the first so many of them. Neighbours share the node between them.

There is no Gauss-Kronrod or Gauss-Patterson chain: on the path of a deep network, whose gradient has a kink or a jump
wherever a unit changes its sign, high degree brings nothing, and even nodes beat it at every level
(docs/decisions/quadrature.md).
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

PANELS: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    {
        "trapezoid": MappingProxyType({"identity": 4, "graded": 4, "square": 4, "layer": 3}),
        "clenshaw-curtis": MappingProxyType(dict.fromkeys(POWERS, 4)),
    }
)
"""Panels of the coarsest level, by family and substitution. From 4 even panels the third level, the first that can be
judged, has 16: enough for a map to 1 % on easy networks. Where there is a boundary layer 16 never are, and 24 mostly
are. Clenshaw-Curtis pays on smooth networks and tight tolerances only."""

SPLIT: Final[Mapping[str, bool]] = MappingProxyType({"trapezoid": True, "clenshaw-curtis": False})
"""Whether each panel of the coarsest level is a part of its own, by family: even nodes can be cut anywhere."""


@dataclass(frozen=True, eq=False)
class Part:
    """A stretch of [0, 1] and rules on it, each finer one on all nodes of the coarser ones.

    Attributes:
        nodes: alphas in [0, 1] in the order of evaluation; those born in one level rise. Float64, can't be written to.
        counts: how many of the nodes each level uses: the first so many.
        weights: per level, one per node that it uses.
    """

    nodes: Array
    counts: tuple[int, ...]
    weights: tuple[Array, ...]

    def born(self, level: int) -> Array:
        """The nodes that `level` adds."""
        return self.nodes[self.counts[level - 1] if level else 0 : self.counts[level]]


@dataclass(frozen=True, eq=False)
class NestedRule:
    """A family of rules on [0, 1]: one level for each part, whichever, makes a rule.

    Attributes:
        family: as in `PANELS`.
        substitution: as in `substitutions.POWERS`.
        parts: from 0 to 1; all have the same number of levels.
    """

    family: str
    substitution: str
    parts: tuple[Part, ...]

    @property
    def levels(self) -> int:
        """How many levels each part has."""
        return len(self.parts[0].counts)

    def nodes(self, level: int) -> set[float]:
        """All nodes where every part is at one level."""
        return {alpha for part in self.parts for alpha in part.nodes[: part.counts[level]].tolist()}


@lru_cache(maxsize=64)
def nested_rule(family: str, substitution: str, most: int) -> NestedRule:
    """Make the levels that one part can reach with `most` evaluations in all, the others one behind it; one at least.

    Raises:
        UsageError: there is no such family or substitution; lists them.
    """
    if family not in PANELS or substitution not in POWERS:
        raise UsageError(
            f"there is no nested rule {family!r} with substitution {substitution!r}; the families are "
            f"{', '.join(PANELS)}, the substitutions {', '.join(POWERS)}"
        )
    panels = PANELS[family][substitution]
    places = range(panels) if SPLIT[family] else range(1)
    levels, ends = 1, int(POWERS[substitution] < 2)
    while (panels + panels // len(places)) * 2 ** (levels - 1) + ends <= most:
        levels += 1
    make = _even_part if SPLIT[family] else _whole
    return NestedRule(
        family,
        substitution,
        tuple(
            _part(family, [make(family, substitution, panels, place, level) for level in range(levels)])
            for place in places
        ),
    )


def _part(family: str, levels: list[tuple[Array, Array]]) -> Part:
    """Put the levels of a part (nodes that rise, weights) into the order of evaluation."""
    order: Array = np.empty(0, dtype=np.int64)  # positions on the finest level so far
    weights: list[Array] = []
    for _, values in levels:
        used = np.flatnonzero(values)  # a node of weight 0 is not worth an evaluation
        order = np.concatenate([2 * order, np.setdiff1d(used, 2 * order)])
        weights.append(values[order])
    nodes = snapped(family, levels[-1][0][order])
    for row in (nodes, *weights):
        row.setflags(write=False)
    return Part(nodes, tuple(map(len, weights)), tuple(weights))


def _even_part(_family: str, substitution: str, panels: int, place: int, level: int) -> tuple[Alphas, Alphas]:
    """Even nodes on one panel of the coarsest level. Neighbours have the node between them to the bit."""
    power, count = POWERS[substitution], 1 << level
    fine = panels * count
    nodes: Array = np.arange(place * count, (place + 1) * count + 1) / fine
    if power < 2:
        return by_panels(power, nodes)
    weights = np.full(len(nodes), 1 / fine)
    weights[[0, -1]] /= 2
    return by_derivative(power, nodes, weights)


def _whole(family: str, substitution: str, panels: int, _place: int, level: int) -> tuple[Alphas, Alphas]:
    """A fixed rule's nodes on all of [0, 1]."""
    rule = fixed_rule(family, panels * 2**level + 1)
    return by_derivative(POWERS[substitution], rule.nodes, rule.weights)
