"""The code on a page of the documentation: found in its order, and run as a reader would, in the folder at hand.

Python blocks share one set of names; of tabs a reader takes the first. Of shell blocks the lines that call innerview
are run, in this process.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from innerview.cli import main

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)
SHELL = ("bash", "sh")


class Block(NamedTuple):
    """A block of code, the line of the page that it begins on, and whether it stands in a tab."""

    language: str
    code: str
    line: int
    tab: bool

    def commands(self) -> list[str]:
        """Lines of a shell block that call innerview; one that ends in a backslash goes on in the next."""
        lines = self.code.replace("\\\n", " ").splitlines() if self.language in SHELL else []
        return [line.strip() for line in lines if line.startswith("innerview ")]


def blocks(page: Path) -> Iterator[Block]:
    """Every block of a page, indented ones (in tabs) as well."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start("code"))
        yield Block(found["language"], textwrap.dedent(found["code"]), line, bool(found["indent"]))


def arguments(command: str) -> list[str]:
    """A command's arguments as a shell gives them: without what follows #, with the files that a pattern means."""
    _, *words = shlex.split(command, comments=True)
    return [one for word in words for one in (_files(word) if "*" in word else [word])]


def _files(pattern: str) -> list[str]:
    return sorted(str(path) for path in Path().glob(pattern)) or [pattern]


def run(command: str) -> None:
    """Run a line of a shell block."""
    if code := main(arguments(command)):
        raise SystemExit(f"{command}: exit code {code}")


def run_page(
    page: Path, names: Mapping[str, Any] | None = None, command: Callable[[str], None] = run
) -> dict[str, Any]:
    """Run everything on a page, with some names given, and give the names that there are at its end."""
    known: dict[str, Any] = {"__name__": page.stem, **(names or {})}
    before: dict[str, Any] | None = None
    for block in blocks(page):
        for line in block.commands():
            command(line)
        # Tabs are alternatives: each begins with what was known before them, and the first one's names are kept.
        first, before = before is None, (before or dict(known)) if block.tab else None
        if block.language == "python":
            # As many lines before it as the page has, so that a traceback names the page's own line.
            code = compile("\n" * block.line + block.code, str(page), "exec")
            exec(code, known if first or before is None else dict(before))  # noqa: S102 our own pages
    return known
