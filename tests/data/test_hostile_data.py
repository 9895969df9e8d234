"""Data sets that are no files, damaged, or claim what they don't hold: one error of ours that names the file."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from innerview.data.cifar10 import LARGEST, PARTS, from_pickle, holds_arrays, load
from innerview.data.download import Source, download
from innerview.errors import DataError, InnerviewError
from innerview.files.tarballs import ENTRIES, tarball
from innerview.session.opening import furnish
from raising import raises

MEMORY = 64 * 2**20
"""Bytes that refusing a small file may take."""

NAMES = ("data.npz", "cifar-10-python.tar.gz", "cifar.tar", "data", "data_batch_1")


def npz_header(shape: str, dtype: str = "|u1") -> bytes:
    """An array whose header claims a shape, and no values."""
    head = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (118 - len(head)) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head


def npz(arrays: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in arrays.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def array(values: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(values))
    return file.getvalue()


def data_set(**changed: bytes) -> bytes:
    images = array(np.zeros((2, 4, 4, 3), np.uint8))
    good = {"train_images": images, "train_labels": array([0, 1]), "test_images": images}
    return npz({**good, "test_labels": array([0, 1]), **changed})


def tar(*entries: tuple[str, int, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    """Headers that claim a size, each with what really follows."""
    parts: list[bytes] = []
    for name, size, content in entries:
        head = tarfile.TarInfo(name)
        head.size, head.type = size, kind
        parts += [head.tobuf(tarfile.GNU_FORMAT), content.ljust(-(-len(content) // 512) * 512, b"\0")]
    return b"".join(parts) + bytes(1024)


RANDOM = np.random.default_rng(0).bytes(5000)
WHOLE_TAR = tar(*[(name, 3073, bytes(3073)) for part in PARTS for name in part])

CONTENTS: dict[str, bytes] = {
    "nothing": b"",
    "random bytes": RANDOM,
    "text": b"a,b\n1,2\n",
    "an npz of an exbibyte": data_set(train_images=npz_header("(1152921504606846976, 1, 1, 1)")),
    "an npz of negative size": data_set(train_images=npz_header("(-3, 4, 4, 3)")),
    "an npz with a header of nonsense": data_set(train_labels=npz_header("('a',)")),
    "an npz of objects": data_set(classes=npz_header("(1,)", "|O")),
    "an npz of long text": data_set(classes=npz_header("(1,)", "<U536870911")),
    "an npz without arrays": npz({}),
    "an npz of scalars": data_set(train_images=array(1)),
    "an npz of floats": data_set(train_images=array(np.zeros((2, 4, 4, 3)))),
    "an npz of NaN as labels": data_set(train_labels=array([np.nan, 1])),
    "an npz of text as labels": data_set(train_labels=array(["a", "b"])),
    "an npz of classes in a table": data_set(classes=array([["a", "b"], ["c", "d"]])),
    "half an npz": data_set()[:400],
    "half a zip": data_set()[-400:],
    "a tar of an entry of a tebibyte": tar(("data_batch_1", 2**40, b"")),
    "a tar of an entry that is too large": tar(*[(name, LARGEST + 1, b"") for name in PARTS[0]]),
    "a tar with a table of gigabytes": tar(("././@PaxHeader", 2**32, b""), kind=b"x"),
    "a tar with a long name of gigabytes": tar(("././@LongLink", 2**32, b""), kind=b"L"),
    "a tar of a link": tar(("data_batch_1", 0, b""), kind=tarfile.SYMTYPE),
    "a tar of a pipe": tar(("data_batch_1", 0, b""), kind=tarfile.FIFOTYPE),
    "a tar of batches that are none": WHOLE_TAR,
    "half a tar": WHOLE_TAR[:2000],
    "a compressed tar of batches that are none": gzip.compress(WHOLE_TAR),
    "half a compressed tar": gzip.compress(WHOLE_TAR)[:-20],
    "a compressed tar of a tebibyte": gzip.compress(tar(("data_batch_1", 2**40, b""))),
    "compressed bytes": gzip.compress(RANDOM),
    "a mark of bzip2": b"BZh91AY" + RANDOM,
    "a mark of xz": b"\xfd7zXZ\x00" + RANDOM,
}


def refuse(call: Callable[[], object], named: str) -> str:
    """One error of ours that names the file, within a little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(InnerviewError) as refused:
            call()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY, f"{peak:,} bytes"
    told = str(refused.value)
    assert named in told
    assert "\n" not in told
    return told


@pytest.mark.parametrize("ending", [".npz", ".tar.gz"])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_file_that_is_no_data_set_is_refused(tmp_path: Path, content: bytes, ending: str) -> None:
    path = tmp_path / f"data{ending}"
    path.write_bytes(content)
    refuse(partial(load, path), path.name)


@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_is_refused_at_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    os.mkfifo(path)
    assert "a pipe" in refuse(partial(load, path), name)
    refuse(partial(furnish, images=(), data=path), name)


def test_a_device_is_refused_at_once(tmp_path: Path) -> None:
    for name in ("zero.npz", "zero.tar"):
        (tmp_path / name).symlink_to("/dev/zero")
        assert "a device" in refuse(partial(load, tmp_path / name), name)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"], ids=["too long", "of no file"])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    for call in (load, holds_arrays):
        if "\0" not in name or call is load:
            refuse(partial(call, Path(name)), name[:100])


def test_a_folder_with_a_batch_that_is_a_pipe_lacks_it(tmp_path: Path) -> None:
    for name in [name for part in PARTS for name in part][1:]:
        (tmp_path / name).write_bytes(b"")
    os.mkfifo(tmp_path / "data_batch_1")
    assert "data_batch_1 is missing" in refuse(partial(load, tmp_path), "data_batch_1")


def test_a_tarball_unpacks_to_no_more_than_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "large.tar.gz"
    path.write_bytes(gzip.compress(tar(("a", 2**21, bytes(2**21)), ("b", 1, b"b"))))

    def unpack(whole: int) -> frozenset[str]:
        with tarball(path, "the archive", 2**20, whole=whole) as (names, _):
            return names

    assert unpack(2**22) == {"a", "b"}
    assert "at most 1,048,576" in refuse(partial(unpack, 2**20), path.name)


def test_a_tarball_of_very_many_entries_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.tar"
    path.write_bytes(tar(*[("a", 0, b"")] * (ENTRIES + 1)))

    def unpack() -> None:
        with tarball(path, "the archive", 2**20):
            pass

    assert "entries" in refuse(unpack, path.name)


class Claiming:
    """An array that a pickle makes up, larger than the file."""

    def __init__(self, *shape: int, dtype: str = "u1") -> None:
        self.shape, self.dtype = shape, dtype

    def __reduce__(self) -> tuple[object, ...]:
        return np.ndarray, (self.shape, self.dtype)


BATCHES: dict[str, object] = {
    "an array of a gigabyte": {b"data": Claiming(333_333, 3072), b"labels": [0] * 333_333},
    "an array of a tebibyte": {b"data": Claiming(2**28, 4096), b"labels": [0]},
    "one number as labels": {b"data": np.zeros((1, 3072), np.uint8), b"labels": 3},
    "a table as labels": {b"data": np.zeros((1, 3072), np.uint8), b"labels": np.zeros((1, 1), np.int64)},
    "ragged labels": {b"data": np.zeros((1, 3072), np.uint8), b"labels": [[1], [2, 3]]},
    "a list": [1, 2, 3],
}


@pytest.mark.parametrize("content", BATCHES.values(), ids=BATCHES)
def test_a_batch_that_claims_what_it_does_not_hold_is_refused(content: object) -> None:
    pickled = pickle.dumps(content, protocol=2)
    with pytest.raises(DataError, match="data_batch_1"):
        from_pickle(pickled, "data_batch_1")


def test_a_batch_that_asks_for_room_by_a_number_alone_is_refused() -> None:
    """Python's unpickler makes a table as long as the largest number that a value is given: here of 16 GiB."""
    tracemalloc.start()
    try:
        with raises(DataError, "pickle", found=1073741824, limit=2):
            from_pickle(b"\x80\x02}r" + (2**30).to_bytes(4, "little") + b".", "data_batch_1")
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


def test_a_download_does_not_read_a_pipe_in_the_files_place(tmp_path: Path) -> None:
    source = Source("http://127.0.0.1:9/cifar.tar.gz", "0" * 64, 10)
    os.mkfifo(tmp_path / source.name)
    assert "a pipe" in refuse(partial(download, [source], tmp_path), source.name)


@pytest.mark.parametrize("address", ["http://a b/x", "http://127.0.0.1:99999/x", "http://\udce9/x", "ftp://a/b"])
def test_an_address_that_is_none_is_a_source_that_fails(tmp_path: Path, address: str) -> None:
    with raises(DataError, "sources", found=1):
        download([Source(address, "0" * 64, 10)], tmp_path)
