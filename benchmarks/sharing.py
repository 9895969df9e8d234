"""All coalitions of an image's regions on the built-in model: with shared work against image by image, in one run.

    python benchmarks/sharing.py [--regions 10] [--rounds 9]

Both ways take turns on the same images, one thread, in processor time and wall time; image by image only every fourth
pass is run, since each takes as long as any other. Prints Markdown for docs/decisions/numpy-adapter.md.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is imported
os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import time
from collections.abc import Callable

import numpy as np

import innerview
from innerview.fills import DEFAULT_FILLS, make_fill
from innerview.methods.coalitions import members
from innerview.methods.partitions import partition
from innerview.types import Array

EVERY = 4


def timed(work: Callable[[], Array]) -> tuple[Array, float, float]:
    """What it gives, its processor time and its wall time."""
    busy, wall = time.process_time(), time.perf_counter()
    found = work()
    return found, time.process_time() - busy, time.perf_counter() - wall


def told(values: list[float]) -> str:
    """Median (quartiles)."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regions", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    model = innerview.load_pretrained()
    names = innerview.example_names()
    shown = members(asked.regions)[:, partition(32, 32, asked.regions)]
    print(f"{2**asked.regions} coalitions of {asked.regions} regions, seconds for one fill, n = {asked.rounds}\n")
    print(
        "| fill | image by image | shared | times as fast, processor | wall, shared | largest difference |\n"
        + "|---" * 6
        + "|"
    )
    for name in DEFAULT_FILLS:
        plain, shared, ratios, walls, off = [list[float]() for _ in range(5)]
        for turn in range(asked.rounds):
            image = innerview.preprocess(innerview.example_image(names[turn % len(names)]), model.input).pixels
            images = make_fill(name, image).paint(image, shown).astype(np.float32)
            few = images[::EVERY]
            exact, before, _ = timed(
                lambda: np.concatenate([model.forward(few[at : at + 4]).outputs for at in range(0, len(few), 4)])  # noqa: B023
            )
            found, after, wall = timed(lambda: np.concatenate([one for _, one in model.forward_similar(images)]))  # noqa: B023
            plain.append(before * EVERY)
            shared.append(after)
            ratios.append(before * EVERY / after)
            walls.append(wall)
            off.append(float(np.abs(found[::EVERY] - exact).max() / np.abs(exact).max()))
        cells = [told(plain), told(shared), told(ratios), told(walls), f"{max(off):.1e}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
