"""Results as lines of JSON: read whole, and written one by one, so that a measurement can be ended and taken up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read(file: Path) -> list[dict[str, Any]]:
    """All rows of a file; none where it is not there yet."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def add(file: Path, row: dict[str, Any]) -> None:
    """Append a row; it is on the disk when this returns."""
    with file.open("a", encoding="utf-8") as opened:
        opened.write(json.dumps(row) + "\n")
