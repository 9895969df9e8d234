"""The integral from 0 to any alpha by a rule's own interpolant, so that at 1 it is the rule's integral itself.

A nested rule integrates a function that is linear in u between its nodes, alpha = u^p: the integrand itself where the
weights are by panels, the integrand times p u^(p-1) where they are by derivative (`substitutions`). Both are
integrated here up to any place within a panel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from innerview.quadrature.rules import Rule
from innerview.quadrature.substitutions import POWERS
from innerview.types import Alphas, Array


def running_weights(nodes: Array, substitution: str, stops: Sequence[float] | Alphas) -> Float[np.ndarray, "stop node"]:
    """Weights on the nodes for the integral from 0 to each stop.

    Args:
        nodes: where the integrand is known, rising, in [0, 1]; the last one is 1. A rule of the family "trapezoid" has
            an interpolant that is linear between them, whichever of its parts were refined; others have none.
        substitution: as in `substitutions.POWERS`.
        stops: in [0, 1].
    """
    power = POWERS[substitution]
    places = nodes ** (1 / power)
    # A node of weight 0 at the start is left out of a rule; what it would be multiplied by is 0 too.
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
    return weights[:, 1:] if added else weights


def stepped_weights(rule: Rule, stops: Sequence[float] | Alphas) -> Float[np.ndarray, "stop node"]:
    """The same for a fixed rule, which has no interpolant: each node stands for a stretch as long as its weight."""
    ends = np.cumsum(rule.weights)
    return np.clip(np.asarray(stops, dtype=np.float64)[:, None] - (ends - rule.weights), 0, rule.weights)


def _by_panels(power: float, left: Array, right: Array, reach: Array) -> tuple[Array, Array]:
    """Integrals over alpha from each panel's left end to `reach`: of the rising half of the hat, and of 1."""
    mass = reach**power - left**power
    moment = power / (power + 1) * (reach ** (power + 1) - left ** (power + 1))
    return (moment - left * mass) / (right - left), mass


def _by_derivative(_power: float, left: Array, right: Array, reach: Array) -> tuple[Array, Array]:
    """The same over u."""
    width = reach - left
    return width**2 / (2 * (right - left)), width
