"""One writer at a time: a lock that the operating system takes back when its owner dies, however it dies."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import IO

from innerview.errors import OutputError

if sys.platform == "win32":
    import msvcrt

    def acquire(file: IO[bytes]) -> None:
        """Lock a file's first byte or raise OSError."""
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def acquire(file: IO[bytes]) -> None:
        """Lock a file or raise OSError."""
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


class FolderLock:
    """Held for the length of a `with` block.

    The file stays behind, empty: removing it would let two processes hold two files of one name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: IO[bytes] | None = None

    def __enter__(self) -> FolderLock:
        try:
            self.file = self.path.open("ab")
        except OSError as problem:
            raise OutputError(f"{self.path.parent} can't be written ({problem.strerror})").of(
                "writing", path=self.path.parent
            ) from problem
        try:
            acquire(self.file)
        except OSError:
            self.file.close()
            raise OutputError(
                f"another training is writing into {self.path.parent}; wait for it, or choose another folder"
            ).of("lock", path=self.path.parent) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.file is not None:
            self.file.close()
