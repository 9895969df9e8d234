"""What chosen layers give for one image, and which of the image's colours each channel follows.

Layers count from 1, and "after layer 3" means after its activation and before pooling (`model.find_layer`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from innerview.methods.passes import check_image, require_finite
from innerview.model import Model, find_layer
from innerview.resize import area
from innerview.results import Activations, Prediction, Provenance
from innerview.types import Array, Image


def activations(model: Model, image: Image, layers: Sequence[str | int]) -> Activations:
    """Take down the outputs of `layers` (names, or numbers as people count) for one image.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        layers: in the order in which they are wanted.

    Raises:
        UnknownLayer: lists the layers.
        ImageError: the image does not fit the model.
        ModelError: an output is not finite.
    """
    check_image(model, image, "image")
    about = {layer.name: layer for layer in (find_layer(model.layers, asked) for asked in layers)}
    names = tuple(about)
    answer = model.forward(image[None], names)
    require_finite(model, image[None], answer.outputs, "output")
    values = {name: answer.activations[name][0] for name in names}
    placed = {name: layer.positions(values[name]) for name, layer in about.items()}
    return Activations(
        image=image,
        prediction=Prediction(
            answer.outputs[0],
            model.output.probabilities(answer.outputs)[0],
            model.output.class_names,
            model.output.kind,
        ),
        layers=values,
        colours={name: colour_correlations(image, value) for name, value in placed.items() if value is not None},
        provenance=Provenance.of(model),
        about=about,
    )


def colour_correlations(image: Image, activation: Float[np.ndarray, "h w filter"]) -> Float[np.ndarray, "filter 3"]:
    """Correlate each channel with the image's red, green and blue, shrunk to the layer's size by area mean.

    Pearson's correlation over places, in [-1, 1]; NaN where the channel or the colour is constant, and for a
    grey image, which has no colours.
    """
    channels = activation.shape[2]
    if image.shape[2] != 3:
        return np.full((channels, 3), np.nan)
    colours = _centred(area_mean(image, activation.shape[0], activation.shape[1]))
    values = _centred(activation)
    scale = np.sqrt((values**2).sum(axis=0))[:, None] * np.sqrt((colours**2).sum(axis=0))[None]
    # Rounding leaves a constant channel a tiny variance; a correlation with that is noise.
    constant = scale <= 1e-12 * (1 + np.abs(activation).max() * np.abs(image).max()) * len(values)
    return np.where(constant, np.nan, (values.T @ colours) / np.where(constant, 1, scale))


def area_mean(image: Image, height: int, width: int) -> Float[np.ndarray, "rows columns channel"]:
    """Shrink (or enlarge) an image so that each new pixel is the mean of the area that it covers (float64)."""
    rows, columns = area(image.shape[0], height), area(image.shape[1], width)
    return np.einsum("ah,hwc,bw->abc", rows, image.astype(np.float64), columns, optimize=True)


def _centred(values: Array) -> Array:
    """Places × channel, float64, each channel less its mean."""
    flat = values.reshape(-1, values.shape[2]).astype(np.float64)
    return flat - flat.mean(axis=0)
