"""What a trained network gets right and wrong, class by class, and whether float16 weights can be told from float32.

    python benchmarks/training/examine.py RUN --data PATH [--json FILE]

Runs the last snapshot of a run folder with NumPy alone, so it also checks what PyTorch measured in training.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from innerview.adapters.numpy import NumpyNetwork
from innerview.allcnn import build
from innerview.data.cifar10 import load
from innerview.data.labelled import LabelledPictures
from innerview.network import OutputSpec
from innerview.runs import RunFolder, Snapshot

BATCH = 100


def network_of(snapshot: Snapshot, classes: tuple[str, ...], *, half: bool) -> NumpyNetwork:
    """The network of a snapshot, its weights rounded to float16 first if asked."""
    precision = np.float16 if half else np.float32
    weights = {name: values.astype(precision).astype(np.float32) for name, values in snapshot.weights.items()}
    return build(weights, output=OutputSpec(classes, temperature=float(snapshot.metadata["temperature"])))


def logits_of(network: NumpyNetwork, pictures: LabelledPictures) -> np.ndarray:
    """Picture × class."""
    starts = range(0, len(pictures.images), BATCH)
    parts = [pictures.images[start : start + BATCH].astype(np.float32) / 255 for start in starts]
    return np.concatenate([network.forward(part).logits for part in parts])


def examined(run: RunFolder, series: str, pictures: LabelledPictures, classes: tuple[str, ...]) -> dict[str, Any]:
    """Accuracy in per cent in all and by class, the confusion matrix (truth × answer), and what float16 changes."""
    snapshot = run.read(run.steps()[-1], series)
    logits, halved = (logits_of(network_of(snapshot, classes, half=half), pictures) for half in (False, True))
    answers = logits.argmax(1)
    confusion = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(confusion, (pictures.labels, answers), 1)
    own = np.diag(confusion)
    return {
        "series": series,
        "step": snapshot.step,
        "pictures": len(answers),
        "accuracy": round(100 * float(own.sum() / confusion.sum()), 3),
        "accuracy_by_class": dict(zip(classes, np.round(100 * own / confusion.sum(1), 2).tolist(), strict=True)),
        "confusion": confusion.tolist(),
        "float16": {
            "accuracy": round(100 * float((halved.argmax(1) == pictures.labels).mean()), 3),
            "largest_logit_change": float(np.abs(halved - logits).max()),
            "answers_changed": int((halved.argmax(1) != answers).sum()),
        },
    }


def main() -> None:
    """Examine the weights and their running mean, if it was kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    run, data = RunFolder.open(asked.run), load(asked.data)
    series = ["step", "average"] if any((run.path / "snapshots").glob("average-*")) else ["step"]
    found = json.dumps([examined(run, name, data.test, data.classes) for name in series], indent=1)
    if asked.json:
        asked.json.write_text(found + "\n", encoding="utf-8")
    sys.stdout.write(found + "\n")


if __name__ == "__main__":
    main()
