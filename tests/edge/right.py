"""Code as users write it that type checkers pass; never run (tests/test_typing.py)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import assert_type

import numpy as np
import numpy.typing as npt
from PIL import Image

import innerview
from innerview.results import Attribution, Gradient, IntegratedGradients, Prediction
from innerview.typing import ImageLike, TargetLike


class Mine:
    """A tensor of some framework."""

    @property
    def shape(self) -> tuple[int, ...]:
        return 3, 32, 32

    @property
    def dtype(self) -> str:
        return "float32"

    def cpu(self) -> Mine:
        return self


model = innerview.wrap(lambda x: x.mean((1, 2)), input=innerview.InputSpec(32, 32), output=innerview.OutputSpec(3))
loaded = innerview.load_pretrained("allcnn")
image: npt.NDArray[np.float32] = np.zeros((32, 32, 3), np.float32)
tensor = Mine()

assert_type(innerview.integrated_gradients(model, image, 1), IntegratedGradients)
innerview.integrated_gradients(loaded, image, "cat", baseline="black", tolerance=0.01)
innerview.integrated_gradients(model, "cat.png", innerview.Logit(3), baseline=["black", image, tensor])
innerview.integrated_gradients(
    model, Path("cat.png"), baseline=tensor, rule="gauss-legendre", interior=np.linspace(0, 1, 3)
)
innerview.integrated_gradients(model, Image.new("RGB", (32, 32)), baseline=[image, image])
innerview.integrated_gradients(model, [[[0.0, 0.5, 1.0]]], 2)
found = innerview.integrated_gradients(model, tensor, 1, baseline="blurred:2")
found.attribution.cpu()
found.heatmap.cpu()
found.path.scores.cpu()
assert_type(found, IntegratedGradients[Mine])
assert_type(found.numpy, IntegratedGradients)
assert_type(found.to("numpy"), IntegratedGradients)
assert_type(replace(found, score=1.0), IntegratedGradients[Mine])
as_torch = found.to("torch", channels="first")
assert_type(innerview.predict(model, tensor)[0], Prediction[Mine])
innerview.predict(model, np.zeros((2, 32, 32, 3)))[0].logits.mean()
innerview.smooth_grad(model, image, 1, method=innerview.gradient_input, n_samples=5)
innerview.smooth_grad(model, image, 1, method=partial(innerview.gradient_input, baseline="white"), n_samples=5)
innerview.occlusion(model, image, 3, window=(8, 8), fill="gray")
innerview.expected_gradients(model, image, baselines=["black", image], n_samples=10)
innerview.expected_gradients(model, image, baselines=tensor)
innerview.aggregate_segments(innerview.gradient(model, image), innerview.grid_segments(32, 32, 2, 2)).heatmap.mean()
assert_type(innerview.aggregate_segments(innerview.gradient(model, tensor), tensor), Attribution[Mine])
innerview.path_predictions(model, [(image, 1), (tensor, 2)], baseline="black", alphas=(0, 1))
innerview.weight_histograms({"now": {"a": image, "b": tensor}})
innerview.captum_attribution(model, "GradientShap", image, None, baselines=image, n_samples=2)
innerview.activations(model, tensor, ["conv1", 2]).layers["conv1"].cpu()
innerview.make_baseline("noise:3", model.input, tensor).image.cpu()
innerview.preprocess(innerview.load_image("cat.png"), model.input).pixels.mean()


def explain(image: ImageLike, target: TargetLike) -> IntegratedGradients:
    return innerview.integrated_gradients(model, np.zeros((3, 3, 3)) if isinstance(image, str) else "cat", target)


def shown(result: object) -> float:
    return result.score if isinstance(result, Gradient | IntegratedGradients) else 0.0


def mean(result: Gradient) -> float:
    return float(result.heatmap.mean())
