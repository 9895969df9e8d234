"""One job at a time, the turn goes to whoever had least, quick jobs are ahead, dropped jobs end at their next step."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from innerview.session.schedule import Dropped, FairScheduler, Turn
from patience import PATIENCE, until


class Clock:
    """Time that passes only when a job says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def run_all(turns: FairScheduler, jobs: list[tuple[int, bool, Callable[[Turn], None]]]) -> None:
    """Start jobs while the turn is held, so that all wait when it is given back; wait for their end."""
    gate, held = threading.Event(), threading.Event()

    def hold(_: Turn) -> None:
        held.set()
        gate.wait(PATIENCE)

    turns.start(0, hold, quick=False)
    assert held.wait(PATIENCE)
    for client, quick, work in jobs:
        before = len(turns._waiting)
        turns.start(client, work, quick=quick)
        until(lambda before=before: len(turns._waiting) > before)
    gate.set()
    until(lambda: not turns.jobs, "the jobs' end")


def worker(clock: Clock, log: list[str], name: str, passes: int, seconds: float) -> Callable[[Turn], None]:
    def work(turn: Turn) -> None:
        for _ in range(passes):
            clock.now += seconds
            log.append(name)
            turn.step()

    return work


def test_passes_of_two_clients_take_turns(clock: Clock) -> None:
    turns, log = FairScheduler(clock), list[str]()
    for client in (1, 2):
        turns.join_in(client)
    run_all(turns, [(1, False, worker(clock, log, "a", 4, 1.0)), (2, False, worker(clock, log, "b", 4, 1.0))])
    assert log == ["a", "b"] * 4


def test_a_client_with_many_jobs_gets_no_more_than_one_with_one(clock: Clock) -> None:
    turns, log = FairScheduler(clock), list[str]()
    for client in (1, 2):
        turns.join_in(client)
    jobs = [(1, False, worker(clock, log, "a", 3, 1.0)) for _ in range(4)]
    run_all(turns, [*jobs, (2, False, worker(clock, log, "b", 3, 1.0))])
    assert log[:6].count("b") == 3


def test_a_quick_job_goes_before_the_next_pass_of_a_long_one(clock: Clock) -> None:
    turns, log = FairScheduler(clock), list[str]()
    for client in (1, 2):
        turns.join_in(client)
    run_all(turns, [(1, False, worker(clock, log, "long", 3, 0.1)), (2, True, worker(clock, log, "quick", 1, 0.01))])
    assert log[0] == "quick"


def test_a_newcomer_begins_where_the_one_with_least_is(clock: Clock) -> None:
    turns, log = FairScheduler(clock), list[str]()
    turns.join_in(1)
    run_all(turns, [(1, False, worker(clock, log, "a", 5, 10.0))])
    turns.join_in(2)
    assert turns._spent == {1: 50.0, 2: 50.0}
    turns.go(1)
    assert turns._spent == {2: 50.0}


def test_only_one_computes_at_a_time(clock: Clock) -> None:
    turns, inside, most = FairScheduler(), 0, 0
    lock = threading.Lock()

    def work(turn: Turn) -> None:
        nonlocal inside, most
        for _ in range(20):
            with lock:
                inside += 1
                most = max(most, inside)
            with lock:
                inside -= 1
            turn.step()

    run_all(turns, [(client, False, work) for client in range(8)])
    assert most == 1


def test_a_dropped_job_ends_at_its_next_step_and_one_that_waits_never_begins(clock: Clock) -> None:
    turns, ends = FairScheduler(), list[str]()

    def first(turn: Turn) -> None:
        turn.drop()
        try:
            turn.step()
        except Dropped:
            ends.append("dropped")
            raise

    run_all(turns, [(1, False, first)])
    assert ends == ["dropped"]
    waiting: list[Turn] = []

    def drops_the_other(turn: Turn) -> None:
        waiting[0].drop()
        turn.step()

    gate = threading.Event()
    holder = turns.start(1, lambda _: gate.wait(PATIENCE) and None, quick=False)
    waiting.append(turns.start(2, lambda _: ends.append("began"), quick=False))
    waiting[0].drop()
    gate.set()
    until(lambda: not turns.jobs, "the jobs' end")
    assert ends == ["dropped"]
    assert not holder.dropped


def test_a_job_that_is_dropped_between_two_looks_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = FairScheduler()
    turn, looks = Turn(turns, 1, quick=False, number=0), iter([False])
    monkeypatch.setattr(Turn, "dropped", property(lambda _: next(looks, True)))
    ended = threading.Event()

    def wakes() -> None:  # as whoever drops a job does, however early or late
        while not ended.wait(0.01):
            turns.wake()

    waker = threading.Thread(target=wakes)
    waker.start()
    try:
        with pytest.raises(Dropped):
            turns.enter(turn)
    finally:
        ended.set()
        waker.join()
