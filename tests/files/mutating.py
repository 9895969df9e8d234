"""Change files at random, read them, and see that nothing but our own errors comes of it.

    PYTHONPATH=src:tests python tests/files/mutating.py [FILES] [SEED]

Weights, settings and run folders are written as they should be, then bits are flipped, ends are cut off, parts are put
elsewhere, and numbers become others. Reading may succeed or end in an error of ours; it may run nothing (the pickle
among the files would write a file), take no longer than SECONDS of the processor, and no more than MEMORY.
"""

# ruff: noqa: T201, S311 it prints what it measured, and its chances are no secret

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save

from innerview.errors import InnerviewError
from innerview.recorders.tensorboard import read_histograms
from innerview.runs import RunFolder, answers, ending
from innerview.runs.answers import Answers
from innerview.runs.ending import Ending
from innerview.runs.observations import Probes, keep_probes
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
    """

    make: Callable[[Path], object]
    read: Callable[[Path], object]


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


def write_run(folder: Path) -> None:
    run = made_run(folder / "run", classes=tuple("abcdefghij"))
    drawn = np.random.default_rng(1)
    answers.keep(run, Answers(np.arange(9), drawn.random(9).astype(np.float32), np.arange(9) % 3, 10))
    ending.keep(run, Ending("done", 10))
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
    "events": Kind(write_events, read_histograms),
    "settings": Kind(
        lambda at: ((at / "model.toml").write_text(SETTINGS), (at / "net.py").write_text(NET)),
        lambda at: open_model(ModelRequest(str(at / "model.toml"), trust=True)),
    ),
    "run": Kind(write_run, read_run),
}


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


def change_one(folder: Path, choose: random.Random) -> str:
    """Change one file of a folder, and say which."""
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and path.stat().st_size and path.suffix != ".py"
    )
    chosen = choose.choice(files)
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


def soak(count: int, seed: int = 0) -> tuple[Counter[str], list[str]]:
    """Read `count` changed inputs, one kind after the other; give how each ended, and what should not have been."""
    choose, ends, wrong = random.Random(seed), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        for name, kind in KINDS.items():
            (Path(place) / name).mkdir()
            kind.make(Path(place) / name)
            with contextlib.suppress(InnerviewError):
                kind.read(Path(place) / name)  # what is imported at the first reading is not counted
        before = memory()
        for number in range(count):
            name = list(KINDS)[number % len(KINDS)]
            copy = Path(place) / "copy"
            shutil.copytree(Path(place) / name, copy)
            changed = change_one(copy, choose)
            began = time.process_time()
            try:
                KINDS[name].read(copy)
                ends[f"{name}: read"] += 1
            except InnerviewError:
                ends[f"{name}: refused"] += 1
            except Exception as problem:  # noqa: BLE001 which is what is looked for
                wrong.append(f"{number}, {name}, {changed}: {type(problem).__name__}: {str(problem)[:200]}")
            if time.process_time() - began > SECONDS:
                wrong.append(f"{number}, {name}, {changed}: {time.process_time() - began:.1f} s")
            if Path("ran").exists():
                wrong.append(f"{number}, {name}, {changed}: it ran")
                Path("ran").rmdir()
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
