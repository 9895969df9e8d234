"""What a trained model gets right and wrong, class by class, and whether float16 weights can be told from float32.

    python benchmarks/training/examine.py RUN --data PATH [--json FILE]

Runs the last checkpoint of a run folder in PyTorch, and a few images in NumPy too, which must say the same.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from innerview.adapters.numpy.model import NumpyModel
from innerview.allcnn import build
from innerview.data.cifar10 import load
from innerview.data.labelled import LabelledImages
from innerview.model import OutputSpec
from innerview.runs import Checkpoint, RunFolder
from innerview.runs.answers import Answers
from innerview.training.measure import answers_of, logits_of
from innerview.training.model import AllCnn

CHECKED = 50
"""Images that NumPy is shown as well."""

AGREEMENT = 1e-3
"""The most by which a logit may differ between the two."""


@dataclass(frozen=True)
class Examined:
    """What was found: `told` for people and cards, the answers of the weights as they are and in float16."""

    told: dict[str, Any]
    full: Answers
    half: Answers


def halved(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights as float16 keeps them, in float32."""
    return {name: values.astype(np.float16).astype(np.float32) for name, values in weights.items()}


def model_of(checkpoint: Checkpoint, classes: tuple[str, ...]) -> NumpyModel:
    """The model of a checkpoint in NumPy."""
    return build(checkpoint.weights, output=OutputSpec(classes, temperature=float(checkpoint.metadata["temperature"])))


def torch_logits(checkpoint: Checkpoint, images: LabelledImages, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Image × class: of the weights as they are, and as float16 keeps them."""
    mean, std = (tuple(float(part) for part in checkpoint.metadata[key].split(",")) for key in ("mean", "std"))
    model = AllCnn(len(checkpoint.weights["conv1.weight"]), classes, mean, std)
    full, half = (
        logits_of(model, {name: torch.from_numpy(values) for name, values in weights.items()}, images)
        for weights in (checkpoint.weights, halved(checkpoint.weights))
    )
    return full, half


def examined(run: RunFolder, series: str, images: LabelledImages, classes: tuple[str, ...]) -> Examined:
    """Accuracy in per cent in all and by class, the confusion matrix (truth × answer), and what float16 changes."""
    checkpoint = run.read(run.steps()[-1], series)
    temperature = float(checkpoint.metadata["temperature"])
    logits, half = torch_logits(checkpoint, images, len(classes))
    oracle = model_of(checkpoint, classes).forward(images.images[:CHECKED].astype(np.float32) / 255).outputs
    difference = float(np.abs(oracle - logits[:CHECKED].numpy()).max())
    if difference > AGREEMENT:
        raise SystemExit(f"PyTorch and NumPy differ by {difference} in a logit of the first {CHECKED} images")
    found, other = (answers_of(one, images, temperature, checkpoint.step) for one in (logits, half))
    confusion = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(confusion, (found.label, found.predicted), 1)
    own = np.diag(confusion)
    told = {
        "series": series,
        "step": checkpoint.step,
        "pictures": len(found.predicted),
        "accuracy": round(100 * found.accuracy, 3),
        "accuracy_by_class": dict(zip(classes, np.round(100 * own / confusion.sum(1), 2).tolist(), strict=True)),
        "confusion": confusion.tolist(),
        "float16": {
            "accuracy": round(100 * other.accuracy, 3),
            "largest_logit_change": float((half - logits).abs().max()),
            "answers_changed": int((other.predicted != found.predicted).sum()),
        },
    }
    return Examined(told, found, other)


def main() -> None:
    """Examine the weights and their running mean, if it was kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    run, data = RunFolder.open(asked.run), load(asked.data)
    series = ["step", "ema"] if any((run.path / "checkpoints").glob("ema-*")) else ["step"]
    found = json.dumps([examined(run, name, data.test, data.classes).told for name in series], indent=1)
    if asked.json:
        asked.json.write_text(found + "\n", encoding="utf-8")
    sys.stdout.write(found + "\n")


if __name__ == "__main__":
    main()
