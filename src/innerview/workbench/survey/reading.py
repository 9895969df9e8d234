"""A survey that was made, as arrays: what `labels` and `diff` are worked out from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from innerview.errors import DataError
from innerview.spec import answer_name
from innerview.types import Array
from innerview.workbench.survey.shards import Shards, arrow, count_images, read_manifest


@dataclass(frozen=True, eq=False)
class Survey:
    """The rows of a survey without those that have a problem.

    Attributes:
        folder: where it lies.
        about: what it is of (`_survey.json`).
        names: where each image is; `index`: its number in the data set.
        labels: number of each label among the model's answers; −1 where unknown.
        predicted: number of each answer; −1 where there is none.
        columns: numbers of a fixed length for every row, by name (image × …): those of `probabilities`, `features`,
            `effects`, `effects_error`, `max:LAYER` and `at:LAYER` that the survey has.
        problems: rows that were left out.
    """

    folder: Path
    about: Mapping[str, Any]
    names: tuple[str, ...]
    index: Array
    labels: Array
    predicted: Array
    columns: Mapping[str, Array]
    problems: int

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the model."""
        return tuple(map(str, self.about["classes"]))

    def name_of(self, answer: int) -> str:
        """An answer's name; empty where there is none."""
        return "" if answer < 0 else answer_name(answer, self.class_names)


LISTS: Final = ("probabilities", "features", "effects", "effects_error", "max:", "at:")
"""Columns of numbers, by the beginnings of their names."""


def read_survey(folder: str | Path) -> Survey:
    """Read a survey's rows.

    Args:
        folder: that `survey` wrote; parts of one that were put together are read as one.

    Raises:
        DataError: it holds no survey, a file can't be read, or no row has an answer.
        MissingExtra: pyarrow is not installed.
    """
    arrow()
    place = Path(folder)
    about = read_manifest(place)
    try:
        shards = Shards(place, about["columns"], int(about["images_per_shard"]), int(about["images"] or 0))
        table = (shards if about["images"] is not None else count_images(shards)).read()
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise DataError(f"the survey in {place} can't be read: its manifest lacks {problem}").of(
            "manifest", path=place, found=str(problem)
        ) from problem
    good = table.filter(table["problem"].is_null())
    if not good.num_rows:
        raise DataError(f"the survey in {place} has no image with an answer, of {table.num_rows} rows").of(
            "rows", path=place, found=table.num_rows
        )
    columns = {name: _rows(good[name]) for name in good.column_names if name.startswith(LISTS)}
    return Survey(
        folder=place,
        about=about,
        names=tuple(good["image"].to_pylist()),
        index=np.array(good["index"].to_pylist(), np.int64),
        labels=_numbers(good["label_index"]),
        predicted=_numbers(good["predicted_index"]),
        columns={name: values for name, values in columns.items() if values is not None},
        problems=table.num_rows - good.num_rows,
    )


def _numbers(column: Any) -> Array:
    return np.array([-1 if value is None else value for value in column.to_pylist()], np.int64)


def _rows(column: Any) -> Array | None:
    """Lists of one length as a table of numbers; None where a row has none."""
    if column.null_count:
        return None
    flat = column.combine_chunks()
    values = flat.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(len(flat), -1).astype(np.float64 if values.dtype != np.float16 else np.float32)
