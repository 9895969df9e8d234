"""Turn a finished run into what the package carries of it: weights before and after, the log, histograms, figures.

    python benchmarks/training/bundle.py RUN --data PATH --out FOLDER [--series average]

Writes NAME.safetensors, NAME-before.safetensors, NAME-metrics.csv, NAME-histograms.npz and NAME-figures.md,
NAME being the recipe's. Weights are stored in float16 if that changes hardly an answer, else in float32.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from examine import examined, network_of

from innerview.allcnn import write
from innerview.data.cifar10 import load
from innerview.runs import RunFolder, atomic

COARSER = 8
"""Shared bins to one of the bundle's: 2^-5 wide, 512 of them."""

INVISIBLE = 1e-3
"""The fraction of test pictures whose answer float16 may change."""


def write_weights(run: RunFolder, step: int, series: str, path: Path, *, half: bool) -> None:
    """A snapshot as a weight file of the built-in network."""
    snapshot = run.read(step, series)
    classes = tuple(snapshot.metadata["classes"].split(","))
    notes = {"classes": ",".join(classes), "layout": "OIHW", "step": str(step), "series": series}
    notes["code"] = str(run.manifest.code.get("sha256", ""))
    notes["data"] = str(run.manifest.data["source"])
    write(path, network_of(snapshot, classes, half=False), notes=notes, half=half)


def write_histograms(run: RunFolder, path: Path) -> None:
    """Arrays "steps", "edges", "layers" and "counts" (snapshot × layer × bin) in one .npz file."""
    layers = [f"conv{number}.weight" for number in range(1, 10)]
    histories = [run.history(layer, COARSER) for layer in layers]
    counts = np.stack([history.counts for history in histories], axis=1)
    np.savez_compressed(
        path,
        steps=histories[0].steps,
        edges=histories[0].edges,
        layers=np.array(layers),
        counts=counts.astype(np.uint32),
    )


def figures(run: RunFolder, found: list[dict[str, Any]], series: str) -> str:
    """What the model card says in numbers, in Markdown."""
    told = next(one for one in found if one["series"] == series)
    names, half, manifest = list(told["accuracy_by_class"]), told["float16"], run.manifest
    configuration = manifest.configuration
    full = manifest.data["shape"][0]
    sizes, speeds = run.curve("size")[1], run.curve("images_per_second")[1]
    epochs = configuration["batch"] * float(np.sum((sizes / full) ** 2)) / manifest.data["train"]
    words = {"step": "the weights after the last step", "average": "the running mean of the weights"}
    return "\n".join(
        [
            f"# {configuration['name']}: figures",
            "",
            f"Accuracy on {told['pictures']:,} test pictures, no test-time augmentation, one seed:",
            *(f"{words[one['series']]} {one['accuracy']:.2f} %;" for one in found),
            f"bundled: {words[series]}.",
            "",
            f"| truth | right, % | called {' | '.join(names)} |",
            "|---" * (len(names) + 2) + "|",
            *(
                f"| {name} | {told['accuracy_by_class'][name]:.1f} | {' | '.join(map(str, row))} |"
                for name, row in zip(names, told["confusion"], strict=True)
            ),
            "",
            "| | |",
            "|---|---|",
            f"| steps | {len(sizes):,} of {configuration['batch']} pictures |",
            f"| compute | that of {epochs:.2f} epochs of {full} × {full} pictures |",
            f"| time in the steps | {run.curve('seconds')[1][-1] / 60:.0f} minutes on a shared machine |",
            f"| speed | {np.median(speeds[sizes == full]):.0f} images/s at {full} × {full}, the median |",
            f"| computed in | {configuration['precision']}, {configuration['threads']} thread(s) |",
            f"| float16 | {half['answers_changed']} answers change, logits by {half['largest_logit_change']:.0e} |",
            f"| float16 accuracy | {half['accuracy']:.2f} % |",
            f"| seed | {configuration['seed']} |",
            f"| data | {manifest.data['source']}; SHA-256 {manifest.data['sha256']} |",
            f"| code | SHA-256 {manifest.code['sha256']} |",
            f"| versions | {', '.join(f'{name} {number}' for name, number in manifest.versions.items())} |",
            *(f"| note | {note} |" for note in manifest.notes),
            "",
        ]
    )


def main() -> None:
    """Write the bundle and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--series", choices=["step", "average"], default="step")
    asked = parser.parse_args()
    run, data, out = RunFolder.open(asked.run), load(asked.data), asked.out
    out.mkdir(parents=True, exist_ok=True)
    kept = ["step", *(["average"] if any((run.path / "snapshots").glob("average-*")) else [])]
    found = [examined(run, series, data.test, data.classes) for series in kept]
    chosen = next(one for one in found if one["series"] == asked.series)
    half = chosen["float16"]["answers_changed"] <= INVISIBLE * chosen["pictures"]
    name = run.manifest.configuration["name"]
    write_weights(run, run.steps()[-1], asked.series, out / f"{name}.safetensors", half=half)
    write_weights(run, 0, "step", out / f"{name}-before.safetensors", half=half)
    write_histograms(run, out / f"{name}-histograms.npz")
    atomic.write(out / f"{name}-metrics.csv", run.table().encode())
    text = figures(run, found, asked.series)
    atomic.write(out / f"{name}-figures.md", text.encode())
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
