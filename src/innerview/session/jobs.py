"""Questions under way: one job for each question, however many wait for its answer.

A second person who asks the same thing joins the job, and at once gets what there is; a job ends early only when
nobody waits for it any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final, final

from innerview.errors import UsageError
from innerview.session.query import Query
from innerview.session.schedule import Dropped, FairScheduler, Turn
from innerview.session.session import Session, message_of
from innerview.viewer.payload import Payload, encode

QUICK: Final = frozenset({"subject", "mask", "layers", "effects", "tiles"})
"""Kinds that take a pass or two, and what somebody has just asked with a button and waits for."""

MOST: Final = 256
"""Jobs at once; whoever comes then is told so."""


@dataclass(frozen=True, eq=False)
class News:
    """What is said of a question.

    Attributes:
        state: "queued" (with progress), "level", "done", "not-met" or "failed".
        blob: the payload, with all but "queued" and "failed".
        message: what went wrong.
        done: evaluations so far, of `total` that are known to be needed.
        total: see there; 0 where nothing is known.
    """

    state: str
    blob: bytes = b""
    message: str = ""
    done: int = 0
    total: int = 0


Hear = Callable[[News], None]
"""Called from the job's thread; must return at once."""


@final
class Ticket:
    """One person's interest in a job."""

    def __init__(self, job: _Job, hear: Hear) -> None:
        self._job = job
        self.hear = hear

    def give_back(self) -> None:
        """Be interested no more; the job ends when nobody is."""
        self._job.forget(self)


@final
class Jobs:
    """Starts jobs and lets people join them."""

    def __init__(self, session: Session, turns: FairScheduler) -> None:
        self.session = session
        self.turns = turns
        self._running: dict[Query, _Job] = {}
        self._lock = Lock()

    def ask(self, query: Query, client: int, hear: Hear) -> Ticket:
        """Ask a question that is not answered yet.

        Raises:
            UsageError: too much is under way already.
        """
        with self._lock:
            job = self._running.get(query)
            if job is None or not job.open:
                if len(self._running) >= MOST:
                    raise UsageError(f"{MOST} questions are being worked on; try again when some are answered").of(
                        "questions", limit=MOST
                    )
                job = self._running[query] = _Job(self, query)
                ticket = job.join(hear)
                job.turn = self.turns.start(client, job.work, quick=query.kind in QUICK)
            else:
                ticket = job.join(hear)
        return ticket

    def end(self, job: _Job) -> None:
        """Forget a job that has ended."""
        with self._lock:
            if self._running.get(job.query) is job:
                del self._running[job.query]


@final
class _Job:
    """One question; it is also what the computing reports to."""

    def __init__(self, jobs: Jobs, query: Query) -> None:
        self._jobs = jobs
        self.query = query
        self.turn: Turn | None = None
        self.open = True
        self._tickets: list[Ticket] = []
        self._last: News | None = None
        self._lock = Lock()

    def join(self, hear: Hear) -> Ticket:
        ticket = Ticket(self, hear)
        with self._lock:
            self._tickets.append(ticket)
            if self._last is not None:
                hear(self._last)
        return ticket

    def forget(self, ticket: Ticket) -> None:
        with self._lock:
            if ticket in self._tickets:
                self._tickets.remove(ticket)
            if self._tickets or not self.open:
                return
            self.open = False
        self._jobs.end(self)  # it may never get a turn in which to say so itself
        if self.turn is not None:
            self.turn.drop()

    def progress(self, done: int, total: int) -> None:
        """Hear of a pass: tell, and step back for others."""
        self._tell(News("queued", done=done, total=total))
        self._step()

    def level(self, found: Payload) -> None:
        """Take what there is so far."""
        news = News("level", encode(found))
        self._tell(news, keep=True)

    def _step(self) -> None:
        if self.turn is not None:
            self.turn.step()

    def work(self, turn: Turn) -> None:
        """Answer the question, in the job's own thread."""
        self.turn = turn
        try:
            answer = self._jobs.session.answer(self.query, self)
            self._end(News(answer.state, answer.blob))
        except Dropped:
            self._end(None)
            raise
        except BaseException as problem:  # noqa: BLE001 whatever a model raises, sys.exit() too, is told to whoever asked
            self._end(News("failed", message=message_of(problem)))

    def _end(self, news: News | None) -> None:
        self._jobs.end(self)
        with self._lock:
            self.open = False
            tickets, self._tickets = self._tickets, []
        if news is not None:
            for ticket in tickets:
                ticket.hear(news)

    def _tell(self, news: News, *, keep: bool = False) -> None:
        with self._lock:
            if keep:
                self._last = news
            for ticket in self._tickets:
                ticket.hear(news)
