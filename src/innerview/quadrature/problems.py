"""What is asked of an adaptive integral, and what it answers: frozen objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from innerview.errors import UsageError
from innerview.quadrature.substitutions import POWERS
from innerview.types import Array

View = Callable[[Array], Array]
"""A linear function of the integral: itself, a sum over some axes, one of several parts."""


@dataclass(frozen=True)
class Measure:
    """One way to say how large an error is: |view(error)| / max(|view(integral)|, floor), | | the sum of sizes.

    Attributes:
        name: in words ("map").
        view: what is looked at; linear.
        floor: gives the least size that errors are compared with, in units of the integral; at least 0. It is asked
            when an error is measured, so it may depend on what was seen of the integrand by then.
    """

    name: str
    view: View
    floor: Callable[[], float] = float

    def relative(self, size: float, integral: Array) -> float:
        """Compare the size of an error in this view with the integral's; infinite if only the latter is 0."""
        against = max(float(np.abs(self.view(integral)).sum()), self.floor())
        if size == 0:
            return 0.0
        return size / against if against > 0 else float("inf")


@dataclass(frozen=True)
class Problem:
    """One integral over [0, 1] that is wanted to a tolerance.

    Attributes:
        measures: ways to measure the error; every one must meet the tolerance. At least one.
        tolerance: relative, above 0.
        budget: evaluations at most; at least 2, since the ends come first.
        residual: another check that may veto: given a candidate for the integral, the relative size of something
            that is known to vanish for the true one. None: there is no such check.
        known: the integral from 0 to alpha of the sum of each view, by measure and up to a constant, at any alpha that
            was asked for; what each panel misses of it is then known. None: it is not known.
        substitution: as in `substitutions.POWERS`; None chooses one by the sizes of the integrand at both ends
            and soon after the start.
        safety: a further factor on the estimates.
        least: evaluations without which no estimate is believed, as far as the budget goes.
    """

    measures: tuple[Measure, ...]
    tolerance: float
    budget: int
    residual: Callable[[Array], float] | None = None
    known: Callable[[float], Array] | None = None
    substitution: str | None = None
    safety: float = 1.0
    least: int = 0

    def __post_init__(self) -> None:
        if not self.tolerance > 0 or not np.isfinite(self.tolerance):
            raise UsageError(
                f"a tolerance of {self.tolerance} was asked for; give one above 0, such as 0.01 for 1 %"
            ).of("tolerance", asked=self.tolerance)
        if self.budget < 2:
            raise UsageError(f"a budget of {self.budget} evaluations was given; both ends alone take 2").of(
                "max_evaluations", asked=self.budget, limit=2
            )
        if self.substitution is not None and self.substitution not in POWERS:
            raise UsageError(f"there is no substitution {self.substitution!r}; there are {', '.join(POWERS)}").of(
                "substitution", asked=self.substitution, known=POWERS
            )
        if not self.measures:
            raise UsageError("no measure of the error was given; name at least one, or nothing can be met").of(
                "measures", found=0
            )


@dataclass(frozen=True)
class Level:
    """How matters stood at one level.

    Attributes:
        evaluations: spent up to here.
        errors: estimated relative error by each measure; infinite where there are too few panels to tell.
        residual: the value of the other check, 0 if there is none.
    """

    evaluations: int
    errors: tuple[float, ...]
    residual: float

    @property
    def worst(self) -> float:
        """Largest of all of these; what has to meet the tolerance."""
        return max(*self.errors, self.residual)


@dataclass(frozen=True, eq=False)
class Integral:
    """An integral, found to a tolerance or as well as the budget allowed.

    Attributes:
        value: float64.
        converged: the tolerance is met, by estimate.
        stalled: the estimates met the tolerance and the residual did not, however the integral was refined: what the
            residual knows of is not in the integrand. Only where the integral has not converged.
        levels: the history, coarsest first; the last is where it ended. Empty if not even one level was reached,
            in which case `value` is the trapezoid between both ends.
        steps: the last differences between levels, at most three, the oldest first; what the estimates were made of.
        alphas: nodes evaluated, in the order of evaluation.
        family: name of the rule: "trapezoid", or that of a fixed one; `substitution`: that was taken.
    """

    value: Array
    converged: bool
    stalled: bool
    levels: tuple[Level, ...]
    steps: tuple[Array, ...]
    alphas: tuple[float, ...]
    family: str
    substitution: str

    @property
    def evaluations(self) -> int:
        """How many times the integrand was evaluated."""
        return len(self.alphas)

    @property
    def errors(self) -> tuple[float, ...]:
        """Estimated relative error by each measure; empty if not even one level was reached."""
        return self.levels[-1].errors if self.levels else ()
