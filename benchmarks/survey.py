"""What a survey finds: flipped labels, and what changes between engines and precisions of one model.

    innerview survey allcnn DATA --regions none -o ROWS && python benchmarks/survey.py labels ROWS
    python benchmarks/survey.py confirmed ROWS
    python benchmarks/survey.py diff DATA OUT [--images 200]

`labels` flips 200 labels to another class, drawn anew for each seed, and counts those among the first 200 and 400 by
each ranking. `confirmed` says where the 54 labels that people found wrong are in the list. `diff` surveys the built-in
model in NumPy, in PyTorch, and with weights rounded to few bits (one scale a weight array, or one an output channel),
and compares each with the first.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from engines import in_torch

from innerview import allcnn, survey
from innerview.adapters.numpy.model import NumpyModel
from innerview.types import Array
from innerview.workbench.survey.diff import diff_surveys
from innerview.workbench.survey.labels import NEIGHBOURS, neighbours_of
from innerview.workbench.survey.reading import read_survey

SEEDS, FLIPPED = 20, 200


def rankings(chances: Array, features: Array, labels: Array) -> dict[str, Array]:
    """Suspicion of each label, the largest first, by several rules."""
    rows = np.arange(len(labels))
    own, others = chances[rows, labels], chances.copy()
    others[rows, labels] = -1
    votes, _ = neighbours_of(features, labels, chances.shape[1], NEIGHBOURS)
    agreement = votes[rows, labels] / NEIGHBOURS
    return {
        "probability of the label": 1 - own,
        "the same less the highest other": others.max(axis=1) - own,
        "agreement of 20 neighbours": 1 - agreement,
        "mean of probability and agreement": 2 - own - agreement,
        "*random order*": np.random.default_rng(0).random(len(labels)),
    }


def flips(folder: Path) -> None:
    """Print how many flipped labels each ranking finds."""
    rows = read_survey(folder)
    chances, features = rows.columns["probabilities"], rows.columns["features"]
    count, classes = chances.shape
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(SEEDS):
        random = np.random.default_rng(seed)
        chosen = random.choice(count, FLIPPED, replace=False)
        labels = rows.labels.copy()
        labels[chosen] = (labels[chosen] + random.integers(1, classes, FLIPPED)) % classes
        flipped = np.isin(np.arange(count), chosen)
        for name, suspicion in rankings(chances, features, labels).items():
            order = np.argsort(-suspicion, kind="stable")
            first = flipped[order[:FLIPPED]].mean(), flipped[order[: 2 * FLIPPED]].sum() / FLIPPED
            found.setdefault(name, []).append((float(first[0]), float(first[1])))
    print(f"{count:,} images, accuracy {(rows.predicted == rows.labels).mean():.2%}, {SEEDS} draws")
    for name, shares in found.items():
        cells = [
            f"{100 * one.mean():.1f} % ({100 * one.min():.1f} to {100 * one.max():.1f})" for one in np.array(shares).T
        ]
        print(f"| {name} | {' | '.join(cells)} |")


def confirmed(folder: Path) -> None:
    """Print where the labels are that people found wrong."""
    rows = read_survey(folder)
    known = json.loads(Path(__file__).with_name("confirmed.json").read_text(encoding="utf-8"))["images"]
    place = {name.removesuffix(".jpg"): at for at, name in enumerate(rows.names)}
    wrong = np.array([place[name] for name in known])
    for name, suspicion in rankings(rows.columns["probabilities"], rows.columns["features"], rows.labels).items():
        rank = np.argsort(np.argsort(-suspicion, kind="stable"))[wrong]
        print(f"| {name} | {(rank < 100).sum()} | {(rank < 400).sum()} | {np.median(rank):.0f} |")


def rounded(model: NumpyModel, bits: int, *, by_channel: bool) -> NumpyModel:
    """The same weights on so many steps."""
    weights: dict[str, Array] = {}
    for name, value in model.weights().items():
        axes = tuple(range(1, value.ndim)) if by_channel else None
        step = np.abs(value).max(axis=axes, keepdims=True) / (2 ** (bits - 1) - 1)
        weights[name] = np.round(value / step) * step
    return NumpyModel(model.input, model.output, model.operations, weights)


def changes(data: Path, output: Path, images: int) -> None:
    """Print what changes from the model to its copies."""
    model = allcnn.load_pretrained()
    copies = {
        "PyTorch": in_torch(),
        "8 bits, by channel": rounded(model, 8, by_channel=True),
        "8 bits": rounded(model, 8, by_channel=False),
        "6 bits": rounded(model, 6, by_channel=False),
        "4 bits": rounded(model, 4, by_channel=False),
    }
    for regions, sample, kind in (((3, 3), images, "reasons"), (None, None, "answers")):
        for name, copy in {"NumPy": model, **copies}.items():
            if kind == "answers" and name == "PyTorch":
                continue
            folder = output / f"{kind} {name}"
            survey(copy, data, regions=regions, sample=sample, seed=1, output=folder, resume=folder.exists())
            found = diff_surveys(output / f"{kind} NumPy", folder)
            print(
                f"| {name} | {kind} | {found.n_images} | {found.flips} | {found.worse} | {found.better} | "
                f"{found.p:.2g} | {found.accuracy_after:.2%} | {found.reasons} of {found.n_compared} |",
                flush=True,
            )


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["labels", "confirmed", "diff"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path, nargs="?")
    parser.add_argument("--images", type=int, default=200)
    options = parser.parse_args()
    if options.what != "diff":
        (flips if options.what == "labels" else confirmed)(options.folder)
    else:
        if options.output is None:
            raise SystemExit("diff needs OUT, a folder for the surveys")
        changes(options.folder, options.output, options.images)


if __name__ == "__main__":
    main()
