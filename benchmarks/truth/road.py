"""ROAD's row: the accuracy that is left when a map's highest pixels are taken away and imputed, beside the published.

    most relevant first, 10 / 50 / 90 % of the pixels, noisy linear imputation, no training anew

Rong and others 2022, arXiv 2202.00449. Their maps are integrated gradients of the label's logit from 0 after
(x − 0.5) / 0.5, that is from grey, summed over the channels; so ours begin there, and then from the other baselines.
Their model (a ResNet-18) is another one, so figures can't be compared but by what each loses; what a control loses on
the same model says what they mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from innerview.fills import ImputedFill, make_fill
from innerview.methods import integrated_gradients
from innerview.methods.controls import CONTROLS
from innerview.methods.masking import rank
from innerview.methods.passes import batches, forward_logits
from innerview.targets import Logit
from innerview.types import Image, Map
from innerview.workbench.compare.rows import Rows

SHARES = (0.1, 0.5, 0.9)
BASELINES = ("gray", "black", "mean", "blurred")
STEPS = 32
PUBLISHED = (71.32, 53.71, 29.10)
"""IG on 10,000 test images, in percent."""


def measure(model: Any, images: Iterable[tuple[str, Callable[[], Image]]], count: int, file: Path, seed: int) -> None:
    """Add the rows that are missing: what each image is called without the highest pixels of every map."""
    about = {"what": "road", "model": model.fingerprint, "shares": SHARES, "n_steps": STEPS, "seed": seed}
    rows = Rows(file, about)
    known = {row["name"] for row in rows.found}
    for number, (name, read) in zip(range(count), images, strict=False):
        if name not in known:
            rows.add({"name": name, **answers(model, read(), name, np.random.default_rng([seed, number]))})


def answers(model: Any, image: Image, name: str, random: np.random.Generator) -> dict[str, Any]:
    """Numbers of the classes that are predicted, of the image and of what is left of it."""
    label = model.output.class_names.index(name.partition("/")[0])
    maps: dict[str, Map] = {}
    for baseline in BASELINES:
        start = make_fill(baseline, image).paint(image, np.zeros((1, *image.shape[:2]), bool))[0]
        found = integrated_gradients(model, image, Logit(label), baseline=start, n_steps=STEPS)
        maps[f"integrated gradients from {baseline}"] = found.heatmap
    maps |= {control: draw(image, random) for control, draw in CONTROLS.items()}
    counts = [int(share * image.shape[0] * image.shape[1]) for share in SHARES]
    kept = np.concatenate([[rank(values, "highest") >= count for count in counts] for values in maps.values()])
    painted = np.concatenate([image[None], ImputedFill().paint(image, kept)])
    logits = [forward_logits(model, painted[part]) for part in batches(len(painted), model.batch_size)]
    said = np.concatenate(logits).argmax(axis=1)
    parts = said[1:].reshape(len(maps), len(SHARES)).tolist()
    return {"label": label, "answer": int(said[0]), "found": dict(zip(maps, parts, strict=True))}


def lines(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """The table: the published row, then each map, with intervals."""
    heads = [f"{share:.0%}".replace("%", " %") for share in SHARES]
    labels = np.array([row["label"] for row in rows])
    whole = np.array([row["answer"] for row in rows])
    listed = [["*published: IG from grey, ResNet-18, n = 10,000*", *(f"{one:.1f} %" for one in PUBLISHED), "–"]]
    for name in rows[0]["found"]:
        said = np.array([row["found"][name] for row in rows])
        kept = (said == whole[:, None]).mean(axis=0)
        listed.append(
            [
                f"*{name}*" if name in CONTROLS else name,
                *(share(int(hits), len(rows)) for hits in (said == labels[:, None]).sum(axis=0)),
                " / ".join(f"{100 * one:.0f}" for one in kept),
            ]
        )
    right = share(int((whole == labels).sum()), len(rows))
    return [
        f"allcnn (whole images: {right}), n = {len(rows)}", *(f"without {one}" for one in heads),
        "same answer as the whole image, %",
    ], listed  # fmt: skip


def share(hits: int, count: int) -> str:
    """A fraction in percent with Wilson's 95 % interval."""
    z, part = 1.96, hits / count
    middle, half = part + z * z / (2 * count), z * math.sqrt(part * (1 - part) / count + (z / (2 * count)) ** 2)
    low, high = (100 * (middle + sign * half) / (1 + z * z / count) for sign in (-1, 1))
    return f"{100 * part:.1f} % ({low:.1f} to {high:.1f})"
