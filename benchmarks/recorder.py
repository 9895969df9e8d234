"""What a recorder costs an epoch: pairs of training steps, with it and without it, on the same pictures.

    python benchmarks/recorder.py                       the built-in architecture, 128 pictures of 32 × 32 a step
    python benchmarks/recorder.py --write               and write the figures into docs/evidence/recording.md
    python benchmarks/recorder.py --model small         a model so small that recording is dear

The two steps of a pair follow each other, the one or the other first by turns, so that whatever else the machine does
meets both. A recorder does little at most steps, copies the weights before a step that it measures, measures at it,
and looks at everything after an epoch. Each kind is measured by itself, more often than it is due (`every=4`, no limit
to the share), and an epoch is put together of them at the default (`every=50`): with r the median of the pairs' ratios,

    overhead = (ordinary · (r₀ − 1) + copied · (r₁ − 1) + measured · (r₂ − 1) + look / step) / steps

Its interval holds 95 % of 2,000 such sums over pairs drawn with repetition (bootstrap, percentiles). Powers of two, at
which everything is recorded too, come on top in the first epoch, as far as the recorder's share of 3 % allows it.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import nn

import innerview
from innerview.model import InputSpec, OutputSpec
from innerview.recorders.schedule import EVERY, is_early
from innerview.training.model import AllCnn

PROBES = np.random.default_rng(0).random((8, 32, 32, 3)).astype(np.float32)
SPEC = InputSpec(32, 32, layout="CHW")
CLASSES = OutputSpec(tuple("abcdefghij"))
OFTEN = 4
"""Steps between two measurements, so that there are many of them."""

LOOKED = 12
"""Pairs between two looks."""

PAGE = Path(__file__).parents[1] / "docs" / "evidence" / "recording.md"

Times = tuple[float, float]
"""Seconds on the wall and of the processor."""


def small() -> nn.Module:
    """A model whose step takes some milliseconds."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(392, 10),
    )


MODELS: dict[str, Callable[[], nn.Module]] = {"allcnn": lambda: AllCnn(128, 10, (0.0,) * 3, (1.0,) * 3), "small": small}


@dataclass
class Measured:
    """Pairs of one kind of step (without, with), and looks; all as Times."""

    pairs: dict[str, list[tuple[Times, Times]]] = field(
        default_factory=lambda: {"ordinary": [], "copied": [], "measured": []}
    )
    looks: list[Times] = field(default_factory=list[Times])


def timed(work: Callable[[], object]) -> Times:
    """Seconds on the wall and of the processor for one call."""
    started, worked = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - worked


def kind_of(step: int) -> str:
    """What the recorder does at a step (from 1); empty where it looks at everything."""
    if is_early(step):
        return ""
    if step % OFTEN == 0:
        return "measured"
    return "copied" if (step + 1) % OFTEN == 0 or is_early(step + 1) else "ordinary"


def measure(model: nn.Module, batch: int, seconds: float, folder: Path) -> Measured:
    """Train in pairs of steps until the seconds are over."""
    found = Measured()
    optimiser = torch.optim.SGD(model.parameters(), 1e-4, momentum=0.9)
    labels = torch.arange(batch) % 10
    recorder = innerview.Recorder(
        model, folder / "run", probes=PROBES, input=SPEC, output=CLASSES, log_every=OFTEN, max_overhead=None
    )

    def step(images: torch.Tensor, after: Callable[..., None] | None) -> None:
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimiser.step()
        if after is not None:
            after(loss=loss)

    for _ in range(3):
        step(torch.rand(batch, 3, 32, 32), None)
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        images = torch.rand(batch, 3, 32, 32)
        number = recorder.steps + 1
        taken = dict[bool, Times]()
        for on in (True, False) if number // OFTEN % 2 else (False, True):
            taken[on] = timed(lambda on=on, images=images: step(images, recorder.step if on else None))
        if kind := kind_of(number):
            found.pairs[kind].append((taken[False], taken[True]))
        if number % LOOKED == LOOKED // 2 and not is_early(number):
            found.looks.append(timed(recorder.epoch))
    recorder.close()
    return found


def overhead(found: Measured, clock: int, steps: int, draw: np.random.Generator | None = None) -> float:
    """The formula above.

    Args:
        found: what was measured.
        clock: 0 for the wall, 1 for the processor.
        steps: of an epoch.
        draw: draws the pairs with repetition; None takes each once.
    """
    measured = steps / EVERY
    counts = {"ordinary": steps - 2 * measured, "copied": measured, "measured": measured}
    added, plain = 0.0, list[float]()
    for kind, count in counts.items():
        without, with_it = np.array([[one[clock] for one in pair] for pair in found.pairs[kind]]).T
        places = np.arange(len(without)) if draw is None else draw.integers(0, len(without), len(without))
        added += count * (float(np.median(with_it[places] / without[places])) - 1)
        plain += without[places].tolist()
    looks = np.array([one[clock] for one in found.looks])
    look = np.median(looks if draw is None else draw.choice(looks, len(looks)))
    return (added + float(look) / float(np.median(plain))) / steps


def told(found: Measured, clock: int, steps: int) -> str:
    """The overhead with its interval, in per cent."""
    draw = np.random.default_rng(0)
    low, high = np.percentile([overhead(found, clock, steps, draw) for _ in range(2000)], (2.5, 97.5))
    return f"{overhead(found, clock, steps):+.2%} (95 % interval {low:+.2%} to {high:+.2%})"


def sentence(found: Measured, asked: argparse.Namespace) -> str:
    """All figures with their circumstances."""
    plain = np.median([pair[0][0] for pairs in found.pairs.values() for pair in pairs])
    looks = np.median([one[0] for one in found.looks])
    counts = ", ".join(f"{len(pairs)} {kind}" for kind, pairs in found.pairs.items())
    wall, processor = (told(found, clock, asked.steps) for clock in (0, 1))
    return (
        f"`{asked.model}`, {asked.batch} pictures of 32 × 32 a step, {asked.steps} steps an epoch, eight probes, four "
        f"maps: **{wall}** on the wall, {processor} of the processor. A step took {plain:.2f} s without the recorder, "
        f"the look after an epoch {looks:.2f} s; pairs of steps: {counts}; {len(found.looks)} looks. "
        f"{platform.machine()}, {os.cpu_count()} cores, {asked.threads} threads, load {os.getloadavg()[0]:.1f}, Python "
        f"{platform.python_version()}, PyTorch {torch.__version__}."
    )


def write(text: str) -> None:
    """Put the sentence between the page's marks."""
    page = PAGE.read_text(encoding="utf-8")
    between = re.compile(r"(<!-- overhead -->\n).*?(<!-- /overhead -->)", re.DOTALL)
    if not between.search(page):
        raise SystemExit(f"{PAGE} has no marks <!-- overhead --> and <!-- /overhead --> to write between")
    PAGE.write_text(between.sub(lambda marks: f"{marks[1]}{text}\n{marks[2]}", page), encoding="utf-8")


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=list(MODELS), default="allcnn")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=391, help="of an epoch: 391 of 128 pictures are CIFAR-10's")
    parser.add_argument("--seconds", type=float, default=200, help="of training in pairs")
    parser.add_argument("--threads", type=int, default=cast("int", os.cpu_count()))
    parser.add_argument("--write", action="store_true", help="into docs/evidence/recording.md")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(MODELS[asked.model](), asked.batch, asked.seconds, Path(folder))
    scarce = [kind for kind, pairs in found.pairs.items() if len(pairs) < 5]
    if scarce or not found.looks:
        raise SystemExit(f"too few {', '.join(scarce) or 'looks'} in {asked.seconds:g} seconds; give more: --seconds")
    text = sentence(found, asked)
    sys.stdout.write(text + "\n")
    if asked.write:
        write(text)


if __name__ == "__main__":
    main()
