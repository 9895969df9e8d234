"""Does the stated error hold? An adversary's list of networks with exact maps, family by family.

    python benchmarks/coverage [--networks 100] [--first-seed 10000] [--tolerances 0.01 0.05] [--family WORDS]

Seeds below 10000 are those that rules and estimates were chosen on. For each family: how many maps converged, were
refused (the gradients do not account for the score) or ended with the budget; among the converged, how many are
further off than stated (with the exact 95 % interval of their share, Clopper and Pearson) and beyond the tolerance,
how many state less than their own gap, how many zero maps of a changed score; evaluations (median), and how many times
the true error the stated one is (median). Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass

import numpy as np
from families import FAMILIES, Path, made
from scipy.stats import beta

from innerview.quadrature import Measure, Problem, integrate

BUDGET = 513
ROUNDING = 1e-6


@dataclass(frozen=True)
class Found:
    """One map: how it ended, what it stated and what is true."""

    ending: str
    stated: float
    true: float
    gap: float
    blank: bool
    evaluations: int


def found(path: Path, tolerance: float) -> Found:
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
    return Found(ending, max(integral.errors[0], missed), true, missed, not size > 0, integral.evaluations)


def interval(low: int, of: int) -> tuple[float, float]:
    """The exact 95 % interval of a share, in percent."""
    least = beta.ppf(0.025, low, of - low + 1) if low else 0.0
    most = beta.ppf(0.975, low + 1, of - low) if low < of else 1.0
    return 100 * float(least), 100 * float(most)


def row(family: str, tolerance: float, maps: list[Found]) -> str:
    """One row of the table."""
    ends = Counter(one.ending for one in maps)
    good = [one for one in maps if one.ending == "converged"]
    low = [one for one in good if one.true > one.stated + ROUNDING]
    beyond = sum(one.true > tolerance + ROUNDING for one in good)
    worst = max((one.true / one.stated for one in low), default=0.0)
    ratio = np.median([one.stated / max(one.true, 1e-12) for one in good]) if good else np.nan
    cells = (
        family,
        f"{100 * tolerance:g} %",
        *(str(ends[name]) for name in ("converged", "refused", "budget")),
        f"{len(low)}{f' (× {worst:.2g})' if low else ''}",
        "{:.1f} to {:.1f} %".format(*interval(len(low), len(good))) if good else "–",
        str(beyond),
        str(sum(one.stated < one.gap for one in good)),
        str(sum(one.blank for one in good)),
        f"{np.median([one.evaluations for one in good]):.0f}" if good else "–",
        f"{ratio:.1f}" if good else "–",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=100)
    parser.add_argument("--tolerances", type=float, nargs="*", default=[0.01, 0.05])
    parser.add_argument("--family", default="")
    parser.add_argument("--first-seed", type=int, default=10_000)
    options = parser.parse_args()
    print(
        "| family | tolerance | converged | refused | budget | stated too small | of 95 % | beyond the tolerance | "
        "below their gap | zero maps | evaluations | stated / true |"
    )
    print("| --- " * 12 + "|")
    for family in [family for family in FAMILIES if options.family in family]:
        seeds = range(options.first_seed, options.first_seed + options.networks)
        paths = [made(family, seed) for seed in seeds]
        for tolerance in options.tolerances:
            print(row(family, tolerance, [found(path, tolerance) for path in paths]), flush=True)


if __name__ == "__main__":
    main()
