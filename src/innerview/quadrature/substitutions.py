"""Where the nodes lie: alpha = u^p, with u on the borders of panels.

The integral of f over alpha equals that of p u^(p-1) f(u^p) over u. A large power packs the nodes towards 0 and takes
a boundary layer apart, and gives its node at 0 no weight.

Powers and the bound between them were measured (docs/decisions/quadrature.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

POWERS: Final[Mapping[str, float]] = MappingProxyType({"identity": 1.0, "layer": 3.0})
"""Power of each substitution by name."""

EARLY: Final = 1 / 27
"""A place beside both ends where the integrand is asked before a substitution is taken. A layer may begin just after 0,
so 0 alone does not show it. It is a first border of both choices, so it is free."""

LAYER: Final = 1.5
"""How much larger than at the end the integrand is early on, where there is a boundary layer. Above 1, so that a
straight model, whose gradient is the same everywhere up to rounding, keeps the rule that is exact for it."""
