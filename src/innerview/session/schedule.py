"""One job computes at a time, and between its passes it steps back for whoever has had least.

Two jobs at once would each run at half speed and hold their memory twice as long; one after the other would make
everybody wait for the slowest. So each job runs in a thread of its own, at most one of them holds the turn, and it
offers the turn after every pass (some tens of milliseconds). The next turn goes to the client that has computed least;
a job that is quick by nature counts as if its client had had a second less, so that a brush does not wait for a map.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Final, final

CREDIT: Final = 1.0
"""Seconds that a quick job is ahead."""


class Dropped(Exception):
    """Nobody waits for this job any more; raised in it at its next step."""


@final
class Turn:
    """One job's claim to compute.

    Args:
        turns: shared by all jobs.
        client: whose job it is.
        quick: it takes a pass or two.
        number: the order of asking.
    """

    def __init__(self, turns: FairScheduler, client: int, *, quick: bool, number: int) -> None:
        self._turns = turns
        self.client = client
        self.quick = quick
        self.number = number
        self.began = 0.0
        self._dropped = threading.Event()

    def drop(self) -> None:
        """Let the job end at its next step; safe from any thread."""
        self._dropped.set()
        self._turns.wake()

    @property
    def dropped(self) -> bool:
        """Whether it was."""
        return self._dropped.is_set()

    def step(self) -> None:
        """Step back for others between two passes.

        Raises:
            Dropped: nobody waits for the job any more.
        """
        self._turns.leave(self)
        self._turns.enter(self)


@final
class FairScheduler:
    """Shares the turn out. The computing itself happens in the threads that `start` makes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._waiting: list[Turn] = []
        self._current: Turn | None = None
        self._spent: dict[int, float] = {}
        self._numbers = itertools.count()
        self._threads: set[threading.Thread] = set()

    def join_in(self, client: int) -> None:
        """A new client begins where the one is that has had least: neither ahead of all others nor behind."""
        with self._condition:
            self._spent[client] = min(self._spent.values(), default=0.0)

    def go(self, client: int) -> None:
        """Forget a client."""
        with self._condition:
            self._spent.pop(client, None)

    def start(self, client: int, work: Callable[[Turn], None], *, quick: bool) -> Turn:
        """Begin a job; `work` runs when its turn comes, and calls `step` between passes."""
        turn = Turn(self, client, quick=quick, number=next(self._numbers))
        thread = threading.Thread(target=self._run, args=(turn, work), daemon=True, name=f"innerview job {turn.number}")
        with self._condition:
            self._threads.add(thread)
        thread.start()
        return turn

    @property
    def jobs(self) -> int:
        """How many jobs are under way or wait."""
        return len(self._threads)

    def enter(self, turn: Turn) -> None:
        """Wait for the turn; raise Dropped if the job was dropped meanwhile."""
        with self._condition:
            self._waiting.append(turn)
            try:
                self._condition.wait_for(lambda: turn.dropped or (self._current is None and self._next() is turn))
            finally:
                self._waiting.remove(turn)
            if turn.dropped:
                self._condition.notify_all()
                raise Dropped
            self._current = turn
            turn.began = self._clock()

    def leave(self, turn: Turn) -> None:
        """Give the turn back."""
        with self._condition:
            if self._current is not turn:
                return
            if turn.client in self._spent:
                self._spent[turn.client] += self._clock() - turn.began
            self._current = None
            self._condition.notify_all()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        with self._condition:
            self._condition.notify_all()

    def _next(self) -> Turn | None:
        """Whose turn it is; nobody's where all that wait were dropped, which may happen at any moment."""
        return min(
            (one for one in self._waiting if not one.dropped),
            key=lambda one: (self._spent.get(one.client, 0.0) - CREDIT * one.quick, one.number),
            default=None,
        )

    def _run(self, turn: Turn, work: Callable[[Turn], None]) -> None:
        try:
            self.enter(turn)
            work(turn)
        except Dropped:
            pass
        finally:
            self.leave(turn)
            with self._condition:
                self._threads.discard(threading.current_thread())
