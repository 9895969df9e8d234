"""Grad-CAM: where in a layer the channels lie that speak for the target.

    map = sum over channels k of a_k A_k,   a_k = mean over the layer's places of dS/dA_k

Selvaraju and others 2017, arXiv 1610.02391, equations 1 and 2; for a network that ends in the mean over the places
and a dense layer it is the class activation map (Zhou and others 2016, arXiv 1512.04150) and adds up to the logit
without its bias. The paper keeps the positive part only (`rectify`); the sign stays unless it is asked away. The map
has the layer's coarse places: each is shown as the equal share of the picture that it covers, not smoothed, so that
the sum over the pixels is the sum over the places.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from innerview.errors import UsageError
from innerview.methods.activations import area_mean
from innerview.methods.passes import check_picture, forward_logits, require_finite
from innerview.network import OUTPUT, Differentiable, Layer, Network, find_layer, require_differentiable
from innerview.results import Attribution, Provenance
from innerview.targets import Target, together
from innerview.types import Array, Image, Map

PLACES = "height width channel"


def grad_cam(
    network: Differentiable, image: Image, target: Target, layer: str | int | None = None, *, rectify: bool = False
) -> Attribution:
    """Weigh a layer's channels by their mean gradient and lay the sum over the picture.

    Args:
        network: any network with gradients.
        image: one picture (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the picture.
        layer: its name, or its number as people count; the last one with places if None.
        rectify: keep only what speaks for the target, as the paper does.

    Raises:
        UnknownLayer: lists the layers.
        UsageError: the layer has no places, or one only; the target has no meaning here; no gradients.
        PictureError: the picture does not fit the network.
        NetworkError: something is not finite.
    """
    require_differentiable(network)
    check_picture(network, image, "picture")
    chosen = choose_layer(network, layer)
    outputs = forward_logits(network, image[None])
    resolved = target.resolve(outputs[0], network.output)
    answer = network.pullback(image[None], {OUTPUT: together([resolved])}, (chosen.name,))
    values, gradients = answer.activations[chosen.name][0], answer.tap_gradients[chosen.name][0, 0]
    require_finite(network, image[None], gradients, f"gradient at layer {chosen.name}")
    if values.shape[0] * values.shape[1] == 1:
        raise UsageError(
            f"Grad-CAM was asked of layer {chosen.name}, which has one place only: its map would be one colour. "
            f"Layers with places: {_with_places(network.layers)}"
        )
    places = class_activation_map(values, gradients)
    return Attribution(
        image=image,
        attribution=spread_out(np.maximum(places, 0) if rectify else places, image.shape[0], image.shape[1]),
        method=f"Grad-CAM at layer {chosen.name}{', positive part' if rectify else ''}",
        meaning="contribution",
        unit=resolved.unit,
        score=float(resolved.score(outputs)[0]),
        target=resolved.index,
        evaluations=1,
        provenance=Provenance.of(network, resolved.describe(network.output.class_names)),
        notes=(f"One value for each of {places.shape[0]} × {places.shape[1]} places, shared out among its pixels.",),
    )


def choose_layer(network: Network, layer: str | int | None = None) -> Layer:
    """Find the layer that is looked at; the last one whose places are more than one if None.

    Raises:
        UnknownLayer: lists the layers.
        UsageError: the layer has no places, or the network has no such layer.
    """
    if layer is None:
        found = [one for one in network.layers if one.axes == PLACES and (not one.shape or min(one.shape[:2]) > 1)]
        if not found:
            raise UsageError("Grad-CAM needs a layer with places; this network has none that is known")
        return found[-1]
    chosen = find_layer(network.layers, layer)
    if chosen.axes != PLACES:
        raise UsageError(
            f"Grad-CAM was asked of layer {chosen.name}, whose output has {chosen.axes or 'unknown axes'}: without "
            f"height and width nothing can be laid over a picture. Layers with places: {_with_places(network.layers)}"
        )
    return chosen


def class_activation_map(values: Array, gradients: Array) -> Map:
    """Sum the channels (rows × columns × channel), each weighted by the mean of its gradient, in float64."""
    weights = gradients.astype(np.float64).mean(axis=(0, 1))
    return values.astype(np.float64) @ weights


def spread_out(places: Float[np.ndarray, "rows columns"], height: int, width: int) -> Map:
    """Share each place's value out among the pixels that it covers; the sum stays the same."""
    return area_mean(places[..., None], height, width)[..., 0] * (places.size / (height * width))


def _with_places(layers: Sequence[Layer]) -> str:
    return ", ".join(layer.name for layer in layers if layer.axes == PLACES) or "none in this network"
