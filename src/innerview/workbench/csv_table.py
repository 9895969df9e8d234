"""Tables as comma-separated values, so that names with commas or quotes stay one cell and none is run as a formula."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula; names of files and classes come from anywhere."""


def csv_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """Write a head and its rows, each cell as `str` gives it; `harmless` says what texts are written as.

    Numbers that there are none of, NaN and None, are empty cells.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([_cell(one) for one in head])
    table.writerows([_cell(one) for one in row] for row in rows)
    return text.getvalue().encode("utf-8", "backslashreplace")  # names from elsewhere may hold half a character


def harmless(text: str) -> str:
    """A text that no spreadsheet runs: an apostrophe before what would begin a formula and is no number."""
    bare = text.lstrip("'")
    return f"'{text}" if bare.startswith(FORMULA) and not _is_number(bare) else text


def meant(cell: str) -> str:
    """What a cell says that `harmless` wrote."""
    return cell[1:] if cell.startswith("'") and harmless(cell[1:]) == cell else cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _cell(value: object) -> object:
    if isinstance(value, str):
        return harmless(value)
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else value
