# ruff: noqa: INP001
"""Write tests/answers.json: what a server answers about images, for the page's own engine to equal.

python frontend/tools/answers.py
"""

import base64
import json
from pathlib import Path

import numpy as np

from innerview import allcnn
from innerview.data.image import Image
from innerview.session.progress import NullListener
from innerview.session.query import read_query
from innerview.session.session import OpenedModel, Session
from innerview.workbench.network import page_network

SIDE = 16
CHANNELS = 8

MAPS = ["integrated-gradients", "class-evidence", "occlusion", "gradient-input", "gradient", "grad-cam"]
BASELINES = ["black", "white", "gray", "mean", "blurred"]


def requests(image: str, model: str) -> list[dict[str, object]]:
    """What is asked."""
    mask = base64.b64encode(np.packbits(np.arange(256) % 3 > 0).tobytes()).decode()
    cells = np.arange(256)
    marked = [base64.b64encode(np.packbits(one).tobytes()).decode() for one in (cells < 50, cells > 180)]
    found: list[dict[str, object]] = [
        {"kind": "subject"},
        {"kind": "evidence", "target": 3, "versus": None},
        {"kind": "evidence", "target": 3, "versus": 5},
        *({"kind": "mask", "mask": mask, "cells": [16, 16], "fill": fill} for fill in BASELINES),
        *({"kind": "map", "method": method, "target": 3, "baseline": "blurred"} for method in MAPS),
        *({"kind": "map", "method": method, "target": 3, "versus": 1, "baseline": "black"} for method in MAPS),
        *({"kind": "map", "target": 2, "baseline": baseline, "tolerance": 0.004} for baseline in BASELINES),
        {"kind": "map", "target": 7, "objective": "logit", "tolerance": 0.05, "baseline": "black"},
        {"kind": "map", "target": 7, "objective": "probability", "baseline": "white"},
        {"kind": "path", "target": 3, "baseline": "blurred"},
        {"kind": "path", "target": 2, "versus": 4, "baseline": "black"},
        {"kind": "check", "target": 3},
        {"kind": "check", "target": 4, "method": "occlusion"},
        {"kind": "masking", "target": 3, "baseline": "blurred", "fill": "black"},
        {"kind": "truth", "target": 3},
        {"kind": "truth", "target": 3, "marks": marked, "cells": [16, 16]},
        {"kind": "effects", "target": 3, "region": [2, 3, 6, 5]},
        {"kind": "layers"},
        {"kind": "layers", "layer": "elu5"},
        {"kind": "convolution", "layer": "conv1", "channel": 2, "position": [0, 15]},
        {"kind": "convolution", "layer": "elu4", "channel": 7, "position": [3, 5]},
        {"kind": "convolution", "layer": "conv9", "channel": 9, "position": [1, 0]},
    ]
    return [{"image": image, "model": model, **one} for one in found]


def main() -> None:
    """Write the file."""
    weights = allcnn.initial_weights(0, CHANNELS)
    random = np.random.default_rng(5)
    for name, value in weights.items():
        drawn = random.normal(0, (2 / value[0].size) ** 0.5, value.shape)
        weights[name] = drawn.astype(np.float16).astype(np.float32)
    model = allcnn.build(weights, size=SIDE)
    session = Session([OpenedModel("small", model)])
    down, across = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    picture = np.stack([down, across, np.sin(9 * down * across) ** 2], axis=-1) * 0.7 + 0.3 * random.random(
        (SIDE, SIDE, 3)
    )
    photo = session.add(Image("picture", np.rint(255 * picture).astype(np.float32) / np.float32(255)), "upload")
    answers = list[dict[str, object]]()
    for request in requests(photo.image_hash, model.fingerprint):
        answer = session.answer(read_query(request), NullListener())
        answers.append({"request": request, "state": answer.state, "payload": base64.b64encode(answer.blob).decode()})
    found = {
        "network": page_network(model, "small"),
        "image": base64.b64encode(np.rint(255 * picture).astype(np.uint8).tobytes()).decode(),
        "answers": answers,
    }
    path = Path(__file__).parents[1] / "tests" / "answers.json"
    path.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
