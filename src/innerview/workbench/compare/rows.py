"""Rows of a comparison as lines of JSON: what is there is not measured again, and a kill leaves whole rows.

The first line says what is measured, so that rows of two questions are never mixed. One question may grow: where
methods are asked about that were not before, rows stay, and what is measured of the new ones is a line of its own
("more").
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from innerview.errors import DataError, OutputError, UsageError

Row: TypeAlias = dict[str, Any]

GROWS: Final = "entrants"
"""What may be more than in the file, of all that is measured."""


class Rows:
    """One file of rows.

    Args:
        path: the file; made if it is not there.
        about: what is measured; what a file that is there must say too.

    Raises:
        UsageError: the file holds rows of another question.
        DataError: it can't be read as rows.
        OutputError: it can't be written.
    """

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        self.path = path
        stored = _read(path)
        head = json.loads(json.dumps(about))  # as it comes back: tuples are lists
        if not stored:
            self.found: list[Row] = []
            self._write(b"", [head])
            return
        known = stored[0].get(GROWS, [])
        grows = known != head.get(GROWS, []) and all(one in head.get(GROWS, []) for one in known)
        different = [name for name in head if stored[0].get(name) != head[name] and not (name == GROWS and grows)]
        if different:
            name = different[0]
            raise UsageError(
                f"{path} holds rows of another comparison: its {name} is {stored[0].get(name)!r}, and {head[name]!r} "
                "was asked for; choose another folder with --output, or remove it"
            ).of(name, path=path, asked=head[name], found=stored[0].get(name))
        if grows:
            self._write(b"", [head, *stored[1:]])
        self.found = joined(stored[1:])

    def add(self, row: Row) -> None:
        """Write one more row, at once."""
        self._write(None, [row])
        self.found.append(row)

    def extend(self, row: Row, more: Row) -> None:
        """Write what was measured of an image's other entrants, and put it into its row."""
        self._write(None, [{"more": row["image"], "found": more}])
        row["found"].update(more)

    def _write(self, content: bytes | None, rows: list[Row]) -> None:
        lines = "".join(json.dumps(row, allow_nan=True) + "\n" for row in rows).encode()
        try:
            with self.path.open("wb" if content is not None else "ab") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            raise OutputError(
                f"{self.path} can't be written ({str(problem.strerror).lower()}); what was measured before is kept"
            ).of("writing", path=self.path) from problem


def joined(rows: list[Row]) -> list[Row]:
    """Rows with what was measured later in them."""
    found = [row for row in rows if "more" not in row]
    by_name = {row["image"]: row for row in found if "image" in row}
    for row in rows:
        if "more" in row:
            by_name[row["more"]]["found"].update(row["found"])
    return found


def _read(path: Path) -> list[Row]:
    """Whole rows; a last line that was cut off is removed from the file."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    try:
        rows = [json.loads(line) for line in whole.splitlines()]
    except ValueError as problem:
        raise DataError(f"{path} can't be read as rows of a comparison ({problem}); remove it").of(
            "rows", path=path
        ) from problem
    return rows
