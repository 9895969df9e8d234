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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import safetensors.numpy

from innerview.errors import DataError, MissingExtra, OutputError, UsageError
from innerview.files.atomic import write
from innerview.files.documents import parse_json
from innerview.files.regular import read_text, reason
from innerview.workbench.survey.columns import MAP, Row

MANIFEST: Final = "_survey.json"
SCHEMA: Final = 1
"""Number of the columns' meaning; it rises when one of them changes."""


def arrow() -> Any:
    """The module `pyarrow`, or raise MissingExtra."""
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError as problem:
        raise MissingExtra("a survey, whose rows are Parquet,", "survey") from problem
    return pa


@dataclass(frozen=True)
class Shards:
    """The folder of a survey.

    Attributes:
        folder: where it lies.
        columns: names and types of the columns.
        size: images in a shard.
        count: images in all.
    """

    folder: Path
    columns: Mapping[str, str]
    size: int
    count: int

    @property
    def number(self) -> int:
        """How many shards there are in the end."""
        return -(-self.count // self.size)

    def images(self, shard: int) -> range:
        """The images of a shard, by their place in the survey."""
        return range(shard * self.size, min((shard + 1) * self.size, self.count))

    def file(self, shard: int) -> Path:
        """Where a shard lies."""
        return self.folder / f"rows-{shard:05}.parquet"

    def maps(self, shard: int) -> Path:
        """Where a shard's maps lie: `maps`, image × height × width, and `index`, the image of each; safetensors."""
        return self.folder / f"_maps-{shard:05}.safetensors"

    def write(self, shard: int, rows: Sequence[Row]) -> None:
        """Write a shard whole; its maps first, so that where rows are, all is."""
        maps = {one["image"]: one[MAP] for one in rows if MAP in one}
        if maps:
            at = np.array([one["index"] for one in rows if MAP in one], np.int64)
            write(self.maps(shard), safetensors.numpy.save({"maps": np.stack(list(maps.values())), "index": at}))
        content = io.BytesIO()
        arrow().parquet.write_table(self._table(rows), content, compression="zstd")
        write(self.file(shard), content.getvalue())

    def bytes_of(self, rows: Sequence[Row]) -> int:
        """What some rows take, uncompressed."""
        return int(self._table(rows).nbytes)

    def _table(self, rows: Sequence[Row]) -> Any:
        pa = arrow()
        return pa.table(
            {name: pa.array([row.get(name) for row in rows], _type(kind)) for name, kind in self.columns.items()}
        )

    def read(self) -> Any:
        """All rows that are there, in the order of the images, as one `pyarrow.Table`.

        Raises:
            DataError: a file can't be read.
        """
        pa = arrow()
        found: list[Any] = []
        for shard in range(self.number):
            if self.file(shard).exists():
                try:
                    found.append(pa.parquet.read_table(self.file(shard)))
                except (pa.ArrowException, OSError) as problem:
                    raise DataError(
                        f"{self.file(shard)} can't be read ({' '.join(str(problem).split())[:200]}); remove it and go "
                        "on with --resume"
                    ) from problem
        return pa.concat_tables([self._table([]), *found])


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
        about: what is surveyed, by what and how; anything that JSON can write.
        columns: of the rows.
        resume: go on with what is there.

    Raises:
        UsageError: the folder holds a survey, and `resume` was not said; or one of another question, with what differs.
        DataError: its manifest can't be read.
        OutputError: it holds other things, or can't be written.
    """
    told = cast("dict[str, Any]", json.loads(json.dumps({"schema": SCHEMA, **about, "columns": dict(columns)})))
    place = folder / MANIFEST
    if place.exists():
        if not resume:
            raise UsageError(f"{folder} holds a survey already; go on with it by --resume, or choose another --output")
        there = read_manifest(folder)
        different = [name for name in told if there.get(name) != told[name]]
        if different:
            said = "; ".join(f"{name}: {_brief(there.get(name))}, now {_brief(told[name])}" for name in different)
            raise UsageError(
                f"{folder} holds a survey of another question ({said}); ask the same, or choose another --output"
            )
    else:
        _make(folder)
        write(place, json.dumps(told, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace"))
    return Shards(folder, columns, told["images_per_shard"], told["images"])


def _make(folder: Path) -> None:
    """Make the folder; nothing but rows and the manifest lie in it, so that it can be read as one table."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted(one.name for one in folder.iterdir())
    except (OSError, ValueError) as problem:
        raise OutputError(
            f"the folder {folder} can't be used ({reason(problem)}); choose another with --output"
        ) from None
    if others:
        raise OutputError(
            f"the folder {folder} holds other things ({', '.join(others[:3])}, …); nothing was written: choose an "
            "empty or new folder with --output"
        )


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a survey is of.

    Raises:
        DataError: it is no survey, or its manifest can't be read.
    """
    place = folder / MANIFEST
    if not place.exists():
        raise DataError(f"{folder} holds no survey (no {MANIFEST}); make one with innerview survey")
    return parse_json(read_text(place, "the survey's manifest").encode(), place, "the survey's manifest")


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
