"""When something is due, and whether it can be afforded.

A schedule by steps alone costs nothing on one model and everything on another. So each kind of record is timed, and
one that is due is put off while it would take the recorder beyond its share of the training's time. The share holds
at every moment after the first record, which is made before training begins and is nobody's epoch.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from innerview.errors import UsageError

SHARE: Final = 0.03
"""Of the time that passes; the rest is the training's."""

EVERY: Final = 50
"""Steps between two measurements of the weights: some hundred points on a curve of a short training."""


def is_early(step: int) -> bool:
    """Whether a step is a power of two: dense where training moves fastest, and only some thirty in any run."""
    return step > 0 and step & (step - 1) == 0


class Budget:
    """The time that a recorder has spent, and may spend.

    Args:
        share: of all time since `begin`, above 0 and at most 1; None for no limit.
        clock: seconds, rising.

    Attributes:
        spent: seconds that were spent since `begin`.
        put_off: how often each kind of record was due and could not be afforded.
    """

    def __init__(self, share: float | None, clock: Callable[[], float] = time.perf_counter) -> None:
        if share is not None and not 0 < share <= 1:
            raise UsageError(f"a share of {share} of the training's time was given; give one above 0 and up to 1").of(
                "share", asked=share
            )
        self.spent = 0.0
        self.put_off = Counter[str]()
        self._share, self._clock = share, clock
        self._begun = clock()
        self._since: float | None = None
        self._costs = dict[str, float]()

    def begin(self) -> None:
        """Count from now on; what each kind cost so far is remembered as its price."""
        self.spent, self._begun = 0.0, self._clock()

    @property
    def elapsed(self) -> float:
        """Seconds since `begin`."""
        return self._clock() - self._begun

    @property
    def unspent(self) -> float:
        """Seconds since `begin` that were not spent; they stand still inside of `spending`, and never go back."""
        now = self._clock() if self._since is None else self._since
        return max(now - self._begun - self.spent, 0.0)

    @contextmanager
    def spending(self, kind: str) -> Generator[None, None, None]:
        """Time what is done inside; not to be nested."""
        self._since = self._clock()
        try:
            yield
        finally:
            self._costs[kind] = self._clock() - self._since
            self.spent += self._costs[kind]
            self._since = None

    def allows(self, kind: str) -> bool:
        """Whether a record of this kind, at its last price, would stay within the share; if not, it is put off."""
        price = self._costs.get(kind, 0.0)
        # what is spent makes the training longer too
        allowed = self._share is None or self.spent + price <= self._share * (self.elapsed + price)
        self.put_off[kind] += not allowed
        return allowed
