"""Change files at random, read them, and see that nothing but our own errors comes of it.

    PYTHONPATH=src:tests python tests/files/mutating.py [FILES] [SEED]

Weights, models, settings, data, results and run folders are written as they should be, then bits are flipped, ends are
cut off, parts are put elsewhere, and numbers become others; in archives also inside, so that what unpacks them passes.
Reading may succeed or end in an error of ours; it may run nothing (the pickle among the files would make a folder),
take no longer than SECONDS of the processor, and no more than MEMORY.
"""

# ruff: noqa: T201, S311 it prints what it measured, and its chances are no secret

from __future__ import annotations

import contextlib
import json
import os
import pickle
import random
import re
import resource
import shutil
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save

from innerview.adapters.torch.files import load_state
from innerview.data.cifar10 import load
from innerview.data.class_files import read_class_file
from innerview.errors import InnerviewError
from innerview.recorders.tensorboard import read_histograms
from innerview.results.io import load_result, save_result
from innerview.runs import RunFolder, answers, status
from innerview.runs.answers import Answers
from innerview.runs.observations import Probes, keep_probes
from innerview.runs.status import RunStatus
from innerview.session.compute.weights import count_weights
from innerview.session.models import ModelRequest, open_model
from innerview.session.progress import NullListener
from innerview.session.training.answers import answers_of
from innerview.session.training.payloads import show_answers, show_course, show_weights
from innerview.session.training.reading import Recorded
from innerview.viewer.payloads.stamp import Stamp
from innerview.workbench.weights import read_weights
from session.made_runs import made_run

SECONDS: float = 2.0
MEMORY: float = 700.0
"""Megabytes that all of it may add to what the process had."""

JUMP: float = 150.0
"""Megabytes that one of them may take beyond the most that was ever taken."""

NUMBERS = (
    b"0",
    b"-1",
    b"1e400",
    b"NaN",
    b"true",
    b"99999999999999999999",
    b"1152921504606846976",
    b'"x"',
    b"[]",
    b"{}",
)


INSIDE: float = 0.7
"""The share of changes to an archive that are made to one of its entries."""


class Touch:
    """What a pickle may not do."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("ran",)


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    Attributes:
        make: writes it into a folder.
        read: reads it from there.
        framework: that reads it; empty for none or PyTorch.
    """

    make: Callable[[Path], object]
    read: Callable[[Path], object]
    framework: str = ""


def weights() -> dict[str, np.ndarray]:
    drawn = np.random.default_rng(0)
    return {"conv.weight": drawn.normal(size=(4, 3, 3, 3)).astype(np.float32), "conv.bias": np.zeros(4, np.float16)}


def of_weights(name: str) -> Callable[[Path], object]:
    return lambda folder: count_weights({"now": read_weights(folder / name).weights})


def write_events(folder: Path) -> None:
    from tensorboard.compat.proto import event_pb2, summary_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder))
    for step in range(4):
        histogram = summary_pb2.HistogramProto(
            min=-1, max=1, num=9, sum=0.5, sum_squares=2, bucket_limit=[-1, 0, 1, 1e308], bucket=[0, 4, 5, 0]
        )
        value = summary_pb2.Summary.Value(tag="w", histo=histogram)
        writer.add_event(event_pb2.Event(summary=summary_pb2.Summary(value=[value]), step=step))
    writer.close()


def write_tensor_events(folder: Path) -> None:
    """Histograms as TensorFlow 2 and Keras write them: a tensor of left, right and count."""
    from tensorboard.compat.proto import event_pb2, summary_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter
    from tensorboard.util.tensor_util import make_tensor_proto

    writer = EventFileWriter(str(folder))
    plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name="histograms")
    for step in range(4):
        rows = make_tensor_proto(np.array([[-1.0, 0.0, 4.0], [0.0, 1.0, 5.0]]))
        value = summary_pb2.Summary.Value(
            tag="w", tensor=rows, metadata=summary_pb2.SummaryMetadata(plugin_data=plugin)
        )
        writer.add_event(event_pb2.Event(summary=summary_pb2.Summary(value=[value]), step=step))
    writer.close()


def write_keras(path: Path) -> None:
    import keras

    layers = keras.layers
    keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()]).save(path)


def open_as_model(path: Path) -> object:
    return open_model(ModelRequest(str(path), classes="2", input="8x8x3 range=0..1 layout=HWC"))


def write_result(folder: Path) -> None:
    from results.saved import results

    whole = results()
    save_result(folder / "cat", {name: whole[name] for name in ("integrated", "prediction", "weights", "layers")})


def write_batches(folder: Path) -> None:
    """CIFAR-10's files with an image of each class."""
    rows = {b"data": np.zeros((10, 3072), np.uint8), b"labels": list(range(10))}
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        (folder / name).write_bytes(pickle.dumps(rows, protocol=2))


def write_run(folder: Path) -> None:
    run = made_run(folder / "run", classes=tuple("abcdefghij"))
    drawn = np.random.default_rng(1)
    answers.keep(run, Answers(np.arange(9), drawn.random(9).astype(np.float32), np.arange(9) % 3, 10))
    status.keep(run, RunStatus("done", 10))
    scores = drawn.random((3, 10)).astype(np.float32)
    maps = drawn.normal(size=(2, 8, 8)).astype(np.float32)
    keep_probes(run, 10, Probes(scores, scores.astype(np.float64), maps, np.arange(2), np.zeros(2)))
    run.observe("pictures", 0, {"pictures": drawn.random((3, 8, 8, 3)), "labels": np.arange(3)})


def read_run(folder: Path) -> None:
    run = Recorded("run", RunFolder.open(folder / "run"))
    problems: list[InnerviewError] = []
    for show in (
        lambda: show_course(run, "finished"),
        lambda: show_weights(run, Stamp("")),
        lambda: show_answers("run", answers_of(run, None, NullListener(), lambda _: None)),
    ):
        try:
            show()
        except InnerviewError as problem:
            problems.append(problem)
    if problems:
        raise problems[0]


NET = """from torch import nn
def build():
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
"""

SETTINGS = """model = "net.py:build"
classes = ["cat", "dog"]
[input]
size = "8x8x3"
range = "0..1"
mean = [0.5, 0.5, 0.5]
layout = "CHW"
[output]
kind = "logits"
temperature = 0.5
"""


KINDS = {
    "safetensors": Kind(lambda at: (at / "w.safetensors").write_bytes(save(weights())), of_weights("w.safetensors")),
    "npz": Kind(lambda at: np.savez_compressed(at / "w.npz", **weights()), of_weights("w.npz")),
    "npy": Kind(lambda at: np.save(at / "w.npy", weights()["conv.weight"]), of_weights("w.npy")),
    "state dict": Kind(
        lambda at: torch.save({name: torch.from_numpy(one) for name, one in weights().items()}, at / "w.pt"),
        of_weights("w.pt"),
    ),
    "pickle": Kind(lambda at: torch.save(Touch(), at / "w.pt"), of_weights("w.pt")),
    "state dict into a module": Kind(
        lambda at: torch.save({name: torch.from_numpy(one) for name, one in weights().items()}, at / "w.pt"),
        lambda at: load_state(torch.nn.ModuleDict({"conv": torch.nn.Conv2d(3, 4, 3)}), at / "w.pt"),
    ),
    "pickled model": Kind(
        lambda at: torch.save(torch.nn.Conv2d(3, 2, 8), at / "m.pt"), lambda at: open_as_model(at / "m.pt")
    ),
    "Keras": Kind(lambda at: write_keras(at / "m.keras"), lambda at: open_as_model(at / "m.keras"), "keras"),
    "Keras in HDF5": Kind(lambda at: write_keras(at / "m.h5"), lambda at: open_as_model(at / "m.h5"), "keras"),
    "events": Kind(write_events, read_histograms),
    "events of TensorFlow 2": Kind(write_tensor_events, read_histograms),
    "classes": Kind(
        lambda at: (at / "c.json").write_text('{"0": "cat", "1": ["n02084071", "dog"]}'),
        lambda at: read_class_file(at / "c.json"),
    ),
    "result": Kind(write_result, lambda at: load_result(at / "cat")),
    "batches": Kind(write_batches, load),
    "settings": Kind(
        lambda at: ((at / "model.toml").write_text(SETTINGS), (at / "net.py").write_text(NET)),
        lambda at: open_model(ModelRequest(str(at / "model.toml"), trust=True)),
    ),
    "run": Kind(write_run, read_run),
}


NEVER = frozenset({"pickle", "pickled model"})
"""Kinds that are refused however whole they are: they would run code."""


def mutated(content: bytes, choose: random.Random) -> bytes:
    """The bytes with one to four changes."""
    for _ in range(choose.randint(1, 4)):
        if not content:
            break
        at = choose.randrange(len(content))
        match choose.randrange(6):
            case 0:
                content = content[:at] + bytes([content[at] ^ 1 << choose.randrange(8)]) + content[at + 1 :]
            case 1:
                content = content[:at]
            case 2:
                begin, size = choose.randrange(len(content)), choose.randint(1, 64)
                content = content[:at] + content[begin : begin + size] + content[at + choose.randint(0, 64) :]
            case 3:
                content = content[:at] + choose.randbytes(8) + content[at + 8 :]
            case 4:
                places = list(re.finditer(rb"-?\d+(\.\d+)?", content[:20_000]))
                if places:
                    found = choose.choice(places)
                    content = content[: found.start()] + choose.choice(NUMBERS) + content[found.end() :]
            case _:
                huge = choose.choice([2**63 - 1, 2**60, 2**40, 2**32])
                at = 0 if choose.random() < 0.5 else at
                content = content[:at] + huge.to_bytes(8, "little") + content[at + 8 :]
    return content


def change_inside(path: Path, choose: random.Random) -> str:
    """Change one entry of an archive, put it together again, and say which."""
    with zipfile.ZipFile(path) as archive:
        held = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    chosen = choose.choice(sorted(held))
    held[chosen] = mutated(held[chosen], choose)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return chosen


def change_one(folder: Path, choose: random.Random) -> str:
    """Change one file of a folder, and say which."""
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and path.stat().st_size and path.suffix != ".py"
    )
    chosen = choose.choice(files)
    if zipfile.is_zipfile(chosen) and choose.random() < INSIDE:
        return f"{chosen.name}: {change_inside(chosen, choose)}"
    if chosen.suffix == ".json" and choose.random() < 0.2:
        told = json.loads(chosen.read_text(encoding="utf-8"))
        told[choose.choice(list(told))] = choose.choice([None, 3, "x", [], {}, [[1]], {"steps": "many"}])
        chosen.write_text(json.dumps(told), encoding="utf-8")
    else:
        chosen.write_bytes(mutated(chosen.read_bytes(), choose))
    return chosen.name


def memory() -> float:
    """The most megabytes that the process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def soak(count: int, seed: int = 0, without: Collection[str] = ()) -> tuple[Counter[str], list[str]]:
    """Read `count` changed inputs, one kind after the other; give how each ended, and what should not have been.

    Args:
        count: of inputs.
        seed: of all changes.
        without: frameworks whose kinds are left out.
    """
    choose, ends, wrong = random.Random(seed), Counter[str](), list[str]()
    kept = Path(tempfile.gettempdir()) / f"innerview-mutated-{os.getpid()}"
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        kinds = {name: kind for name, kind in KINDS.items() if kind.framework not in without}
        for name, kind in kinds.items():
            (Path(place) / name).mkdir()
            kind.make(Path(place) / name)
            with contextlib.suppress(*([InnerviewError] if name in NEVER else [])):
                kind.read(Path(place) / name)  # what is imported at the first reading is not counted
        before = memory()
        for number in range(count):
            name = list(kinds)[number % len(kinds)]
            copy = Path(place) / "copy"
            shutil.copytree(Path(place) / name, copy)
            changed = change_one(copy, choose)
            began, held = time.process_time(), memory()
            try:
                kinds[name].read(copy)
                ends[f"{name}: read"] += 1
            except InnerviewError:
                ends[f"{name}: refused"] += 1
            except Exception as problem:  # noqa: BLE001 which is what is looked for
                wrong.append(f"{number}, {name}, {changed}: {type(problem).__name__}: {str(problem)[:200]}")
            if time.process_time() - began > SECONDS:
                wrong.append(f"{number}, {name}, {changed}: {time.process_time() - began:.1f} s")
            if memory() - held > JUMP:
                wrong.append(f"{number}, {name}, {changed}: {memory() - held:.0f} MB")
            if Path("ran").exists():
                wrong.append(f"{number}, {name}, {changed}: it ran")
                Path("ran").rmdir()
            if wrong and wrong[-1].startswith(
                f"{number}, "
            ):  # files hold times, so that a seed alone does not give it again
                shutil.copytree(copy, kept / f"{number}")
                wrong[-1] += f" (kept in {kept / str(number)})"
            shutil.rmtree(copy)
        if memory() - before > MEMORY:
            wrong.append(f"memory grew by {memory() - before:.0f} MB")
    return ends, wrong


def main(count: int = 1000, seed: int = 0) -> int:
    ends, wrong = soak(count, seed)
    print(f"{count:,} changed inputs: {', '.join(f'{name} {number}' for name, number in sorted(ends.items()))}")
    print("\n".join(wrong) or "only our own errors, nothing run, no long wait")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(*(int(one) for one in sys.argv[1:3])))
