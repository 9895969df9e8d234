"""The lines of `metrics.jsonl`: each a table with the "step" that it is of, and numbers or words by name.

A line that a kill cut short, the last one without an end, is as if it were not there: so is a line on its way. A
finished line that is damaged is told by its number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from innerview.errors import DataError
from innerview.files.regular import brief, opened, reason
from innerview.runs.manifest import is_count

FILE: Final = "metrics.jsonl"

LARGEST: Final = 2**1023
"""Of whole numbers: a float holds it."""


def read_metrics(path: Path, problems: list[str] | None = None) -> list[dict[str, Any]]:
    """Read every line that was finished, in order; nothing where there is no file.

    Args:
        path: of the file.
        problems: takes a sentence for each line or value that is left out; None to refuse them.

    Raises:
        DataError: the file can't be read, or a line can't and `problems` is None.
    """
    if not path.exists():
        return []
    with opened(path, "the metrics") as file:
        lines = file.read().split(b"\n")[:-1]
    records: list[dict[str, Any]] = []
    found: list[str] = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(_record(line, f"line {number} of {path}", found))
        except (ValueError, RecursionError) as problem:
            found.append(f"line {number} of {path} is damaged ({reason(problem)})")
    if problems is None and found:
        raise DataError(f"{found[0]}; remove it").of("metrics", path=path, found=len(found))
    if problems is not None:
        problems += found
    return records


def _record(line: bytes, where: str, problems: list[str]) -> dict[str, Any]:
    """One line without what is no number and no text, or ValueError."""
    told: object = json.loads(line)
    if not isinstance(told, Mapping):
        raise ValueError(f"it holds a {type(told).__name__}, not a table")  # noqa: TRY004  as other damage
    record = dict(cast("Mapping[str, Any]", told))
    if not is_count(record.get("step")):
        raise ValueError(f"its step is {brief(record.get('step'))}, not a whole number from 0")
    strange = [name for name, value in record.items() if not _is_plain(value)]
    problems.extend(f"{where} says {brief(name)} = {brief(record.pop(name))}, which is left out" for name in strange)
    return record


def _is_plain(value: object) -> bool:
    return isinstance(value, str | float) or (isinstance(value, int) and -LARGEST < value < LARGEST)


def as_number(value: object) -> float:
    """A logged value as a float; NaN for words."""
    return float(value) if isinstance(value, int | float) else math.nan
