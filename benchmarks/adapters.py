"""Evaluations per second of the built-in architecture in NumPy and in PyTorch, measured by turns in one run.

One evaluation is forward and backward of one 32 × 32 picture for one target. Other work on the machine disturbs
both alike, since they take turns; the median and the quartiles over the rounds are printed, and the speed of one
large matrix product beside them, which bounds any adapter that is made of matrix products.

    python benchmarks/adapters.py [--rounds 20] [--channels 128] [--batches 1,2,4,8]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from engines import in_torch

from innerview import allcnn
from innerview.adapters.numpy import correlation
from innerview.model import OUTPUT, DifferentiableModel
from innerview.targets import Logit, together


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def summary(rates: list[float], unit: str) -> str:
    """Median, quartiles and number of the rounds."""
    low, middle, high = statistics.quantiles(rates, n=4)
    return f"{middle:7.1f} {unit} (quartiles {low:.1f} to {high:.1f}, best {max(rates):.1f}, n = {len(rates)})"


def processor() -> str:
    """Its name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines()
        return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--channels", type=int, default=128)
    parser.add_argument("--batches", default="1,2,4,8")
    parser.add_argument("--column-bytes", type=int, default=correlation.COLUMN_BYTES)
    arguments = parser.parse_args()
    correlation.COLUMN_BYTES = arguments.column_bytes
    ours = allcnn.build(allcnn.initial_weights(0, arguments.channels))
    models: dict[str, DifferentiableModel] = {"NumPy": ours, "PyTorch": in_torch(ours)}
    print(f"{processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} at the start")
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch.__version__}")
    print(f"{arguments.channels} channels, 32 × 32, float32, columns cut to {correlation.COLUMN_BYTES:,} bytes")

    random = np.random.default_rng(0)
    left, right = random.random((1024, 1152), np.float32), random.random((1152, 128), np.float32)
    left @ right
    flops = 2 * left.size * right.shape[1]
    rates = [flops / seconds(lambda: left @ right) / 1e9 for _ in range(arguments.rounds)]
    print(f"matrix product 1024 × 1152 × 128      {summary(rates, 'GFLOP/s')}")

    grad_output = together([Logit(3)])
    for batch_size in map(int, arguments.batches.split(",")):
        images = random.random((batch_size, 32, 32, 3), np.float32)
        found: dict[str, list[float]] = {name: [] for name in models}
        for turn in range(arguments.rounds + 1):  # the first one warms up
            for name, model in models.items():
                taken = seconds(partial(model.vjp, images, {OUTPUT: grad_output}))
                if turn:
                    found[name].append(batch_size / taken)
        for name, rates in found.items():
            print(f"batch {batch_size:3}   {name:8}  {summary(rates, 'evaluations/s')}")


if __name__ == "__main__":
    main()
