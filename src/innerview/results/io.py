"""Write any result so that nothing of it is lost, and read it back: arrays in one safetensors file, the rest in JSON.

In `result.json` an array stands as ``{"array": name, "shape": [...], "dtype": "..."}``, where `name` is its key in
`arrays.safetensors`: the path to it through the fields, with dots. A result says what it is under "$type". A number
that is not finite is written as a string ("nan", "inf", "-inf"), since JSON has none. Each file is there whole or not
at all, and both carry one digest of the arrays, so that files of two writings are never read as one result.

`SCHEMA` rises when the layout changes, or a field changes its meaning or goes away; MIGRATIONS then says how a file of
the number before is read, so that no file is ever too old. A field that is new needs a default, and no new number.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias, cast

import numpy as np
from safetensors.numpy import save

from innerview.errors import DataError, OutputError, UsageError
from innerview.files.atomic import write
from innerview.files.documents import read_json
from innerview.files.regular import brief, is_file, is_folder, opened
from innerview.files.tensors import Entry, read_header, read_values
from innerview.reprs import short
from innerview.results.migrations import MIGRATIONS
from innerview.results.provenance import SCHEMA
from innerview.results.rebuilding import TYPE, Rebuilder, stands_for_array
from innerview.results.result import as_numpy
from innerview.results.zarr_store import require_zarr, write_zarr
from innerview.types import Array

Json: TypeAlias = dict[str, Any] | list[Any] | str | int | float | bool | None

TEXT_FILE: Final = "result.json"
ARRAY_FILE: Final = "arrays.safetensors"

LONGEST: Final = 64 * 2**20
"""Bytes of result.json that are read, at most."""

OURS: Final = ("schema", "digest")
"""Names in result.json that are no results."""

STORED: Final[Mapping[str, str]] = {
    "float64": "F64", "float32": "F32", "float16": "F16", "complex64": "C64", "complex128": "C128", "bool": "BOOL",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8",
    "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8",
}  # fmt: skip
"""safetensors' names of NumPy's types."""


@short
@dataclass(frozen=True)
class SavedResults:
    """What a folder held.

    Attributes:
        results: by the names under which they were written; plain values come as they are, lists as tuples.
        schema: number of the layout that the folder was written in, before it was migrated.
        unknown: what this version has no field for, by its place ("integrated.colour"); a newer one wrote it.
        notes: what should be known, in sentences; empty if the folder was read as it was written.
    """

    results: Mapping[str, object]
    schema: int
    unknown: Mapping[str, object] = field(default_factory=dict[str, object])
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Any:
        if name not in self.results:
            raise UsageError(
                f"there is no result {name!r} in the folder; the results are {', '.join(self.results)}"
            ).of("result", asked=name, known=self.results)
        return self.results[name]


def save_result(folder: str | Path, result: object, *, zarr: bool = False) -> None:
    """Write a result, or several by name, as result.json and arrays.safetensors; `load_result` reads them back.

    Args:
        folder: made if it is not there; of an earlier result in it both files are replaced.
        result: what any method gave (it gets the name "result"), or a mapping from names to such results and plain
            values. Tensors are written as the NumPy arrays behind them.
        zarr: the arrays are written as arrays.zarr as well, which other tools read in parts (extra `zarr`).

    Raises:
        UsageError: a name that is not a text, or "schema" or "digest".
        MissingExtra: Zarr was asked for and is not installed; nothing is written.
        OutputError: the folder can't be written.
    """
    place = Path(folder)
    if zarr:
        require_zarr()
    results = cast("Mapping[str, object]", result) if isinstance(result, Mapping) else {"result": result}
    for name in results:
        if not isinstance(name, str) or name in OURS:  # pyright: ignore[reportUnnecessaryIsInstance] users' names
            raise UsageError(
                f"a result can't be called {name!r}; give it a name that is a text, not {' or '.join(OURS)}"
            ).of("name", asked=name)
    arrays: dict[str, Array] = {}
    described = {name: describe(value, name, arrays) for name, value in results.items()}
    stored = {name: np.asarray(value, order="C") for name, value in arrays.items()}
    digest = _digest(stored)
    text = json.dumps({"schema": SCHEMA, "digest": digest} | described, indent=1, ensure_ascii=False, allow_nan=False)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OutputError(f"the folder {place} can't be made ({str(problem.strerror).lower()})").of(
            "folder", path=place
        ) from problem
    write(place / ARRAY_FILE, save(stored, {"digest": digest}))
    # Half a character (of a name from elsewhere) becomes \udce9, which JSON reads as what it was.
    write(place / TEXT_FILE, text.encode("utf-8", "backslashreplace"))
    if zarr:
        write_zarr(place, stored, digest)


def load_result(folder: str | Path) -> SavedResults:
    """Read what a look, another command or `save_result` wrote: the same frozen results, arrays and all.

    Args:
        folder: that holds result.json and arrays.safetensors.

    Raises:
        DataError: it is no such folder, a file is missing, damaged, cut short or of another writing, an array is of
            another shape or type than is said, or a newer version wrote it in a layout that this one can't know.
    """
    place = Path(folder)
    told = read_json(_named(place, TEXT_FILE), "the result", LONGEST)
    schema = _schema(told, place)
    shelf = _Arrays(_named(place, ARRAY_FILE), told.get("digest"))
    for number in range(schema, SCHEMA):
        told = MIGRATIONS[number](told)
    builder = Rebuilder(place / TEXT_FILE, shelf.read)
    results = {name: builder.value(value, name) for name, value in told.items() if name not in OURS}
    notes = [f"{name} was written by a newer version and is kept as it stands" for name in builder.unknown]
    return SavedResults(MappingProxyType(results), schema, MappingProxyType(builder.unknown), tuple(notes))


def describe(value: object, path: str, arrays: dict[str, Array]) -> Json:
    """Turn a value into what JSON can hold, putting its arrays into `arrays` under their path."""
    match value:
        case np.ndarray():
            found = cast("Array", value)
            key = path if path not in arrays else f"{path}#{len(arrays)}"  # "a.b", and "b" in "a"
            arrays[key] = found
            return {"array": key, "shape": list(found.shape), "dtype": found.dtype.name}
        case Mapping():
            return _describe_names(cast("Mapping[object, object]", value), path, arrays)
        case Sequence() if not isinstance(value, str):
            items = cast("Sequence[object]", value)
            return [describe(one, f"{path}.{place}", arrays) for place, one in enumerate(items)]
        case _ if is_dataclass(value):
            value = as_numpy(value)
            inner = {
                one.name: describe(getattr(value, one.name), f"{path}.{one.name}", arrays) for one in fields(value)
            }
            return {TYPE: type(value).__name__} | inner
        case _:
            return _describe_plain(value, path)


def _describe_names(value: Mapping[object, object], path: str, arrays: dict[str, Array]) -> Json:
    named = {str(key): one for key, one in value.items()}
    if len(named) < len(value) or TYPE in named or stands_for_array(named):
        raise UsageError(f"{path} has names that would be read back as something else: {brief(list(named))}").of(
            "names", asked=path, found=tuple(named)
        )
    return {key: describe(one, f"{path}.{key}", arrays) for key, one in named.items()}


def _describe_plain(value: object, path: str) -> Json:
    match value:
        case Enum():
            return {"name": value.name.lower(), "meaning": str(value.value)}
        case np.generic():
            return _describe_plain(cast("object", value.item()), path)
        case float() if not math.isfinite(value):
            return str(value)
        case None | str() | bool() | int() | float():
            return value
        case Path():
            return value.name  # where it lay on this machine is nobody's business
        case _:
            raise TypeError(f"{path} is a {type(value).__name__}, which no file format here can hold")


class _Arrays:
    """The array file of a folder: each array is checked against what is said of it, then read."""

    def __init__(self, path: Path, digest: object) -> None:
        self._path, self._what = path, "the arrays"
        header = read_header(path, self._what)
        if digest is not None and header.metadata.get("digest") != digest:
            raise DataError(
                f"{path} and the {TEXT_FILE} beside it are not of one writing (their digests differ); one of them was "
                "replaced: write the result again"
            ).of("digest", path=path)
        self._entries: Mapping[str, Entry] = header.entries

    def read(self, name: str, shape: tuple[int, ...], dtype: str) -> Array:
        """Give one array; raise DataError if it is another than is said."""
        if name not in self._entries:
            raise DataError(
                f"{self._path} has no array {name!r}, which {TEXT_FILE} names; one of the two is another's"
            ).of("array", path=self._path, asked=name, found=None)
        entry = self._entries[name]
        if entry.shape != shape or entry.kind != STORED.get(dtype):
            raise DataError(
                f"{self._path} holds {name!r} as {entry.kind} of shape {entry.shape}, and {TEXT_FILE} says "
                f"{brief(dtype)} of shape {shape}; one of the two is another's"
            ).of("array", path=self._path, asked=name, found=entry.shape)
        with opened(self._path, self._what) as file:
            return read_values(file, entry)


def _named(folder: Path, name: str) -> Path:
    """The path of a file that must be there."""
    path = folder / name
    if not is_file(path):
        found = "is no folder" if not is_folder(folder) else f"holds no {name}"
        raise DataError(
            f"{folder} {found}, so it is not a result; name a folder that explain, saturation or save_result wrote: "
            "it holds "
            f"{TEXT_FILE} and {ARRAY_FILE}"
        ).of("result", path=folder, found=found)
    return path


def _schema(told: Mapping[str, Any], folder: Path) -> int:
    """The number of the layout, if it is one that can be read."""
    number = told.get("schema")
    if type(number) is not int or number < 1:
        raise DataError(f"{folder / TEXT_FILE} is not a result: its schema is {brief(number)}, not a number from 1").of(
            "schema", path=folder, found=brief(number)
        )
    if number > SCHEMA:
        raise DataError(
            f"{folder / TEXT_FILE} has schema {number}; this version of innerview reads schemas up to {SCHEMA}: a "
            "newer one wrote it, so update innerview"
        ).of("schema", path=folder, found=number, limit=SCHEMA)
    return number


def _digest(arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for name, value in arrays.items():
        digest.update(f"{name} {value.dtype.str} {value.shape}".encode("utf-8", "backslashreplace"))
        digest.update(value.tobytes())
    return digest.hexdigest()[:16]
