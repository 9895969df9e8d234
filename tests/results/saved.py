"""Results of every kind from a tiny model, and the folders that were written of them in each schema.

Run as a program, `python saved.py NUMBER` (with PYTHONPATH=src:tests), it writes the folder of today's schema anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from attending import AttendingModel
from innerview import methods
from innerview.adapters import FunctionModel
from innerview.layers import Layer, TokenGrid
from innerview.methods.verdict import judge
from innerview.model import InputSpec, OutputSpec
from innerview.results import (
    Comparison,
    ImagePart,
    InteriorGradients,
    PathFrames,
    Provenance,
    RegionTruth,
    ShapleyValues,
)
from innerview.spec import Resize
from innerview.targets import Logit
from models import MODELS, numpy_model

FOLDERS = Path(__file__).parent / "folders"
MODEL = MODELS["hidden"]
ENDING = MODELS["mixed"]


@cache
def results() -> Mapping[str, object]:
    """One result of each kind, as a look and the other commands write them, and plain values beside them."""
    model = numpy_model(MODEL, MODEL.weights(), np.float32)
    image = np.random.default_rng(3).random(MODEL.input.shape).astype(np.float32)
    black, target = np.zeros_like(image), Logit(1)
    integrated = methods.integrated_gradients(
        model, image, target, baseline=[black, black + 1], tolerance=0.05, interior=(0.5, 1.0)
    )
    interior = methods.interior_gradients(model, image, target, baseline=black, alphas=(0.1, 1.0))
    ending = np.random.default_rng(4).random(ENDING.input.shape).astype(np.float32)
    eight = FunctionModel(lambda images: images.mean(axis=(1, 2)), InputSpec(8, 8), OutputSpec(("r", "g", "b")))
    spec = replace(MODEL.input, resize=Resize(max(MODEL.input.shape[:2]), "bicubic"))
    of_a_hub = numpy_model(replace(MODEL, input=spec), MODEL.weights(), np.float32)
    weights = {"now": model.weights()}
    weights["now"]["dense.bias"] = np.array([np.nan, np.inf, 1], np.float32)
    return {
        "image": {"name": "cat", "label": None, "box": (0, 0, 4, 3), "notes": ()},
        "prediction": methods.predict(model, image[None])[0],
        "activations": methods.activations(model, image, [layer.name for layer in model.layers]),
        "gradient": methods.gradient(model, image, target),
        "interior": interior,
        "frames": frames(interior),
        "integrated": integrated,
        "path": integrated.path,
        "masking": {
            "highest": methods.insertion(model, image, integrated.heatmap, fill=black, fractions=(0.5, 1.0), target=1)
        },
        "methods": {
            "occlusion": methods.occlusion(model, image, target, fill=black, window=2),
            "removed-and-alone": methods.removed_and_alone(model, image, target, regions=(1, 3), fills=("black",)),
            "smooth-grad": methods.smooth_grad(model, image, target, n_samples=3),
            "gradient": methods.gradient(model, image, target),
            "rise": methods.rise(model, image, target, n_samples=16, half_width=5, regions=(1, 3)),
        },
        "weights": methods.weight_histograms(weights, bins=4, layers=["dense.weight", "dense.bias"]),
        "layers": tuple(model.layers),
        "tokens": (Layer("block", "other", (), "token channel", (5, 8), tokens=TokenGrid(5, 1, 2, 2)),),
        "attention": methods.attention(AttendingModel(model), image, query=(1, 0)),
        "evidence": methods.class_evidence(numpy_model(ENDING, ENDING.weights(), np.float32), ending, target),
        "shapley": methods.shapley(model, image, target, regions=(1, 3), fills=("black", "mean")),
        "truth": truth_of(methods.shapley(model, image, target, regions=(1, 3), fills=("black", "mean"))),
        "verdict": judge(
            integrated.heatmap, methods.shapley(model, image, target, regions=(1, 3), fills=("black", "mean"))
        ),
        "comparison": comparison(),
        "distances": methods.activation_distances(model, image[None], np.stack([image, black, 1 - image]), k=1),
        "asked": methods.ask(model, image, [(0, 0, 2, 2), (1, 1, 1, 1)], 1, fills=("black", "mean"), n_placebos=3),
        "parts": methods.parts(eight, np.full((8, 8, 3), 0.5, np.float32), eighths=(4,), fills=("black",)),
        "statistics": methods.path_predictions(of_a_hub, [(image, 1), (black, 0)], baseline=black, alphas=(0.0, 1.0)),
    }


def truth_of(values: ShapleyValues) -> RegionTruth:
    """With parts as they are told; which of them decide is not what is tested here."""
    part = ImagePart(values.image, (0, 2), "1 bee", 0.75, "black", 2, 3)
    return RegionTruth(values, tuple(f"region {number}" for number in range(values.values.shape[1])), part, None)


def comparison() -> Comparison:
    """Two methods and a control on seven images, of which the second method has five."""
    random = np.random.default_rng(5)
    values = random.uniform(-1, 1, (2, 3, 7))
    values[:, 1, 5:] = np.nan
    values[0, 0] = (values[0, 0] + 4) / 5
    means = np.nanmean(values, axis=2)
    differences = means[:, :, None] - means[:, None]
    p = np.full((2, 3, 3), 0.01)
    p[:, range(3), range(3)] = np.nan
    return Comparison(
        entrants=("grad-cam", "occlusion over black", "edges"),
        kinds=("method", "method", "control"),
        texts=("grad-cam", "occlusion:window=8", ""),
        starts=((), ("black",), ()),
        metrics=("truth", "truth, black"),
        images=tuple(f"image {number}" for number in range(7)),
        values=values,
        medians=np.nanmedian(values, axis=2),
        lows=np.nanmin(values, axis=2),
        highs=np.nanmax(values, axis=2),
        differences=differences,
        difference_lows=differences - 0.1,
        difference_highs=differences + 0.1,
        p=p,
        evaluations=np.array([1.0, 50.0, 0.0]),
        seconds=np.array([0.02, 0.4, 0.0]),
        telling=np.array([True, False]),
        fills=("black",),
        regions=9,
        best="grad-cam",
        advice="On this model grad-cam agrees best with taking parts away.",
        provenance=Provenance("0123456789abcdef", "float32", 4, "log-odds of the predicted class", seed=0, versions={}),
    )


def frames(found: InteriorGradients) -> PathFrames:
    """The same places as a slider shows them; what adds up between two of them is not what is tested here."""
    contributions = (found.gradients * (found.image - found.baseline)).sum(axis=3)
    return PathFrames(
        image=found.image,
        baseline=found.baseline,
        alphas=found.alphas,
        scores=found.scores,
        norms=found.norms,
        logits=found.logits,
        probabilities=found.probabilities,
        contributions=contributions,
        cumulative=contributions.cumsum(axis=0),
        gradient_alphas=found.alphas,
        gradients=found.gradients,
        class_names=found.class_names,
        target=found.target,
        unit=found.unit,
        provenance=found.provenance,
    )


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the JSON of a folder."""
    told = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    change(told)
    (folder / "result.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    from innerview.results.io import save_result

    place = FOLDERS / f"schema-{sys.argv[1]}"
    save_result(place, results())
