"""The NumPy adapter beside PyTorch, both with the built-in weights, and both beside Captum: ratios in one run.

    python benchmarks/adapters.py [--rounds 21] [--images 20]          about 6 minutes on a quiet machine

Each engine runs in a process of its own, with one thread or two, on the processor's own instructions and on those of a
processor without AVX-512 (libraries are told to leave the wider ones out). The processes take turns, three passes of
four images each: forward and gradient of the built-in model, and forward alone. Then each explains crops of the sample
photos: integrated gradients from black to a checked 1 %, and Captum's with its default of 50 steps, which checks
nothing. With one thread processor time is compared, with two the wall's. Prints Markdown for
docs/decisions/numpy-adapter.md: times as fast, median (quartiles) over the rounds or images.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from instructions import INSTRUCTIONS, surroundings

sys.path.insert(0, str(Path(__file__).resolve().parent / "attribution"))

BATCH = 4
REPEATS = 3


def tasks(engine: str) -> dict[str, Callable[[int], object]]:
    """What a process can be told to do; the number says which image."""
    from itertools import islice

    import numpy as np

    import innerview
    from innerview import allcnn
    from innerview.model import OUTPUT
    from innerview.results import Status
    from innerview.targets import Logit, together

    if engine == "Captum":
        return captum()
    if engine == "PyTorch":
        from engines import in_torch

        model: Any = in_torch()
    else:
        model = allcnn.load_pretrained()
    from cases import crops

    images = np.random.default_rng(0).random((BATCH, 32, 32, 3), np.float32)
    wanted = {OUTPUT: together([Logit(3)])}
    photos = [pixels for _, pixels in islice(crops(32), 40)]
    black = np.zeros_like(photos[0])

    def explained(number: int) -> None:
        result = innerview.integrated_gradients(model, photos[number], Logit(), baseline=black, tolerance=0.01)
        assert result.status is Status.CONVERGED, f"image {number} did not reach 1 %"

    return {
        "evaluation": lambda _: [model.vjp(images, wanted) for _ in range(REPEATS)],
        "forward": lambda _: [model.forward(images) for _ in range(REPEATS)],
        "map": explained,
    }


def captum() -> dict[str, Callable[[int], object]]:
    """Its integrated gradients as they come, on the exported module."""
    from itertools import islice

    import numpy as np
    import torch
    from captum.attr import IntegratedGradients
    from cases import crops
    from engines import exported

    from innerview import allcnn

    module = exported(allcnn.load_pretrained(), "pytorch").eval()
    photos = [
        torch.tensor(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None] for _, pixels in islice(crops(32), 40)
    ]
    targets = [int(module(photo).argmax()) for photo in photos]
    method = IntegratedGradients(module)
    return {"map": lambda number: method.attribute(photos[number], target=targets[number])}


def answer(engine: str) -> None:
    """Do what each line says, and tell how long it took: by the wall, and of the processor."""
    known = tasks(engine)
    for line in sys.stdin:
        name, number = json.loads(line)
        wall, processor = time.perf_counter(), time.process_time()
        known[name](number)
        print(json.dumps([time.perf_counter() - wall, time.process_time() - processor]), flush=True)


class Worker:
    """An engine in a process of its own."""

    def __init__(self, engine: str, threads: int, instructions: str) -> None:
        command = [sys.executable, __file__, "--answer", engine]
        self._process = subprocess.Popen(
            command,
            env=surroundings(threads, instructions),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._clock = 1 if threads == 1 else 0

    def seconds(self, name: str, number: int = 0) -> float:
        """Of the processor with one thread, by the wall with more."""
        into, out = self._process.stdin, self._process.stdout
        assert into
        assert out
        print(json.dumps([name, number]), file=into, flush=True)
        return float(_said(out)[self._clock])

    def end(self) -> None:
        """Let it go."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def _said(out: IO[str]) -> list[float]:
    line = out.readline()
    while line and not line.startswith("["):  # a package that greets
        line = out.readline()
    if not line:
        sys.exit("an engine ended; see above")
    return json.loads(line)


def in_turns(workers: Sequence[Worker], name: str, rounds: int, *, images: bool) -> list[list[float]]:
    """Seconds of each worker, round by round, forwards and backwards in turn; the first round warms up."""
    found: list[list[float]] = [[] for _ in workers]
    for number in range(rounds + 1):
        order = range(len(workers)) if number % 2 else reversed(range(len(workers)))
        for at in order:
            taken = workers[at].seconds(name, max(number - 1, 0) if images else 0)
            if number:
                found[at].append(taken)
    return found


def middle(values: Sequence[float], digits: int = 2) -> str:
    """Median and quartiles."""
    low, half, high = statistics.quantiles(values, n=4)
    return f"{half:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def compare(instructions: str, threads: int, rounds: int, images: int) -> None:
    """Print the rows of one setting."""
    workers = [Worker(engine, threads, instructions) for engine in ("NumPy", "PyTorch", "Captum")]
    numpy, torch, captum = workers
    clock = "processor" if threads == 1 else "wall"
    for name in ("evaluation", "forward"):
        ours, theirs = in_turns((numpy, torch), name, rounds, images=False)
        each = [[1000 * value / BATCH / REPEATS for value in some] for some in (ours, theirs)]
        ratios = [b / a for a, b in zip(*each, strict=True)]
        row(instructions, threads, f"{name}, NumPy against PyTorch, ms ({clock})", *each, ratios)
    ours, both, theirs = in_turns((numpy, torch, captum), "map", images, images=True)
    for words, some in (("NumPy", ours), ("PyTorch", both)):
        ratios = [b / a for a, b in zip(some, theirs, strict=True)]
        each = [[1000 * value for value in values] for values in (some, theirs)]
        row(instructions, threads, f"a checked 1 % in {words} against Captum's 50 steps, ms ({clock})", *each, ratios)
    for worker in workers:
        worker.end()


def row(
    instructions: str, threads: int, words: str, ours: Sequence[float], theirs: Sequence[float], ratios: Sequence[float]
) -> None:
    """Print a row."""
    cells = [instructions, str(threads), words, middle(ours, 1), middle(theirs, 1), f"**{middle(ratios)}**"]
    print(f"| {' | '.join(cells)} | {len(ratios)} |", flush=True)


def processor() -> str:
    """Its name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--answer", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.answer:
        answer(arguments.answer)
        return
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "torch", "captum"))
    print(f"{os.cpu_count()} cores ({processor()}), load {os.getloadavg()[0]:.1f} at the start; {versions}\n")
    print("| instructions | threads | | ours | theirs | times as fast | n |\n|---|---|---|---|---|---|---|")
    for instructions in INSTRUCTIONS:
        for threads in arguments.threads:
            compare(instructions, threads, arguments.rounds, arguments.images)
    print(f"\nLoad {os.getloadavg()[0]:.1f} at the end.")


if __name__ == "__main__":
    main()
