"""How far a long piece of work is, told in parts of parts: images, stages of an image, evaluations of a stage.

One number rises from 0 to the number of images, evaluation by evaluation, so that a bar moves within one image; the
words say what is being done and how often it was. Where the evaluations that are needed show only as the work goes
on, the bar is measured by the most that it may take: it can jump to the end, but never goes back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias, final, runtime_checkable

Report: TypeAlias = Callable[[float, int, str], None]
"""Called as ``report(done, total, words)``, parts of one counted too; an exception raised in it stops the work."""


@runtime_checkable
class Listener(Protocol):
    """Whoever waits for an answer; raising in either method stops the work."""

    def progress(self, done: int, total: int) -> None:
        """Hear how many evaluations are done, of those known to be needed."""
        ...

    def level(self, found: Any) -> None:
        """Take what there is so far: a result that is not final, or what is shown of it."""
        ...


class NullListener:
    """A listener that lets everything pass."""

    def progress(self, done: int, total: int) -> None:
        """Do nothing."""

    def level(self, found: Any) -> None:
        """Do nothing."""


@final
@dataclass(frozen=True)
class Passing:
    """Passes progress on to somebody else, and what there is so far in another form, or not at all."""

    to: Listener
    shown: Callable[[Any], Any] | None = None

    def progress(self, done: int, total: int) -> None:
        """Pass it on."""
        self.to.progress(done, total)

    def level(self, found: Any) -> None:
        """Pass it on in its form."""
        if self.shown is not None:
            self.to.level(self.shown(found))


def silent(_done: float, _total: int, _words: str) -> None:
    """Report to nobody."""


@final
@dataclass(frozen=True)
class SubProgress:
    """A part of the work, from `start` to `end` of `total`; also a listener to what the viewer asks of a model.

    Attributes:
        report: told of it.
        total: of all work, as the report has it.
        start: where this part begins, in the same unit; `end`: where it ends.
        words: what is being done.
        unit: what is counted within the part, in the plural.
        most: how many there may be; 0 where the number is known from the beginning.
    """

    report: Report
    total: int
    start: float
    end: float
    words: str
    unit: str = "evaluations"
    most: int = 0

    def part(
        self, start: float, end: float, doing: str = "", *, unit: str = "evaluations", most: int = 0
    ) -> SubProgress:
        """A part of this part, from `start` to `end` of 1, with what is done in it behind the words so far."""
        width = self.end - self.start
        return replace(
            self,
            start=self.start + start * width,
            end=self.start + end * width,
            words=f"{self.words}: {doing}" if doing else self.words,
            unit=unit,
            most=most,
        )

    def begin(self) -> None:
        """Tell that it begins."""
        self.report(self.start, self.total, self.words)

    def progress(self, done: int, total: int) -> None:
        """Tell that `done` of `total` units are done."""
        known = max(self.most or total, 1)
        counted = f"{done:,} {self.unit} of at most {known:,}" if self.most else f"{done:,} of {known:,} {self.unit}"
        share = min(done / known, 1)
        self.report(self.start + share * (self.end - self.start), self.total, f"{self.words}, {counted}")

    def level(self, found: Any) -> None:
        """What there is in between is for those who look on."""


ALONE = SubProgress(silent, 1, 0, 1, "")
"""For whoever asks for no report."""
