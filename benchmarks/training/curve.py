"""Accuracy over compute: the recipe of the bundled model, from half an epoch to fourteen, three seeds each.

    python benchmarks/training/curve.py benchmarks/training/results/curve.jsonl --data PATH --runs FOLDER
        [--epochs 0.5 1 2 3 7 14] [--seeds 3]
    python benchmarks/training/curve.py benchmarks/training/results/curve.jsonl --render

Compute is counted in epochs of full-size images. A row is one training: epochs, seed, steps, accuracy on all test
images, minutes in the steps, processor. What has a row is not trained again, and a training that was ended is taken up
from FOLDER; the cheap ones come first, all seeds of one before the next.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

from ablate import accuracy, at_compute, finished

from innerview.data.cifar10 import load
from innerview.data.labelled import Dataset
from innerview.training import ALLCNN, train

EPOCHS = (0.5, 1.0, 2.0, 3.0, 7.0, 14.0)


def trained(data: Dataset, epochs: float, seed: int, folder: Path) -> dict[str, Any]:
    """Train, or take the training up, and describe it."""
    configuration = replace(at_compute(ALLCNN, data, epochs), seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    if finished(folder) is None:
        train(configuration, data, folder, resume=(folder / "manifest.json").exists())
    run = finished(folder)
    assert run is not None  # it was trained to its end
    return {
        "epochs": epochs,
        "seed": seed,
        "steps": configuration.steps,
        "accuracy": round(accuracy(run), 2),
        "minutes": round(float(run.curve("seconds")[1][-1]) / 60, 1),
        "processor": processor(),
        "precision": configuration.precision,
    }


def processor() -> str:
    """Its name, and the widest instructions that matter here."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    told = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    kinds = [kind for kind in ("amx_bf16", "avx512_bf16", "avx512f", "avx2") if kind in told.get("flags", "").split()]
    return f"{told.get('model name', platform.machine())}, {kinds[0] if kinds else 'no vectors known'}"


def render(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    print("| compute, epochs | steps | accuracy by seed, % | mean | range | minutes |\n|---|---|---|---|---|---|")
    for epochs in sorted({row["epochs"] for row in rows}):
        some = sorted((row for row in rows if row["epochs"] == epochs), key=lambda row: row["seed"])
        values = [row["accuracy"] for row in some]
        minutes = [row["minutes"] for row in some if row["minutes"] is not None]  # None: it was stopped on the way
        listed, spread = ", ".join(f"{value:.2f}" for value in values), max(values) - min(values)
        spent = " to ".join(dict.fromkeys(f"{bound(minutes):.1f}" for bound in (min, max))) if minutes else "–"
        print(
            f"| {epochs:g} | {some[0]['steps']:,} | {listed} | {statistics.mean(values):.2f} | {spread:.2f} | {spent} |"
        )


def main() -> None:
    """Train what is missing, or print what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--epochs", type=float, nargs="*", default=EPOCHS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--render", action="store_true")
    asked = parser.parse_args()
    lines = asked.file.read_text(encoding="utf-8").splitlines() if asked.file.exists() else []
    rows = [json.loads(line) for line in lines]
    if asked.render:
        render(rows)
        return
    if asked.data is None or asked.runs is None:
        raise SystemExit("training needs --data, CIFAR-10 as class folders, and --runs, a folder for the trainings")
    known = {(row["epochs"], row["seed"]) for row in rows}
    data = load(asked.data)
    for epochs in asked.epochs:
        for seed in range(asked.seeds):
            if (epochs, seed) not in known:
                row = trained(data, epochs, seed, asked.runs / f"{epochs:g}-epochs" / f"seed-{seed}")
                with asked.file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
