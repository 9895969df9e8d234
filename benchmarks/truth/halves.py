"""Does half precision tell the truth of regions, and how much sooner?

    python benchmarks/truth/halves.py benchmarks/truth/results/halves.jsonl [--images 10]
    python benchmarks/truth/halves.py benchmarks/truth/results/halves.jsonl --render

Of each crop of an example photo the exact Shapley values of nine regions under three fills, for the class that
EfficientNet-Lite0 predicts in float32, by float32 and by bfloat16 in turns, in one process on one thread: processor
time, how well the two rank the regions alike (Spearman), and the largest difference of a region's value as a share of
the largest value. The error that the values state of themselves (half their range over the fills) stands beside it. A
line a crop; the command can be taken up.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before PyTorch is imported

import argparse
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import lines
import numpy as np
from scipy.stats import spearmanr

import innerview
from innerview.types import Image

sys.path.insert(0, str(Path(__file__).parent.parent / "attribution"))

PRECISIONS = ("float32", "bfloat16")


def measured(models: dict[str, Any], image: Image) -> dict[str, Any]:
    """What becomes of one image."""
    seconds, values, spread = {}, {}, 0.0
    target = innerview.LogOdds(innerview.predict(models["float32"], image[None])[0].index)
    for name, model in models.items():
        began = time.process_time()
        found = innerview.shapley(model, image, target, regions=(3, 3))
        seconds[name] = time.process_time() - began
        values[name] = found.values.mean(axis=0)
        if name == PRECISIONS[0]:
            spread = float(np.median(np.ptp(found.values, axis=0) / 2) / np.abs(values[name]).max())
    full, half = (values[name] for name in PRECISIONS)
    return {
        "seconds": seconds,
        "spearman": float(spearmanr(full, half).statistic),
        "difference": float(np.abs(full - half).max() / np.abs(full).max()),
        "spread": spread,
    }


def render(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    ratios = [row["seconds"]["bfloat16"] / row["seconds"]["float32"] for row in rows]
    columns = {
        "float32, s": [row["seconds"]["float32"] for row in rows],
        "bfloat16, s": [row["seconds"]["bfloat16"] for row in rows],
        "ratio": ratios,
        "Spearman": [row["spearman"] for row in rows],
        "largest difference": [row["difference"] for row in rows],
        "half the range over fills": [row["spread"] for row in rows],
    }
    print(f"| n = {len(rows)} crops | median (range) |\n|---|---|")
    for name, values in columns.items():
        print(f"| {name} | {np.median(values):.3g} ({min(values):.3g} to {max(values):.3g}) |")


def main() -> None:
    """Measure what is missing, or print what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--images", type=int, default=10)
    parser.add_argument("--render", action="store_true")
    asked = parser.parse_args()
    rows = lines.read(asked.file)
    if asked.render:
        render(rows)
        return
    import torch
    from cases import crops, lite0

    torch.set_num_threads(1)
    spec = innerview.InputSpec(224, 224, mean=(127 / 255,) * 3, std=(128 / 255,) * 3, layout="CHW")
    output = innerview.OutputSpec(tuple(map(str, range(1000))))
    models = {name: innerview.wrap(lite0(), input=spec, output=output, precision=name) for name in PRECISIONS}
    for number, (name, image) in enumerate(islice(crops(224), asked.images)):
        if number >= len(rows):
            row = {"image": name, **measured(models, image)}
            lines.add(asked.file, row)
            print(number, row, flush=True)


if __name__ == "__main__":
    main()
