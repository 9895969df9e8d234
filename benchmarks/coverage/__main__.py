"""Does the stated error hold? An adversary's list of models with exact maps, family by family.

    python benchmarks/coverage ROWS [--networks 300] [--first-seed 20000] [--tolerances 0.01 0.05] [--family WORDS]
    python benchmarks/coverage ROWS --render

Rules and estimates were chosen on seeds below 10000; the published table is of 20000 to 20299. One row for each map is
added to the file ROWS (JSON lines) as it is found; rows that are there are not worked out again. The table (Markdown)
is made of all rows of the file. For each family: how many maps converged, were refused (the gradients do not account
for the score) or ended with the budget; among the converged, how many are further off than stated, with the exact 95 %
interval of their share (Clopper and Pearson); evaluations, and how many times the true error the stated one is
(medians). Below it: maps beyond the tolerance, below their own gap, and zero maps of a changed score.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path as File

import numpy as np
from families import FAMILIES, Path, made
from scipy.stats import beta

from innerview.quadrature import Measure, Problem, integrate

BUDGET = 513
ROUNDING = 1e-6


@dataclass(frozen=True)
class Found:
    """One map: of which model, how it ended, what it stated and what is true."""

    family: str
    seed: int
    tolerance: float
    ending: str
    stated: float
    true: float
    gap: float
    blank: bool
    evaluations: int

    @property
    def low(self) -> bool:
        """Whether it converged and is further off than stated."""
        return self.ending == "converged" and self.true > self.stated + ROUNDING


def found(family: str, seed: int, path: Path, tolerance: float) -> Found:
    """Integrate one path to a tolerance, as integrated gradients do."""

    def known(alpha: float) -> np.ndarray:
        return path.score(np.array([alpha]))[:1]

    change = float((known(1.0) - known(0.0))[0])

    def gap(value: np.ndarray) -> float:
        size, missed = float(np.abs(value).sum()), abs(float(value.sum()) - change)
        return missed / size if size > 0 else float("inf") if missed > 0 else 0.0

    measures = (Measure("map", lambda value: value),)
    integral = integrate(
        Problem(measures, tolerance, BUDGET, gap, known), lambda alpha: path.integrand(np.array([alpha]))[0]
    )
    size = float(np.abs(integral.value).sum())
    ending = "converged" if integral.converged else "refused" if integral.stalled else "budget"
    ending = "refused" if not size > 0 else ending
    wrong = float(np.abs(integral.value - path.exact).sum())
    true = wrong / size if size > 0 else float("inf")
    missed = gap(integral.value)
    stated = max(integral.errors[0], missed)
    return Found(family, seed, tolerance, ending, stated, true, missed, not size > 0, integral.evaluations)


def interval(low: int, of: int) -> tuple[float, float]:
    """The exact 95 % interval of a share, in percent."""
    least = beta.ppf(0.025, low, of - low + 1) if low else 0.0
    most = beta.ppf(0.975, low + 1, of - low) if low < of else 1.0
    return 100 * float(least), 100 * float(most)


def cells(maps: list[Found]) -> tuple[str, ...]:
    """How maps of one tolerance ended, how many state too little, the interval of their share, and what they cost."""
    ends = Counter(one.ending for one in maps)
    good = [one for one in maps if one.ending == "converged"]
    low = [one for one in good if one.low]
    worst = max((one.true / one.stated for one in low), default=0.0)
    ratios = [one.stated / one.true for one in good if one.true > ROUNDING]
    return (
        " / ".join(str(ends[name]) for name in ("converged", "refused", "budget")),
        f"{len(low)}{f' (× {worst:.2g})' if low else ''}",
        "{:.1f} to {:.1f} %".format(*interval(len(low), len(good))) if good else "–",
        f"{np.median([one.evaluations for one in good]):.0f}" if good else "–",
        f"{np.median(ratios):.1f}" if ratios else "–",
    )


def table(maps: list[Found]) -> str:
    """All families that there are rows of, and all together."""
    tolerances = sorted({one.tolerance for one in maps})
    heads = ["converged / refused / budget", "stated too small", "interval", "evaluations", "stated / true"]
    named = [f"{100 * tolerance:g} %: {heads[0]}" for tolerance in tolerances]
    lines = [
        " | ".join(["| family", "networks", *(name for one in named for name in [one, *heads[1:]])]) + " |",
        "| --- " * (2 + len(heads) * len(tolerances)) + "|",
    ]
    for family in (*FAMILIES, "all"):
        own = [one for one in maps if family in (one.family, "all")]
        parts = [cells([one for one in own if one.tolerance == tolerance]) for tolerance in tolerances]
        count = len({(one.family, one.seed) for one in own})
        lines += [f"| {' | '.join([family, str(count), *(cell for part in parts for cell in part)])} |"] if own else []
    good = [one for one in maps if one.ending == "converged"]
    beyond = sum(one.true > one.tolerance + ROUNDING for one in good)
    gaps, blank = sum(one.stated < one.gap for one in good), sum(one.blank for one in good)
    lines.append(
        f"\nOf {len(good)} converged maps {beyond} are beyond the tolerance, {gaps} state less than their own gap, "
        f"{blank} are zero maps of a changed score. × is the largest true error over the stated one."
    )
    return "\n".join(lines)


def read(rows: File) -> list[Found]:
    """The rows of a file; none if there is no such file."""
    return [Found(**json.loads(line)) for line in rows.read_text().splitlines()] if rows.exists() else []


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=File)
    parser.add_argument("--networks", type=int, default=300)
    parser.add_argument("--tolerances", type=float, nargs="*", default=[0.01, 0.05])
    parser.add_argument("--family", default="")
    parser.add_argument("--first-seed", type=int, default=20_000)
    parser.add_argument("--render", action="store_true")
    options = parser.parse_args()
    maps = read(options.rows)
    known = {(one.family, one.seed, one.tolerance) for one in maps}
    for family in [] if options.render else [family for family in FAMILIES if options.family in family]:
        for seed in range(options.first_seed, options.first_seed + options.models):
            wanted = [one for one in options.tolerances if (family, seed, one) not in known]
            path = made(family, seed) if wanted else None
            for tolerance in wanted:
                maps.append(found(family, seed, path, tolerance))
                with options.rows.open("a") as file:
                    file.write(json.dumps(asdict(maps[-1])) + "\n")
    print(table(maps))


if __name__ == "__main__":
    main()
