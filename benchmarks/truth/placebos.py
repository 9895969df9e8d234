"""Are the p-values of `innerview.ask` uniform when somebody points anywhere?

    python benchmarks/truth/placebos.py benchmarks/truth/results/placebos.jsonl --data FOLDER [--regions 1000]
    python benchmarks/truth/placebos.py benchmarks/truth/results/placebos.jsonl --render

Each region has a size and a position drawn at random, on a test image drawn at random; nothing sets it apart from those
that it is held against. Its p-values for removing and for showing alone are written down, a line each; the command can
be ended and taken up. `--render` prints the largest distance between their distribution and the uniform one at the
values that p can have, with Kolmogorov's p-value (cautious for discrete values), and how many are at most 0.05.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import math
from pathlib import Path

import lines
import numpy as np

import innerview
from innerview.data.folders import open_folders

PLACEBOS = 19
SMALLEST, LARGEST = 4, 20


def kolmogorov(distance: float, count: int) -> float:
    """Probability of a distance as large between `count` uniform values and the uniform distribution."""
    scaled = (math.sqrt(count) + 0.12 + 0.11 / math.sqrt(count)) * distance
    return min(max(2 * sum((-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101)), 0.0), 1.0)


def summed(values: list[float]) -> str:
    """The distance to the uniform distribution, its p-value, and the fraction of values up to 0.05 with an interval."""
    found = np.asarray(values)
    steps = np.arange(1, PLACEBOS + 2) / (PLACEBOS + 1)
    distance = float(np.abs((found[:, None] <= steps + 1e-9).mean(axis=0) - steps).max())
    few = float((found <= 0.05 + 1e-9).mean())
    half = 1.96 * math.sqrt(max(few * (1 - few), 1e-12) / len(found))
    return f"{distance:.3f} | {kolmogorov(distance, len(found)):.2f} | {few:.1%} ({few - half:.1%} to {few + half:.1%})"


def render(rows: list[dict[str, float]]) -> None:
    """Print the table."""
    print(f"| n = {len(rows)} regions, {PLACEBOS} placebos each | distance | p (Kolmogorov-Smirnov) | p at most 0.05 |")
    print("|---|---|---|---|")
    for key, name in (("removed", "removed"), ("alone", "shown alone")):
        print(f"| {name} | {summed([row[key] for row in rows])} |")


def main() -> None:
    """Measure what is missing, or print what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--regions", type=int, default=1000)
    parser.add_argument("--render", action="store_true")
    asked = parser.parse_args()
    rows = lines.read(asked.file)
    if asked.render:
        render(rows)
        return
    model = innerview.load_pretrained()
    entries = open_folders(asked.data).shuffled(asked.regions, 0)
    asked.file.parent.mkdir(parents=True, exist_ok=True)
    for number in range(len(rows), asked.regions):
        random = np.random.default_rng([1, number])
        image = innerview.preprocess(entries[number % len(entries)].read(), model.input).pixels
        width, height = random.integers(SMALLEST, LARGEST + 1, 2).tolist()
        left, top = int(random.integers(0, 33 - width)), int(random.integers(0, 33 - height))
        box = (left, top, width, height)
        found = innerview.ask(model, image, box, n_placebos=PLACEBOS, seed=number)
        lines.add(asked.file, {"region": box, "removed": float(found.removed_p[0]), "alone": float(found.alone_p[0])})


if __name__ == "__main__":
    main()
