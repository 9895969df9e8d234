"""What integrated gradients to 1 % cost from each baseline, and whether the stated error holds.

A reference is the same integral to 0.05 %, twenty times finer than what it judges. Nothing is timed: an evaluation is
one pass forward and back of one image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

import innerview
from innerview.model import DifferentiableModel
from innerview.types import Image
from innerview.workbench.compare.rows import Rows

BASELINES: Final = ("black", "mean", "blurred")
TOLERANCE: Final = 0.01
FINER: Final = 20
BUDGET: Final = 513
REFERENCES: Final = 24
HEAD: Final = (
    "path from", "images", "evaluations: median / 90 % / mean", "from – to", "reached 1 %", "stated error held",
    "stated / true: median / least",
)  # fmt: skip


def measure(model: DifferentiableModel, images: Iterable[tuple[str, Callable[[], Image]]], file: Path) -> None:
    """Add the rows that are missing: one for each image and baseline."""
    about = {"what": "cost", "model": model.fingerprint, "tolerance": TOLERANCE, "budget": BUDGET}
    rows = Rows(file, about)
    known = {(row["image"], row["baseline"]) for row in rows.found}
    for number, (name, read) in enumerate(images):
        image = read()
        for baseline in BASELINES:
            if (name, baseline) not in known:
                rows.add(
                    {"image": name, "baseline": baseline, **_row(model, image, baseline, judged=number < REFERENCES)}
                )


def _row(model: DifferentiableModel, image: Image, baseline: str, *, judged: bool) -> dict[str, Any]:
    start = innerview.make_baseline(baseline, model.input, image).image

    def found(tolerance: float, budget: int) -> innerview.IntegratedGradients:
        return innerview.integrated_gradients(
            model, image, innerview.Logit(), baseline=start, tolerance=tolerance, max_evaluations=budget
        )

    one = found(TOLERANCE, BUDGET)
    row: dict[str, Any] = {"evaluations": one.n_evaluations, "stated": one.error, "status": one.status.name}
    if judged:
        exact = found(TOLERANCE / FINER, 40 * BUDGET).heatmap
        row["true"] = float(np.abs(one.heatmap - exact).sum() / np.abs(exact).sum())
    return row


def lines(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The table's rows: evaluations, and for how many references the stated error held."""
    found: list[list[str]] = []
    for baseline in BASELINES:
        ours = [row for row in rows if row["baseline"] == baseline]
        costs = [row["evaluations"] for row in ours]
        ratios = [row["stated"] / row["true"] for row in ours if "true" in row]
        found.append(
            [
                baseline,
                str(len(ours)),
                f"{np.median(costs):g} / {np.quantile(costs, 0.9):.0f} / {np.mean(costs):.1f}",
                f"{min(costs)} – {max(costs)}",
                str(sum(row["stated"] <= TOLERANCE for row in ours)),
                f"{sum(one >= 1 for one in ratios)} of {len(ratios)}",
                f"{np.median(ratios):.1f} / {min(ratios):.1f}",
            ]
        )
    return found
