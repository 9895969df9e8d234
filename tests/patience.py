"""How long a test waits for a state that must come: long enough for a machine that is busy with other things.

Nobody waits this long where all is well, and nothing is concluded from how long it took.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 180
"""Seconds after which a state that must come counts as never coming."""


def _pause() -> None:
    time.sleep(0.002)


def until(holds: Callable[[], object], what: str = "a state", pause: Callable[[], object] = _pause) -> None:
    """Wait until something holds, with `pause` between two looks (a page hears nothing while Python sleeps).

    Raises:
        AssertionError: it never did.
    """
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"{what} was waited for {PATIENCE} s"
        pause()
