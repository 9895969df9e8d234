"""An integral by a fixed rule, given out and answered as the adaptive ones are: every node once, and no judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from innerview.quadrature.early import require_finite
from innerview.quadrature.problems import Integral
from innerview.quadrature.rules import Rule
from innerview.types import Array


@dataclass(frozen=True)
class FixedProblem:
    """One integral over [0, 1] that is wanted by a rule, whatever its error."""

    rule: Rule


@final
class FixedIntegration:
    """The state of one problem; values are added in the order of the nodes, in float64, so that sums are repeatable."""

    levels = 0

    def __init__(self, problem: FixedProblem) -> None:
        self.rule = problem.rule
        self.result: Integral | None = None
        self._waiting: dict[int, Array] = {}
        self._sum: Array | None = None
        self._folded = 0

    def start(self) -> Sequence[tuple[int, float]]:
        """All nodes, as (key, alpha)."""
        nodes: list[float] = self.rule.nodes.tolist()
        return list(enumerate(nodes))

    def take(self, key: int, value: Array) -> Sequence[tuple[int, float]]:
        """Take the integrand's value for `key`; nothing more is wanted.

        Raises:
            InnerviewError: the value is not finite.
        """
        require_finite(value)
        self._waiting[key] = value
        while (following := self._waiting.pop(self._folded, None)) is not None:
            weighted: Array = self.rule.weights[self._folded] * following
            self._sum = weighted if self._sum is None else self._sum + weighted
            self._folded += 1
        if self._folded == self.rule.evaluations:
            self.result = self.sofar()
        return ()

    def sofar(self) -> Integral:
        """What has been added up."""
        rule, value = self.rule, self._sum
        assert value is not None  # noqa: S101 a rule has a node at least
        return Integral(
            value,
            converged=False,
            stalled=False,
            levels=(),
            steps=(),
            alphas=tuple(rule.nodes.tolist()),
            family=rule.name,
            substitution="",
        )
