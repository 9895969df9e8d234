"""Does the attention of the small vision transformer show anything? Its maps against blanking tokens at random.

    python benchmarks/training/attended.py OUT/vit.safetensors --data PATH [--images 200]

Of each test image (as many of each class) the quarter of the tokens that a map names first is blanked with the image's
mean colour. What counts is how far that lowers the predicted class's probability, less the mean of eight random sets.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from small_models import MEAN, STD, vit

import innerview
from innerview import InputSpec, OutputSpec
from innerview.data.cifar10 import load
from innerview.model import Model
from innerview.types import Array

SIDE, PATCH, DRAWS = 8, 4, 8
TOKENS = SIDE * SIDE
BLANKED = TOKENS // 4

MAPS: dict[str, Callable[[Model, Array, innerview.Logit], Array]] = {
    "attention of the last layer": lambda model, image, _: innerview.attention(model, image).heatmap,
    "rollout": lambda model, image, _: innerview.attention_rollout(model, image).heatmap,
    "rollout weighted by gradients": lambda model, image, target: (
        innerview.attention_rollout(model, image, target, gradient_weighted=True).heatmap
    ),
    "gradient × (image − mean colour)": lambda model, image, target: (
        innerview.gradient_input(
            model, image, target, baseline=np.broadcast_to(image.mean((0, 1)), image.shape).copy()
        ).heatmap
    ),
}


def blanked(image: Array, tokens: Array) -> Array:
    """The image with some tokens in its mean colour."""
    patches = image.reshape(SIDE, PATCH, SIDE, PATCH, 3).copy()
    rows, columns = np.divmod(tokens, SIDE)
    patches[rows, :, columns] = image.mean((0, 1))
    return patches.reshape(image.shape)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=int, default=200)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    module, random = vit(), np.random.default_rng(0)
    held = load_file(asked.weights)
    module.load_state_dict({name: one.float() if one.is_floating_point() else one for name, one in held.items()})
    model = innerview.wrap(
        module.eval(), input=InputSpec(32, 32, mean=MEAN, std=STD, layout="CHW"), output=OutputSpec(10)
    )
    tested = load(asked.data).test
    chosen = np.concatenate([np.flatnonzero(tested.labels == one)[: asked.images // 10] for one in range(10)])
    lowered: dict[str, list[float]] = {name: [] for name in MAPS}
    for image in tested.images[chosen].astype(np.float32) / 255:
        before = model.output.probabilities(model.forward(image[None]).outputs)[0]
        target = innerview.Logit(int(before.argmax()))
        maps = [make(model, image, target) for make in MAPS.values()]
        sums = [one.reshape(SIDE, PATCH, SIDE, PATCH).sum((1, 3)).ravel() for one in maps]
        orders = [np.argsort(-one) for one in sums] + [random.permutation(TOKENS) for _ in range(DRAWS)]
        images = np.stack([blanked(image, order[:BLANKED]) for order in orders])
        after = model.output.probabilities(model.forward(images).outputs)[:, int(before.argmax())]
        for name, one in zip(MAPS, after, strict=False):
            lowered[name].append(float(after[len(MAPS) :].mean() - one))
    for name, found in lowered.items():
        half = 1.96 * np.std(found, ddof=1) / len(found) ** 0.5
        print(f"{name}: {np.mean(found):.3f} ± {half:.3f} over random, {len(found)} images")


if __name__ == "__main__":
    main()
