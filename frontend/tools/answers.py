# ruff: noqa: INP001
"""Write tests/answers.json: what a server answers about images, for the page's own engine to equal.

python frontend/tools/answers.py
"""

import base64
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import nn

from innerview import allcnn
from innerview.adapters import wrap
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import ELU, Convolution, Dense, GlobalMean
from innerview.data.image import Image
from innerview.model import InputSpec, Model, OutputKind, OutputSpec
from innerview.session.progress import NullListener
from innerview.session.query import read_query
from innerview.session.session import OpenedModel, Session
from innerview.workbench.network import page_network

SIDE = 16
CHANNELS = 8
SMALL = 8

KINDS = ["sigmoid", "sigmoid, one", "probabilities", "probabilities, one", "scores", "scores, one"]

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


def brief(image: str, model: str, kind: str) -> list[dict[str, object]]:
    """What is asked where only the meaning of the outputs is another."""
    mask = base64.b64encode(np.packbits(np.arange(64) % 3 > 0).tobytes()).decode()
    linear = [] if kind.startswith("probabilities") else [{"kind": "evidence"}]
    versus = [] if kind.endswith("one") else [{"kind": "map", "target": 0, "versus": 1}]
    found: list[dict[str, object]] = [
        {"kind": "subject"},
        *linear,
        {"kind": "mask", "mask": mask, "cells": [8, 8], "fill": "black"},
        {"kind": "map"},
        *versus,
        {"kind": "map", "method": "occlusion", "baseline": "black"},
        {"kind": "path", "baseline": "black"},
        {"kind": "check", "target": 0},
        {"kind": "masking", "fill": "mean"},
        {"kind": "truth", "regions": 9},
        {"kind": "effects", "target": 0, "region": [2, 3, 4, 3]},
    ]
    return [{"image": image, "model": model, **one} for one in found]


def outputs(kind: str) -> Model:
    """Draw a network whose outputs are of a kind: "sigmoid", "sigmoid, one", "probabilities", …."""
    random = np.random.default_rng(len(kind))
    said, _, one = kind.partition(", ")
    names = ("dog",) if one else ("dog", "cat", "bird")
    drawn = {
        "conv1.weight": random.normal(0, 0.4, (6, 3, 3, 3)),
        "conv2.weight": random.normal(0, 0.3, (8, 6, 3, 3)),
        "dense.weight": random.normal(0, 1, (len(names), 8)),
        "dense.bias": random.normal(0, 0.3, len(names)),
    }
    weights = {name: value.astype(np.float16).astype(np.float32) for name, value in drawn.items()}
    output = OutputSpec(names, kind=cast("OutputKind", said), temperature=1.0 if said != "sigmoid" else 0.7)
    if said != "probabilities":
        operations = [
            Convolution("conv1", 1, "same", bias=False),
            ELU("elu1"),
            Convolution("conv2", 2, "same", bias=False),
        ]
        operations += [ELU("elu2"), GlobalMean("mean"), Dense("dense")]
        return NumpyModel(InputSpec(SMALL, SMALL), output, operations, weights)
    module = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.ELU(), nn.Conv2d(6, 8, 3, stride=2, padding=1, bias=False),
        nn.ELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, len(names)),
        nn.Sigmoid() if one else nn.Softmax(dim=1),
    )  # fmt: skip
    for parameter, value in zip(module.parameters(), weights.values(), strict=True):
        parameter.data = torch.from_numpy(value)
    return wrap(module.eval(), input=InputSpec(SMALL, SMALL, layout="CHW"), output=output)


def image_of(side: int, seed: int) -> np.ndarray:
    """Draw an image, uint8."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[0:side, 0:side] / side
    drawn = np.stack([down, across, np.sin(9 * down * across) ** 2], axis=-1) * 0.7 + 0.3 * random.random(
        (side, side, 3)
    )
    return np.rint(255 * drawn).astype(np.uint8)


def answered(
    model: Model, levels: np.ndarray, asked: Callable[[str, str], list[dict[str, object]]]
) -> dict[str, object]:
    """A network, an image, and what is answered about it."""
    session = Session([OpenedModel("small", model)])
    photo = session.add(Image("picture", levels.astype(np.float32) / np.float32(255)), "upload")
    answers = list[dict[str, object]]()
    for request in asked(photo.image_hash, model.fingerprint):
        answer = session.answer(read_query(request), NullListener())
        answers.append({"request": request, "state": answer.state, "payload": base64.b64encode(answer.blob).decode()})
    return {
        "network": page_network(model, "small"),
        "image": base64.b64encode(levels.tobytes()).decode(),
        "answers": answers,
    }


def main() -> None:
    """Write the file."""
    weights = allcnn.initial_weights(0, CHANNELS)
    random = np.random.default_rng(5)
    for name, value in weights.items():
        drawn = random.normal(0, (2 / value[0].size) ** 0.5, value.shape)
        weights[name] = drawn.astype(np.float16).astype(np.float32)
    found = [answered(allcnn.build(weights, size=SIDE), image_of(SIDE, 5), requests)]
    found += [answered(outputs(kind), image_of(SMALL, 5), partial(brief, kind=kind)) for kind in KINDS]
    path = Path(__file__).parents[1] / "tests" / "answers.json"
    path.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
