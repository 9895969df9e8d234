"""What a recorder costs: training steps with it and without it by turns, in one process, as a ratio.

    python benchmarks/recorder.py                       the built-in architecture, 128 pictures of 32 × 32 a step
    python benchmarks/recorder.py --model small         a network so small that recording is dear

Blocks of steps with and without the recorder alternate, and begin with the one or the other by turns, so that a
machine that slows down meets both; the recorder's clock stands still in the blocks without it. Every block with it
ends with an epoch. The pictures are random numbers: what a step costs does not depend on them. `overhead` is the mean
of the pairs' ratios less 1, with the standard error; on a machine that has other work, the processor's time tells more
than the wall's. `own account` is what the recorder says of itself.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

import innerview
from innerview.network import InputSpec, OutputSpec
from innerview.training.model import AllCnn

PROBES = np.random.default_rng(0).random((8, 32, 32, 3)).astype(np.float32)
SPEC = InputSpec(32, 32, layout="CHW")
CLASSES = OutputSpec(tuple("abcdefghij"))


def small() -> nn.Module:
    """A network whose step takes some milliseconds."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(392, 10),
    )


MODELS: dict[str, Callable[[], nn.Module]] = {"allcnn": lambda: AllCnn(128, 10, (0.0,) * 3, (1.0,) * 3), "small": small}


class Loop:
    """A plain training loop."""

    def __init__(self, model: nn.Module, batch: int) -> None:
        self.model = model
        self.optimiser = torch.optim.SGD(model.parameters(), 1e-4, momentum=0.9)
        self.images, self.labels = torch.rand(batch, 3, 32, 32), torch.arange(batch) % 10

    def step(self, after: Callable[[torch.Tensor], None] | None) -> None:
        """One update; `after` is called with its loss."""
        self.optimiser.zero_grad()
        loss = nn.functional.cross_entropy(self.model(self.images), self.labels)
        loss.backward()
        self.optimiser.step()
        if after is not None:
            after(loss)


class StopWatch:
    """Seconds that pass only while the recorder is there."""

    def __init__(self) -> None:
        self.passed, self.since = 0.0, time.perf_counter()
        self.running = True

    def __call__(self) -> float:
        """The seconds so far."""
        return self.passed + (time.perf_counter() - self.since if self.running else 0.0)

    def run(self, *, on: bool) -> None:
        """Go on or stop."""
        self.passed, self.since, self.running = self(), time.perf_counter(), on


def block(loop: Loop, steps: int, recorder: innerview.Recorder | None) -> tuple[float, float]:
    """Seconds on the wall and of the processor for some steps, and the end of an epoch where there is a recorder."""
    started, worked = time.perf_counter(), time.process_time()
    for _ in range(steps):
        loop.step(None if recorder is None else lambda loss: recorder.step(loss=loss))
    if recorder is not None:
        recorder.epoch()
    return time.perf_counter() - started, time.process_time() - worked


def spread(ratios: list[float]) -> str:
    """The mean of ratios less 1, with its standard error."""
    error = statistics.stdev(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else float("nan")
    return f"{statistics.mean(ratios) - 1:+.2%} ± {error:.2%}"


def main() -> None:
    """Measure and print one line of figures and one of circumstances."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=list(MODELS), default="allcnn")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument(
        "--steps", type=int, default=391, help="in a block: 391 of 128 pictures are one epoch of CIFAR-10"
    )
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    loop = Loop(MODELS[asked.model](), asked.batch)
    for _ in range(3):
        loop.step(None)
    ratios, worked, seconds, watch = list[float](), list[float](), list[float](), StopWatch()
    with tempfile.TemporaryDirectory() as folder:
        recorder = innerview.Recorder(
            loop.model, Path(folder) / "run", probes=PROBES, input=SPEC, output=CLASSES, clock=watch
        )
        first = watch()
        for pair in range(asked.pairs):
            taken = dict[bool, tuple[float, float]]()
            for on in (True, False) if pair % 2 else (False, True):
                watch.run(on=on)
                taken[on] = block(loop, asked.steps, recorder if on else None)
            watch.run(on=False)
            ratios.append(taken[True][0] / taken[False][0])
            worked.append(taken[True][1] / taken[False][1])
            seconds.append(taken[False][0])
        own, kept, put_off = recorder.overhead, len(recorder.run.steps()), dict(recorder.put_off)
        recorder.close()
    print(
        f"{asked.model}: overhead {spread(ratios)} on the wall, {spread(worked)} of the processor ({len(ratios)} pairs "
        f"of {asked.steps} steps; {statistics.median(seconds):.1f} s without); own account {own:.2%}; "
        f"first look {first:.2f} s; {kept} snapshots; put off {put_off}"
    )
    print(
        f"{platform.machine()}, {asked.threads} threads, batch {asked.batch}, Python {platform.python_version()}, "
        f"PyTorch {torch.__version__}, innerview {innerview.__version__}, {sys.platform}"
    )


if __name__ == "__main__":
    main()
