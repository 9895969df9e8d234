"""How far do images with half of their regions filled lie from real ones, fill by fill?

    python benchmarks/truth/filled.py --data FOLDER [--images 50] [--real 1000]

Of each test image, five of ten regions are kept, four times at random; each fill fills the others. The distance is that
of `innerview.activation_distances` on the built-in model: to the 10th nearest of the real images, told as the fraction
of real images that lie nearer to the others. Real images that are not among those are the control. Prints Markdown.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from pathlib import Path

import numpy as np

import innerview
from innerview.data.folders import open_folders
from innerview.fills import FILLS, make_fill
from innerview.methods.partitions import partition
from innerview.types import Array

MASKS, REGIONS, KEPT = 4, 10, 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--real", type=int, default=1000)
    asked = parser.parse_args()
    model = innerview.load_pretrained()
    entries = open_folders(asked.data).shuffled(asked.images + asked.real, 0)
    images = np.stack([innerview.preprocess(one.read(), model.input).pixels for one in entries])
    real, photos = images[: asked.real], images[asked.real :]
    random, labels = np.random.default_rng(0), partition(32, 32, REGIONS)
    chosen = [random.permutation(REGIONS)[:KEPT] for _ in range(MASKS)]
    kept = np.stack([np.isin(labels, one) for one in chosen])
    sets: dict[str, Array] = {"*real images, nothing filled*": photos}
    for name in FILLS:
        sets[name] = np.concatenate([make_fill(name, one).paint(one, kept) for one in photos])
    others = np.roll(photos, 1, axis=0)
    sets["another image"] = np.concatenate(
        [make_fill(other, one).paint(one, kept) for one, other in zip(photos, others, strict=True)]
    )
    print("| fill | percentile, median (quartiles) | farther than 95 % of real images |\n|---|---|---|")
    for name, filled in sets.items():
        found = innerview.activation_distances(model, filled.astype(np.float32), real).percentiles
        low, middle, high = np.percentile(found, [25, 50, 75])
        print(f"| {name} | {middle:.0f} ({low:.0f} to {high:.0f}) | {(found > 95).mean():.0%} |", flush=True)
    print(f"\nn = {len(photos)} images with {MASKS} masks, {len(real)} real ones.")


if __name__ == "__main__":
    main()
