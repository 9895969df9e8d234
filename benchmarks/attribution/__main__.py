"""Integrated gradients to a tolerance beside Captum, PAIR's saliency and the recipe's 3000 steps.

    python benchmarks/attribution RESULTS --case allcnn --data FOLDER                      # measure
    python benchmarks/attribution RESULTS --case tutorial2018 --data FOLDER
    python benchmarks/attribution RESULTS --case lite --piece cost=6 coverage=6
    python benchmarks/attribution RESULTS --render                       # write docs/evidence/attribution.md

RESULTS is a folder of JSON lines, one for each picture: whatever is there already is not measured again, so a run may
be ended and taken up, and pieces may be measured one by one. Without --piece all pieces of the case are.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pieces
import torch
from cases import Case, case_of
from report import render
from store import Store


def plan(case: Case, store: Store, passed: list[str]) -> dict[str, tuple[int, Callable[[int], None]]]:
    """How many pictures each piece takes if nothing is said, and the piece."""
    sizes = case.sizes
    everything: dict[str, tuple[int, Callable[[int], None]]] = {
        "coverage": (sizes.coverage, lambda count: pieces.coverage(case, store, count)),
        "cost": (sizes.cost, lambda count: pieces.cost(case, store, count)),
        "rules": (sizes.rules, lambda count: pieces.rules(case, store, count)),
        "speed": (pieces.REPEATS, lambda count: pieces.speed(case, store, count)),
        "memory": (1, lambda _: pieces.memory(case, store, passed)),
        "steps": (sizes.steps, lambda count: pieces.steps(case, store, count)),
    }
    if case.name == "allcnn":
        everything["targets"] = (60, lambda count: pieces.targets(case, store, count))
        everything["convergence"] = (5, lambda count: pieces.convergence(case, store, count))
    return everything


def main() -> None:
    """Measure what was asked for, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--case", choices=[("allcnn", "tutorial2018"), "twin", "lite"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--piece", nargs="*", default=[], help="NAME or NAME=PICTURES")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--render", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.case:
        case = case_of(options.case, options.data, options.weights)
        store = Store(options.results, case.name, case.model.fingerprint)
        passed = [
            text
            for flag, value in (("--data", options.data), ("--weights", options.weights))
            if value
            for text in (flag, str(value))
        ]
        known = plan(case, store, passed)
        for asked in options.piece or list(known):
            name, _, count = asked.partition("=")
            if name not in known:
                raise SystemExit(f"there is no piece {name!r} of {case.name}; there are {', '.join(known)}")
            known[name][1](int(count) if count else known[name][0])
    if options.render:
        render(options.results)


if __name__ == "__main__":
    main()
