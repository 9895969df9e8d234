"""Does each part of the recipe pay? The recipe with one part changed at a time, all at the same compute.

    python benchmarks/training/ablate.py --data PATH --runs FOLDER --epochs 1 --seeds 2 [--channels 64] [--every 4]
        [--precision float32] [--only NAME …]

Compute is counted in epochs of full-size images: a variant that shows larger images takes fewer steps.
`--every 4` trains on every fourth image with the same compute, so that each is seen four times as often: what keeps a
model from learning images by heart can be judged in a short run. Every run is a run folder in FOLDER; finished ones
are not run again and unfinished ones are resumed, so the table can be made in pieces. It is written to FOLDER/table.md
after every run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from innerview.data.cifar10 import load
from innerview.data.labelled import Dataset
from innerview.runs import RunFolder
from innerview.training import ALLCNN, TUTORIAL2018, Configuration, Stage, train

WHOLE = (Stage(1.0, 0),)
SMALLER = (Stage(0.15, 16), Stage(0.4, 20), Stage(0.7, 24), Stage(1.0, 0))


def optimised(**changes: object) -> Callable[[Configuration, Dataset], Configuration]:
    """Change the optimisation."""
    return lambda base, _: replace(base, optimisation=replace(base.optimisation, **changes))


def started(**changes: object) -> Callable[[Configuration, Dataset], Configuration]:
    """Change the initialisation."""
    return lambda base, _: replace(base, initialisation=replace(base.initialisation, **changes))


def changed(**changes: object) -> Callable[[Configuration, Dataset], Configuration]:
    """Change the augmentation."""
    return lambda base, _: replace(base, augmentation=replace(base.augmentation, **changes))


def standardised(base: Configuration, data: Dataset) -> Configuration:
    """Take the mean out of the pixels and divide them by their deviation, channel by channel."""
    pixels = data.train.images.reshape(-1, 3) / 255
    mean, std = (tuple(round(float(x), 4) for x in values) for values in (pixels.mean(axis=0), pixels.std(axis=0)))
    return replace(base, mean=mean, std=std)


VARIANTS: dict[str, Callable[[Configuration, Dataset], Configuration]] = {
    "the recipe": lambda base, _: base,
    "the tutorial's": lambda base, _: replace(TUTORIAL2018, steps=base.steps, channels=base.channels),
    "AdamW for all layers": optimised(muon_lr=0.0),
    "first layer under AdamW": optimised(first=False),
    "weights free to grow": optimised(fix_weight_norm=False),
    "half the Muon rate": optimised(muon_lr=0.01),
    "twice the Muon rate": optimised(muon_lr=0.04),
    "twice the rate, from 16 pixels on": lambda base, _: replace(
        base, stages=SMALLER, optimisation=replace(base.optimisation, muon_lr=0.04)
    ),
    "a warm-up of 5 %": optimised(warmup=0.05),
    "rates kept to the end": optimised(lr_schedule="none"),
    "no label smoothing": optimised(label_smoothing=0.0),
    "temperature 0.2": optimised(temperature=0.2),
    "temperature 0.5": optimised(temperature=0.5),
    "temperature 2": optimised(temperature=2.0),
    "filters with a mean": started(mean_free=False),
    "no unit variance": started(lsuv=False),
    "whitening filters": started(whitening=True),
    "standardised pixels": standardised,
    "no progressive sizes": lambda base, _: replace(base, stages=WHOLE),
    "from 16 pixels on": lambda base, _: replace(base, stages=SMALLER),
    "random flips": changed(flip="random"),
    "no flips": changed(flip="none"),
    "no shifts": changed(shift=0),
    "shifts of 4": changed(shift=4),
    "float32": lambda base, _: replace(base, precision="float32"),
}


def at_compute(configuration: Configuration, data: Dataset, epochs: float) -> Configuration:
    """Give a configuration the steps that cost as much as `epochs` passes through full-size images."""
    full = data.train.images.shape[1]
    ends = [0.0, *(stage.until for stage in configuration.stages)]
    shares = np.diff(ends) * [((stage.size or full) / full) ** 2 for stage in configuration.stages]
    steps = round(epochs * len(data.train.images) / configuration.batch_size / float(shares.sum()))
    return replace(configuration, steps=steps, checkpoints=(), test_every=steps, state_every=max(1, steps // 4))


def thinned(data: Dataset, every: int) -> Dataset:
    """Keep one training image in `every`, all test images."""
    train = replace(data.train, images=data.train.images[::every], labels=data.train.labels[::every])
    return replace(data, train=train)


def finished(folder: Path) -> RunFolder | None:
    """The run in a folder if it ended."""
    if not (folder / "manifest.json").exists():
        return None
    run = RunFolder.open(folder)
    return run if run.curve("final_accuracy")[0].size else None


def accuracy(run: RunFolder) -> float:
    """In per cent of all test images."""
    return 100 * float(run.curve("final_accuracy")[1][-1])


def table(folder: Path, epochs: float) -> str:
    """Every variant's accuracy, and what it gains or loses to the recipe seed by seed."""
    lines = [
        f"Test accuracy (all test images) after the compute of {epochs:g} epochs, in per cent.",
        "",
        "| variant | accuracy by seed | mean | against the recipe, mean of pairs | minutes |",
        "|---|---|---|---|---|",
    ]
    base = {path.name: accuracy(run) for path, run in runs_of(folder, "the recipe")}
    for name in VARIANTS:
        found = dict(runs_of(folder, name))
        if not found:
            continue
        values = {path.name: accuracy(run) for path, run in found.items()}
        pairs = [value - base[seed] for seed, value in values.items() if seed in base]
        minutes = statistics.mean(run.curve("seconds")[1][-1] for run in found.values()) / 60
        difference = f"{statistics.mean(pairs):+.2f}" if pairs else ""
        listed = ", ".join(f"{value:.2f}" for value in values.values())
        lines.append(f"| {name} | {listed} | {statistics.mean(values.values()):.2f} | {difference} | {minutes:.1f} |")
    return "\n".join(lines) + "\n"


def runs_of(folder: Path, variant: str) -> list[tuple[Path, RunFolder]]:
    """The finished runs of a variant, by seed."""
    places = sorted((folder / variant.replace(" ", "-").replace("'", "")).glob("seed-*"))
    return [(place, run) for place in places if (run := finished(place)) is not None]


def main() -> None:
    """Run what is missing of the table and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--channels", type=int, default=ALLCNN.channels, help="of the hidden layers; 64 cost a third")
    parser.add_argument("--every", type=int, default=1, help="keep one training image in so many")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default=ALLCNN.precision)
    parser.add_argument("--only", nargs="*", choices=list(VARIANTS), default=list(VARIANTS))
    asked = parser.parse_args()
    data = load(asked.data)
    base = replace(at_compute(ALLCNN, data, asked.epochs), channels=asked.channels, precision=asked.precision)
    shown = thinned(data, asked.every)
    # seed by seed, so that an interrupted table compares every variant on the same seeds
    for seed in range(asked.seeds):
        for name in asked.only:
            place = asked.runs / name.replace(" ", "-").replace("'", "") / f"seed-{seed}"
            if finished(place) is None:
                configuration = replace(at_compute(VARIANTS[name](base, data), data, asked.epochs), seed=seed)
                place.mkdir(parents=True, exist_ok=True)
                train(configuration, shown, place, resume=(place / "manifest.json").exists())
            (asked.runs / "table.md").write_text(table(asked.runs, asked.epochs), encoding="utf-8")
    sys.stdout.write(table(asked.runs, asked.epochs))


if __name__ == "__main__":
    main()
