"""How far a level is from the integral, judged by the steps that led to it.

Let d be the last step between levels (an array), r the ratio by which steps shrink and c the cosine between d and the
step before. If the steps that are still to come go on shrinking by r, each at cosine c to every other, then what is
missing has the size

    |d| · r / √(1 − r²) · √(1 + 2 c r / (1 − r)).

c = 1 is the geometric series, |d| r / (1 − r): a smooth integrand, whose errors all point the same way. c = 0 is a
random walk: where units jump at random places, a step tells in which half of its panel each jump lies, and nothing
of what finer levels miss. Then r = 1/2 and |d| / √3 is missing. Kinks lie between: r = 1/4, and |d| / 3.9 to |d| / 3
is missing. The plain |d| is that many times too careful, and extrapolation (Romberg, Simpson) makes things worse.
Derivation and measurements: docs/evidence/quadrature.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from innerview.types import Array

SAFETY: Final = 1.4
"""Factor on every estimate; docs/evidence/attribution.md says how often estimates with it held."""

FASTEST: Final = 0.3
"""Smallest ratio of steps that is believed: a little more than 1/4, the second order that a kink allows at best, since
smaller ratios do not last."""

UNSEEN: Final = 0.5
"""What stands for a ratio before the first one, when there is only one: that of jumps."""

SLOWEST: Final = 0.95
"""Largest ratio that is reckoned with: steps that hardly shrink, or grow, count as this (up to 19 times the last)."""


def rest(ratio: float, cosine: float) -> float:
    """Size of the sum of all steps to come, in units of the last step, if they go on like this.

    Args:
        ratio: by which steps shrink, in (0, 1).
        cosine: between any two of them, in [0, 1].
    """
    return ratio / math.sqrt(1 - ratio**2) * math.sqrt(1 + 2 * cosine * ratio / (1 - ratio))


def remaining(steps: Sequence[Array], safety: float = 1.0) -> float:
    """Give the factor on |last step| that makes it an estimate of what is missing; above 0.

    Args:
        steps: differences between levels, the oldest first, at least two (of one shape); the last three count.
        safety: a further factor on the result.
    """
    ratio, cosine = shrinking(steps)
    return safety * SAFETY * rest(ratio, cosine)


def shrinking(steps: Sequence[Array]) -> tuple[float, float]:
    """Give the ratio by which steps (as above) are taken to shrink, and the cosine between them.

    The ratio is the last one, or the mean (geometric) of it and the one before if that is larger: a ratio that is
    small by luck would promise too much.
    """
    sizes = [float(np.abs(step).sum()) for step in steps[-3:]]
    ratios = [after / before if before > 0 else SLOWEST for before, after in pairwise(sizes)]
    earlier, latest = [UNSEEN, *ratios][-2:]
    ratio = min(max(latest, math.sqrt(earlier * latest), FASTEST), SLOWEST)
    before, last = steps[-2:]
    lengths = float(np.linalg.norm(before)) * float(np.linalg.norm(last))
    cosine = max(float(np.vdot(before, last)) / lengths, 0.0) if lengths > 0 else 1.0
    return ratio, cosine
