"""Turn a finished run into what the package carries of it: a run folder made small, and the model card's figures.

    python benchmarks/training/bundle.py RUN --data PATH --out FOLDER
    python benchmarks/training/bundle.py --extend FOLDER/NAME --data PATH

Writes FOLDER/NAME, NAME being the recipe's, with figures.json in it, of which `scripts/docs.py` makes the model card.
Of the checkpoints the first and the last are kept, in float16 if that changes hardly an answer; of about fifteen in
between, the histograms and what the model said of three sample photos then, with maps and the liveliest channels of
three layers; of the log, every twentieth step and every test; of all test images, the answers (class and probability,
no images).

`--extend` adds to a folder that was made before, and whose run is gone, what its own checkpoints still give: the
answers, and the layers at the steps whose weights are there.
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
from examine import examined, model_of
from safetensors.numpy import save

from innerview.adapters.numpy.model import NumpyModel
from innerview.data.cifar10 import load
from innerview.data.fitting import preprocess
from innerview.data.labelled import Dataset
from innerview.data.samples import example_image
from innerview.files import atomic
from innerview.methods import integrated_gradients, predict
from innerview.model import InputSpec, find_layer
from innerview.pictures.timeline import liveliest
from innerview.pictures.words import layer_title
from innerview.runs import RunFolder, answers, observations
from innerview.runs.observations import Shots
from innerview.session.evenly import evenly
from innerview.session.training.models import LAYERS
from innerview.targets import Logit
from innerview.types import Image, Images
from innerview.viewer.payloads.layers import strongest
from innerview.viewer.payloads.timeline import CHANNELS

INVISIBLE = 1e-3
"""The fraction of test images whose answer float16 may change."""

THINNED = 20
"""Steps between two lines of the log that are kept."""

MOST = 16
"""Checkpoints of which histograms and timelines are kept."""

PROBES = ("cat", "moose", "rocket")

MOST_CHANNELS = 12
"""Of a layer and an image: those that the timeline's strip and the viewer choose, and the next liveliest ones."""

EVALUATIONS = 32
"""Of each map of a timeline; the gap that is left is kept beside it."""


def chosen_steps(run: RunFolder) -> list[int]:
    """The first steps, which lie close together, and the others evenly, with the last."""
    steps = [step for step in run.steps() if step not in {1, 3, 30}]
    early = [step for step in steps if step < run.steps()[-1] / 20]
    return [*early, *evenly(steps[len(early) :], MOST - len(early))]


def write_weights(run: RunFolder, step: int, folder: Path, *, half: bool) -> None:
    """Write a checkpoint again, in float16 if asked."""
    checkpoint = run.read(step)
    precision = np.float16 if half else np.float32
    weights = {name: np.ascontiguousarray(values.astype(precision)) for name, values in checkpoint.weights.items()}
    atomic.write(folder / "checkpoints" / f"step-{step:06d}.safetensors", save(weights, checkpoint.metadata))


def kept_channels(model: NumpyModel, batch: Images) -> dict[str, list[list[int]]]:
    """By layer, for each image the channels to keep, rising: those that are looked at when training has ended."""
    names = [find_layer(model.layers, number).name for number in LAYERS]
    found = model.forward(batch, names).activations
    return {name: [chosen(values) for values in found[name]] for name in names}


def chosen(values: np.ndarray) -> list[int]:
    """Channels of height × width × channel."""
    wanted = [*strongest(values, CHANNELS), *liveliest(values)]
    order = np.argsort(-values.astype(np.float64).std(axis=(0, 1)), kind="stable").tolist()
    return sorted(list(dict.fromkeys([*wanted, *order]))[:MOST_CHANNELS])


def write_layers(
    small: RunFolder, step: int, model: NumpyModel, batch: Images, kept: dict[str, list[list[int]]]
) -> None:
    """Keep some channels of what three layers give for the probe photos at a step."""
    found = model.forward(batch, list(kept)).activations
    seen = {
        layer_title(name, model.layers): Shots(
            np.stack([found[name][place][:, :, channels] for place, channels in enumerate(rows)]),
            np.array(rows),
            found[name].shape[3],
        )
        for name, rows in kept.items()
    }
    observations.keep_layers(small, step, seen)


def write_films(run: RunFolder, small: RunFolder, images: dict[str, Image], classes: tuple[str, ...]) -> None:
    """Keep what the model said of the probe photos over time, the maps of what it says in the end, and layers."""
    batch = np.stack(list(images.values()))
    last = model_of(run.read(run.steps()[-1]), classes)
    told = [one.index for one in predict(last, batch)]
    kept = kept_channels(last, batch)
    small.observe("pictures", 0, {"pictures": batch})
    for step in small.counted():
        model = model_of(run.read(step), classes)
        said = predict(model, batch)
        maps = [
            integrated_gradients(model, image, Logit(target), baseline=np.zeros_like(image), n_steps=EVALUATIONS)
            for image, target in zip(images.values(), told, strict=True)
        ]
        seen = observations.Probes(
            outputs=np.stack([one.logits for one in said]).astype(np.float32),
            probabilities=np.stack([one.probabilities for one in said]).astype(np.float64),
            maps=np.stack([one.heatmap for one in maps]).astype(np.float32),
            classes=np.asarray(told, dtype=np.int64),
            gaps=np.asarray([one.convergence_delta for one in maps], dtype=np.float64),
        )
        observations.keep_probes(small, step, seen)
        write_layers(small, step, model, batch, kept)
        print(f"step {step}: {', '.join(classes[one.index] for one in said)}", file=sys.stderr, flush=True)


def write_small(run: RunFolder, folder: Path, classes: tuple[str, ...], *, half: bool) -> None:
    """Write the run folder that is carried."""
    shutil.rmtree(folder, ignore_errors=True)
    images = {name: preprocess(example_image(name), InputSpec(32, 32)).pixels for name in PROBES}
    manifest = run.manifest
    declared = {
        "input": {"height": 32, "width": 32},
        "output": {"class_names": list(classes)},
        "probes": {str(place): name for place, name in enumerate(PROBES)},
    }
    notes = (*manifest.notes, "Made small: every twentieth step of the log, and two checkpoints, are kept.")
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


def extend(small: RunFolder, data: Dataset) -> None:
    """Add to a carried folder what its two checkpoints give."""
    found = examined(small, "step", data.test, data.classes)
    answers.keep(small, found.full)
    batch, _ = observations.images(small)
    kept = kept_channels(model_of(small.read(small.steps()[-1]), data.classes), batch)
    for step in small.steps():
        write_layers(small, step, model_of(small.read(step), data.classes), batch, kept)
    known = json.loads((small.path / "figures.json").read_text(encoding="utf-8"))
    changed = int(np.abs(np.array(known["confusion"]) - np.array(found.told["confusion"])).sum())
    print(f"{found.told['accuracy']} % of {found.told['pictures']}; the card's confusion matrix differs by {changed}")


def figures(run: RunFolder, told: dict[str, Any]) -> dict[str, Any]:
    """What the model card says in numbers, beside what the run folder knows."""
    sizes, speeds = run.curve("size")[1], run.curve("images_per_second")[1]
    manifest = run.manifest
    full = manifest.data["shape"][0]
    epochs = manifest.configuration["batch_size"] * float(np.sum((sizes / full) ** 2)) / manifest.data["train"]
    return {
        **{key: value for key, value in told.items() if key != "series"},
        "compute_epochs": epochs,
        "minutes": run.curve("seconds")[1][-1] / 60,
        "images_per_second": float(np.median(speeds[sizes == full])),
        "ema_accuracy": next(iter(run.curve("ema_accuracy")[1][-1:]), None),
    }


def bundle(run: RunFolder, data: Dataset, out: Path) -> None:
    """Write the folder that is carried and print its figures."""
    found = examined(run, "step", data.test, data.classes)
    half = found.told["float16"]["answers_changed"] <= INVISIBLE * found.told["pictures"]
    folder = out / run.manifest.configuration["name"]
    out.mkdir(parents=True, exist_ok=True)
    write_small(run, folder, data.classes, half=half)
    answers.keep(RunFolder.open(folder), found.full)
    text = json.dumps(figures(run, found.told), indent=1) + "\n"
    atomic.write(folder / "figures.json", text.encode())
    sys.stdout.write(text)


def main() -> None:
    """Make a bundle, or extend one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--extend", type=Path, help="a folder that was bundled before")
    asked = parser.parse_args()
    if asked.extend is not None:
        extend(RunFolder.open(asked.extend), load(asked.data))
    elif asked.run is None or asked.out is None:
        parser.error("name a RUN and --out FOLDER, or --extend FOLDER")
    else:
        bundle(RunFolder.open(asked.run), load(asked.data), asked.out)


if __name__ == "__main__":
    main()
