r"""What people see: every line of every command goes through here.

Nothing in it steers a terminal (an escape sequence in the name of a file or a class is shown, not sent), and nothing
fails to be written: what the console's encoding lacks is written in ASCII, "×" as "x", "é" as "e", others as \u4e2d.
"""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

import click

from innerview.names import visible

if TYPE_CHECKING:
    from rich.console import Console

SUBSTITUTES: Final = {
    "×": "x", "−": "-", "–": "-", "—": "-", "…": "...", "→": "->", "←": "<-", "±": "+/-", "≤": "<=", "≥": ">=",
    "·": "*", "•": "*", "√": "sqrt", "‖": "||", "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "µ": "u", "Δ": "d",
    "½": "1/2", "²": "^2", "³": "^3", "°": " deg", "\u00a0": " ", "\u202f": " ",
    "─": "-", "━": "-", "│": "|", "✓": "+", "✗": "x", "○": "o", "●": "o",
}  # fmt: skip
"""In ASCII, where an encoding lacks a character that we write ourselves."""

HANDLER: Final = "innerview.console"


def _substitute(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    return "".join(map(_in_ascii, problem.object[problem.start : problem.end])), problem.end


def _in_ascii(letter: str) -> str:
    if letter in SUBSTITUTES:
        return SUBSTITUTES[letter]
    apart = unicodedata.normalize("NFKD", letter) if unicodedata.category(letter).startswith("L") else ""
    plain = "".join(one for one in apart if one.isascii())
    return plain or visible(letter).encode("ascii", "backslashreplace").decode("ascii")


codecs.register_error(HANDLER, _substitute)


@contextmanager
def writable() -> Generator[None, None, None]:
    """Let the standard streams write whatever they are given, for the length of a block."""
    changed: list[tuple[io.TextIOWrapper[Any], str | None]] = []
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors != HANDLER:
            changed.append((cast("io.TextIOWrapper[Any]", stream), stream.errors))
            stream.reconfigure(errors=HANDLER)
    try:
        yield
    finally:
        for stream, errors in changed:
            if not stream.closed:
                stream.reconfigure(errors=errors)


def say(*lines: object, err: bool = False) -> None:
    """Write lines to standard output, or to the error stream; a line end within one is shown as what it is."""
    stream: TextIO | None = sys.stderr if err else sys.stdout  # none in a Python without a console
    if stream is not None:
        stream.write("".join(f"{visible(str(line))}\n" for line in lines))
        stream.flush()


def console(*, err: bool = False) -> Console:
    """For tables and bars: what is printed is text, never markup; give cells as `visible` has them."""
    from rich.console import Console

    return Console(stderr=err, markup=False, emoji=False, highlight=False)


class _Formatter(click.HelpFormatter):
    """Help that can be written: click writes UTF-8 to whoever takes ASCII."""

    def getvalue(self) -> str:
        stream: TextIO | None = sys.stdout
        encoding = getattr(stream, "encoding", None) or "ascii"
        return super().getvalue().encode(encoding, HANDLER).decode(encoding)


class Context(click.Context):
    """The context of every command: its help is had by -h as well, also where no group stands above it.

    click keeps a command's help option as it was made first: one context without -h would take it from all others.
    """

    formatter_class = _Formatter

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **{"help_option_names": ["-h", "--help"], **named})


class Command(click.Command):
    """A command, which gets this context whoever calls it."""

    context_class = Context
