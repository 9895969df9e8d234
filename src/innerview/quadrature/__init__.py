"""Integrals over [0, 1] of array-valued functions; this room knows no network.

- `rules`: fixed rules as a table; `fixed`: an integral by one of them.
- `nested`: tables whose levels share nodes; `substitutions`: where nodes lie.
- `running`: the integral as it adds up on the way from 0 to 1.
- `estimates`: what is still missing, judged by the steps between levels.
- `problems`: what is asked and answered; `integration`: one integral under way; `driver`: many at once.
"""

from innerview.quadrature.driver import Driver, Request, integrate, integrate_many
from innerview.quadrature.estimates import SAFETY, remaining
from innerview.quadrature.fixed import FixedProblem
from innerview.quadrature.nested import PANELS, NestedRule, nested_rule
from innerview.quadrature.problems import Integral, Level, Measure, Problem
from innerview.quadrature.rules import RULES, Rule, fixed_rule
from innerview.quadrature.running import running_weights, stepped_weights
from innerview.quadrature.substitutions import POWERS

__all__ = [
    "PANELS",
    "POWERS",
    "RULES",
    "SAFETY",
    "Driver",
    "FixedProblem",
    "Integral",
    "Level",
    "Measure",
    "NestedRule",
    "Problem",
    "Request",
    "Rule",
    "fixed_rule",
    "integrate",
    "integrate_many",
    "nested_rule",
    "remaining",
    "running_weights",
    "stepped_weights",
]
