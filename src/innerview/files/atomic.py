"""Files that are there whole or not at all.

A file is written beside its place, forced to the disk and moved over: the move is one step for every reader, so
neither a kill nor a full disk leaves half a file under a real name.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from innerview.errors import OutputError


def write(path: Path, content: bytes, *, hidden: bool = False) -> None:
    """Write a file whole.

    Args:
        path: of the file.
        content: of it.
        hidden: call the file beside it by a name that begins with a dot, in a folder that is read as one table.

    Raises:
        OutputError: if the disk is full or the place can't be written; what stood there before stands there still.
    """
    beside = path.with_name(f"{'.' * hidden}{path.name}.{os.getpid()}.partial")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as problem:
        with suppress(OSError):  # the folder itself may be gone
            beside.unlink()
        raise OutputError(
            f"{path} can't be written ({problem.strerror}); {len(content):,} bytes were asked for. "
            "Nothing that was there before is lost"
        ).of("writing", path=path, asked=len(content)) from problem
