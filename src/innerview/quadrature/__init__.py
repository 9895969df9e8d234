"""Integrals over [0, 1] of array-valued functions; this room knows no network.

- `rules`: fixed rules as tables.
"""

from innerview.quadrature.rules import RULES, Rule, fixed_rule

__all__ = ["RULES", "Rule", "fixed_rule"]
