"""Every row of a survey as columns of numbers, those with a problem too: what the data-set view is made of.

The numbers are read as they stand; the only one worked out is which region does most. The tables that `innerview
suspects` wrote beside the survey tell which images are in which group.
"""

# pyarrow has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from innerview.errors import DataError, InnerviewError
from innerview.files.regular import read_text
from innerview.types import Array
from innerview.workbench.csv_table import meant
from innerview.workbench.survey.shards import Shards, arrow, count_images, read_manifest
from innerview.workbench.survey.suspects import place_of

NUMBERS: Final = ("probability", "loss", "margin", "entropy", "map_sum", "map_size", "map_error")
"""Columns of a number a row."""

UNKNOWN: Final = 2
"""Beside 0 and 1 for wrong and correct."""

LARGEST: Final = 2**28
"""Bytes of a table of suspects, at most."""


@dataclass(frozen=True, eq=False)
class Texts:
    """A text a row: their UTF-8 bytes, one behind the other, and where each ends."""

    content: Array
    ends: Array

    def __getitem__(self, place: int) -> str:
        """One of them."""
        begin = int(self.ends[place - 1]) if place else 0
        return self.content[begin : int(self.ends[place])].tobytes().decode("utf-8", "replace")


@dataclass(frozen=True, eq=False)
class Groups:
    """Images that share a suspicious reason.

    Attributes:
        words: of each group, in sentences; `answers`: the class that it makes the model answer.
        rows: place of each member among the rows; `numbers`: of its group, from 0; `examples`: 1 where it is
            named as one.
        notes: what was passed over.
    """

    words: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    rows: Array = field(default_factory=partial(np.zeros, 0, np.int64))
    numbers: Array = field(default_factory=partial(np.zeros, 0, np.int64))
    examples: Array = field(default_factory=partial(np.zeros, 0, np.uint8))
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Rows:
    """All rows of a survey.

    Attributes:
        folder: where it lies.
        about: what it is of (`_survey.json`).
        index: number of each image in the data set.
        names: where each is.
        labels: number of each label among the model's answers; −1 where unknown.
        strange, strange_names: labels that are none of the model's answers: number of each among these names, from 1;
            0 for none.
        predicted: number of each answer; −1 where there is none.
        correct: 1 correct, 0 wrong, UNKNOWN where it can't be told.
        numbers: float32 by name, NaN where there is none: of NUMBERS those that the survey has, and `effect` and
            `effect_error`: of the region that does most.
        region: its number, row by row; −1 where there is none; None of a survey without regions.
        problems: by place among the rows, why an image could not be read or asked about.
    """

    folder: Path
    about: Mapping[str, Any]
    shards: Shards
    index: Array
    names: Texts
    labels: Array
    strange: Array
    strange_names: tuple[str, ...]
    predicted: Array
    correct: Array
    numbers: Mapping[str, Array]
    region: Array | None
    problems: Mapping[int, str]

    @property
    def has_features(self) -> bool:
        """Whether the survey kept what an image can be placed on a map by."""
        return "features" in self.shards.columns

    @property
    def crop(self) -> str:
        """Of all images."""
        return str(self.about.get("crop", "center"))

    def features(self) -> Iterator[tuple[slice, Float[np.ndarray, "row feature"]]]:
        """The features file by file, with the rows that they are of; NaN where an image has none."""
        begin = 0
        for part in self.shards.parts(("features",)):
            yield slice(begin, begin + len(part)), matrix(part["features"])
            begin += len(part)


def read_rows(folder: str | Path) -> Rows:
    """Read all rows of a survey, but for what is long of each.

    Args:
        folder: that `survey` wrote; it may still be growing.

    Raises:
        DataError: it holds no survey, a file can't be read, or there is no row yet.
        MissingExtra: pyarrow is not installed.
    """
    arrow()
    place = Path(folder)
    about = read_manifest(place)
    try:
        shards = Shards(place, about["columns"], int(about["images_per_shard"]), int(about["images"] or 0))
        shards = shards if about["images"] is not None else count_images(shards)
        wanted = [*PLAIN, *(name for name in (*NUMBERS, *EFFECTS) if name in shards.columns)]
        table = shards.read(wanted)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise DataError(f"the survey in {place} can't be read: its manifest lacks {problem}").of(
            "manifest", path=place, found=str(problem)
        ) from problem
    if not len(table):
        raise DataError(f"the survey in {place} has no row yet; go on with it by --resume").of(
            "rows", path=place, found=0
        )
    numbers = {name: _numbers(table[name], np.nan, np.float32) for name in NUMBERS if name in wanted}
    region = None
    if set(EFFECTS) <= set(wanted):
        effects, errors = (matrix(table[name]) for name in EFFECTS)
        region, numbers["effect"], numbers["effect_error"] = _largest(effects, errors)
    strange, strange_names = _strange(table["label"], table["label_index"])
    told = table["problem"].to_pylist() if table["problem"].null_count < len(table) else []
    return Rows(
        folder=place,
        about=about,
        shards=shards,
        index=_numbers(table["index"], -1, np.int64),
        names=_texts(table["image"]),
        labels=_numbers(table["label_index"], -1, np.int64),
        strange=strange,
        strange_names=strange_names,
        predicted=_numbers(table["predicted_index"], -1, np.int64),
        correct=_numbers(table["correct"], UNKNOWN, np.uint8),
        numbers=MappingProxyType(numbers),
        region=region,
        problems={at: text for at, text in enumerate(told) if text is not None},
    )


PLAIN: Final = ("index", "image", "label", "label_index", "predicted_index", "correct", "problem")
EFFECTS: Final = ("effects", "effects_error")


def matrix(column: Any) -> Float[np.ndarray, "row value"]:
    """Lists of one length as float32; a row without one is NaN."""
    flat = column.combine_chunks()
    there = flat.is_valid().to_numpy(zero_copy_only=False)
    values = flat.flatten().to_numpy(zero_copy_only=False)
    width = len(values) // max(int(there.sum()), 1)
    if width * int(there.sum()) != len(values):
        raise DataError("the lists of a survey's column differ in their lengths; survey the images again").of(
            "columns", found=len(values)
        )
    if there.all():
        return values.reshape(len(flat), width).astype(np.float32)
    found = np.full((len(flat), width), np.nan, np.float32)
    found[there] = values.reshape(-1, width)
    return found


def _numbers(column: Any, empty: float, kind: type[Any]) -> Array:
    """A column of numbers, with what stands where there is none."""
    whole = column.cast(arrow().uint8()) if kind is np.uint8 else column
    filled = whole.fill_null(empty) if whole.null_count else whole
    return filled.to_numpy().astype(kind)


def _strange(labels: Any, known: Any) -> tuple[Array, tuple[str, ...]]:
    """Labels that the data set has and the model has not: a number for each row, from 1, and their names."""
    pa = arrow()
    found = pa.compute.if_else(known.is_null(), labels, None).combine_chunks().dictionary_encode()
    found = found.chunk(0) if "num_chunks" in dir(found) else found
    return _numbers(found.indices, -1, np.int64) + 1, tuple(found.dictionary.to_pylist())


def _texts(column: Any) -> Texts:
    whole = column.cast(arrow().large_string()).fill_null("").combine_chunks()
    whole = whole.chunk(0) if "num_chunks" in dir(whole) else whole
    _, offsets, content = whole.buffers()
    places = np.frombuffer(offsets, np.int64)[whole.offset : whole.offset + len(whole) + 1]
    held = np.frombuffer(content, np.uint8) if content is not None else np.zeros(0, np.uint8)
    return Texts(held[places[0] : places[-1]], places[1:] - places[0])


def _largest(effects: Array, errors: Array) -> tuple[Array, Array, Array]:
    """The region that does most, what it does, and its error."""
    sizes = np.where(np.isfinite(effects), np.abs(effects), -1)
    at, row = sizes.argmax(axis=1), np.arange(len(sizes))
    there = sizes[row, at] >= 0
    return (
        np.where(there, at, -1),
        np.where(there, effects[row, at], np.nan).astype(np.float32),
        np.where(there, errors[row, at], np.nan).astype(np.float32),
    )


def suspects_of(rows: Rows) -> Groups:
    """The groups that `innerview suspects` wrote beside a survey; none where it did not, or they can't be read."""
    folder = rows.folder.with_name(f"{rows.folder.name}-suspects")
    if not (folder / "suspects.csv").exists():
        return Groups()
    try:
        found = _table(folder / "suspects.csv", ("finding", "answer", "way", "shares", "images", "corrected"))
        members = _table(folder / "members.csv", ("finding", "image", "example"))
        place = {rows.names[at]: at for at in range(len(rows.index))}
        number = {one["finding"]: at for at, one in enumerate(found)}
        known = [one for one in members if one["image"] in place and one["finding"] in number]
        words = tuple(
            f"{one['answer']}, {place_of(one['way'])}: {one['shares']} (p = {float(one['corrected']):.2g})"
            for one in found
        )
    except (InnerviewError, KeyError, ValueError, IndexError) as problem:
        said = problem if isinstance(problem, InnerviewError) else f"{folder} is not as innerview suspects writes it"
        return Groups(notes=(f"Suspects are left out: {said}.",))
    lost = len(members) - len(known)
    return Groups(
        words=words,
        answers=tuple(one["answer"] for one in found),
        rows=np.array([place[one["image"]] for one in known], np.int64),
        numbers=np.array([number[one["finding"]] for one in known], np.int64),
        examples=np.array([one["example"] == "True" for one in known], np.uint8),
        notes=(f"{lost:,} images of {folder.name} are not in this survey.",) if lost else (),
    )


def _table(path: Path, wanted: Sequence[str]) -> list[dict[str, str]]:
    text = read_text(path, "a table of suspects", LARGEST)
    found = csv.DictReader(io.StringIO(text, newline=""))
    lacking = [name for name in wanted if name not in (found.fieldnames or ())]
    if lacking:
        raise DataError(f"{path} lacks the columns {', '.join(lacking)}").of("columns", path=path, found=tuple(lacking))
    return [{name: meant(text or "") for name, text in one.items()} for one in found]
