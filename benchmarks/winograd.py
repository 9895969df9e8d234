"""Winograd's convolution against im2col, in the NumPy backend alone: where it pays, and what its rounding is.

    python benchmarks/winograd.py [--rounds 30]

Times are processor time of one thread, both ways in turns, so that other work on the machine counts little. Errors are
of float32 against float64, relative to the largest result. Prints Markdown for docs/decisions/numpy-adapter.md.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is imported
os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import time
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from innerview import allcnn
from innerview.adapters.numpy import winograd
from innerview.adapters.numpy.correlation import Window, correlate
from innerview.adapters.numpy.operations import Convolution
from innerview.types import Array

SIDES = (4, 8, 12, 16, 32, 64)
CHANNELS = (4, 8, 16, 32, 64, 128, 256)
BATCH = 4
THIRD = Fraction(1, 3)
POINTS = {
    "0, ±1, ±2": (0, 1, -1, 2, -2),
    "0, ±1, ±1/2": (0, 1, -1, Fraction(1, 2), Fraction(-1, 2)),
    "0, ±1, 1/2, −2": (0, 1, -1, Fraction(1, 2), -2),
    "0, ±3/4, ±3/2": (0, Fraction(3, 4), Fraction(-3, 4), Fraction(3, 2), Fraction(-3, 2)),
    "0, ±2/3, ±3/2": (0, 2 * THIRD, -2 * THIRD, Fraction(3, 2), Fraction(-3, 2)),
    "0, ±3/5, ±5/3": (0, Fraction(3, 5), Fraction(-3, 5), Fraction(5, 3), Fraction(-5, 3)),
}


def problem(side: int, channels: int) -> tuple[Array, Array, Window]:
    """Values as ELU gives them, kernels of He's size, and their window."""
    random = np.random.default_rng(side * 1000 + channels)
    values = np.maximum(random.normal(size=(BATCH, side, side, channels)), -1).astype(np.float32)
    kernels = random.normal(0, (2 / (9 * channels)) ** 0.5, (3, 3, channels, channels)).astype(np.float32)
    return values, kernels, Window.of((side, side), (3, 3), 1, ((1, 1), (1, 1)))


def in_turns(rounds: int, *ways: Callable[[], object]) -> list[float]:
    """The median processor time of each way, in milliseconds."""
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, times in zip(ways, taken, strict=True):
            began = time.process_time()
            way()
            times.append(time.process_time() - began)
    return [1000 * float(np.median(times[1:])) for times in taken]


def speed(rounds: int) -> None:
    """How many times as fast, by side and channels."""
    print(f"| side | {' | '.join(f'{channels} channels' for channels in CHANNELS)} |")
    print("|---" * (len(CHANNELS) + 1) + "|")
    for side in SIDES:
        cells: list[str] = []
        for channels in CHANNELS:
            values, kernels, window = problem(side, channels)
            tiled = winograd.transform_kernels(kernels)
            old, new = in_turns(
                rounds,
                lambda: correlate(values, kernels, window),  # noqa: B023 called here
                lambda: winograd.correlate_tiles(values, tiled, window),  # noqa: B023 the same
            )
            cells.append(f"{old / new:.2f}")
        print(f"| {side} | {' | '.join(cells)} |", flush=True)


def relative(found: Array, exact: Array) -> float:
    """Largest error, relative to the largest result."""
    return float(np.abs(found - exact).max() / np.abs(exact).max())


def rounding(points: Sequence[Fraction | int]) -> str:
    """Errors of one choice of points, on 128 channels."""
    values, kernels, window = problem(32, 128)
    exact = correlate(values.astype(np.float64), kernels.astype(np.float64), window)
    onto, kernel, result = winograd.transforms([Fraction(one) for one in points])
    tiled = np.einsum("xi,yj,ijcd->xycd", kernel, kernel, kernels.astype(np.float64), optimize=True)
    usual = winograd._ONTO, winograd._FROM  # noqa: SLF001 the benchmark tries others
    try:
        winograd._ONTO, winograd._FROM = (np.kron(one, one).astype(np.float32) for one in (onto, result))  # noqa: SLF001
        found = winograd.correlate_tiles(values, tiled.reshape(36, 128, 128).astype(np.float32), window)
    finally:
        winograd._ONTO, winograd._FROM = usual  # noqa: SLF001
    return f"{relative(found, exact):.1e}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    print("| points, beside infinity | error |\n|---|---|")
    for name, points in POINTS.items():
        print(f"| {name} | {rounding(points)} |")
    values, kernels, window = problem(32, 128)
    exact = correlate(values.astype(np.float64), kernels.astype(np.float64), window)
    print(f"| im2col | {relative(correlate(values, kernels, window), exact):.1e} |\n")
    for name in allcnn.NAMES:
        model = allcnn.load_pretrained(name)
        weights = model.weights()
        errors: list[str] = []
        for step in model.operations:
            if isinstance(step, Convolution) and weights[f"{step.name}.weight"].shape[1:] == (128, 3, 3):
                for one in step.prepare(weights)[:2]:
                    tiled = winograd.transform_kernels(one.direct)
                    errors.append(f"{winograd.measured_error(one.direct, tiled):.1e}")
        print(f"{name}, measured when first used, layer by layer, there and back: {', '.join(errors)}\n")
    speed(rounds)


if __name__ == "__main__":
    main()
