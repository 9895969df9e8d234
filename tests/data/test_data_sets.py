"""Everything that can be given as a data set, in one table: what becomes of it, or what it is refused with.

Doubles stand for packages that the tests don't install: they have what `records` and `streams` look at, as those
packages' documentation says.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image

import torchvision_operators
from innerview.data.cifar10 import CLASSES as CIFAR
from innerview.data.records import Record, open_records
from innerview.data.streams import open_stream
from innerview.errors import DataError
from raising import raises

NAMES = ("cat", "dog")
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 6, 5, 3), dtype=np.uint8)
LABELS = (0, 1, 1)


def png(index: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS[index]).save(file, "PNG")
    return file.getvalue()


def folders(root: Path) -> Any:
    for index, label in enumerate(LABELS):
        (root / NAMES[label]).mkdir(exist_ok=True)
        (root / NAMES[label] / f"{index}.png").write_bytes(png(index))
    return root


def csv_list(root: Path) -> Any:
    folders(root)
    (root / "list.csv").write_text("image,label\ncat/0.png,cat\ndog/1.png,dog\ndog/2.png,dog\n")
    return root / "list.csv"


def npz(root: Path) -> Any:
    both = {"test_images": PIXELS, "test_labels": np.array(LABELS), "train_images": PIXELS, "train_labels": [0, 1, 1]}
    np.savez(root / "data.npz", **both, classes=np.array(NAMES))
    return root / "data.npz"


class Pairs:
    """A map-style data set of PyTorch, as torchvision's are."""

    classes = NAMES

    def __init__(self, image: Callable[[int], Any]) -> None:
        self.image = image

    def __len__(self) -> int:
        return len(PIXELS)

    def __getitem__(self, index: int) -> Any:
        return self.image(index), LABELS[index]


class Part:
    """What torch.utils.data.random_split gives: a data set and its indices, without the classes' names."""

    def __init__(self, dataset: Any) -> None:
        self.dataset, self.indices = dataset, [0, 1, 2]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.indices[index]]


class Table:
    """A data set of Hugging Face's `datasets`: rows are dictionaries, a name gives a column."""

    def __init__(self, image: str, label: str, value: Callable[[int], Any]) -> None:
        self.column_names = [image, label]
        self.value = value

    @property
    def features(self) -> Any:
        return MappingProxyType({self.column_names[1]: SimpleNamespace(names=list(NAMES)), self.column_names[0]: None})

    def __len__(self) -> int:
        return len(PIXELS)

    def __getitem__(self, key: Any) -> Any:
        image, label = self.column_names
        return list(LABELS) if key == label else {image: self.value(key), label: LABELS[key]}

    def to_pydict(self) -> None:
        """It has this, as pyarrow's tables do."""


class Streamed:
    """A streamed data set: it can be gone through and has the names of its classes."""

    features = MappingProxyType({"label": SimpleNamespace(names=list(NAMES))})

    def __iter__(self) -> Iterator[Any]:
        return ({"image": pil(index), "label": LABELS[index]} for index in range(3))


class Iterable:
    """PyTorch's IterableDataset, which has a __getitem__ of its base that only fails."""

    classes = NAMES

    def __iter__(self) -> Iterator[Any]:
        return ((chw(index), LABELS[index]) for index in range(3))

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError


def pil(index: int) -> Image.Image:
    return Image.fromarray(PIXELS[index])


def chw(index: int) -> Any:
    import torch

    return torch.from_numpy(PIXELS[index].astype(np.float32) / 255).permute(2, 0, 1)


def bytes_chw(index: int) -> Any:
    import torch

    return torch.from_numpy(PIXELS[index]).permute(2, 0, 1)


def kept(index: int) -> Any:
    """An image that `datasets` was told not to decode."""
    return {"bytes": png(index), "path": None}


def of_torch(root: Path) -> Any:
    import torch

    class Images(torch.utils.data.Dataset[Any]):
        classes = NAMES

        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            return chw(index), torch.tensor(LABELS[index])

    return torch.utils.data.random_split(Images(), [3], torch.Generator().manual_seed(0))[0]


TAKEN: dict[str, Callable[[Path], Any]] = {
    "class folders": folders,
    "a list in CSV": csv_list,
    "arrays in .npz": npz,
    "a list of pairs": lambda _: [(one, NAMES[label]) for one, label in zip(PIXELS, LABELS, strict=True)],
    "PyTorch: PIL": lambda _: Pairs(pil),
    "PyTorch: floats, channels in front": lambda _: Pairs(chw),
    "PyTorch: bytes, channels in front": lambda _: Pairs(bytes_chw),
    "PyTorch: a part": lambda _: Part(Pairs(pil)),
    "PyTorch: a part of a part": lambda _: Part(Part(Pairs(chw))),
    "datasets: image and label": lambda _: Table("image", "label", pil),
    "datasets: img and fine_label": lambda _: Table("img", "fine_label", pil),
    "datasets: image and labels": lambda _: Table("image", "labels", pil),
    "datasets: not decoded": lambda _: Table("image", "label", kept),
}
STREAMED: dict[str, Callable[[Path], Any]] = {
    "a generator": lambda _: ((pil(index), NAMES[LABELS[index]]) for index in range(3)),
    "zip": lambda _: zip(PIXELS, [NAMES[one] for one in LABELS], strict=True),
    "datasets: streamed": lambda _: Streamed(),
    "PyTorch: iterable": lambda _: Iterable(),
}


class Loader:
    """As torch.utils.data.DataLoader."""

    batch_sampler = collate_fn = dataset = None

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 1


class Polars:
    """As a polars.DataFrame."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, key: Any) -> Any:
        return key

    def write_parquet(self, file: Any) -> None: ...


REFUSED: dict[str, tuple[Any, str]] = {
    "a loader of batches": (Loader(), "give its data set, loader.dataset"),
    "pandas": (pd.DataFrame({"image": ["a.png"]}), "write it as Parquet"),
    "Polars": (Polars(), "write it as Parquet"),
    "pyarrow": (pa.table({"image": ["a.png"]}), "write it as Parquet"),
    "several splits": ({"train": [], "test": []}, r"it holds train, test: give one of them, such as data\['train'\]"),
    "nothing": ({}, "it is empty"),
    "a set": ({"a.png", "b.png"}, "in an order"),
    "bytes": (b"image", "in an order"),
    "an open file": (io.BytesIO(b"image"), "in an order"),
    "a number": (7, "a sequence, or an iterator"),
    "no images": ([], "has no image"),
}


def check(records: list[Record]) -> None:
    assert [one.label for one in records] == [NAMES[label] for label in LABELS]
    for record, expected in zip(records, PIXELS, strict=True):
        np.testing.assert_allclose(record.read().pixels * 255, expected, atol=1e-3)


@pytest.mark.parametrize("form", TAKEN)
def test_a_data_set_is_read_whatever_form_it_has(form: str, tmp_path: Path) -> None:
    given = TAKEN[form](tmp_path)
    assert isinstance(given, Path) or open_stream(given) is None
    check(list(open_records(given).items))


@pytest.mark.torch
def test_a_part_of_a_data_set_of_pytorch_has_its_classes(tmp_path: Path) -> None:
    found = list(open_records(of_torch(tmp_path)).items)
    assert sorted(str(one.label) for one in found) == ["cat", "dog", "dog"]
    assert all(one.read().pixels.shape == (6, 5, 3) for one in found)


@pytest.mark.torch
def test_class_folders_by_torchvision_are_those_by_us(tmp_path: Path) -> None:
    torchvision_operators.declare()
    from torchvision.datasets import ImageFolder

    check(list(open_records(ImageFolder(folders(tmp_path))).items))


@pytest.mark.parametrize("form", STREAMED)
def test_what_has_no_length_is_gone_through(form: str, tmp_path: Path) -> None:
    found = open_stream(STREAMED[form](tmp_path))
    assert found is not None
    check(list(found.records()))


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_data_set_says_what_to_give(what: str) -> None:
    given, said = REFUSED[what]
    with pytest.raises(DataError, match=said):
        open_stream(given) or open_records(given)


def test_a_stream_is_refused_where_a_length_is_needed() -> None:
    with raises(DataError, "data", found="generator"):
        open_records(one for one in PIXELS)


@pytest.mark.parametrize("part", ["test", "train"])
def test_the_files_of_cifar10_are_a_data_set(part: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        batch = {b"data": random.integers(0, 256, (10, 3072), dtype=np.uint8), b"labels": list(range(10))}
        (tmp_path / name).write_bytes(pickle.dumps(batch, protocol=2))
    records = open_records(tmp_path, part)
    assert len(records.items) == {"test": 10, "train": 50}[part]
    assert [one.label for one in records.items[:10]] == list(CIFAR)
    assert records.items[3].read().pixels.shape == (32, 32, 3)
    assert records.items[3].name == f"{part}/3"
    assert records.fingerprint != open_records(tmp_path, "train" if part == "test" else "test").fingerprint


def test_other_pixels_are_another_data_set(tmp_path: Path) -> None:
    first = open_records(npz(tmp_path)).fingerprint
    both = dict(np.load(tmp_path / "data.npz"))
    both["test_images"] = both["test_images"].copy()
    both["test_images"][0, 0, 0, 0] ^= 1
    np.savez(tmp_path / "data.npz", **both)
    assert open_records(tmp_path / "data.npz").fingerprint != first
