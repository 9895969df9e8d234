"""The integral from 0 to any alpha by a rule's own interpolant, so that at 1 it is the rule's integral itself.

A nested rule integrates a function that is linear in u between its nodes, alpha = u^p: the integrand itself where the
weights are by panels, the integrand times p u^(p-1) where they are by derivative (`substitutions`). Both are
integrated here up to any place within a panel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from innerview.errors import UsageError
from innerview.quadrature.nested import NestedRule
from innerview.quadrature.substitutions import POWERS
from innerview.types import Alphas, Array


def running_weights(rule: NestedRule, level: int, stops: Sequence[float] | Alphas) -> Float[np.ndarray, "stop node"]:
    """Weights on the nodes of a level, in their order of evaluation, for the integral from 0 to each stop.

    Args:
        rule: of the family "trapezoid"; other families have no interpolant that is linear between nodes.
        level: from 0.
        stops: in [0, 1].

    Raises:
        UsageError: another family.
    """
    if rule.family != "trapezoid":
        raise UsageError(f"sums up to a place on the path are known for the family trapezoid, not {rule.family}")
    power = POWERS[rule.substitution]
    alphas = rule.nodes[: rule.counts[level]]
    order = np.argsort(alphas)
    places = alphas[order] ** (1 / power)
    # A node of weight 0 at the start is left out of the rule; what it would be multiplied by is 0 too.
    added = places[0] > 0
    grid = np.concatenate([[0.0], places]) if added else places
    ends = np.clip(np.asarray(stops, dtype=np.float64), 0, 1)[:, None] ** (1 / power)
    left, right = grid[:-1], grid[1:]
    reach = np.clip(ends, left, right)
    towards, mass = (_by_panels if power < 2 else _by_derivative)(power, left, right, reach)
    weights = np.zeros((len(stops), len(grid)))
    weights[:, :-1] += mass - towards
    weights[:, 1:] += towards
    if power >= 2:
        weights *= power * grid ** (power - 1)
    result = np.zeros((len(stops), len(alphas)))
    result[:, order] = weights[:, 1:] if added else weights
    return result


def _by_panels(power: float, left: Array, right: Array, reach: Array) -> tuple[Array, Array]:
    """Integrals over alpha from each panel's left end to `reach`: of the rising half of the hat, and of 1."""
    mass = reach**power - left**power
    moment = power / (power + 1) * (reach ** (power + 1) - left ** (power + 1))
    return (moment - left * mass) / (right - left), mass


def _by_derivative(_power: float, left: Array, right: Array, reach: Array) -> tuple[Array, Array]:
    """The same over u."""
    width = reach - left
    return width**2 / (2 * (right - left)), width
