"""Small run folders made by hand, as a training leaves them, without any framework."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from innerview.allcnn import CLASS_NAMES, initial_weights
from innerview.runs import Manifest, RunFolder

SIZE = 8


def made_run(
    folder: Path,
    steps: tuple[int, ...] = (0, 1, 3, 10),
    *,
    model: str = "allcnn",
    seed: int = 0,
    planned: int = 10,
    average: bool = False,
    declared: dict[str, Any] | None = None,
    classes: tuple[str, ...] = (),
    **metrics: Any,
) -> RunFolder:
    """Write a run of a model of four channels whose weights grow from checkpoint to checkpoint.

    Every step is logged; the metrics can be replaced by functions of the step.
    """
    manifest = Manifest(
        model={"name": model, "channels": 4, "classes": 10},
        configuration={"steps": planned, "batch_size": 5, "seed": seed, **(declared or {})},
        data={
            "source": "made up",
            "sha256": "0" * 64,
            "train": 50,
            "test": 20,
            "shape": [SIZE, SIZE, 3],
            "classes": classes,
        },
        versions={"python": "3.11"},
        notes=("a note",),
    )
    run = RunFolder.create(folder, manifest)
    weights = initial_weights(seed, channels=4)
    known = {
        "loss": lambda step: 2.0 / step,
        "accuracy": lambda step: 0.1 + 0.05 * step,
        "learning_rate": lambda step: 1 - step / 20,
        "gradient_norm": lambda step: 3.0 / step,
        "size": lambda step: 4 if step < 5 else SIZE,
        **metrics,
    }
    last = max(steps)
    for step in range(1, last + 1):
        record = {name: value(step) for name, value in known.items()}
        run.log({"step": step, "epoch": step / 10, **record, "seconds": 60.0 * step})
        if step % 4 == 0:
            run.log({"step": step, "test_loss": 1.0, "test_accuracy": 0.04 * step, "test_images": 20})
    for step in steps:
        grown = {name: value * np.float32(1 + 0.2 * step) for name, value in weights.items()}
        run.checkpoint(step, grown, metadata())
        if average and step == last:
            run.checkpoint(step, {name: -value for name, value in grown.items()}, metadata(), "ema")
    return run


def metadata() -> dict[str, str]:
    """What a checkpoint says beside the weights."""
    return {"temperature": "0.2", "mean": "0,0,0", "std": "1,1,1", "classes": ",".join(CLASS_NAMES), "epoch": "1"}


def made_folders(folder: Path, names: tuple[str, ...] = ("cat", "dog"), count: int = 3, part: str = "test") -> Path:
    """Write class folders of random images."""
    random = np.random.default_rng(5)
    for name in names:
        (folder / part / name).mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / part / name / f"{number}.png")
    return folder
