"""Single patches taken away from a model that has seen such holes: do the sums of a map over patches say what it does?

    score = Spearman(sums of the map over 4 × 4 patches, log-odds without taking away − log-odds without the patch)

After IDSDS (Hesse, Schaub-Meyer, Roth 2024, arXiv 2407.11910): a black patch is unlike anything the built-in model was
trained on, so it is trained on a little, with random patches black, and the maps of *that* model are held against what
single patches do to it. Short: STEPS steps of BATCH images. What that changed is written down with the rows: accuracy
on whole images, with one patch black and with half of them, before and after.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from innerview import allcnn
from innerview.adapters.numpy.model import NumpyModel
from innerview.fills import make_fill
from innerview.methods import class_evidence, grad_cam, gradient_input, integrated_gradients, occlusion, segment_sums
from innerview.methods.agreement import spearman
from innerview.methods.controls import CONTROLS
from innerview.methods.paired import median_interval
from innerview.methods.partitions import partition
from innerview.methods.passes import batches, forward_logits
from innerview.targets import Contrast, LogOdds
from innerview.types import Array, Image, Map
from innerview.workbench.compare.rows import Rows

SIDE = 4
LABELS = partition(32, 32, (SIDE, SIDE))
STEPS, BATCH, RATE = 300, 32, 2e-4
CHECKED = 300
"""Images of which the accuracy is told."""


def black(images: Array, gone: Array) -> Array:
    """Images with the patches that are `gone` (batch × patch) black."""
    return np.where(gone[:, LABELS][..., None], np.float32(0), images)


def load(file: Path) -> Image:
    """An image of a file."""
    return np.asarray(Pillow.open(file).convert("RGB"), dtype=np.float32) / 255


def finetuned(known: NumpyModel, data: Path, seed: int) -> NumpyModel:
    """The model after a few steps with random patches black: of each image a fraction between none and half."""
    import torch

    from innerview.training.model import AllCnn

    torch.set_num_threads(1)
    weights = {name: torch.from_numpy(value.astype(np.float32)) for name, value in known.weights().items()}
    spec = known.input
    mean, std = (tuple(np.broadcast_to(np.asarray(one, np.float64), 3).tolist()) for one in (spec.mean, spec.std))
    model = AllCnn(weights["conv1.weight"].shape[0], 10, mean, std)
    model.take(weights)
    optimiser = torch.optim.Adam(model.parameters(), RATE)
    random = np.random.default_rng([seed, 1])
    folders = sorted(path for path in (data / "train").iterdir() if path.is_dir())
    files = [sorted(folder.iterdir()) for folder in folders]
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / STEPS)
        classes = random.integers(10, size=BATCH)
        images = np.stack([load(files[one][int(random.integers(len(files[one])))]) for one in classes.tolist()])
        flipped = random.random(BATCH) < 0.5
        images[flipped] = images[flipped, :, ::-1]
        gone = random.random((BATCH, SIDE * SIDE)) < random.uniform(0, 0.5, (BATCH, 1))
        inputs = torch.from_numpy(np.ascontiguousarray(black(images, gone).transpose(0, 3, 1, 2)))
        logits = model(inputs) / known.output.temperature
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(classes), label_smoothing=0.1)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        print(f"step {step + 1} of {STEPS}, loss {loss.item():.3f}", file=sys.stderr, flush=True)
    after = {name: value.detach().numpy() for name, value in model.named().items()}
    return NumpyModel(known.input, known.output, known.operations, after)


def accuracy(model: NumpyModel, images: Array, labels: Array, seed: int) -> list[float]:
    """On whole images, with one random patch black, and with half of them."""
    random, found = np.random.default_rng([seed, 2]), list[float]()
    order = random.random((len(images), SIDE * SIDE)).argsort(axis=1)
    for count in (0, 1, SIDE * SIDE // 2):
        shown = black(images, order < count)
        said = np.concatenate([forward_logits(model, shown[part]) for part in batches(len(shown), model.batch_size)])
        found.append(round(float((said.argmax(axis=1) == labels).mean()), 4))
    return found


def measure(
    images: Sequence[tuple[str, Callable[[], Image]]], data: Path, weights: Path, count: int, file: Path, seed: int
) -> None:
    """Train on, or read what was trained on before, and add the rows that are missing."""
    before = allcnn.load_pretrained()
    after = allcnn.read(weights) if weights.exists() else finetuned(before, data, seed)
    if not weights.exists():
        allcnn.write(weights, after, notes={"trained on": f"{STEPS} steps with random patches black"})
        after = allcnn.read(weights)  # as it will be read the next time
    tested = images[-CHECKED:]
    shown = np.stack([read() for _, read in tested])
    labels = np.array([before.output.class_names.index(name.partition("/")[0]) for name, _ in tested])
    about = {
        "what": "idsds", "model": after.fingerprint, "steps": STEPS, "batch": BATCH, "rate": RATE, "seed": seed,
        "accuracy": {"before": accuracy(before, shown, labels, seed), "after": accuracy(after, shown, labels, seed)},
    }  # fmt: skip
    rows = Rows(file, about)
    known = {row["name"] for row in rows.found}
    for number, (name, read) in enumerate(images[:count]):
        if name not in known:
            rows.add({"name": name, **scored(before, after, read(), np.random.default_rng([seed, number]))})


def drops(model: NumpyModel, image: Image, target: LogOdds) -> Array:
    """What the log-odds lose without each patch."""
    shown = black(np.repeat(image[None], SIDE * SIDE + 1, axis=0), np.eye(SIDE * SIDE + 1, SIDE * SIDE, dtype=bool))
    scores = target.score(forward_logits(model, shown)).astype(np.float64)
    return scores[-1] - scores[:-1]


def scored(before: NumpyModel, model: NumpyModel, image: Image, random: np.random.Generator) -> dict[str, Any]:
    """Every map's correlation with what single patches do to the model that was trained on."""
    target = LogOdds(int(forward_logits(model, image[None]).argmax()))
    exact = drops(model, image, target)
    nothing = np.zeros((1, *image.shape[:2]), bool)
    starts = {name: make_fill(name, image).paint(image, nothing)[0] for name in ("black", "mean", "blurred")}
    maps: dict[str, Map] = {
        f"integrated gradients from {name}": integrated_gradients(
            model, image, target, baseline=start, n_steps=16
        ).heatmap
        for name, start in starts.items()
    }
    maps["gradient × input"] = gradient_input(model, image, target, baseline=starts["black"]).heatmap
    maps["occlusion over blurred, window 4"] = occlusion(model, image, target, fill=starts["blurred"], window=4).heatmap
    maps["class evidence"] = class_evidence(model, image, Contrast(target.index)).heatmap
    maps["Grad-CAM"] = grad_cam(model, image, target).heatmap
    maps |= {name: draw(image, random) for name, draw in CONTROLS.items()}
    found = {name: spearman(segment_sums(values, LABELS), exact) for name, values in maps.items()}
    found["the same patches, before training on"] = spearman(drops(before, image, target), exact)
    return {"target": target.index, "found": {name: round(value, 6) for name, value in found.items()}}


def lines(rows: Iterable[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """The table, the highest median first."""
    found = [row["found"] for row in rows]
    listed = list[tuple[float, list[str]]]()
    for name in found[0]:
        values = np.array([row[name] for row in found], np.float64)
        middle, low, high = median_interval(values[np.isfinite(values)], np.random.default_rng(0))
        shown = f"{middle:.2f} ({low:.2f} to {high:.2f})".replace("-", "−")
        listed.append((middle, [f"*{name}*" if name in CONTROLS or "before" in name else name, shown]))
    head = f"Spearman with what single patches do, n = {len(found)}"
    return ["allcnn, trained on with black patches", head], [
        line for _, line in sorted(listed, key=lambda one: -one[0])
    ]


def sentence(about: dict[str, Any]) -> str:
    """What the training on changed."""
    whole, one, half = (
        f"{100 * old:.1f} to {100 * new:.1f} %" for old, new in zip(*about["accuracy"].values(), strict=True)
    )
    return (
        f"{about['steps']} steps of {about['batch']} images changed the accuracy on {CHECKED} test images from "
        f"{whole}, with one patch black from {one}, with half of them from {half}."
    )
