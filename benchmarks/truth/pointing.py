"""How well does the exact truth itself point? On the mosaics of the comparison, Shapley values of whole quarters.

    python benchmarks/truth/pointing.py benchmarks/truth/results/pointing.jsonl --data FOLDER
    python benchmarks/truth/pointing.py benchmarks/truth/results/pointing.jsonl --render

A map "points" by the share of its positive values that lies on the image of the class asked about. What every coalition
of regions says is what a map is held against, so a map that points better than it says something else than the truth:
this is the most that pointing can ask for on this network. Three grids: quarters, halves of quarters, and nine cells
that lie across the seams.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import lines
import numpy as np
from PIL import Image as Pillow

import innerview
from innerview import allcnn
from innerview.adapters.variants import resized
from innerview.methods.pointing import mosaic, pointed, quarter
from innerview.model import Model
from innerview.types import Image

RESULTS = Path(__file__).parent / "results"
GRIDS = {"quarters": (2, 2), "eight parts": (2, 4), "nine cells": (3, 3)}
DRAWS = 2000


def read(data: Path, name: str) -> Image:
    """An image of the comparison, "cat/17", as benchmarks/truth names them."""
    folder, _, number = name.partition("/")
    files = sorted(((data / "test" if (data / "test").is_dir() else data) / folder).iterdir())
    return np.asarray(Pillow.open(files[int(number)]).convert("RGB"), dtype=np.float32) / 255


def measured(model: Model, data: Path, row: dict[str, Any]) -> dict[str, Any]:
    """What the truth has on the right quarter of one mosaic."""
    whole, which = mosaic([read(data, name) for name in row["images"]]), int(row["mosaic"].split()[1]) % 4
    inside, found = quarter(*whole.shape[:2], which), {}
    for grid, regions in GRIDS.items():
        truth = innerview.shapley(model, whole, innerview.LogOdds(row["class"]), regions=regions)
        values, area = truth.values.mean(axis=0), np.bincount(truth.labels.ravel())
        found[grid] = round(pointed((values / area)[truth.labels], inside), 4)
    return {"mosaic": row["mosaic"], "class": row["class"], "found": found}


def render(rows: list[dict[str, Any]]) -> None:
    """Print means and medians with bootstrap intervals (95 %)."""
    random = np.random.default_rng(0)
    print(f"| exact Shapley values of … (n = {len(rows)} mosaics) | mean | median |\n| --- | --- | --- |")
    for grid in GRIDS:
        values = np.array([row["found"][grid] for row in rows])
        drawn = values[random.integers(len(values), size=(DRAWS, len(values)))]
        cells = [
            f"{of(values):.2f} ({low:.2f} to {high:.2f})"
            for of in (np.mean, np.median)
            for low, high in [np.quantile(of(drawn, axis=1), (0.025, 0.975))]
        ]
        print(f"| {grid} | {cells[0]} | {cells[1]} |")


def main() -> None:
    """Measure what is missing, or print what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--render", action="store_true")
    asked = parser.parse_args()
    rows = lines.read(asked.file)
    if asked.render:
        render(rows)
        return
    if asked.data is None:
        raise SystemExit("measuring needs --data, CIFAR-10 as class folders")
    model = allcnn.load_pretrained()
    doubled = resized(model, 2 * model.input.height, 2 * model.input.width)
    assert doubled is not None  # every layer of the built-in model goes over images of any size
    known = {row["mosaic"] for row in rows}
    for row in lines.read(RESULTS / "allcnn.jsonl"):
        if "mosaic" in row and row["mosaic"] not in known:
            lines.add(asked.file, measured(doubled, asked.data, row))


if __name__ == "__main__":
    main()
