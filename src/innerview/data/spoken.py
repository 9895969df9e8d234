"""What a C library writes to the terminal while it reads a file, caught for the file's notes.

libtiff has no other way to complain, and Python's own warnings never see it. While it reads, file descriptor 2 leads to
a temporary file; one reading at a time, since the descriptor is the whole process's. Lines that are not libtiff's (of
another thread) are passed on afterwards.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from innerview.names import readable

_LINE: Final = re.compile(rb"[\w.]+: .*")
_ONE: Final = Lock()
_MOST_LINES: Final = 3
_MOST: Final = 2**16


@contextmanager
def heard(notes: list[str]) -> Generator[None, None, None]:
    """Add what libtiff says in the block to `notes`, each line once, the first few."""
    with _ONE, tempfile.TemporaryFile() as caught:
        kept = _redirect(caught.fileno())
        try:
            yield
        finally:
            if kept is not None:
                _restore(kept)
                caught.seek(0)
                _sort(caught.read(_MOST), notes)


def _redirect(target: int) -> int | None:
    """Lead descriptor 2 elsewhere; None where the process has none."""
    try:
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(target, 2)
    except (OSError, AttributeError, ValueError):
        return None
    return kept


def _restore(kept: int) -> None:
    os.dup2(kept, 2)
    os.close(kept)


def _sort(said: bytes, notes: list[str]) -> None:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    ours = list(dict.fromkeys(line for line in lines if _LINE.fullmatch(line)))
    notes += [f"its reader says: {readable(line.decode('utf-8', 'replace'))[:200]}" for line in ours[:_MOST_LINES]]
    if len(ours) > _MOST_LINES:
        notes.append(f"its reader says {len(ours) - _MOST_LINES} more such things")
    if others := [line for line in lines if not _LINE.fullmatch(line)]:
        os.write(2, b"\n".join(others) + b"\n")
