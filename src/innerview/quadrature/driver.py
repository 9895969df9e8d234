"""Many integrals at once: give out (integral, node) requests, take answers in any order.

Whoever evaluates the integrands fills batches from `requests`, which mixes integrals freely; one that has converged
asks for nothing more, so it leaves the batches by itself. A new integral is begun only when those under way can't
fill a batch, so that memory depends on the batch and not on how many integrals are wanted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

from innerview.quadrature.fixed import FixedIntegration, FixedProblem
from innerview.quadrature.integration import Integration
from innerview.quadrature.problems import Integral, Problem
from innerview.types import Array


@dataclass(frozen=True)
class Request:
    """Evaluate integrand number `problem` at `alpha`, in [0, 1].

    Attributes:
        problem: number, in the order of the problems given.
        key: which of its nodes; for the driver.
        alpha: where.
    """

    problem: int
    key: int
    alpha: float


@final
class Driver:
    """Hands out requests and collects results. Not safe for several threads at once.

    Args:
        problems: taken from one by one, as batches have room.
    """

    def __init__(self, problems: Iterable[Problem | FixedProblem]) -> None:
        self._problems = enumerate(problems)
        self._active: dict[int, Integration | FixedIntegration] = {}
        self._queue: deque[Request] = deque()
        self._finished: deque[tuple[int, Integral]] = deque()
        self._refined: dict[int, None] = {}
        self._wanted = 0

    @property
    def wanted(self) -> int:
        """Evaluations known to be needed so far, done or not."""
        return self._wanted

    def requests(self, most: int) -> list[Request]:
        """Give up to `most` requests; none when all that is left waits for answers, or all is done."""
        while len(self._queue) < most and (following := next(self._problems, None)) is not None:
            number, problem = following
            self._active[number] = _begun(problem)
            self._enqueue(number, self._active[number].start())
        return [self._queue.popleft() for _ in range(min(most, len(self._queue)))]

    def answer(self, request: Request, value: Array) -> None:
        """Take the value for one request. The array must not change afterwards.

        Raises:
            InnerviewError: the value is not finite.
        """
        integration = self._active[request.problem]
        before = integration.levels
        self._enqueue(request.problem, integration.take(request.key, value))
        if integration.levels > before:
            self._refined[request.problem] = None
        if integration.result is not None:
            del self._active[request.problem]
            self._refined.pop(request.problem, None)
            self._finished.append((request.problem, integration.result))

    def finished(self) -> Iterator[tuple[int, Integral]]:
        """Give each integral that has ended since the last call, with its number, in the order of ending."""
        while self._finished:
            yield self._finished.popleft()

    def refined(self) -> Iterator[tuple[int, Integral]]:
        """Give each integral that has reached another level since the last call, and has not ended, as it stands."""
        while self._refined:
            number = next(iter(self._refined))
            del self._refined[number]
            yield number, self._active[number].sofar()

    def _enqueue(self, number: int, wanted: Sequence[tuple[int, float]]) -> None:
        self._wanted += len(wanted)
        self._queue.extend(Request(number, key, alpha) for key, alpha in wanted)


def _begun(problem: Problem | FixedProblem) -> Integration | FixedIntegration:
    return FixedIntegration(problem) if isinstance(problem, FixedProblem) else Integration(problem)


def integrate_many(
    problems: Iterable[Problem | FixedProblem],
    evaluate: Callable[[Sequence[Request]], Sequence[Array]],
    batch_size: int,
) -> Iterator[tuple[int, Integral]]:
    """Find many integrals; yield each with its number as soon as it has ended.

    Args:
        problems: what is wanted; read as room allows, so it may be long.
        evaluate: the integrands' values (arrays, always of one shape within a problem) for up to `batch_size` requests.
        batch_size: requests at most in one call; at least 1.
    """
    driver = Driver(problems)
    while batch := driver.requests(batch_size):
        for request, value in zip(batch, evaluate(batch), strict=True):
            driver.answer(request, value)
        yield from driver.finished()


def integrate(problem: Problem, function: Callable[[float], Array]) -> Integral:
    """Find one integral of a function of alpha."""
    ((_, integral),) = integrate_many([problem], lambda batch: [function(one.alpha) for one in batch], batch_size=1)
    return integral
