"""The integral from 0 to any alpha by a rule's own interpolant, so that at 1 it is the rule's integral itself.

The integrand times p u^(p-1) is taken as linear in u between the nodes, alpha = u^p (`substitutions`), and integrated
up to any place within a panel.
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
        nodes: where the integrand is known, rising, from 0 to 1.
        substitution: as in `substitutions.POWERS`.
        stops: in [0, 1].
    """
    power = POWERS[substitution]
    grid = nodes ** (1 / power)
    ends = np.clip(np.asarray(stops, dtype=np.float64), 0, 1)[:, None] ** (1 / power)
    left, right = grid[:-1], grid[1:]
    reach = np.clip(ends, left, right) - left
    towards = reach**2 / (2 * (right - left))
    weights = np.zeros((len(stops), len(grid)))
    weights[:, :-1] += reach - towards
    weights[:, 1:] += towards
    return weights * power * grid ** (power - 1)


def stepped_weights(rule: Rule, stops: Sequence[float] | Alphas) -> Float[np.ndarray, "stop node"]:
    """The same for a fixed rule, which has no interpolant: each node stands for a stretch as long as its weight."""
    ends = np.cumsum(rule.weights)
    return np.clip(np.asarray(stops, dtype=np.float64)[:, None] - (ends - rule.weights), 0, rule.weights)
