"""A training as it goes: one live line on a terminal, a plain line now and then anywhere else.

Both are on the error stream, so that standard output carries the result alone.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final

from innerview.cli.console import console, say
from innerview.names import visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from innerview.data.labelled import Dataset
    from innerview.training import Configuration, Progress

SECONDS: Final = 10.0
"""Between two plain lines, at least; a new test is told at once."""


class Screen:
    """Tells of a training; a context manager, since a live line must be taken away at the end, however it ends."""

    def __init__(self) -> None:
        self.step = 0
        self._told = time.monotonic() - SECONDS
        self._tested: float | None = None
        self._bars: Bars | None = None

    def __enter__(self) -> Screen:
        if sys.stderr.isatty():
            from rich.progress import BarColumn, Progress, TextColumn

            heading, words = (TextColumn(f"{{task.{one}}}", markup=False) for one in ("fields[title]", "description"))
            self._bars = Progress(heading, BarColumn(bar_width=10), words, console=console(err=True), transient=True)
            self._bars.add_task("", total=None, title="Reading")
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the live line away."""
        if self._bars is not None:
            self._bars.stop()

    def download(self, done: int, total: int, url: str) -> None:
        """Tell how much of a file has arrived."""
        host = url.split("/")[2]
        self._show("Downloading", done, total, f"{done / 1e6:.0f} of {total / 1e6:.0f} MB from {host}", soon=False)

    def begin(self, configuration: Configuration, data: Dataset) -> None:
        """Say once what is trained, on what."""
        shape = " × ".join(map(str, data.train.images.shape[1:3]))
        self._print(
            f"{configuration.name}: {configuration.steps:,} steps of {configuration.batch_size} on "
            f"{len(data.train.images):,} images of {shape} in {len(data.classes)} classes, tested on "
            f"{len(data.test.images):,}; {configuration.precision}, {configuration.threads} "
            f"thread{'s' * (configuration.threads != 1)}, seed {configuration.seed}"
        )
        for problem in data.skipped:  # before the hours, not after them
            self._print(f"left out: {problem}")

    def report(self, now: Progress) -> None:
        """Tell where the training stands after a step."""
        self.step = now.step
        tested = "" if now.test_accuracy is None else f" (test {100 * now.test_accuracy:.1f} %)"
        rest = f"{now.images_per_second:.0f} images/s, {left(now.seconds_left)} left"
        self._show(
            "Training",
            now.step,
            now.steps,
            f"loss {now.loss:.3f}, {100 * now.accuracy:.0f} %{tested}, {rest}"  # fits a terminal of 80 columns
            if self._bars is not None
            else f"step {now.step:,} of {now.steps:,}: epoch {now.epoch:.2f}, loss {now.loss:.3f}, "
            f"accuracy {100 * now.accuracy:.0f} %{tested}, {rest}",
            soon=now.test_accuracy != self._tested,
        )
        self._tested = now.test_accuracy

    def _show(self, title: str, done: int, total: int, text: str, *, soon: bool) -> None:
        if self._bars is not None:
            task = self._bars.task_ids[0]
            self._bars.update(task, completed=done, total=total, description=visible(text), title=title)
        elif soon or done == total or time.monotonic() - self._told >= SECONDS:
            self._told = time.monotonic()
            say(f"{title}: {text}", err=True)

    def _print(self, text: str) -> None:
        if self._bars is not None:
            self._bars.console.print(visible(text))
        else:
            say(text, err=True)


def left(seconds: float) -> str:
    """Write a duration as people say it: "40 s", "12 min", "2 h 5 min"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
