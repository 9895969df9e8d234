"""One integral under way: takes the integrand's values in any order, folds them in node order, judges each level.

Memory does not grow with the evaluations: there is one float64 accumulator per level (weights change from level to
level, so each value goes into every level that uses it), and a value that came before its turn waits only until
the ones before it are there. The order of folding is that of the nodes, so the result is the same to the bit
however answers were ordered and whatever else was computed along with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, final

import numpy as np

from innerview.errors import InnerviewError
from innerview.quadrature.estimates import remaining
from innerview.quadrature.nested import NestedRule, nested_rule
from innerview.quadrature.problems import Integral, Level, Measure, Problem
from innerview.quadrature.substitutions import EARLY, GRADING, grade
from innerview.types import Array

ENDS: Final = (1.0, 0.0)
"""The end comes first: what is asked there (which class wins) may decide what the integrand is."""

JUDGED: Final = 2
"""The first level (from 0) that can be judged: it takes two steps between levels. Up to it nothing is decided."""


@final
class Integration:
    """The state of one problem. `take` wants one value for each of the nodes that were wanted.

    Probes come first: both ends, which whoever asks usually needs anyway, and what else the choice of a substitution
    takes.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.result: Integral | None = None
        self._probes = ENDS + (_early(problem) if problem.substitution is None else ())
        self._probed: dict[float, Array] = {}
        self._rule: NestedRule | None = None
        self._accumulators: list[Array] = []
        self._levels: list[Level] = []
        self._alphas: list[float] = []
        self._waiting: dict[int, Array] = {}
        self._folded = 0  # nodes of the rule, in their order

    def start(self) -> Sequence[tuple[int, float]]:
        """The first nodes wanted, as (key, alpha). Keys below 0 are probes."""
        return self._spend([(position - len(self._probes), alpha) for position, alpha in enumerate(self._probes)])

    def take(self, key: int, value: Array) -> Sequence[tuple[int, float]]:
        """Take the integrand's value for `key`; give the nodes that are wanted on top of those asked for before.

        Raises:
            InnerviewError: the value is not finite.
        """
        if not np.isfinite(value).all():
            bad = int((~np.isfinite(value)).sum())
            raise InnerviewError(f"the integrand has {bad} values of {value.size} that are not finite; check it")
        if self._rule is not None:
            self._waiting[key] = value
            return self._fold(self._rule)
        self._probed[self._probes[key]] = value
        return self._begin() if len(self._probed) == len(self._probes) else ()

    @property
    def levels(self) -> int:
        """How many levels are complete."""
        return len(self._levels)

    def sofar(self) -> Integral:
        """The last complete level, as an integral that has not converged; there must be one (`levels`)."""
        assert self._rule is not None  # noqa: S101 no level is complete before there is a rule
        return self._integral(self._rule, converged=False)

    def _begin(self) -> Sequence[tuple[int, float]]:
        problem = self.problem
        ratio = max(_early_ratio(measure, self._probed) for measure in problem.measures)
        chosen = problem.substitution or grade(problem.family, ratio)
        # The probes are paid for; a rule that does not use one of them has that much less to spend.
        rule = nested_rule(problem.family, chosen, problem.budget)
        unused = len(set(self._probes) - set(rule.nodes.tolist()))
        rule = nested_rule(problem.family, chosen, problem.budget - unused)
        if rule.counts[0] + unused > problem.budget:
            self._accumulators = [(self._probed[0.0].astype(np.float64) + self._probed[1.0]) / 2]
            self._finish(rule, converged=False)
            return ()
        self._rule = rule
        self._accumulators = [np.zeros(self._probed[1.0].shape, dtype=np.float64) for _ in rule.counts]
        wanted = self._nodes(rule, 0, min(JUDGED + 1, len(rule.counts)))
        self._fold(rule)
        return wanted

    def _nodes(self, rule: NestedRule, first: int, end: int) -> Sequence[tuple[int, float]]:
        """Nodes of the levels from `first` to before `end`, without those whose value is there already."""
        keys = range(rule.born(first).start, rule.born(end - 1).stop)
        return self._spend([(key, alpha) for key in keys if (alpha := float(rule.nodes[key])) not in self._probed])

    def _spend(self, wanted: Sequence[tuple[int, float]]) -> Sequence[tuple[int, float]]:
        self._alphas.extend(alpha for _, alpha in wanted)
        return wanted

    def _fold(self, rule: NestedRule) -> Sequence[tuple[int, float]]:
        """Add all values whose turn has come; judge each level that is complete; give the nodes of the next one."""
        while self.result is None and self._folded < rule.counts[-1]:
            alpha = float(rule.nodes[self._folded])
            value = self._probed[alpha] if alpha in self._probed else self._waiting.pop(self._folded, None)
            if value is None:
                return ()
            exact = value.astype(np.float64, copy=False)
            for accumulator, weights in zip(self._accumulators, rule.weights, strict=True):
                if self._folded < len(weights):
                    np.add(accumulator, weights[self._folded] * exact, out=accumulator)
            self._folded += 1
            if self._folded == rule.counts[len(self._levels)]:
                self._judge(rule)
                following = len(self._levels)
                if self.result is None and following > JUDGED:
                    return self._nodes(rule, following, following + 1)
        return ()

    def _judge(self, rule: NestedRule) -> None:
        problem, level = self.problem, len(self._levels)
        value = self._accumulators[level]
        estimates = [float("inf")] * len(problem.measures)
        if level >= JUDGED:
            steps = self._steps(level)
            estimates = [
                measure.relative(_missing(measure, steps, problem.safety), value) for measure in problem.measures
            ]
        spent = len({*self._probes, *rule.nodes[: rule.counts[level]].tolist()})
        self._levels.append(Level(spent, tuple(estimates), problem.residual(value) if problem.residual else 0.0))
        converged = self._levels[-1].worst <= problem.tolerance
        if converged or level + 1 == len(rule.counts):
            self._finish(rule, converged=converged)

    def _steps(self, level: int) -> list[Array]:
        """The last differences between levels, up to `level`: as many as an estimate looks at."""
        return [after - before for before, after in pairwise(self._accumulators[max(level - 3, 0) : level + 1])]

    def _finish(self, rule: NestedRule, *, converged: bool) -> None:
        self.result = self._integral(rule, converged=converged)
        self._accumulators, self._waiting, self._probed = [], {}, {}

    def _integral(self, rule: NestedRule, *, converged: bool) -> Integral:
        level = max(len(self._levels) - 1, 0)
        return Integral(
            value=self._accumulators[level],
            converged=converged,
            levels=tuple(self._levels),
            steps=tuple(self._steps(level)),
            alphas=tuple(self._alphas),
            family=rule.family,
            substitution=rule.substitution,
        )


def _missing(measure: Measure, steps: Sequence[Array], safety: float) -> float:
    viewed = [measure.view(step) for step in steps]
    return float(np.abs(viewed[-1]).sum()) * remaining(viewed, safety)


def _early(problem: Problem) -> tuple[float, ...]:
    """Places to probe beside the ends, if the budget goes as far as a level that can be judged."""
    levels = len(nested_rule(problem.family, GRADING[problem.family][0], problem.budget).counts)
    return EARLY[problem.family] if levels > JUDGED else ()


def _early_ratio(measure: Measure, probed: Mapping[float, Array]) -> float:
    """How large the integrand is at most, before the end, compared with its size at the end."""
    sizes = {alpha: float(np.abs(measure.view(value)).sum()) for alpha, value in probed.items()}
    end = sizes.pop(1.0)
    early = max(sizes.values())
    return early / end if end > 0 else float("inf") if early > 0 else 0.0
