"""A comparison as tables: one line for each metric and entrant, one for each pair, one for each image."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np

from innerview.files.atomic import write
from innerview.results.comparison import Comparison
from innerview.workbench.csv_table import csv_table

SUMMARY: Final = ("metric", "entrant", "kind", "asked", "n", "median", "low", "high", "evaluations", "seconds")
PAIRS: Final = ("metric", "first", "second", "n", "difference", "low", "high", "p")
IMAGES: Final = ("image", "metric", "entrant", "kind", "value")


def summary(found: Comparison) -> Iterator[list[object]]:
    """Each metric's entrants, the highest median first."""
    for row, metric in enumerate(found.metrics):
        for name in found.ranking(metric):
            one = found.column(name)
            numbers = (found.medians[row, one], found.lows[row, one], found.highs[row, one])
            costs = (found.evaluations[one], found.seconds[one])
            asked = " from ".join(part for part in (found.texts[one], "+".join(found.starts[one])) if part)
            cells = [_cell(value) for value in (*numbers, *costs)]
            yield [metric, name, found.kinds[one], asked, found.count(metric, name), *cells]


def pairs(found: Comparison) -> Iterator[list[object]]:
    """Each metric's pairs, every one once, the better first."""
    for row, metric in enumerate(found.metrics):
        for one, other in combinations(range(len(found.entrants)), 2):
            if not np.isfinite(found.p[row, one, other]):
                continue
            first, second = (one, other) if found.differences[row, one, other] >= 0 else (other, one)
            both = np.isfinite(found.values[row, first]) & np.isfinite(found.values[row, second])
            numbers = (
                found.differences[row, first, second], found.difference_lows[row, first, second],
                found.difference_highs[row, first, second], found.p[row, first, second],
            )  # fmt: skip
            yield [metric, found.entrants[first], found.entrants[second], int(both.sum()), *map(_cell, numbers)]


def images(found: Comparison) -> Iterator[tuple[str, str, str, str, float]]:
    """Every value that was measured."""
    for row, column, place in np.argwhere(np.isfinite(found.values)).tolist():
        value = float(found.values[row, column, place])
        yield found.images[place], found.metrics[row], found.entrants[column], found.kinds[column], value


def write_tables(found: Comparison, folder: Path) -> list[Path]:
    """Write comparison.csv, differences.csv and images.csv; the last as images.parquet too where pyarrow is there.

    Raises:
        OutputError: a file can't be written.
    """
    listed = [[image, metric, entrant, kind, _cell(value)] for image, metric, entrant, kind, value in images(found)]
    tables: dict[str, bytes] = {
        "comparison.csv": csv_table(SUMMARY, list(summary(found))),
        "differences.csv": csv_table(PAIRS, list(pairs(found))),
        "images.csv": csv_table(IMAGES, listed),
    }
    if find_spec("pyarrow") is not None:
        tables["images.parquet"] = _parquet(found)
    for name, content in tables.items():
        write(folder / name, content)
    return [folder / name for name in tables]


def _parquet(found: Comparison) -> bytes:
    from importlib import import_module

    arrow: Any = import_module("pyarrow")
    columns = list(zip(*images(found), strict=True)) or [()] * len(IMAGES)
    sink = arrow.BufferOutputStream()
    import_module("pyarrow.parquet").write_table(
        arrow.table({name: list(column) for name, column in zip(IMAGES, columns, strict=True)}), sink
    )
    return bytes(sink.getvalue().to_pybytes())


def _cell(value: float) -> str:
    return f"{value:.6g}" if np.isfinite(value) else ""
