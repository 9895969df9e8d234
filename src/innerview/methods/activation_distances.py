"""In-distribution or not: how far images lie from real ones in what the model makes of them, before its last weights.

    h(x) = mean over positions of the activations, over its length;   d(x) = |h(x) − h(k-th nearest real image)|

Sun, Ming, Zhu, Li 2022, arXiv 2204.06507. An image with a part filled is unlike a photo; by how much depends on the
fill. As d has no unit that anyone knows, it is told as a percentile: of the real images, how many lie nearer to the
other real ones. 50 is a photo like any other, 99 is farther off than all but one in a hundred.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from innerview.errors import UsageError
from innerview.layers import Layer, ends, find_layer, numbered
from innerview.methods.passes import batches, require_finite
from innerview.model import Model
from innerview.results import Provenance
from innerview.results.activation_distances import ActivationDistances
from innerview.types import Array, Images

DEFAULT_NEIGHBOUR: Final = 10

AT_ONCE: Final = 64
"""Images whose distances are held at once."""


def activation_distances(
    model: Model,
    images: Images,
    reference: Float[np.ndarray, "real height width channel"],
    *,
    layer: str | int | None = None,
    k: int = DEFAULT_NEIGHBOUR,
) -> ActivationDistances:
    """Measure how far images lie from real ones, and the real ones from each other.

    Args:
        model: any model whose layers are known; no gradients are needed.
        images: in question, such as images with a part filled (pixels in [0, 1], batch × height × width × channel).
        reference: real images, more than k + 1 of them; some hundreds give percentiles.
        layer: by name or number; if None the one before the last layer with weights.
        k: which neighbour.

    Raises:
        UsageError: the model's layers are not known, it has one with weights only, or too few real images for k.
        ImageError: the images do not fit the model.
        ModelError: an activation is NaN or infinite.
    """
    if not 1 <= k < len(reference) - 1:
        raise UsageError(
            f"neighbour {k} among {len(reference)} real images was asked for; give k from 1 and more than k + 1 images"
        ).of("k", asked=k, limit=len(reference) - 2)
    chosen = penultimate(model) if layer is None else find_layer(model.layers, layer)
    known, asked = _features(model, reference, chosen), _features(model, images, chosen)
    return ActivationDistances(
        distances=_to_neighbour(asked, known, k),
        reference=_to_neighbour(known, known, k + 1),  # the nearest of each is itself
        layer=chosen.name,
        k=k,
        n_evaluations=len(images) + len(reference),
        provenance=Provenance.of(model),
    )


def penultimate(model: Model) -> Layer:
    """The last layer before the last one with weights, with its activation."""
    if len(numbered(model.layers)) < 2:
        raise UsageError(
            f"{len(numbered(model.layers))} layers with weights are known of this model, and the distance is measured "
            "before the last of several; name a layer, or wrap the model itself instead of a function"
        ).of("layer", found=len(numbered(model.layers)))
    return ends(model.layers)[-2]


def _features(model: Model, images: Images, layer: Layer) -> Float[np.ndarray, "image feature"]:
    found = list[Array]()
    model.input.check(images)
    for part in batches(len(images), model.batch_size):
        values = model.forward(images[part], (layer.name,)).activations[layer.name]
        require_finite(model, images[part], values, f"activation of {layer.name}")
        found += [feature_of(layer, row) for row in values]
    rows = np.stack(found) if found else np.zeros((0, 1))
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-30)


def feature_of(layer: Layer, values: Array) -> Float[np.ndarray, " feature"]:
    """A layer's output for one image as one row: the mean over its positions where it has them."""
    exact = values.astype(np.float64)
    placed = layer.positions(exact)
    return exact.ravel() if placed is None else placed.mean(axis=(0, 1))


def _to_neighbour(rows: Array, known: Array, k: int) -> Float[np.ndarray, " image"]:
    """Distance of each row to its k-th nearest among `known`, counted from 1."""
    found = np.empty(len(rows))
    for part in batches(len(rows), AT_ONCE):
        squares = 2 - 2 * rows[part] @ known.T  # of unit vectors
        found[part] = np.sqrt(np.maximum(np.partition(squares, k - 1, axis=1)[:, k - 1], 0))
    return found
