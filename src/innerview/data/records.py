"""A data set as images that are read when their turn comes: from folders, from lists in files, from sequences.

| given | images | labels |
|---|---|---|
| a folder of class folders, or its name (`folders`) | its part "test" | the folders' names |
| a file ending in .csv or .parquet | the column image, path or file, from the file's folder | label or class |
| a sequence: PyTorch's `Dataset`, Hugging Face's `datasets`, a list | each, or its "image" or first part | the second |

A record has a name that says where it is, and nothing is decoded before `read`.
"""

# What users give may be anything, and pyarrow has no types: unknown types are theirs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, cast, runtime_checkable

import numpy as np

from innerview.arrays import read_array
from innerview.data.folders import open_folders
from innerview.data.image import Image
from innerview.data.reading import load_image
from innerview.errors import DataError, ImageError, MissingExtra
from innerview.files.regular import read_text
from innerview.names import readable

IMAGE_COLUMNS: Final = ("image", "path", "file")
LABEL_COLUMNS: Final = ("label", "class")

LISTS: Final = frozenset({".csv", ".parquet"})
"""Endings of lists."""

LARGEST: Final = 2**30
"""Bytes of a list, at most."""


@runtime_checkable
class Listed(Protocol):
    """A sequence, as PyTorch's and Hugging Face's data sets are."""

    def __len__(self) -> int:
        """How many images there are."""
        ...

    def __getitem__(self, index: Any, /) -> Any:
        """The image of this number, perhaps with its label."""
        ...


Source: TypeAlias = str | Path | Listed


@dataclass(frozen=True)
class Record:
    """One image of a data set, not yet read.

    Attributes:
        index: from 0.
        name: where it is: a path below the data set's root, or its number.
        label: the name of its class, or the number where a sequence has no names; None where nobody says.
        read: gives the image, or raises ImageError.
    """

    index: int
    name: str
    label: str | int | None
    read: Callable[[], Image]


@dataclass(frozen=True)
class Records:
    """A data set.

    Attributes:
        items: its images, in an order that stays.
        source: in words, for a manifest.
        fingerprint: of the names and labels; of a sequence, whose images can't be named, of its length and labels
            where they are known beforehand.
        notes: what was passed over, in words.
    """

    items: Sequence[Record]
    source: str
    fingerprint: str
    notes: tuple[str, ...] = ()


def open_records(source: Source, part: str = "test") -> Records:
    """Open a data set.

    Args:
        source: see the table above.
        part: of a folder that is divided into parts ("test", or else "val"; "train").

    Raises:
        DataError: it is not as described; what can't be decoded is told of later, image by image.
        MissingExtra: a Parquet list without pyarrow.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        return _of_list(path) if path.suffix.lower() in LISTS else _of_folders(path, part)
    if isinstance(source, Mapping) or not {"__len__", "__getitem__"} <= set(dir(type(source))):
        raise DataError(
            f"a {type(source).__name__} was given as a data set; give a folder, a .csv or .parquet list, or a sequence "
            "with a length (of an iterator: list(images))"
        )
    return _of_sequence(source)


def _of_folders(path: Path, part: str) -> Records:
    folders = open_folders(path, part)

    def named(entry: Any) -> str:
        return readable(entry.path.relative_to(folders.root).as_posix())

    items = [Record(entry.index, named(entry), entry.label, entry.read) for entry in folders.entries]
    return Records(items, "class folders", _fingerprint(items), folders.notes)


def _of_list(path: Path) -> Records:
    columns = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    column = next((name for name in IMAGE_COLUMNS if name in columns), None)
    if column is None:
        raise DataError(
            f"{path} has the columns {', '.join(columns) or 'none'}; one of them must be called "
            f"{', '.join(IMAGE_COLUMNS[:-1])} or {IMAGE_COLUMNS[-1]} and hold each image's file"
        )
    labels = next((columns[name] for name in LABEL_COLUMNS if name in columns), [None] * len(columns[column]))
    items = [
        Record(index, readable(str(file)), _label(label), _reader(path.parent / str(file), str(file)))
        for index, (file, label) in enumerate(zip(columns[column], labels, strict=True))
    ]
    if not items:
        raise DataError(f"{path} lists no image; give at least one line behind the names of the columns")
    return Records(items, f"a list ({path.suffix[1:].lower()})", _fingerprint(items))


def _reader(file: Path, name: str) -> Callable[[], Image]:
    return lambda: load_image(file, name=readable(name))


def _label(value: object) -> str | int | None:
    if value is None or value == "" or (isinstance(value, float) and np.isnan(value)):
        return None
    return int(value) if isinstance(value, int | np.integer) else str(value)


def _read_csv(path: Path) -> dict[str, list[Any]]:
    text = read_text(path, "the list of images", LARGEST)
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    head = [name.strip().lower() for name in next(rows, [])]
    columns: dict[str, list[Any]] = {name: [] for name in head}
    for number, row in enumerate(rows, start=2):
        if not row:
            continue
        if len(row) != len(head):
            raise DataError(f"line {number} of {path} has {len(row)} values for {len(head)} columns; mend it")
        for name, value in zip(head, row, strict=True):
            columns[name].append(value)
    return columns


def _read_parquet(path: Path) -> dict[str, list[Any]]:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as problem:
        raise MissingExtra("reading a Parquet list", "survey") from problem
    try:
        with ParquetFile(path) as file:
            known = [name for name in file.schema_arrow.names if name.lower() in {*IMAGE_COLUMNS, *LABEL_COLUMNS}]
            table = file.read(columns=known)
    except (ArrowException, OSError, ValueError) as problem:
        raise DataError(f"{path} can't be read as Parquet ({' '.join(str(problem).split())[:200]})") from problem
    return {name.lower(): cast("list[Any]", table[name].to_pylist()) for name in known}


def _of_sequence(source: Listed) -> Records:
    names = _class_names(source)
    labels = _known_labels(source)

    def record(index: int) -> Record:
        label = labels[index] if labels is not None else _split(source[index])[1]
        return Record(index, str(index), _named(label, names), lambda: _image(source[index], index))

    items = [record(index) for index in range(len(source))]
    if not items:
        raise DataError("the data set has no image")
    return Records(items, f"a {type(source).__name__}", _fingerprint(items))


def _class_names(source: object) -> tuple[str, ...]:
    """Names of the classes, as torchvision's data sets (`classes`) and Hugging Face's (`features`) say them."""
    known = getattr(source, "classes", None)
    if known is None:
        features: Any = getattr(source, "features", None)
        known = getattr(features.get("label"), "names", None) if isinstance(features, Mapping) else None
    return tuple(map(str, cast("Sequence[object]", known))) if known is not None else ()


def _known_labels(source: object) -> Sequence[Any] | None:
    """All labels without reading an image, as torchvision's (`targets`) and Hugging Face's (a column) have them."""
    known: Any = getattr(source, "targets", None)
    if known is None and "label" in (getattr(source, "column_names", None) or ()):
        known = cast("Any", source)["label"]
    return None if known is None else list(known)


def _split(item: Any) -> tuple[Any, Any]:
    """An item's image and label; None for a label that it has not."""
    if isinstance(item, Mapping):
        found = cast("Mapping[str, Any]", item)
        key = next((one for one in ("image", "img", "pixels") if one in found), None)
        if key is None:
            raise ImageError(f"an item has the keys {', '.join(map(str, found))}; its image is expected under 'image'")
        return found[key], found.get("label")
    if isinstance(item, tuple | list) and len(cast("Sequence[Any]", item)) == 2:
        image, label = cast("tuple[Any, Any]", item)
        return image, label
    return item, None


def _named(label: Any, names: Sequence[str]) -> str | int | None:
    if label is None:
        return None
    if isinstance(label, str):
        return label
    number = int(label)
    return names[number] if 0 <= number < len(names) else number


def _image(item: Any, index: int) -> Image:
    image, _ = _split(item)
    found = read_array(image)
    if found is not None:
        values = found[0]
        if values.ndim == 3 and values.shape[0] in {1, 3} and values.shape[2] not in {1, 3}:
            values = np.moveaxis(values, 0, -1)
        image = values
    return replace(load_image(image), name=str(index))


def _fingerprint(items: Sequence[Record]) -> str:
    digest = hashlib.sha256()
    for one in items:
        digest.update(f"{one.name}\0{'' if one.label is None else one.label}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]
