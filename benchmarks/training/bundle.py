"""Turn a finished run into what the package carries of it: a run folder made small, and the model card's figures.

    python benchmarks/training/bundle.py RUN --data PATH --out FOLDER

Writes FOLDER/NAME, NAME being the recipe's, with figures.json in it, of which `scripts/docs.py` makes the model card.
Of the snapshots the first and the last are kept, in float16 if that changes hardly an answer; of about fifteen in
between, the histograms and what the network said of three sample photos then, with maps; of the log, every twentieth
step and every test.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from examine import examined, network_of
from safetensors.numpy import save

from innerview.data.cifar10 import load
from innerview.data.fitting import fit
from innerview.data.samples import sample
from innerview.methods import integrated_gradients, predict
from innerview.network import InputSpec
from innerview.runs import RunFolder, atomic, observations
from innerview.targets import Logit
from innerview.types import Image
from innerview.workbench.run_reading import evenly

INVISIBLE = 1e-3
"""The fraction of test pictures whose answer float16 may change."""

THINNED = 20
"""Steps between two lines of the log that are kept."""

MOST = 16
"""Snapshots of which histograms and films are kept."""

PROBES = ("cat", "moose", "rocket")

EVALUATIONS = 32
"""Of each map of a film; the gap that is left is kept beside it."""


def chosen_steps(run: RunFolder) -> list[int]:
    """The first steps, which lie close together, and the others evenly, with the last."""
    steps = [step for step in run.steps() if step not in {1, 3, 30}]
    early = [step for step in steps if step < run.steps()[-1] / 20]
    return [*early, *evenly(steps[len(early) :], MOST - len(early))]


def write_weights(run: RunFolder, step: int, folder: Path, *, half: bool) -> None:
    """Write a snapshot again, in float16 if asked."""
    snapshot = run.read(step)
    precision = np.float16 if half else np.float32
    weights = {name: np.ascontiguousarray(values.astype(precision)) for name, values in snapshot.weights.items()}
    atomic.write(folder / "snapshots" / f"step-{step:06d}.safetensors", save(weights, snapshot.metadata))


def write_films(run: RunFolder, small: RunFolder, images: dict[str, Image], classes: tuple[str, ...]) -> None:
    """Keep what the network said of the probe photos over time, and the maps of what it says in the end."""
    last = network_of(run.read(run.steps()[-1]), classes, half=False)
    told = [one.index for one in predict(last, np.stack(list(images.values())))]
    small.observe("pictures", 0, {"pictures": np.stack(list(images.values()))})
    for step in small.counted():
        network = network_of(run.read(step), classes, half=False)
        said = predict(network, np.stack(list(images.values())))
        maps = [
            integrated_gradients(network, image, Logit(target), baseline=np.zeros_like(image), evaluations=EVALUATIONS)
            for image, target in zip(images.values(), told, strict=True)
        ]
        seen = observations.Probes(
            outputs=np.stack([one.logits for one in said]).astype(np.float32),
            probabilities=np.stack([one.probabilities for one in said]).astype(np.float64),
            maps=np.stack([one.map for one in maps]).astype(np.float32),
            classes=np.asarray(told, dtype=np.int64),
            gaps=np.asarray([one.gap for one in maps], dtype=np.float64),
        )
        observations.keep_probes(small, step, seen)
        print(f"step {step}: {', '.join(classes[one.index] for one in said)}", file=sys.stderr, flush=True)


def write_small(run: RunFolder, folder: Path, classes: tuple[str, ...], *, half: bool) -> None:
    """Write the run folder that is carried."""
    shutil.rmtree(folder, ignore_errors=True)
    images = {name: fit(sample(name), InputSpec(32, 32)).image for name in PROBES}
    manifest = run.manifest
    declared = {
        "input": {"height": 32, "width": 32},
        "output": {"class_names": list(classes)},
        "probes": {str(place): name for place, name in enumerate(PROBES)},
    }
    notes = (*manifest.notes, "Made small: every twentieth step of the log, and two snapshots, are kept.")
    small = RunFolder.create(
        folder, replace(manifest, configuration={**manifest.configuration, **declared}, notes=notes)
    )
    for step in (run.steps()[0], run.steps()[-1]):
        write_weights(run, step, folder, half=half)
    for step in chosen_steps(run):
        name = f"step-{step:06d}.npz"
        shutil.copy(run.path / "histograms" / name, folder / "histograms" / name)
    lines = [
        json.dumps(record) + "\n"
        for record in run.metrics()
        if record["step"] % THINNED == 0 or record["step"] == 1 or "final_loss" in record
    ]
    atomic.write(folder / "metrics.jsonl", "".join(lines).encode())
    write_films(run, small, images, classes)
    (folder / "lock").unlink(missing_ok=True)


def figures(run: RunFolder, told: dict[str, Any]) -> dict[str, Any]:
    """What the model card says in numbers, beside what the run folder knows."""
    sizes, speeds = run.curve("size")[1], run.curve("images_per_second")[1]
    manifest = run.manifest
    full = manifest.data["shape"][0]
    return {
        **{key: value for key, value in told.items() if key != "series"},
        "compute_epochs": manifest.configuration["batch"] * float(np.sum((sizes / full) ** 2)) / manifest.data["train"],
        "minutes": run.curve("seconds")[1][-1] / 60,
        "images_per_second": float(np.median(speeds[sizes == full])),
        "average_accuracy": next(iter(run.curve("average_accuracy")[1][-1:]), None),
    }


def main() -> None:
    """Write the bundle and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    run, data = RunFolder.open(asked.run), load(asked.data)
    told = examined(run, "step", data.test, data.classes)
    half = told["float16"]["answers_changed"] <= INVISIBLE * told["pictures"]
    name = run.manifest.configuration["name"]
    asked.out.mkdir(parents=True, exist_ok=True)
    write_small(run, asked.out / name, data.classes, half=half)
    text = json.dumps(figures(run, told), indent=1) + "\n"
    atomic.write(asked.out / name / "figures.json", text.encode())
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
