"""A data set as images that are read when their turn comes: from folders, from lists in files, from sequences.

| given | images | labels |
|---|---|---|
| a folder of class folders, or its name (`folders`) | its part "test" | the folders' names |
| CIFAR-10's own files, .npz of arrays (`cifar10`) | its part "test" | the classes' names |
| a file ending in .csv or .parquet | the column image, path or file, from the file's folder | label or class |
| a sequence: PyTorch's `Dataset`, Hugging Face's `datasets`, a list | each, or its "image" or first part | the second |
| anything else that can be gone through: an iterator, a stream | likewise, as they come (`streams`) | likewise |

A record has a name that says where it is, and no file is decoded before `read`; a sequence that can't say its labels
beforehand is walked through for them. The label of a list is text, and a number in it is a class's name before it is
its number (`targets.find_class`); a number in a sequence is the class's number.
"""

# What users give may be anything, and pyarrow has no types: unknown types are theirs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, cast, runtime_checkable

import numpy as np

from innerview.arrays import read_array
from innerview.data import cifar10
from innerview.data.folders import open_folders
from innerview.data.image import Image
from innerview.data.reading import load_image
from innerview.errors import DataError, ImageError, MissingExtra
from innerview.files.regular import read_text
from innerview.names import readable

IMAGE_KEYS: Final = ("image", "img", "pixels")
LABEL_KEYS: Final = ("label", "labels", "class", "target", "fine_label")
"""What an item's image and label are called, as Hugging Face's data sets have it; the first that is there counts."""

TABLES: Final = frozenset({"iloc", "write_parquet", "to_pydict"})
"""What tables have and data sets of images don't: pandas, Polars, pyarrow."""

IMAGE_COLUMNS: Final = ("image", "path", "file")
LABEL_COLUMNS: Final = ("label", "class")

LISTS: Final = frozenset({".csv", ".parquet"})
"""Endings of lists."""

LARGEST: Final = 2**30
"""Bytes of a list, at most."""

MOST: Final = 2**26
"""Images in a list, at most: a Parquet file can name many more in a few bytes."""

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@runtime_checkable
class Listed(Protocol):
    """A sequence, as PyTorch's and Hugging Face's data sets are."""

    def __len__(self) -> int:
        """How many images there are."""
        ...

    def __getitem__(self, index: Any, /) -> Any:
        """The image of this number, perhaps with its label."""
        ...


Source: TypeAlias = str | Path | Listed | Iterable[Any]


@dataclass(frozen=True)
class Record:
    """One image of a data set, not yet read.

    Attributes:
        index: from 0.
        name: where it is: a path below the data set's root, or its number.
        label: the name of its class (in a list also its number, as text), or the number where a sequence has no names;
            None where nobody says.
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
        fingerprint: of the names, labels and sizes of the files, so that an image that was changed under its name is
            noticed, unless it is as long as before; of a sequence, whose images can't be named, of its length and
            labels where they are known beforehand.
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
        if path.suffix.lower() in LISTS:
            return _of_list(path)
        return _of_arrays(path, part) if _holds_arrays(path) else _of_folders(path, part)
    refuse_others(source)
    if not {"__len__", "__getitem__"} <= set(dir(type(source))):
        raise DataError(
            f"a {type(source).__name__} was given as a data set, which has no length; a survey goes through it once, "
            "and here a folder, a list or a sequence is needed (list(images))"
        ).of("data", found=type(source).__name__)
    _check_axes(source)
    return _of_sequence(cast("Listed", source))


def refuse_others(source: object) -> None:
    """Refuse what holds images but is no data set of them: tables, dictionaries, loaders of batches.

    Raises:
        DataError: says what it is, and what to give.
    """
    kind, members = type(source).__name__, set(dir(type(source)))
    if isinstance(source, Mapping):
        names = [str(one) for one in cast("Mapping[Any, Any]", source)]
        splits = f"it holds {', '.join(names[:5])}: give one of them, such as data[{names[0]!r}]" if names else ""
        advice = splits or "it is empty: give a folder, a list or a sequence"
    elif TABLES & members and "features" not in members:
        advice = "of a table: write it as Parquet with a column image, and give the file"
    elif {"batch_sampler", "collate_fn"} <= set(dir(source)):
        advice = "it gives batches: give its data set, loader.dataset"
    elif isinstance(source, bytes | bytearray | memoryview | set | frozenset | io.IOBase):
        advice = "give a folder, a .csv or .parquet list, or images in an order: a sequence or an iterator"
    elif not {"__getitem__", "__iter__"} & members:
        advice = "give a folder, a .csv or .parquet list, a sequence, or an iterator"
    else:
        return
    raise DataError(f"a {kind} was given as a data set; {advice}").of("data", found=kind)


def _holds_arrays(path: Path) -> bool:
    """Whether there are images as arrays: CIFAR-10's own files, an archive of them, or .npz."""
    if path.is_dir():
        return cifar10.official_folder(path) is not None
    return path.is_file() and (path.suffix.lower() == ".npz" or ".tar" in path.suffixes or path.suffix == ".tgz")


def _of_arrays(path: Path, part: str) -> Records:
    found = cifar10.load(path)
    images = found.train if part == "train" else found.test
    digest = hashlib.sha256(np.ascontiguousarray(images.images).data).hexdigest()[:16]

    def record(index: int) -> Record:
        name = f"{part}/{index}"
        return Record(
            index, name, found.classes[int(images.labels[index])], lambda: load_image(images.images[index], name=name)
        )

    items = [record(index) for index in range(len(images.images))]
    return Records(items, found.source, f"{_fingerprint(items)}{digest}"[:32])


def _check_axes(source: Any) -> None:
    """Refuse an array that may be a single image, whose rows would be taken for images."""
    axes = getattr(source, "ndim", None)
    if not isinstance(axes, int) or (axes == 1 and np.asarray(source).dtype.kind in "OUS"):
        return
    shape = tuple(source.shape)
    if axes == 4 or (axes == 3 and not {shape[0], shape[2]} & {1, 3, 4}):
        return
    raise DataError(
        f"an array of {' × '.join(map(str, shape))} was given as a data set; images in one array have four axes, image "
        "× height × width × channel (of a single image: [image])"
    ).of("data", found=shape)


def _of_folders(path: Path, part: str) -> Records:
    folders = open_folders(path, part)

    def named(entry: Any) -> str:
        return readable(entry.path.relative_to(folders.root).as_posix())

    items = [Record(entry.index, named(entry), entry.label, entry.read) for entry in folders.entries]
    sizes = [_size(entry.path) for entry in folders.entries]
    return Records(items, "class folders", _fingerprint(items, sizes), folders.notes)


def _of_list(path: Path) -> Records:
    names, columns = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    column = next((name for name in IMAGE_COLUMNS if name in columns), None)
    if column is None:
        raise DataError(
            f"{path} has the columns {', '.join(map(readable, names)) or 'none'}; one of them must be called "
            f"{', '.join(IMAGE_COLUMNS[:-1])} or {IMAGE_COLUMNS[-1]} and hold each image's file"
        ).of("columns", path=path, found=tuple(names), known=IMAGE_COLUMNS)
    labels = next((columns[name] for name in LABEL_COLUMNS if name in columns), [None] * len(columns[column]))
    items = [
        Record(index, readable(file or ""), _text(label), _reader(path.parent, file))
        for index, (file, label) in enumerate(zip(columns[column], labels, strict=True))
    ]
    if not items:
        raise DataError(f"{path} lists no image; give at least one line behind the names of the columns").of(
            "images", path=path, found=0
        )
    sizes = [_size(path.parent / file) if file else -1 for file in columns[column]]
    return Records(items, f"a list ({path.suffix[1:].lower()})", _fingerprint(items, sizes))


def _reader(folder: Path, file: str | None) -> Callable[[], Image]:
    def read() -> Image:
        if not file:
            raise ImageError("the list names no file here; write the image's file in its column").of("file", found="")
        if _ADDRESS.match(file):
            raise ImageError(
                f"{readable(file)} is no file; a list names files: download it, and write where it lies"
            ).of("file", found=file)
        return load_image(folder / file, name=readable(file))

    return read


def _text(label: object) -> str | None:
    """A label of a list; None where there is none."""
    text = "" if label is None or (isinstance(label, float) and math.isnan(label)) else str(label).strip()
    return text or None


def _columns(names: Sequence[str], path: Path) -> dict[str, int]:
    """Where the columns stand that are read, by their names in small letters."""
    known = {*IMAGE_COLUMNS, *LABEL_COLUMNS}
    found = [(name.strip().lower(), place) for place, name in enumerate(names) if name.strip().lower() in known]
    columns = dict(found)
    if len(columns) < len(found):
        twice = next(name for number, (name, _) in enumerate(found) if name in dict(found[:number]))
        raise DataError(f"{path} has several columns called {twice}; keep the one that is meant").of(
            "columns", path=path, found=twice
        )
    return columns


Columns: TypeAlias = tuple[Sequence[str], dict[str, list[Any]]]
"""Names of all columns, and what stands in those that are read."""


def _read_csv(path: Path) -> Columns:
    text = read_text(path, "the list of images", LARGEST)
    # Strict: an open quotation mark would swallow all lines behind it.
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        head = next((row for row in rows if row), [])
        places = _columns(head, path)
        columns: dict[str, list[Any]] = {name: [] for name in places}
        for row in rows:
            if not any(value.strip() for value in row):
                continue
            if len(row) != len(head):
                raise DataError(
                    f"line {rows.line_num} of {path} has {len(row)} values for {len(head)} columns; mend it"
                ).of("values", path=path, found=rows.line_num)
            for name, place in places.items():
                columns[name].append(row[place])
    except csv.Error as problem:
        raise DataError(f"line {rows.line_num} of {path} can't be read as CSV ({problem}); mend it").of(
            "csv", path=path, found=rows.line_num
        ) from problem
    return head, columns


def _read_parquet(path: Path) -> Columns:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except Exception as problem:
        raise MissingExtra("reading a Parquet list", "survey", problem) from problem
    try:
        with ParquetFile(path) as file:
            schema = file.schema_arrow
            places = _columns(schema.names, path)
            for name, place in places.items():
                _check_type(schema.types[place], name, path)
            count = file.metadata.num_rows
            if count > MOST:
                raise DataError(f"{path} lists {count:,} images; at most {MOST:,}: divide it").of(
                    "size", path=path, found=count, limit=MOST
                )
            table = file.read(columns=[schema.names[place] for place in places.values()])
        columns = {name: cast("list[Any]", table[schema.names[place]].to_pylist()) for name, place in places.items()}
    except (ArrowException, OSError, ValueError, KeyError) as problem:
        raise DataError(f"{path} can't be read as Parquet ({' '.join(str(problem).split())[:200]})").of(
            "parquet", path=path, found=type(problem).__name__
        ) from problem
    return schema.names, columns


def _check_type(kind: Any, name: str, path: Path) -> None:
    """Refuse a column whose values are no names of files, or no labels."""
    from pyarrow import types

    held = kind.value_type if types.is_dictionary(kind) else kind
    told = str(held)
    text = told in {"string", "large_string", "string_view", "null"}
    number = types.is_integer(held) or types.is_floating(held) or types.is_boolean(held)
    if text or (number and name in LABEL_COLUMNS):
        return
    wanted = "a class's name or number" if name in LABEL_COLUMNS else "text: each image's file"
    raise DataError(
        f"the column {name} of {path} holds {told[:60]}; it holds {wanted} (of images within the table, give the "
        "opened data set: datasets.load_dataset)"
    ).of("column", path=path, asked=name, found=told)


def _of_sequence(source: Listed) -> Records:
    names = class_names_of(source)
    labels = _known_labels(source, names)

    def record(index: int) -> Record:
        label = labels[index] if labels is not None else _own_label(source, index)
        return Record(index, str(index), named_label(label, names, index), lambda: _read_item(source, index))

    items = [record(index) for index in range(len(source))]
    if not items:
        raise DataError("the data set has no image").of("images", found=0)
    return Records(items, f"a {type(source).__name__}", _fingerprint(items))


def _own_label(source: Listed, index: int) -> Any:
    """The label that an item brings along; None of one that can't be had, which is told when it is read."""
    try:
        item = source[index]
    except Exception:  # noqa: BLE001 whatever somebody's data set raises
        return None
    return split_item(item)[1]


def _read_item(source: Listed, index: int) -> Image:
    try:
        item = source[index]
    except Exception as problem:  # whatever somebody's data set raises
        said = " ".join(str(problem).split())[:200]
        raise ImageError(f"the data set failed at item {index} ({type(problem).__name__}: {said})").of(
            "item", asked=index, found=type(problem).__name__
        ) from problem
    return image_of(item, index)


def class_names_of(source: object) -> Mapping[int, str]:
    """Names of the classes, as torchvision's data sets (`classes`) and Hugging Face's (`features`) say them."""
    known: Any = getattr(source, "classes", None)
    if known is None:
        features: Any = getattr(source, "features", None)
        columns = cast("Mapping[str, Any]", features) if isinstance(features, Mapping) else {}
        known = next((getattr(columns[key], "names", None) for key in LABEL_KEYS if key in columns), None)
    inner: Any = getattr(source, "dataset", None)
    if known is None and inner is not None and inner is not source:  # a part of another, as random_split gives it
        return class_names_of(inner)
    if isinstance(known, Mapping):  # numbers by name, or names by number
        pairs = [(number, name) if isinstance(number, int) else (name, number) for number, name in known.items()]
        return {number: str(name) for number, name in pairs if isinstance(number, int)}
    if not isinstance(known, Sequence | np.ndarray) or isinstance(known, str | bytes):
        return {}
    return {number: str(one[0] if isinstance(one, tuple | list) else one) for number, one in enumerate(known)}


def _known_labels(source: Listed, names: Mapping[int, str]) -> Sequence[Any] | None:
    """All labels without reading all images, as torchvision's (`targets`) and Hugging Face's (a column) have them.

    None where there are none, or where they are not what items bring along: a data set may change its labels as it
    gives them (`target_transform`), or mean other things by that name.
    """
    known: Any = getattr(source, "targets", None)
    columns = getattr(source, "column_names", None)
    key = next((one for one in LABEL_KEYS if isinstance(columns, Sequence) and one in columns), None)
    if known is None and key is not None:
        known = cast("Any", source)[key]
    try:
        labels = None if known is None else list(known)
    except TypeError:
        return None
    count = len(source)
    if labels is None or len(labels) != count or not count:
        return None
    for index in sorted({0, count // 2, count - 1}):
        own = _own_label(source, index)
        if own is not None and named_label(own, names, index) != named_label(labels[index], names, index):
            return None
    return labels


def split_item(item: Any) -> tuple[Any, Any]:
    """An item's image and label; None for a label that it has not."""
    if isinstance(item, Mapping):
        found = cast("Mapping[str, Any]", item)
        key = next((one for one in IMAGE_KEYS if one in found), None)
        if key is None:
            raise ImageError(
                f"an item has the keys {', '.join(map(str, found))}; its image is expected under 'image'"
            ).of("item", found=tuple(map(str, found)))
        return found[key], next((found[one] for one in LABEL_KEYS if one in found), None)
    if isinstance(item, tuple | list):
        parts = cast("Sequence[Any]", item)
        if len(parts) not in {1, 2}:
            raise ImageError(
                f"an item is a {type(item).__name__} of {len(parts)}; give an image, or (image, label)"
            ).of("item", found=type(item).__name__)
        return parts[0], parts[1] if len(parts) == 2 else None
    return item, item.label if isinstance(item, Image) else None


def named_label(label: Any, names: Mapping[int, str], index: int) -> str | int | None:
    """A label as a class's name, or its number where no name is known; None where there is none.

    Raises:
        DataError: it is neither.
    """
    found = read_array(label)
    value: Any = label if found is None else found[0]
    if isinstance(value, np.ndarray | np.generic) and value.size == 1:
        value = value.item()
    if value is None or isinstance(value, str):
        return (value or "").strip() or None
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return names.get(int(value), int(value))
    shape = f" of {' × '.join(map(str, value.shape))}" if isinstance(value, np.ndarray) else f" {value!r:.60}"
    raise DataError(
        f"the label of item {index} is a {type(label).__name__}{shape}; a label is a class's name or its number (of a "
        "row with a number for each class: the place of its highest)"
    ).of("label", asked=index, found=type(label).__name__)


def image_of(item: Any, index: int) -> Image:
    """The image of an item, as it is read from any source.

    Raises:
        ImageError: it is none.
    """
    image, _ = split_item(item)
    if isinstance(image, Mapping):  # as Hugging Face's `datasets` keep a file that is not decoded
        kept = cast("Mapping[str, Any]", image)
        image = cast("Any", kept.get("bytes") or kept.get("path") or image)
    if isinstance(image, Image):
        image = image.pixels
    found = read_array(image)
    if found is not None:
        values = found[0]
        if values.ndim == 3 and values.shape[0] in {1, 3} and values.shape[2] not in {1, 3}:
            values = np.moveaxis(values, 0, -1)
        image = values
    return replace(load_image(image, name=None if isinstance(image, str | Path) else f"item {index}"), name=str(index))


def _size(path: Path) -> int:
    """Bytes of a file; −1 of one that is not there, which is told when it is read."""
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return -1


def _fingerprint(items: Sequence[Record], sizes: Sequence[int] = ()) -> str:
    digest = hashlib.sha256()
    for one, size in zip_longest(items, sizes):
        told = f"{one.name}\0{'' if one.label is None else one.label}\0{'' if size is None else size}\n"
        digest.update(told.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]
