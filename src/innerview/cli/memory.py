"""The C library's memory: what a pass frees is kept for the next one, in our own programs.

Each layer's output is an array of megabytes that lives for one pass. The GNU C library gives such memory back to the
system at once and asks for it again, and the system empties every page of it: a tenth of the processor time of
`innerview explain`. A program that imports innerview decides about its memory itself, so only the command line does
this; other C libraries have no `mallopt`, and stay as they are.
"""

from __future__ import annotations

import ctypes
from typing import Final

TRIM: Final = -1
MMAP: Final = -3
"""Numbers of the options in malloc.h."""

KEPT: Final = 256 << 20
"""Bytes at the end of the heap that are kept, at most."""

PIECE: Final = 32 << 20
"""Bytes up to which a piece comes from the heap and is no mapping of its own: the most that the library takes."""


def keep_memory() -> bool:
    """Keep memory that is freed, up to KEPT bytes; gives whether the C library could be told so."""
    try:
        tell = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # of another C library; Windows names none
        return False
    return bool(tell(TRIM, KEPT)) and bool(tell(MMAP, PIECE))
