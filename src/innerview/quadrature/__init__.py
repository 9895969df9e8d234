"""Integrals over [0, 1] of array-valued functions; this room knows no model.

- `rules`: fixed rules as a table; `fixed`: an integral by one of them; `substitutions`: where nodes lie.
- `panels`: the path cut into pieces; `sketches`: what is kept of each node; `judging`: how far off the sum is, by what
  changes from node to node; `missed`: the same by what is known of sums; `running`: the integral up to a place.
- `problems`: what is asked and answered; `integration`: one integral under way; `driver`: many at once.
"""

from innerview.quadrature.driver import Driver, Request, integrate, integrate_many
from innerview.quadrature.fixed import FixedProblem
from innerview.quadrature.problems import Integral, Level, Measure, Problem
from innerview.quadrature.rules import RULES, Rule, fixed_rule
from innerview.quadrature.running import running_weights, stepped_weights
from innerview.quadrature.substitutions import POWERS

__all__ = [
    "POWERS",
    "RULES",
    "Driver",
    "FixedProblem",
    "Integral",
    "Level",
    "Measure",
    "Problem",
    "Request",
    "Rule",
    "fixed_rule",
    "integrate",
    "integrate_many",
    "running_weights",
    "stepped_weights",
]
