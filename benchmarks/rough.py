"""Integrated gradients of EfficientNet-Lite0, 224 × 224: what cheaper passes, other points and accuracy are worth.

    python benchmarks/rough.py ROWS [--images 6]          about 10 minutes
    python benchmarks/rough.py ROWS --render

For each crop of a sample photo and two baselines, blurred and grey, gradients at 1,024 even midpoints of the path make
the reference. Told are, of the map's L1 norm:

- the error of passes in bfloat16: of the map at 128 of these points, and of one gradient;
- the error by the number of points: even midpoints, random ones (one in each of as many even parts; the median of five
  draws), and random pairs, which state a standard error of their own;
- what people see of an error: how many pixels of the map, drawn on the reference's scale, change colour by more than
  can be noticed (CIE 1976 colour difference above 2.3), and what else changes;
- how many evaluations innerview takes to 1, 2, 5 and 10 %.

A row is one image under one baseline; what has a row is not measured again. Times are processor time of one thread.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import innerview
from innerview.data.baselines import make_baseline
from innerview.pictures.pixels import show_map
from innerview.pictures.scale import Scale, choose_scales
from innerview.types import Array

sys.path.insert(0, str(Path(__file__).resolve().parent / "attribution"))
sys.path.insert(0, str(Path(__file__).resolve().parent / "truth"))
from cases import Case, case_of
from lines import add, read

FINE = 1024
HALF = 128
COUNTS = (32, 64, 91, 128, 186)
DRAWS = 5
TOLERANCES = (0.01, 0.02, 0.05, 0.1)
NOTICED = 2.3
"""A just noticeable difference in CIE 1976 L*a*b* (Mahy, Van Eycken and Oosterlinck 1994)."""
BLOCKS = 8


def gradients(
    module: torch.nn.Module, kind: torch.dtype, ends: Sequence[torch.Tensor], alphas: Array, to: int
) -> Array:
    """Gradient × difference, summed over the channels, at each alpha: alpha × height × width."""
    start, difference = ends
    found: list[Array] = []
    for part in np.split(alphas, range(8, len(alphas), 8)):
        points = start + torch.tensor(part, dtype=torch.float32)[:, None, None, None] * difference
        points = points.to(kind).to(memory_format=torch.channels_last).requires_grad_()
        (own,) = torch.autograd.grad(module(points)[:, to].float().sum(), points)
        found.append((own.float() * difference).sum(1).numpy())
    return np.concatenate(found)


def milliseconds(work: Callable[[], object], images: int) -> float:
    """Processor time of one image, the median of five."""
    work()
    took: list[float] = []
    for _ in range(5):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return 1000 * statistics.median(took) / images


def lab(picture: Array) -> Array:
    """CIE 1976 L*a*b* of sRGB bytes, white D65."""
    part = picture.astype(np.float64) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    white = np.array([0.9505, 1.0, 1.089])
    ratio = linear @ np.array(matrix).T / white
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def drawn(values: Array, scale: Scale) -> Array:
    """The map as it is drawn."""
    return np.asarray(show_map(values, scale).convert("RGB"))


def blocks(values: Array) -> Array:
    """Sums of 8 × 8 blocks."""
    height, width = (length // BLOCKS for length in values.shape)
    cut = values[: height * BLOCKS, : width * BLOCKS]
    return cut.reshape(BLOCKS, height, BLOCKS, width).sum(axis=(1, 3)).ravel()


def seen(found: Array, reference: Array) -> dict[str, float]:
    """What changes for whoever looks: share of noticed pixels, rank correlation of blocks, common best third."""
    scale = choose_scales([reference])[0]
    differences = np.sqrt(((lab(drawn(found, scale)) - lab(drawn(reference, scale))) ** 2).sum(-1))
    ours, theirs = blocks(found), blocks(reference)
    ranks = [np.argsort(np.argsort(each)) for each in (ours, theirs)]
    best = [set(np.argsort(-each)[: round(0.35 * each.size)].tolist()) for each in (ours, theirs)]
    return {
        "noticed": float((differences > NOTICED).mean()),
        "median_difference": float(np.median(differences)),
        "blocks": float(np.corrcoef(*ranks)[0, 1]),
        "best_third": len(best[0] & best[1]) / len(best[0]),
    }


def random_points(fine: Array, count: int, random: np.random.Generator) -> Array:
    """One of the fine points in each of so many even parts."""
    edges = np.linspace(0, FINE, count + 1)
    return fine[np.floor(edges[:-1] + random.random(count) * np.diff(edges)).astype(int)]


def measure(case: Case, half: torch.nn.Module, image: Array, baseline: str) -> dict[str, Any]:
    """One row."""
    target = innerview.predict(case.model, image[None])[0].index
    start = make_baseline(baseline, case.model.input, image).image
    ends = case.tensor(start), case.tensor(image) - case.tensor(start)
    alphas = (np.arange(FINE) + 0.5) / FINE
    fine = gradients(case.module, torch.float32, ends, alphas, target)
    reference = fine.mean(0)
    size = float(np.abs(reference).sum())

    def off(found: Array) -> float:
        return float(np.abs(found - reference).sum()) / size

    some = fine[FINE // HALF // 2 :: FINE // HALF]
    rough = gradients(half, torch.bfloat16, ends, alphas[FINE // HALF // 2 :: FINE // HALF], target)
    row: dict[str, Any] = {
        "bfloat16": {
            "map": float(np.abs(rough.mean(0) - some.mean(0)).sum()) / size,
            "gradient": float(np.mean(np.abs(rough - some).sum((1, 2)) / np.abs(some).sum((1, 2)))),
        },
        "points": {},
    }
    random = np.random.default_rng(0)
    for count in COUNTS:
        even = fine[np.floor((np.arange(count) + 0.5) * FINE / count).astype(int)].mean(0)
        drawn_maps = [random_points(fine, count, random).mean(0) for _ in range(DRAWS)]
        pairs = [[random_points(fine, count // 2, random) for _ in range(2)] for _ in range(DRAWS)]
        stated: list[float] = []
        for first, second in pairs:
            signs = random.choice([-1.0, 1.0], (3, count // 2)).astype(np.float32)
            moved = np.tensordot(signs, (first - second) / 2, 1) / (count // 2)
            stated.append(float(np.abs(moved).sum((1, 2)).mean()) / size)
        row["points"][str(count)] = {
            "even": off(even),
            "random": statistics.median(map(off, drawn_maps)),
            "pairs": statistics.median(off((first.mean(0) + second.mean(0)) / 2) for first, second in pairs),
            "stated": statistics.median(stated),
        }
    for tolerance in TOLERANCES:
        result = innerview.integrated_gradients(
            case.model, image, innerview.Logit(target), baseline=start, tolerance=tolerance
        )
        row[f"to {tolerance:g}"] = {
            "evaluations": result.n_evaluations,
            "stated": result.error,
            "true": off(result.heatmap),
            **seen(result.heatmap, reference),
        }
    return row


def middle(values: Sequence[float], unit: float = 100) -> str:
    """Median and range; in per cent where no other unit is said."""
    low, half, high = (unit * each for each in (min(values), statistics.median(values), max(values)))
    digits = 1 if unit == 100 else 2
    return f"{half:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def render(rows: Sequence[dict[str, Any]]) -> None:
    """Print the tables."""
    baselines = list(dict.fromkeys(row["baseline"] for row in rows))
    own = {baseline: [row for row in rows if row["baseline"] == baseline] for baseline in baselines}
    print("\n| baseline | asked for | evaluations | stated | true | noticed | rank correlation of blocks | best 35 % |")
    print("|---|---|---|---|---|---|---|---|")
    for baseline, some in own.items():
        for tolerance in TOLERANCES:
            found = [row[f"to {tolerance:g}"] for row in some]
            counts = sorted(each["evaluations"] for each in found)
            cells = [middle([each[key] for each in found]) for key in ("stated", "true", "noticed")]
            ranks = middle([each["blocks"] for each in found], unit=1)
            best = middle([each["best_third"] for each in found])
            spent = f"{statistics.median(counts):g} ({counts[0]} to {counts[-1]})"
            print(f"| {baseline} | {100 * tolerance:g} | {spent} | {' | '.join(cells)} | {ranks} | {best} |")
    print("\n| baseline | evaluations | even midpoints | random midpoints | random pairs | what pairs state |")
    print("|---|---|---|---|---|---|")
    for baseline, some in own.items():
        for count in map(str, COUNTS):
            points = [row["points"][count] for row in some]
            cells = [middle([each[key] for each in points]) for key in ("even", "random", "pairs", "stated")]
            print(f"| {baseline} | {count} | {' | '.join(cells)} |")
    print("\n| baseline | n | a gradient in bfloat16 | the map |\n|---|---|---|---|")
    for baseline, some in own.items():
        cells = [middle([row["bfloat16"][key] for row in some]) for key in ("gradient", "map")]
        print(f"| {baseline} | {len(some)} | {' | '.join(cells)} |")


def main() -> None:
    """Measure what has no row, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--images", type=int, default=6)
    parser.add_argument("--render", action="store_true")
    asked = parser.parse_args()
    rows = read(asked.file)
    if not asked.render:
        torch.set_num_threads(1)
        case = case_of("lite", None, None)
        case.module.to(memory_format=torch.channels_last)
        half = copy.deepcopy(case.module).to(torch.bfloat16)
        some = torch.rand(8, 3, 224, 224), torch.zeros(1, 3, 224, 224)
        for module, kind in ((case.module, torch.float32), (half, torch.bfloat16)):
            spent = milliseconds(lambda: gradients(module, kind, some[::-1], np.zeros(8), 0), 8)  # noqa: B023 called here
            print(f"{kind}: {spent:.1f} ms an evaluation", flush=True)
        known = {(row["image"], row["baseline"]) for row in rows}
        for name, image in case.take(asked.images):
            for baseline in ("blurred", "gray"):
                if (name, baseline) not in known:
                    rows.append({"image": name, "baseline": baseline, **measure(case, half, image, baseline)})
                    add(asked.file, rows[-1])
                    print(name, baseline, flush=True)
    render(rows)


if __name__ == "__main__":
    main()
