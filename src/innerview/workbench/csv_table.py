"""Tables as comma-separated values, so that names with commas or quotes stay one cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence


def csv_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """Write a head and its rows, each cell as `str` gives it."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    table.writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")  # names from elsewhere may hold half a character
