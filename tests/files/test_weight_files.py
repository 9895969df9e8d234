"""Weights in every format, type and state: read to the bit, or refused by name; what is left out is told."""

from __future__ import annotations

import json
import os
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from innerview.errors import DataError, InnerviewError
from innerview.files.tensors import read_tensors
from innerview.files.weights import read_arrays
from innerview.session.compute.weights import count_weights
from innerview.workbench.weights import read_weights, statistics_table
from raising import raises

EXACT = {
    "float64": torch.float64, "float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16,
    "float8_e4m3fn": torch.float8_e4m3fn, "float8_e5m2": torch.float8_e5m2,
    "float8_e4m3fnuz": torch.float8_e4m3fnuz, "float8_e5m2fnuz": torch.float8_e5m2fnuz,
    "int8": torch.int8, "uint8": torch.uint8, "int16": torch.int16, "int32": torch.int32, "int64": torch.int64,
    "bool": torch.bool, "complex64": torch.complex64,
}  # fmt: skip
NUMPY = {"float64", "float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool", "complex64"}


def every_value(kind: torch.dtype) -> torch.Tensor:
    """All values of 8 and 16 bits; of wider ones many, with NaN, infinities, the smallest and the largest."""
    if kind.itemsize == 1 and kind != torch.bool:
        return torch.arange(256, dtype=torch.int16).to(torch.uint8).view(kind)
    if kind.itemsize == 2:
        return torch.arange(65_536, dtype=torch.int32).to(torch.int16).view(kind)
    if kind == torch.bool:
        return torch.tensor([True, False])
    values = torch.tensor([0.0, -0.0, 1.5, -2.0, torch.nan, torch.inf, -torch.inf, 1e-45, 3.4e38])
    return (values if kind.is_floating_point or kind.is_complex else values.nan_to_num(0, 1, -1)).to(kind)


@pytest.mark.parametrize("name", EXACT)
def test_every_type_of_safetensors_is_read_to_the_bit(tmp_path: Path, name: str) -> None:
    tensor = every_value(EXACT[name])
    save_file({"a": tensor, "point": tensor[1].clone(), "empty": tensor[:0].clone()}, tmp_path / "w.safetensors")
    found, _ = read_tensors(tmp_path / "w.safetensors")
    known = tensor.numpy() if name in NUMPY else tensor.float().numpy()
    np.testing.assert_array_equal(found["a"], known)
    if found["a"].dtype.kind == "f":
        np.testing.assert_array_equal(np.signbit(found["a"]), np.signbit(known))
    assert found["a"].dtype == known.dtype
    assert (found["point"].shape, found["empty"].shape) == ((), (0,))


@pytest.mark.parametrize("name", [one for one in EXACT if one != "complex64"])
def test_every_type_of_a_state_dict_is_read_to_the_bit(tmp_path: Path, name: str) -> None:
    tensor = every_value(EXACT[name])
    torch.save({"a": tensor}, tmp_path / "w.pt")
    known = tensor.numpy() if name in NUMPY else tensor.float().numpy()
    np.testing.assert_array_equal(read_weights(tmp_path / "w.pt").weights["a"], known)


def written(path: Path, **arrays: np.ndarray) -> Path:
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    elif path.suffix == ".npy":
        np.save(path, next(iter(arrays.values())))
    else:
        path.write_bytes(save(arrays))
    return path


@pytest.mark.parametrize("name", ["w.npz", "w.npy", "w.safetensors"])
def test_arrays_come_back_in_any_order_of_memory(tmp_path: Path, name: str) -> None:
    values = np.random.default_rng(0).normal(size=(3, 4, 5))
    for given in (values, values.astype(">f4"), np.asfortranarray(values), values[:, :0], values[0, 0, 0]):
        if name.endswith("safetensors"):
            given = np.asarray(given, given.dtype.newbyteorder("="), order="C")  # noqa: PLW2901 what the library writes
        found = next(iter(read_arrays(written(tmp_path / name, w=given)).weights.values()))
        np.testing.assert_array_equal(found, given)


def test_what_is_no_number_is_left_out_by_name(tmp_path: Path) -> None:
    path = written(tmp_path / "w.npz", a=np.ones((2, 2)), b=np.array(["x"]), c=np.ones(2, np.complex64))
    found = read_arrays(path)
    assert set(found.weights) == {"a"}
    assert any(note.startswith("b is left out") for note in found.notes)
    assert any(note.startswith("c is left out: it holds complex") for note in found.notes)


MADE: dict[str, Callable[[nn.Module], object]] = {
    "pruned": lambda part: prune.l1_unstructured(part, "weight", amount=0.5),
    "pruned twice": lambda part: prune.random_unstructured(prune.l1_unstructured(part, "weight", 0.4), "weight", 0.4),
    "weight normalisation": weight_norm,
    "weight normalisation of all": lambda part: weight_norm(part, dim=None),
    "spectral normalisation": spectral_norm,
}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
@pytest.mark.parametrize("front", ["", "module.", "_orig_mod.module."])
def test_weights_in_parts_are_shown_as_the_model_uses_them(tmp_path: Path, made, front: str) -> None:
    torch.manual_seed(0)
    part = nn.Conv2d(3, 5, 2)
    made(part)
    part.eval()(torch.zeros(1, 3, 4, 4))
    held = {f"{front}{name}": value.contiguous().clone() for name, value in part.state_dict().items()}
    save_file(held, tmp_path / "w.safetensors")
    found = read_arrays(tmp_path / "w.safetensors")
    assert set(found.weights) == {"weight", "bias"}
    np.testing.assert_allclose(found.weights["weight"], part.weight.detach().numpy(), rtol=1e-5, atol=1e-7)
    assert any(note.startswith("weight is ") for note in found.notes)


def test_what_can_not_be_put_together_is_told(tmp_path: Path) -> None:
    part = parametrizations.orthogonal(nn.Linear(3, 3))
    save_file({name: one.contiguous() for name, one in part.state_dict().items()}, tmp_path / "w.safetensors")
    found = read_arrays(tmp_path / "w.safetensors")
    assert any("parametrizations.weight.original stands as it was stored" in note for note in found.notes)


def test_weights_that_come_and_go_and_change_are_counted_where_they_are() -> None:
    before = {"a": np.ones((2, 2)), "gone": np.ones((2, 3)), "bias": np.ones(2)}
    after = {"a": np.ones((3, 2)), "new": np.full((4, 2), np.nan), "bias": np.ones(2)}
    found = count_weights({"before": before, "after": after}, bins=4)
    assert found.layers == ("a", "gone", "new")
    assert found.sizes.tolist() == [[4, 6, 0], [6, 0, 8]]
    told = "; ".join(found.notes)
    for words in ("gone is not in after", "new is not in before", "a changes its shape: 2 × 2 to 3 × 2", "bias"):
        assert words in told
    table = statistics_table(found).decode()
    assert table.count("no such weights here") == 2
    assert all(note in table.replace('"', "") for note in found.notes)


def test_weights_in_several_files_are_read_by_their_index(tmp_path: Path) -> None:
    (tmp_path / "a-1.safetensors").write_bytes(save({"a": np.ones((2, 2))}))
    (tmp_path / "a-2.safetensors").write_bytes(save({"b": np.zeros((2, 2))}))
    index = tmp_path / "a.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "a-1.safetensors", "b": "a-2.safetensors"}}))
    assert set(read_weights(index).weights) == {"a", "b"}
    for wrong in ({"a": "../a-1.safetensors"}, {"a": "a-2.safetensors"}, {"a": "a-3.safetensors"}, [], {}):
        index.write_text(json.dumps({"weight_map": wrong}))
        with pytest.raises(DataError):
            read_weights(index)


def header(told: object, data: bytes = b"") -> bytes:
    text = json.dumps(told).encode()
    return len(text).to_bytes(8, "little") + text + data


def npy(shape: str, data: bytes = b"", kind: str = "<f4") -> bytes:
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def one(dtype: object = "F32", shape: object = (1,), place: object = (0, 4)) -> dict[str, object]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": place}}


LIES = {
    "nothing": ("w.safetensors", b""),
    "text": ("w.safetensors", b"hello, here are the weights\n"),
    "a header of an exbibyte": ("w.safetensors", (2**60).to_bytes(8, "little") + b"{}"),
    "a header that is cut short": ("w.safetensors", (40).to_bytes(8, "little") + b"{}"),
    "a header that is no table": ("w.safetensors", header([1])),
    "a header nested deeply": ("w.safetensors", (20_000).to_bytes(8, "little") + b"[" * 20_000),
    "112 GiB": ("w.safetensors", header(one(shape=(2**30, 28), place=(0, 112 * 2**30)), bytes(4))),
    "a shape beyond its place": ("w.safetensors", header(one(shape=(9,)), bytes(4))),
    "a shape below 0": ("w.safetensors", header(one(shape=(-1, -1)), bytes(4))),
    "a shape of true": ("w.safetensors", header(one(shape=(True,)), bytes(4))),
    "a place beyond the file": ("w.safetensors", header(one(place=(4, 8)), bytes(4))),
    "a place that is turned": ("w.safetensors", header(one(place=(4, 0)), bytes(4))),
    "an unknown type": ("w.safetensors", header(one("F4", (2,), (0, 1)), bytes(4))),
    "no type": ("w.safetensors", header({"a": {}})),
    "metadata that is none": ("w.safetensors", header({"__metadata__": [1], **one()}, bytes(4))),
    "arrays over each other": ("w.safetensors", header({f"a{n}": one()["a"] for n in range(900)}, bytes(4))),
    "more axes than NumPy has": ("w.safetensors", header(one(shape=[1] * 65), bytes(4))),
    "an array of an exbibyte": ("w.npy", npy("(1152921504606846976,)", bytes(64))),
    "a size beyond all integers": ("w.npy", npy("(" + "9" * 60 + ",)", bytes(64))),
    "objects": ("w.npy", npy("(1,)", bytes(8), "|O")),
    "an array without a shape": ("w.npy", npy("None", bytes(8))),
    "a header that is code": ("w.npy", npy("__import__('os').getcwd()", bytes(8))),
    "no array": ("w.npz", b"PK\x03\x04 cut short"),
    "half an array": ("w.npy", npy("(4,)", bytes(8))),
    "an empty array file": ("w.npy", b""),
    "a pickle of another kind": ("w.pt", b"\x80\x02cos\nsystem\n(S'touch ran'\ntR."),
    "an archive that is none": ("w.pt", b"PK\x03\x04 cut short"),
    "a Keras file": ("w.keras", b"PK"),
    "an event file": ("events.out.tfevents.1", b""),
}


@pytest.mark.parametrize(("name", "content"), LIES.values(), ids=LIES)
def test_a_file_that_lies_is_refused_by_its_name(tmp_path: Path, name: str, content: bytes, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InnerviewError, match=name):
        read_weights(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def bomb(path: Path, entry: str, size: int = 2**30) -> Path:
    """An archive of a megabyte that unpacks to a gibibyte."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(entry, "w", force_zip64=True) as file,
    ):
        for _ in range(size >> 24):
            file.write(bytes(1 << 24))
    return path


@pytest.mark.parametrize(("name", "entry"), [("w.npz", "a.npy"), ("w.pt", "w/data.pkl")])
def test_what_unpacks_to_a_gibibyte_is_not_unpacked(tmp_path: Path, name: str, entry: str) -> None:
    with raises(DataError, "size", found=1073741824, limit=268435456):
        read_weights(bomb(tmp_path / name, entry))


@pytest.mark.parametrize("name", ["../a.npy", "/a.npy", "b/../../a.npy", "..\\a.npy"])
def test_an_entry_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
        archive.writestr(name, npy("()", bytes(4)))
    with raises(DataError, "entry", file="w.npz"):
        read_weights(tmp_path / "w.npz")


def fifo(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    socket.socket(socket.AF_UNIX).bind(path.name)


PLACES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (Path.mkdir, "folder"),
    "a pipe": (fifo, "a pipe"),
    "a socket": (listening, "a socket"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "a device"),
    "nothing": (lambda path: None, "there is no such file"),
    "a circle": (lambda path: path.symlink_to(path), "symbolic links"),
}


@pytest.mark.parametrize(("make", "words"), PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("name", ["w.safetensors", "w.npz", "w.npy", "w.pt", "w.safetensors.index.json"])
def test_only_regular_files_are_read(tmp_path: Path, monkeypatch, make, words: str, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / name)
    with pytest.raises(DataError, match=words):
        read_weights(tmp_path / name)
