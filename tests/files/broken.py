"""Every kind of file that innerview reads, and every way in which one can be broken: two tables.

A cell of the two is a file of the kind in which something is wrong. Reading it may succeed or end in an error of ours;
nothing else may happen (`files.test_broken`). What kinds do not share, such as NaN among the values, stands in OWN.
"""

from __future__ import annotations

import gzip
import io
import os
import pickle
import socket
import tarfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import save
from torch import nn

from data.files_made import encoded, random_bytes
from files.mutating import NET, SETTINGS, Touch, weights, write_events, write_keras, write_run
from innerview import allcnn
from innerview.adapters.torch.files import load_state
from innerview.data.cifar10 import CLASSES, load
from innerview.data.class_files import read_class_file
from innerview.data.folders import open_folders
from innerview.data.reading import load_image
from innerview.errors import DataError
from innerview.recorders.tensorboard import read_histograms
from innerview.results.io import load_result, save_result
from innerview.runs import RunFolder
from innerview.session.compute.weights import count_weights
from innerview.session.models import ModelRequest, open_model
from innerview.session.training.payloads import show_course
from innerview.session.training.reading import Recorded
from innerview.workbench.weights import read_weights
from results.saved import results

Make = Callable[[Path], object]
Read = Callable[[Path], object]
RESULT = {name: one for name, one in results().items() if name in {"integrated", "prediction", "weights"}}


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        name: of the file that is to be broken, below a folder.
        make: writes it whole, with all that belongs to it, into the folder.
        read: reads it from there, as the program does.
        own: contents that mean something in this kind alone.
        framework: that reads it; empty for none.
        opens: whether a whole one is read, or refused with the way to read it.
    """

    name: str
    make: Make
    read: Read
    own: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    framework: str = ""
    opens: bool = True


def image(name: str, form: str, mode: str = "RGB") -> Kind:
    image = Image.fromarray(random_bytes(12, 14)).convert(mode)
    return Kind(
        name,
        lambda at: (at / name).write_bytes(encoded(image, form)),
        lambda at: load_image(at / name).pixels,
    )


def of_weights(name: str, write: Make, own: Mapping[str, bytes] | None = None) -> Kind:
    return Kind(name, write, lambda at: count_weights({"now": read_weights(at / name).weights}), own or {})


def put_into_a_module(name: str, write: Make) -> Kind:
    return Kind(name, write, lambda at: load_state(nn.ModuleDict({"conv": nn.Conv2d(3, 4, 3)}), at / name))


def as_model(name: str, write: Make, *, trust: bool = False, framework: str = "") -> Kind:
    layout = "HWC" if framework == "keras" else "CHW"
    return Kind(
        name,
        write,
        lambda at: open_model(
            ModelRequest(str(at / name), classes="2", input=f"8x8x3 range=0..1 layout={layout}", trust=trust)
        ),
        framework=framework,
        opens=bool(framework),
    )


def of_run(name: str, own: Mapping[str, bytes] | None = None) -> Kind:
    return Kind(f"run/{name}", write_run, read_and_tell, own or {})


def read_and_tell(folder: Path) -> None:
    """Read a run; what it shows in spite of damage, it must tell of."""
    told = Recorded("run", RunFolder.open(folder / "run"))
    show_course(told, "finished")
    told.histories  # noqa: B018 for what is told of them
    if told.problems:
        raise DataError(told.problems[0])


def of_result(name: str, own: Mapping[str, bytes] | None = None) -> Kind:
    return Kind(
        f"cat/{name}", lambda at: save_result(at / "cat", RESULT), lambda at: load_result(at / "cat"), own or {}
    )


def write_result(at: Path) -> None:
    save_result(at / "cat", RESULT)


def tensors(**values: float) -> bytes:
    return save({name: np.full((2, 2), value, np.float32) for name, value in values.items()})


def npz(**arrays: object) -> bytes:
    file = io.BytesIO()
    np.savez(file, **{name: np.asarray(value) for name, value in arrays.items()})
    return file.getvalue()


def state(model: object) -> bytes:
    file = io.BytesIO()
    torch.save(model, file)
    return file.getvalue()


def write_folders(at: Path) -> None:
    for name in ("cat", "dog"):
        (at / "data" / name).mkdir(parents=True)
        (at / "data" / name / "0.png").write_bytes(encoded(Image.fromarray(random_bytes(8, 8))))


def read_folders(at: Path) -> None:
    found = open_folders(at / "data")
    for entry in found.entries:
        entry.read()


def batches() -> dict[str, bytes]:
    """CIFAR-10's files with an image of each class."""
    rows = {b"data": np.zeros((10, 3072), np.uint8), b"labels": list(range(10))}
    meta = pickle.dumps({b"label_names": [name.encode() for name in CLASSES]}, protocol=2)
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    return {**dict.fromkeys(names, pickle.dumps(rows, protocol=2)), "batches.meta": meta}


def write_tarball(path: Path) -> None:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name, content in batches().items():
            told = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            told.size = len(content)
            archive.addfile(told, io.BytesIO(content))


def write_batches(at: Path) -> None:
    (at / "batches").mkdir()
    for name, content in batches().items():
        (at / "batches" / name).write_bytes(content)


def labelled(**changed: object) -> bytes:
    pixels = np.zeros((2, 4, 4, 3), np.uint8)
    whole = {"train_images": pixels, "train_labels": [0, 1], "test_images": pixels, "test_labels": [0, 1]}
    return npz(**{**whole, **changed})


def resumed(at: Path) -> object:
    return RunFolder.open(at / "run").load_state()


def write_resumable(at: Path) -> None:
    write_run(at)
    RunFolder.open(at / "run").save_state({"a": np.ones(3, np.float32)}, {"step": "3"})


def deep(count: int = 100_000) -> bytes:
    """A pickle of lists in lists."""
    return b"\x80\x02" + b"]" * count + b"a" * (count - 1) + b"."


def npy(shape: str) -> bytes:
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head


def as_tensors() -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(value) for name, value in weights().items()}


def write_named_events(at: Path) -> None:
    write_events(at)
    (written,) = at.glob("*tfevents*")
    written.rename(at / "events.out.tfevents.1.host")


def write_safetensors(at: Path) -> None:
    (at / "w.safetensors").write_bytes(save(weights()))


NOT_FINITE = {"NaN": tensors(a=np.nan), "infinite": tensors(a=np.inf)}
STATES = {
    "NaN": state({"a": torch.full((2, 2), torch.nan)}),
    "infinite": state({"a": torch.full((2, 2), torch.inf)}),
    "code": state(Touch()),
    "code, plain": pickle.dumps(Touch(), protocol=2),
    "lists in lists": deep(),
    "a view of a tebibyte": state({"a": torch.zeros(1).expand(2**20, 2**18)}),
}
METRICS = b'{"step": 1, "loss": %b}\n'

KINDS: Mapping[str, Kind] = {
    "PNG": image("a.png", "PNG"),
    "JPEG": image("a.jpg", "JPEG"),
    "WebP": image("a.webp", "WEBP"),
    "GIF": image("a.gif", "GIF", "P"),
    "BMP": image("a.bmp", "BMP"),
    "TIFF": image("a.tiff", "TIFF"),
    "PPM": image("a.ppm", "PPM"),
    "class folders": Kind("data/cat/0.png", write_folders, read_folders),
    "safetensors": of_weights(
        "w.safetensors", lambda at: (at / "w.safetensors").write_bytes(save(weights())), NOT_FINITE
    ),
    "npz": of_weights(
        "w.npz",
        lambda at: np.savez(at / "w.npz", **weights()),
        {"NaN": npz(a=[np.nan, 1.0]), "infinite": npz(a=[np.inf]), "objects": npz(a=np.array([{}], object))},
    ),
    "npy": of_weights(
        "w.npy",
        lambda at: np.save(at / "w.npy", weights()["conv.weight"]),
        {"an exbibyte": npy("(1152921504606846976,)"), "below 0": npy("(-1,)"), "brackets": npy("(" * 500)},
    ),
    "index": of_weights(
        "w.safetensors.index.json",
        lambda at: (
            (at / "a.safetensors").write_bytes(tensors(a=1)),
            (at / "w.safetensors.index.json").write_text('{"weight_map": {"a": "a.safetensors"}}'),
        ),
        {"NaN": b'{"weight_map": {"a": NaN}}', "itself": b'{"weight_map": {"a": "w.safetensors.index.json"}}'},
    ),
    "state dict": of_weights("w.pt", lambda at: (at / "w.pt").write_bytes(state(as_tensors())), STATES),
    "state dict, .pth": of_weights("w.pth", lambda at: (at / "w.pth").write_bytes(state(as_tensors())), STATES),
    "state dict into a module": put_into_a_module("w.pt", lambda at: (at / "w.pt").write_bytes(state(as_tensors()))),
    "safetensors into a module": put_into_a_module("w.safetensors", write_safetensors),
    "built-in weights": Kind(
        "w.safetensors",
        lambda at: allcnn.files.write(at / "w.safetensors", allcnn.load_pretrained("allcnn"), notes={}),
        lambda at: allcnn.read(at / "w.safetensors"),
        {**NOT_FINITE, "words for numbers": save(weights(), {"mean": "a,b", "temperature": "hot"})},
    ),
    "pickled model": as_model("m.pt", lambda at: torch.save(nn.Conv2d(3, 2, 8), at / "m.pt")),
    "exported model": as_model("m.pt2", lambda at: (at / "m.pt2").write_bytes(b"PK")),
    "Keras": as_model("m.keras", lambda at: write_keras(at / "m.keras"), framework="keras"),
    "Keras in HDF5": as_model("m.h5", lambda at: write_keras(at / "m.h5"), framework="keras"),
    "ONNX": as_model("m.onnx", lambda at: (at / "m.onnx").write_bytes(b"\x08\x07")),
    "model.toml": Kind(
        "model.toml",
        lambda at: ((at / "model.toml").write_text(SETTINGS), (at / "net.py").write_text(NET)),
        lambda at: open_model(ModelRequest(str(at / "model.toml"), trust=True)),
        {
            name: SETTINGS.replace(whole, broken).encode()
            for name, whole, broken in (
                ("NaN", "0.5, 0.5, 0.5", "nan, 0.5, 0.5"),
                ("infinite", "temperature = 0.5", "temperature = inf"),
                ("a class count of 10^10", '["cat", "dog"]', "10000000000"),
                ("a size of infinity", '"8x8x3"', "inf"),
                ("a large size", "8x8x3", "100000x100000x3"),
                ("a number of a thousand digits", "0.5\n", f"{'9' * 5000}\n"),
                ("arrays in arrays", '"CHW"', "[" * 50_000),
                ("tables in tables", "[output]", "[" + "a." * 50_000 + "b]"),
            )
        },
    ),
    "Python file": Kind(
        "net.py",
        lambda at: (at / "net.py").write_text(NET),
        lambda at: open_model(
            ModelRequest(f"{at / 'net.py'}:build", classes="2", input="8x8x3 range=0..1 layout=CHW", trust=True)
        ),
        {"brackets": b"(" * 100_000, "a null": b"a = 1\0\n"},
    ),
    "class list": Kind(
        "c.txt", lambda at: (at / "c.txt").write_text("cat\ndog\n"), lambda at: read_class_file(at / "c.txt")
    ),
    "class list in JSON": Kind(
        "c.json",
        lambda at: (at / "c.json").write_text('["cat", "dog"]'),
        lambda at: read_class_file(at / "c.json"),
        {"NaN": b"[NaN]", "a large number": b'{"0": "cat", "1e400": "dog"}', "digits": b"[" + b"9" * 5000 + b"]"},
    ),
    "manifest of a run": of_run("manifest.json"),
    "metrics of a run": of_run("metrics.jsonl", {"NaN": METRICS % b"NaN", "infinite": METRICS % b"-Infinity"}),
    "end of a run": of_run("status.json"),
    "checkpoint of a run": of_run("checkpoints/step-000003.safetensors", NOT_FINITE),
    "histograms of a run": of_run("histograms/step-000003.npz"),
    "state of a run": Kind("run/state.safetensors", write_resumable, resumed, NOT_FINITE),
    "result": of_result(
        "result.json", {"NaN": b'{"schema": NaN}', "a number of a thousand digits": b'{"schema": %b}' % (b"9" * 5000)}
    ),
    "arrays of a result": of_result("arrays.safetensors", NOT_FINITE),
    "CIFAR-10's tarball": Kind(
        "c.tar.gz",
        lambda at: write_tarball(at / "c.tar.gz"),
        lambda at: load(at / "c.tar.gz"),
        {
            "zeros, packed": gzip.compress(bytes(2**26), 1),
            "a gzip in a gzip": gzip.compress(gzip.compress(bytes(2**16))),
        },
    ),
    "CIFAR-10's tar": Kind("c.tar", lambda at: write_tarball(at / "c.tar"), lambda at: load(at / "c.tar")),
    "CIFAR-10's batch": Kind(
        "batches/data_batch_1",
        write_batches,
        lambda at: load(at / "batches"),
        {"code": pickle.dumps({b"data": Touch()}, protocol=2), "lists in lists": deep()},
    ),
    "data set in npz": Kind(
        "d.npz",
        lambda at: (at / "d.npz").write_bytes(labelled()),
        lambda at: load(at / "d.npz"),
        {
            "NaN": labelled(train_images=np.full((2, 4, 4, 3), np.nan)),
            "infinite": labelled(train_labels=[np.inf, 0.0]),
            "labels below 0": labelled(train_labels=[-5, 0]),
            "labels of 2^63": labelled(train_labels=np.array([2**63, 0], np.uint64)),
        },
    ),
    "event file": Kind("events.out.tfevents.1.host", write_named_events, read_histograms),
}


RANDOM = np.random.default_rng(0).bytes(5000)
HUGE = b"\xff" * 7 + b"\x7f"


def claiming(content: bytes, at: int, *, big: bool) -> bytes:
    """The content with the largest number of eight bytes at a place."""
    return content[:at] + (HUGE[::-1] if big else HUGE) + content[at + 8 :]


CONTENTS: Mapping[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "one byte": lambda whole: whole[:1],
    "eight bytes": lambda whole: whole[:8],
    "cut in the middle": lambda whole: whole[: len(whole) // 2],
    "without its last byte": lambda whole: whole[:-1],
    "without its beginning": lambda whole: whole[len(whole) // 2 :],
    "twice": lambda whole: whole * 2,
    "random bytes": lambda _: RANDOM,
    "the right beginning, then random bytes": lambda whole: whole[: max(len(whole) // 8, 8)] + RANDOM,
    "the right ends, random bytes between": lambda whole: (
        whole[: len(whole) // 3] + RANDOM[: len(whole) // 3 + 1] + whole[-len(whole) // 3 :]
    ),
    "zeros": lambda _: bytes(4096),
    "ones": lambda _: b"\xff" * 4096,
    "text": lambda _: b"hello, this is a note\n" * 3,
    "text of no encoding": lambda _: b"caf\xe9, \xff\xfe\x80\n",
    "surrogates": lambda _: b'{"a": "\\ud800", "step": 1}\n\xed\xa0\x80',
    "a web page": lambda _: b"<!DOCTYPE html><html><body>404</body></html>",
    "an image": lambda _: encoded(Image.new("RGB", (4, 4))),
    "a ZIP archive of nothing": lambda _: b"PK\x05\x06" + bytes(18),
    "a pickle that runs": lambda _: pickle.dumps(Touch(), protocol=4),
    "an old pickle that runs": lambda _: pickle.dumps(Touch(), protocol=0),
    "JSON": lambda _: b'{"a": [1, 2.5, null, "x"]}',
    "a number": lambda _: b"3\n",
    "NaN": lambda _: b'{"step": NaN, "schema": Infinity, "a": -Infinity}\n',
    "brackets in brackets": lambda _: b"[" * 100_000,
    "tables in tables": lambda _: b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "one line of a megabyte": lambda _: b"x" * 2**20,
    "compressed": gzip.compress,
    "packed by zlib": zlib.compress,
    **{
        f"{'big' if big else 'little'}-endian 2^63 at byte {at}": (
            lambda whole, at=at, big=big: claiming(whole, at, big=big)
        )
        for at in (0, 4, 8, 16, 20, 24, 40)
        for big in (False, True)
    },
}
"""What stands in the file, made of what should."""


def _listening(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's address has a hundred letters at most
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


def _sparse_behind(path: Path, whole: bytes) -> None:
    path.write_bytes(whole)
    with path.open("r+b") as file:
        file.truncate(2**36)


PLACES: Mapping[str, Callable[[Path, bytes], object]] = {
    "nothing": lambda path, _: None,
    "a folder": lambda path, _: path.mkdir(),
    "a folder with files": lambda path, _: (path.mkdir(), (path / "a").write_bytes(b"a")),
    "a pipe": lambda path, _: os.mkfifo(path),
    "a socket": lambda path, _: _listening(path),
    "a device that never ends": lambda path, _: path.symlink_to("/dev/zero"),
    "a device of nothing": lambda path, _: path.symlink_to("/dev/null"),
    "a link to itself": lambda path, _: path.symlink_to(path),
    "a link to nothing": lambda path, _: path.symlink_to(path.with_name("gone")),
    "a file that fails when it is read": lambda path, _: path.symlink_to("/proc/self/mem"),
    "a file that may not be read": lambda path, whole: (path.write_bytes(whole), path.chmod(0)),
    "a tebibyte of zeros": lambda path, _: _sparse(path),
    "64 GiB of zeros behind it": _sparse_behind,
}
"""What stands in the file's place, given what should stand in it."""


def cells(kind: Kind) -> dict[str, Callable[[Path, bytes], object]]:
    """All that can be wrong with a file of a kind: name -> what puts it there."""
    written = {name: _content(change) for name, change in CONTENTS.items()}
    own = {f"its own: {name}": _content(lambda _, held=held: held) for name, held in kind.own.items()}
    return {**written, **PLACES, **own}


def _content(change: Callable[[bytes], bytes]) -> Callable[[Path, bytes], object]:
    return lambda path, whole: path.write_bytes(change(whole))


def put_away(path: Path) -> bytes:
    """Take the whole file out of its place, and give what was in it."""
    whole = path.read_bytes()
    path.unlink()
    return whole
