"""The rows on disk: Parquet files of a fixed number of images each, there whole or not at all, and what they are of.

A shard is worked out whole and written in one step, so a kill loses the shard in work and nothing else, and a shard's
bytes depend on nothing but the question, the images, the machine and the libraries. `_survey.json` says which
question it was; rows of another one are never added to it. Its name begins with _, so that whoever reads the folder as
one table passes over it.
"""

# pyarrow has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnusedImport=false

from __future__ import annotations

import io
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import safetensors.numpy

from innerview.errors import DataError, MissingExtra, OutputError, UsageError
from innerview.files.atomic import write
from innerview.files.documents import parse_json
from innerview.files.regular import exists, read_text, reason
from innerview.workbench.survey.columns import MAP, Row

MANIFEST: Final = "_survey.json"
SCHEMA: Final = 1
"""Number of the columns' meaning; it rises when one of them changes."""


def arrow() -> Any:
    """The module `pyarrow`, or raise MissingExtra."""
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except Exception as problem:
        raise MissingExtra("a survey, whose rows are Parquet,", "survey", problem) from problem
    return pa


@dataclass(frozen=True)
class Shards:
    """The folder of a survey.

    Attributes:
        folder: where it lies.
        columns: names and types of the columns.
        size: images in a shard.
        count: images in all.
        batch: images that the model is asked about at once, as it was at the survey's beginning.
    """

    folder: Path
    columns: Mapping[str, str]
    size: int
    count: int
    batch: int = 1

    @property
    def number(self) -> int:
        """How many shards there are in the end."""
        return -(-self.count // self.size)

    def images(self, shard: int) -> range:
        """The images of a shard, by their place in the survey."""
        return range(shard * self.size, min((shard + 1) * self.size, self.count))

    def file(self, shard: int) -> Path:
        """Where a shard lies."""
        width = max(len(str(self.number - 1)), 5)  # the files' names in order are the images in order
        return self.folder / f"rows-{shard:0{width}}.parquet"

    def maps(self, shard: int) -> Path:
        """Where a shard's maps lie: `maps`, image × height × width, and `index`, the image of each; safetensors."""
        return self.folder / f"_maps-{shard:05}.safetensors"

    def write(self, shard: int, rows: Sequence[Row]) -> None:
        """Write a shard whole."""
        self.keep(self.content(shard, rows))

    def content(self, shard: int, rows: Sequence[Row]) -> dict[str, bytes]:
        """A shard's files by name; its maps first, so that where rows are, all is."""
        files = dict[str, bytes]()
        maps = {one["image"]: one[MAP] for one in rows if MAP in one}
        if maps:
            at = np.array([one["index"] for one in rows if MAP in one], np.int64)
            files[self.maps(shard).name] = safetensors.numpy.save({"maps": np.stack(list(maps.values())), "index": at})
        content = io.BytesIO()
        arrow().parquet.write_table(self._table(rows), content, compression="zstd")
        return {**files, self.file(shard).name: content.getvalue()}

    def keep(self, files: Mapping[str, bytes]) -> None:
        """Write a shard's files, each in one step."""
        for name, content in files.items():
            write(self.folder / name, content, hidden=not name.startswith("_"))

    def bytes_of(self, rows: Sequence[Row]) -> int:
        """What some rows take, uncompressed."""
        return int(self._table(rows).nbytes)

    def _table(self, rows: Sequence[Row]) -> Any:
        pa = arrow()
        return pa.table(
            {name: pa.array([row.get(name) for row in rows], _type(kind)) for name, kind in self.columns.items()}
        )

    def read(self, columns: Sequence[str] = ()) -> Any:
        """All rows that are there, in the order of the images, as one `pyarrow.Table`; of some columns, or of all.

        Raises:
            DataError: a file can't be read, or holds other rows than its own.
        """
        pa = arrow()
        none = self._table([]).select(list(columns or self.columns))
        return pa.concat_tables([none, *self.parts(columns)])

    def parts(self, columns: Sequence[str] = ()) -> Iterator[Any]:
        """The same file by file, so that memory holds one."""
        pa = arrow()
        wanted = list(columns or self.columns)
        for shard in range(self.number):
            place = self.file(shard)
            if not place.exists():
                continue
            try:
                found = pa.parquet.read_table(place, columns=wanted)
                found = pa.concat_tables([self._table([]).select(wanted), found])  # the columns' types, or an error
            except (pa.ArrowException, OSError, ValueError, KeyError) as problem:
                said = " ".join(str(problem).split())[:200]
                raise DataError(f"{place} can't be read ({said}); remove it and go on with --resume").of(
                    "parquet", path=place, found=said
                ) from problem
            if len(found) != len(self.images(shard)):
                raise DataError(f"{place} holds other rows than its own; remove it and go on with --resume").of(
                    "rows", path=place
                )
            yield found


def _type(kind: str) -> Any:
    pa = arrow()
    own = {"string": pa.string(), "bool": pa.bool_(), "float16": pa.float16()}
    name = kind.removesuffix("[]")
    found = own.get(name) or getattr(pa, name)()
    return pa.list_(found) if kind.endswith("[]") else found


def open_shards(folder: Path, about: Mapping[str, Any], columns: Mapping[str, str], *, resume: bool) -> Shards:
    """Begin a survey, or go on with one of the same question.

    Args:
        folder: new, empty, or of this survey.
        about: what is surveyed, by what and how; anything that JSON can write. All of it is the question but the batch
            size, which may follow the memory that is free: the one of the beginning stays. `images` is None of a stream
            whose end is not known.
        columns: of the rows.
        resume: go on with what is there.

    Raises:
        UsageError: the folder holds a survey, and `resume` was not said; or one of another question, with what differs.
        DataError: its manifest can't be read.
        OutputError: it holds other things, or can't be written.
    """
    told = cast("dict[str, Any]", json.loads(json.dumps({"schema": SCHEMA, **about, "columns": dict(columns)})))
    others = _make(folder)
    text = json.dumps(told, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")
    if MANIFEST not in others and others:
        raise OutputError(
            f"the folder {folder} holds other things ({', '.join(others[:3])}, …); nothing was written: choose an "
            "empty or new folder with --output"
        ).of("folder", path=folder, found=tuple(others))
    if MANIFEST not in others and _begin(folder / MANIFEST, text):
        return Shards(folder, columns, told["images_per_shard"], told["images"] or 0, told.get("batch_size", 1))
    if not resume:
        raise UsageError(f"{folder} holds a survey already; go on with it by --resume, or choose another --output").of(
            "survey", path=folder
        )
    there = read_manifest(folder)
    free = {"batch_size"} if told["images"] is not None else {"batch_size", "images"}
    said = differences(there, told, free)
    if said:
        raise UsageError(
            f"{folder} holds a survey of another question ({said}); ask the same, or choose another --output"
        ).of("question", path=folder, found=said)
    batch = there.get("batch_size", 1)
    if not isinstance(batch, int) or batch < 1:
        raise DataError(f"{folder / MANIFEST} has {_brief(batch)} for a batch size; choose another --output").of(
            "batch_size", path=folder, found=batch
        )
    return Shards(folder, columns, told["images_per_shard"], told["images"] or 0, batch)


def differences(there: Mapping[str, Any], asked: Mapping[str, Any], free: Collection[str]) -> str:
    """In what one question differs from another, in words; empty where it does not, but for what is free."""
    return "; ".join(
        f"{name}: {_brief(there.get(name))}, now {_brief(value)}"
        for name, value in asked.items()
        if there.get(name) != value and name not in free
    )


def count_images(shards: Shards) -> Shards:
    """The shards of a stream by what is there: its last file may hold fewer images than the others."""
    number = 0
    while shards.file(number).exists():
        number += 1
    if not number:
        return replace(shards, count=0)
    pa = arrow()
    try:
        last = int(pa.parquet.read_metadata(shards.file(number - 1)).num_rows)
    except (pa.ArrowException, OSError):
        last = shards.size  # told by whoever reads it
    return replace(shards, count=(number - 1) * shards.size + last)


def end_stream(shards: Shards, images: int) -> Shards:
    """Write down how many images a stream had."""
    there = read_manifest(shards.folder)
    text = json.dumps({**there, "images": images}, indent=1, ensure_ascii=False)
    write(shards.folder / MANIFEST, text.encode("utf-8", "backslashreplace"), hidden=True)
    return replace(shards, count=images)


def _make(folder: Path) -> list[str]:
    """Make the folder and name what lies in it, but for files that a kill left half-written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = sorted(one.name for one in folder.iterdir())
    except (OSError, ValueError) as problem:
        raise OutputError(f"the folder {folder} can't be used ({reason(problem)}); choose another with --output").of(
            "folder", path=folder
        ) from None
    return [name for name in names if not (name.startswith((f".{MANIFEST}.", ".rows-")) and name.endswith(".partial"))]


def _begin(place: Path, content: bytes) -> bool:
    """Write the manifest, unless somebody else begins a survey in this folder at the same moment."""
    beside = place.with_name(f".{place.name}.{os.getpid()}.new.partial")
    write(beside, content)
    try:
        os.link(beside, place)
    except FileExistsError:
        return False
    except OSError:  # a file system without links
        write(place, content, hidden=True)
    finally:
        beside.unlink(missing_ok=True)
    return True


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a survey is of.

    Raises:
        DataError: it is no survey, or its manifest can't be read.
    """
    place = folder / MANIFEST
    if not exists(place):
        raise DataError(f"{folder} holds no survey (no {MANIFEST}); make one with innerview survey").of(
            "survey", path=folder, found=None
        )
    return parse_json(read_text(place, "the survey's manifest").encode(), place, "the survey's manifest")


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
