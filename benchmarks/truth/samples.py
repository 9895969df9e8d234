"""Do the intervals of sampled maps hold as often as they say, on real images?

    python benchmarks/truth/samples.py benchmarks/truth/results/samples.jsonl --data FOLDER [--images 500]
    python benchmarks/truth/samples.py benchmarks/truth/results/samples.jsonl --render
    python benchmarks/truth/samples.py later.jsonl --data FOLDER --first 350   # the last 150, beside

Of each test image the log-odds of the predicted class are explained by each method that draws samples until a stated
interval is narrow enough, for nine regions at once at 95 %. Sampled Shapley values are held against the exact ones.
Nobody knows the exact answer of the others; they are run twice, with different seeds, and the two runs' difference is
held against the interval of a difference: of Student's distribution with Welch's degrees of freedom, with the same
correction for nine regions. A line an image; the command can be ended and taken up.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import lines
import numpy as np

import innerview
from innerview.data.folders import open_folders
from innerview.methods.segments import segment_sums
from innerview.methods.stopping import PILOT, student
from innerview.types import Array, Image

CONFIDENCE, REGIONS, GRID = 0.95, 9, (3, 3)
TAIL = 1 - (1 - CONFIDENCE) / (2 * REGIONS)
SHARE = 0.1
"""Half-width that is asked for, of the score's change from the blurred copy to the image (at least one)."""

NARROWER = 1.6
"""Of methods whose maps have other units: so many times narrower than the first 16 samples make it."""

REFERENCES = 16


def welch(one: Any, other: Any) -> Array:
    """Half-widths of the intervals around the difference of two runs."""
    variances = [(run.half_widths / student(TAIL, PILOT - 1)) ** 2 for run in (one, other)]
    total = np.maximum(sum(variances), 1e-300)
    freedom = total**2 / np.maximum(sum(value**2 / (PILOT - 1) for value in variances), 1e-300)
    quantiles = np.array([student(TAIL, max(int(value), PILOT - 1)) for value in freedom])
    return quantiles * np.sqrt(total)


def twice(run: Callable[..., Any], half_width: float, number: int) -> dict[str, Any]:
    """Whether two runs differ by less than their interval at every region, and what they took."""
    one, other = (run(half_width=half_width, seed=2 * number + seed) for seed in range(2))
    held = np.abs(one.intervals.values - other.intervals.values) <= welch(one.intervals, other.intervals)
    return {"held": bool(held.all()), "regions": int(held.sum()), "samples": one.intervals.n_samples}


def measured(model: Any, image: Image, references: list[Image], number: int) -> dict[str, Any]:
    """What becomes of one image."""
    target = innerview.LogOdds()
    exact = innerview.shapley(model, image, target, regions=GRID, fills=("blurred",))
    half_width = SHARE * max(abs(float(np.sum(exact.values))), 1.0)
    found = innerview.sampled_shapley(model, image, target, regions=GRID, half_width=half_width, seed=number)
    sums, widths = segment_sums(found.heatmap, found.regions), segment_sums(found.pixel_error, found.regions)
    held = np.abs(sums - exact.values[0]) <= widths + 1e-6
    pairs = (found.n_evaluations - 2) // 2
    row = {"sampled-shapley": {"held": bool(held.all()), "regions": int(held.sum()), "samples": pairs}}
    common = {"regions": GRID, "confidence": CONFIDENCE}
    expected = partial(innerview.expected_gradients, model, image, target, baselines=references, **common)
    shown = partial(innerview.rise, model, image, target, **common)
    smooth = partial(innerview.smooth_grad, model, image, target, method=innerview.gradient_input, **common)
    row["rise"] = twice(shown, half_width, number)
    for name, run in (("expected-gradients", expected), ("smooth-grad", smooth)):
        pilot = run(half_width=1e30, seed=10**6 + number).intervals  # what is narrow for one image is not for another
        row[name] = twice(run, float(pilot.half_widths.max()) / NARROWER, number)
    return row


def render(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    print("| n images | all nine regions within, at 95 % | one region within | samples, median (quartiles) |")
    print("|---|---|---|---|")
    for name in rows[0]:
        held = np.array([row[name]["held"] for row in rows])
        part, total = float(held.mean()), len(held)
        centre, spread = (part + 1.92 / total) / (1 + 3.84 / total), 1.96 / (1 + 3.84 / total)
        half = spread * np.sqrt(part * (1 - part) / total + 0.96 / total**2)
        single = np.mean([row[name]["regions"] / REGIONS for row in rows])
        low, middle, high = np.percentile([row[name]["samples"] for row in rows], [25, 50, 75])
        print(
            f"| {name} (n = {total}) | {part:.1%} ({centre - half:.1%} to {centre + half:.1%}) | {single:.2%} "
            f"| {middle:.0f} ({low:.0f} to {high:.0f}) |"
        )


def main() -> None:
    """Measure what is missing, or print what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="image to begin with")
    parser.add_argument("--render", action="store_true")
    asked = parser.parse_args()
    rows = lines.read(asked.file)
    if asked.render:
        render(rows)
        return
    model = innerview.load_pretrained()
    entries = open_folders(asked.data).shuffled(asked.images + REFERENCES, 1)
    images = [innerview.preprocess(one.read(), model.input).pixels for one in entries]
    for number in range(asked.first + len(rows), asked.images):
        row = measured(model, images[number], images[asked.images :], number)
        lines.add(asked.file, row)
        print(number, row, flush=True)


if __name__ == "__main__":
    main()
