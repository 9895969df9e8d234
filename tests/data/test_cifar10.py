"""Reading CIFAR-10 gives the images that were written, in every form; pickles can run nothing."""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import pickle
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from innerview.data.cifar10 import CLASSES, PARTS, fetch, from_pickle, load
from innerview.data.download import Source
from innerview.data.labelled import Dataset
from innerview.errors import DataError
from raising import raises

EACH = 10


class Python2Pickler(pickle._Pickler):
    """Writes what Python 2 wrote: byte strings as strings, arrays by their old module name."""

    dispatch = dict(pickle._Pickler.dispatch)  # noqa: RUF012

    def save_bytes(self, value: bytes) -> None:
        self.write(b"T" + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    dispatch[bytes] = save_bytes


def python_batch(pixels: np.ndarray, labels: np.ndarray) -> bytes:
    file = io.BytesIO()
    planes = pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1)
    content = {b"batch_label": b"a batch", b"labels": labels.tolist(), b"data": np.ascontiguousarray(planes)}
    Python2Pickler(file, 2).dump(content)
    return file.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def binary_batch(pixels: np.ndarray, labels: np.ndarray) -> bytes:
    planes = pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1)
    return np.concatenate([labels[:, None].astype(np.uint8), planes], axis=1).tobytes()


@pytest.fixture
def labelled() -> tuple[np.ndarray, np.ndarray]:
    """Sixty images, ten per batch, one of each class, no two alike."""
    random = np.random.default_rng(3)
    return random.integers(0, 256, (6 * EACH, 32, 32, 3), dtype=np.uint8), np.tile(np.arange(10), 6)


def written(folder: Path, labelled: tuple[np.ndarray, np.ndarray], suffix: str, encode: Callable) -> Path:
    folder.mkdir()
    names = [name for part in PARTS for name in part]
    for number, name in enumerate(names):
        here = slice(number * EACH, (number + 1) * EACH)
        (folder / (name + suffix)).write_bytes(encode(labelled[0][here], labelled[1][here]))
    return folder


def packed(folder: Path) -> Path:
    path = folder.parent / f"{folder.name}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, arcname=folder.name)
    return path


def assert_read(data: Dataset, labelled: tuple[np.ndarray, np.ndarray]) -> None:
    np.testing.assert_array_equal(np.concatenate([data.train.images, data.test.images]), labelled[0])
    np.testing.assert_array_equal(np.concatenate([data.train.labels, data.test.labels]), labelled[1])
    assert len(data.test.images) == EACH
    assert data.classes == CLASSES


VERSIONS = {"python": ("", python_batch), "binary": (".bin", binary_batch)}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("packing", ["folder", "parent", "tarball"])
def test_every_official_form_gives_the_same_images(tmp_path, labelled, version, packing) -> None:
    name = {"python": "cifar-10-batches-py", "binary": "cifar-10-batches-bin"}[version]
    folder = written(tmp_path / name, labelled, *VERSIONS[version])
    path = {"folder": folder, "parent": tmp_path, "tarball": packed(folder)}[packing]
    assert_read(load(path), labelled)


@pytest.mark.parametrize("names", [("train_images", "train_labels", "test_images", "test_labels"),
                                   ("x_train", "y_train", "x_test", "y_test")])  # fmt: skip
def test_an_npz_gives_the_same_images(tmp_path, labelled, names) -> None:
    images, labels = labelled
    # Keras's labels are a column
    arrays = (images[:-EACH], labels[:-EACH, None], images[-EACH:], labels[-EACH:, None])
    np.savez(tmp_path / "data.npz", **dict(zip(names, arrays, strict=True)))
    assert_read(load(tmp_path / "data.npz"), labelled)


def test_an_npz_of_other_classes_without_names_counts_them(tmp_path) -> None:
    images, labels = np.zeros((6, 8, 8, 3), np.uint8), np.arange(6) % 3
    np.savez(tmp_path / "own.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    assert load(tmp_path / "own.npz").classes == ("class 0", "class 1", "class 2")


def test_the_identity_is_of_the_pixels_not_of_the_form(tmp_path, labelled) -> None:
    folder = written(tmp_path / "batches", labelled, "", python_batch)
    one = load(folder).identity()
    assert one["sha256"] == load(packed(folder)).identity()["sha256"]
    labelled[0][0, 0, 0, 0] ^= 1
    other = load(written(tmp_path / "other", labelled, "", python_batch)).identity()
    assert one["sha256"] != other["sha256"]


def test_an_archive_that_was_fetched_is_read_without_asking_anyone(tmp_path, labelled) -> None:
    path = packed(written(tmp_path / "batches", labelled, "", python_batch))
    source = Source(f"http://127.0.0.1:1/{path.name}", hashlib.sha256(path.read_bytes()).hexdigest(), 1)
    assert_read(fetch(tmp_path, sources=(source,)), labelled)


class Intruder:
    def __reduce__(self):
        return os.mkdir, (str(Path.cwd() / "intruded"),)


@pytest.mark.parametrize("content", [Intruder(), {b"data": Intruder()}, [print]])
def test_a_pickle_that_would_run_something_is_not_opened(tmp_path, monkeypatch, content) -> None:
    monkeypatch.chdir(tmp_path)
    with raises(DataError, "pickle"):
        from_pickle(pickle.dumps(content), "data_batch_1")
    assert not (tmp_path / "intruded").exists()


BAD_BATCHES = {
    "nothing": b"",
    "cut short": python_batch(np.zeros((2, 32, 32, 3), np.uint8), np.zeros(2, np.int64))[:500],
    "no pickle": b"hello",
    "another dict": pickle.dumps({b"a": 1}),
    "wrong shape": python_batch(np.zeros((2, 16, 16, 3), np.uint8), np.zeros(2, np.int64)),
    "floats": python_batch(np.zeros((2, 32, 32, 3)), np.zeros(2, np.int64)),
    "a class missing": python_batch(np.zeros((2, 32, 32, 3), np.uint8), np.zeros(1, np.int64)),
}


@pytest.mark.parametrize("content", BAD_BATCHES.values(), ids=BAD_BATCHES)
def test_a_damaged_batch_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(DataError, match="data_batch_3"):
        from_pickle(content, "data_batch_3")


def test_a_missing_batch_is_named(tmp_path, labelled) -> None:
    folder = written(tmp_path / "batches", labelled, ".bin", binary_batch)
    (folder / "data_batch_4.bin").unlink()
    with raises(DataError, "files", found=("data_batch_4.bin",), file="batches"):
        load(folder)


def test_a_binary_batch_that_is_cut_short_is_refused(tmp_path, labelled) -> None:
    folder = written(tmp_path / "batches", labelled, ".bin", binary_batch)
    (folder / "test_batch.bin").write_bytes((folder / "test_batch.bin").read_bytes()[:-1])
    with raises(DataError, "length", found=30729):
        load(folder)


def test_a_class_number_beyond_the_classes_is_refused(tmp_path, labelled) -> None:
    folder = written(tmp_path / "batches", (labelled[0], labelled[1] + 1), "", python_batch)
    with raises(DataError, "labels", asked="training", found=(1, 10), limit=9):
        load(folder)


def test_a_tarball_that_is_cut_short_says_to_download_again(tmp_path, labelled) -> None:
    path = packed(written(tmp_path / "batches", labelled, "", python_batch))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with raises(DataError, "file", found="EOFError", file="batches.tar.gz"):
        load(path)


PACKED_AGAIN = {
    "Python 3 in its own protocol": lambda batch: pickle.dumps(batch, protocol=3),
    "Python 3 in Python 2's protocol": lambda batch: pickle.dumps(batch, protocol=2),
}


@pytest.mark.parametrize("pack", PACKED_AGAIN.values(), ids=PACKED_AGAIN)
def test_a_batch_that_python_3_wrote_is_read(pack) -> None:
    pixels = np.arange(2 * 3072, dtype=np.uint64).reshape(2, 3072).astype(np.uint8)
    found, labels = from_pickle(pack({b"data": pixels, b"labels": [3, 9]}), "data_batch_1")
    np.testing.assert_array_equal(found, pixels)
    np.testing.assert_array_equal(labels, [3, 9])


class Codec:
    def __reduce__(self):
        return codecs.encode, ("cebx", "rot13")


def test_a_pickle_runs_no_codec_but_the_one_that_bytes_need() -> None:
    with raises(DataError, "pickle", found="rot13"):
        from_pickle(pickle.dumps({b"data": Codec()}), "data_batch_1")


def test_a_refused_pickle_is_named_with_its_file(tmp_path, labelled) -> None:
    folder = written(tmp_path / "batches", labelled, "", python_batch)
    (folder / "data_batch_3").write_bytes(pickle.dumps(print))
    with raises(DataError, "pickle", found="builtins.print"):
        load(folder)


def test_another_file_than_a_tarball_is_refused_in_one_line(tmp_path) -> None:
    (tmp_path / "notes.md").write_text("hello")
    with raises(DataError, "file", found="ReadError", file="notes.md") as refused:
        load(tmp_path / "notes.md")
    assert "\n" not in str(refused.value)


def test_an_npz_that_does_not_fit_is_named(tmp_path) -> None:
    images, labels = np.zeros((2, 4, 4, 3)), np.arange(2)
    np.savez(tmp_path / "floats.npz", train_images=images, train_labels=labels, test_images=images, test_labels=labels)
    with raises(DataError, "images", found=(2, 4, 4, 3), file="floats.npz"):
        load(tmp_path / "floats.npz")


@pytest.mark.parametrize("name", ["nowhere", "nowhere.npz", "nowhere.tar.gz"])
def test_a_path_that_is_not_there_is_said_so(tmp_path, name) -> None:
    with raises(DataError, "data"):
        load(tmp_path / name)


def test_an_npz_of_other_arrays_says_what_is_wanted(tmp_path) -> None:
    np.savez(tmp_path / "data.npz", images=np.zeros(3))
    with raises(DataError, "arrays", found=("images",), file="data.npz"):
        load(tmp_path / "data.npz")


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut short"])
def test_a_damaged_npz_is_said_so(tmp_path, content) -> None:
    (tmp_path / "data.npz").write_bytes(content)
    with raises(DataError, "file", found="BadZipFile", file="data.npz"):
        load(tmp_path / "data.npz")


def test_an_npz_with_objects_is_not_unpickled(tmp_path) -> None:
    np.savez(tmp_path / "data.npz", train_images=np.array([Intruder()], dtype=object), train_labels=1, test_images=1,
             test_labels=1)  # fmt: skip
    with raises(DataError, "objects", found="Python objects"):
        load(tmp_path / "data.npz")
    assert not Path("intruded").exists()
