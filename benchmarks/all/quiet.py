"""Is the machine free? A loop of pure Python shows how much of a core it gets, and how evenly."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from os import cpu_count

SECONDS = 0.5
FREE = 0.97
"""Processor time over wall time, on every core at once, from which on the machine counts as free."""


def share(seconds: float = SECONDS) -> float:
    """Processor time that this process gets, over the wall time that passes, while it only computes."""
    wall, processor = time.perf_counter(), time.process_time()
    while time.perf_counter() - wall < seconds:
        sum(range(1000))
    return (time.process_time() - processor) / (time.perf_counter() - wall)


def shares() -> list[float]:
    """The same on as many processes as there are cores, at once."""
    count = cpu_count() or 1
    with ProcessPoolExecutor(count) as pool:
        return list(pool.map(share, [SECONDS] * count))


def wait_until_free(
    most: float,
    *,
    look: Callable[[], list[float]] = shares,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    told: Callable[[str], None] = print,
) -> bool:
    """Wait, for `most` seconds, until nothing else needs a core; whether that came.

    Args:
        most: seconds.
        look: gives each core's share.
        sleep: between two looks.
        clock: seconds, rising.
        told: what is waited for.
    """
    end = clock() + most
    while min(found := look()) < FREE:
        if clock() >= end:
            return False
        told(f"busy: this process gets {min(found):.0%} of a core; waiting")
        sleep(10)
    return True
