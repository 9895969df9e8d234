"""Progress for people: a bar on a terminal, plain lines now and then anywhere else, nothing on standard output."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final, TypeAlias

from innerview.cli.console import console, say
from innerview.names import visible

Report: TypeAlias = Callable[[float, int, str], None]
"""Called with what is done (parts of one counted too), of how many, and words."""

SECONDS: Final = 2.0
"""Below this nobody needs a bar; in a log file, lines of what is done are at least this far apart."""

QUIET: Final = 30.0
"""In a log file, how far the next one is, where the number done is the same, is told after so long at the earliest."""


@contextmanager
def steps(title: str) -> Generator[Report, None, None]:
    """Give a function ``progress(done, total, words)`` to report with while the block runs."""
    if not sys.stderr.isatty():
        yield _plain(title)
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    heading = TextColumn("{task.fields[title]}", markup=False)
    columns = (heading, BarColumn(), TextColumn("{task.description}", markup=False), TimeRemainingColumn())
    with Progress(*columns, console=console(err=True), transient=True) as bar:
        task = bar.add_task("", total=None, title=title)

        def report(done: float, total: int, words: str) -> None:
            bar.update(task, completed=done, total=total, description=visible(words))

        yield report


def _plain(title: str) -> Report:
    last, told = time.monotonic(), -1

    def report(done: float, total: int, words: str) -> None:
        nonlocal last, told
        whole, since = math.floor(done), time.monotonic() - last
        if since >= (SECONDS if whole != told else QUIET):
            last, told = time.monotonic(), whole
            say(f"{title}: {whole} of {total}, {words}", err=True)

    return report
