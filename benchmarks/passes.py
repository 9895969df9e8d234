"""How many pictures one pass should take, engine by engine: evaluations/s of the built-in model by pass size.

One evaluation is forward and backward of one 32 × 32 picture for one target. Small passes pay for each call, large ones
leave the cache; where the best lies differs from framework to framework, and decides each adapter's budget of pixels
(`PIXELS` in adapters/torch/model.py, `pixels` of the engines). Each engine runs in a process of its own; all sizes
take turns in it, so that whatever else the machine does meets all alike. Printed is the median rate over the turns,
by wall time and by processor time, and the smallest size within 2 % of the best.

    python benchmarks/passes.py                   # all engines, 40 s each: under 5 minutes
    python benchmarks/passes.py --large --threads 1 --sizes 1,2,4,8
    python benchmarks/passes.py "Keras on JAX" --seconds 20 [--sizes 1,2,4,8,16,32,64] [--threads 1]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from engines import ENGINES, in_a_process

import innerview
from innerview.model import OUTPUT, DifferentiableModel
from innerview.targets import Logit, together

SIZES = (1, 2, 4, 8, 16, 32, 64)
NEAR = 0.98


LARGE = ("resnet18", "vit_tiny_patch16_224", "efficientnet_lite0")
"""Of timm, with random weights, at 224 × 224."""


def in_timm(name: str, device: str = "cpu") -> DifferentiableModel:
    """A model of timm on a device, where torchvision's operators may be lacking."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    import torchvision_operators

    torchvision_operators.declare()
    import timm

    return innerview.wrap(timm.create_model(name, pretrained=False).to(device))


def rates(engine: str, sizes: Sequence[int], limit: float) -> list[list[float]]:
    """For each size the median evaluations per second of wall time, and of processor time."""
    model = in_timm(engine) if engine in LARGE else ENGINES[engine][0]()
    random = np.random.default_rng(0)
    batches = [random.random((size, *model.input.shape)).astype(np.float32) for size in sizes]
    asked = {OUTPUT: together([Logit(3)])}
    for images in batches:
        model.vjp(images, asked)  # compiles, where a framework does
    found: list[list[tuple[float, float]]] = [[] for _ in sizes]
    until = time.perf_counter() + limit
    while time.perf_counter() < until or len(found[0]) < 3:
        for place in random.permutation(len(sizes)):
            start, busy = time.perf_counter(), time.process_time()
            model.vjp(batches[place], asked)
            taken = time.perf_counter() - start, time.process_time() - busy
            found[place].append((sizes[place] / taken[0], sizes[place] / taken[1]))
    return [np.median(each, axis=0).tolist() for each in found]


def alone(engine: str, sizes: Sequence[int], limit: float, threads: int) -> list[list[float]]:
    """The rates of one engine in a process of its own, with so many threads."""
    many = str(threads)
    environment = {"OMP_NUM_THREADS": many, "TF_NUM_INTRAOP_THREADS": many, "TF_NUM_INTEROP_THREADS": "1"}
    environment["PYTHONWARNINGS"] = "ignore"
    if threads == 1:
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    asked = ("--seconds", str(limit), "--sizes", ",".join(map(str, sizes)))
    return in_a_process(__file__, engine, *asked, environment=environment)


def main() -> None:
    """Measure and print one table for each clock."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engines", nargs="*", metavar="ENGINE", help=f"{', '.join(ENGINES)}; all if none is named")
    parser.add_argument("--seconds", type=float, default=40, help="for each engine")
    parser.add_argument("--sizes", type=lambda text: tuple(map(int, text.split(","))), default=SIZES)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--large", action="store_true", help=f"{', '.join(LARGE)} of timm at 224 × 224")
    parser.add_argument("--alone", choices=[*ENGINES, *LARGE], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        print(json.dumps(rates(arguments.alone, arguments.sizes, arguments.seconds)))
        return
    if unknown := set(arguments.engines) - set(ENGINES):
        parser.error(f"there is no engine {', '.join(sorted(unknown))}; there are {', '.join(ENGINES)}")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
    print(f"{arguments.threads} threads; evaluations/s by wall time (by processor time)\n")
    print(f"| engine | {' | '.join(map(str, arguments.sizes))} | enough |\n|---|{'---:|' * (len(arguments.sizes) + 1)}")
    for engine in arguments.engines or (LARGE if arguments.large else ENGINES):
        found = alone(engine, arguments.sizes, arguments.seconds, arguments.threads)
        best = max(wall for wall, _ in found)
        enough = next(size for size, (wall, _) in zip(arguments.sizes, found, strict=True) if wall >= NEAR * best)
        cells = " | ".join(f"{wall:.3g} ({busy:.3g})" for wall, busy in found)
        print(f"| {engine} | {cells} | {enough} |", flush=True)


if __name__ == "__main__":
    main()
