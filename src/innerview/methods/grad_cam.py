"""Grad-CAM: where in a layer the channels lie that speak for the target.

    map = sum over channels k of a_k A_k,   a_k = mean over the layer's places of dS/dA_k

Selvaraju and others 2017, arXiv 1610.02391, equations 1 and 2; for a model that ends in the mean over the places
and a dense layer it is the class activation map (Zhou and others 2016, arXiv 1512.04150) and adds up to the logit
without its bias. The paper keeps the positive part only (`relu_attributions`); the sign stays unless it is asked away.
The map has the layer's coarse places: each is shown as the equal share of the image that it covers, not smoothed, so
that the sum over the pixels is the sum over the places. Of tokens, those of the grid are the places; class and register
tokens are in no sum.

A layer must have places (found out from what the model does), more than one, and a gradient at them: behind the
point from which a model reads its class token alone there is none. What is refused is refused with layers at which
it was tried and works.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

import numpy as np
from jaxtyping import Float

from innerview.errors import UsageError
from innerview.methods.activations import area_mean
from innerview.methods.passes import check_image, forward_logits, require_finite
from innerview.model import OUTPUT, DifferentiableModel, GradOutputs, Layer, find_layer, require_differentiable
from innerview.results import Attribution, Provenance
from innerview.targets import Target, together
from innerview.types import Array, Image, Map

LISTED: Final = 8
"""Layers, at most, that a refusal names."""

TOGETHER: Final = 4
"""Layers whose gradients are looked at in one pass, when others are looked for."""

_NO_LAYER: Final = "Use occlusion, which needs no layer"


def grad_cam(
    model: DifferentiableModel,
    image: Image,
    target: Target,
    layer: str | int | None = None,
    *,
    relu_attributions: bool = False,
) -> Attribution:
    """Weigh a layer's channels by their mean gradient and lay the sum over the image.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        layer: its name, or its number as people count; if None the last one with places and a gradient there, in a
            transformer that reads its class token the normalisation in front of the last attention.
        relu_attributions: keep only what speaks for the target, as the paper does.

    Raises:
        UnknownLayer: lists the layers.
        UsageError: the layer has no places, one only, or no gradient there; the target has no meaning here; the
            model has no gradients.
        ImageError: the image does not fit the model.
        ModelError: something is not finite.
    """
    require_differentiable(model)
    check_image(model, image, "image")
    chosen = choose_layer(model, layer)
    outputs = forward_logits(model, image[None])
    resolved = target.resolve(outputs[0], model.output)
    name, values, gradients = _found(model, image, together([resolved]), chosen)
    places = class_activation_map(values, gradients)
    return Attribution(
        image=image,
        attribution=spread_out(np.maximum(places, 0) if relu_attributions else places, image.shape[0], image.shape[1]),
        method=f"Grad-CAM at layer {name}{', positive part' if relu_attributions else ''}",
        meaning="contribution",
        unit=resolved.unit,
        score=float(resolved.score(outputs)[0]),
        target=resolved.index,
        n_evaluations=1,
        provenance=Provenance.of(model, resolved.describe(model.output.class_names)),
        notes=(f"One value for each of {places.shape[0]} × {places.shape[1]} places, shared out among its pixels.",),
    )


def choose_layer(model: DifferentiableModel, layer: str | int | None = None) -> Layer | None:
    """Find the layer that is looked at; the last one with places if none is named.

    None where it takes the image to tell: beside class tokens the places of the last layers may have no gradient.

    Raises:
        UnknownLayer: lists the layers.
        UsageError: the layer has no places, or none of the model has.
    """
    if layer is None:
        places = [one for one in model.layers if not _without_places(one)]
        if not places:
            raise UsageError(f"Grad-CAM needs a layer with places, and none of this model has any. {_NO_LAYER}").of(
                "layer", found=None
            )
        grids = [one.tokens for one in places if one.tokens is not None]
        return None if any(grid.count > grid.height * grid.width for grid in grids) else places[-1]
    chosen = find_layer(model.layers, layer)
    reason = _without_places(chosen)
    if reason:
        probe = np.random.default_rng(0).random(model.input.shape)
        raise UsageError(
            f"Grad-CAM was asked of layer {chosen.name}, {reason}. {_instead(model, probe, _anything, chosen.name)}"
        ).of("layer", asked=chosen.name, found=reason, layer=chosen.name)
    return chosen


def _found(
    model: DifferentiableModel, image: Image, grad_output: GradOutputs, chosen: Layer | None
) -> tuple[str, Array, Array]:
    """The layer's name, its values and gradients at the image."""
    if chosen is None:
        found = _last(model, image, grad_output)
        if found is None:
            raise UsageError(f"Grad-CAM needs a layer with places at which the target has a gradient. {_NO_LAYER}").of(
                "layer", found="no gradient"
            )
        return found
    values, gradients = _places(model, image, grad_output, (chosen.name,))[chosen.name]
    reason = _unusable(values, gradients)
    if reason:
        raise UsageError(
            f"Grad-CAM was asked of layer {chosen.name}, {reason}. {_instead(model, image, grad_output, chosen.name)}"
        ).of("layer", asked=chosen.name, found=reason, layer=chosen.name)
    return chosen.name, values, gradients


def _last(model: DifferentiableModel, image: Image, grad_output: GradOutputs) -> tuple[str, Array, Array] | None:
    """The last layer at which Grad-CAM has a meaning, with values and gradients; None if there is none.

    Where the layers behind it have no gradient at their places, the model reads its class token there, and the last
    one is the inside of an attention: queries, keys and values side by side. What users of transformers name then is
    the normalisation that the attention takes (`blocks[-1].norm1`): all tokens, in the channels that blocks pass on.
    """
    places = [layer for layer in model.layers if not _without_places(layer)]
    kinds = {layer.name: layer.kind for layer in places}
    usable = _usable(model, image, grad_output)
    last = next(usable, None)
    if last is None or last[0] == places[-1].name:
        return last
    near = itertools.chain([last], itertools.islice(usable, LISTED))
    return next((found for found in near if kinds[found[0]] == "normalisation"), last)


def class_activation_map(values: Array, gradients: Array) -> Map:
    """Sum the channels (rows × columns × channel), each weighted by the mean of its gradient, in float64."""
    weights = gradients.astype(np.float64).mean(axis=(0, 1))
    return values.astype(np.float64) @ weights


def spread_out(places: Float[np.ndarray, "rows columns"], height: int, width: int) -> Map:
    """Share each place's value out among the pixels that it covers; the sum stays the same."""
    return area_mean(places[..., None], height, width)[..., 0] * (places.size / (height * width))


def _anything(outputs: Array) -> Array:
    """A grad_output on the outputs that no symmetry of theirs takes away."""
    return np.random.default_rng(1).normal(size=(1, *outputs.shape[1:]))[:, None].repeat(len(outputs), axis=1)


def _without_places(layer: Layer) -> str:
    """Why a layer can't be laid over an image, as far as it is known beforehand; empty if it can."""
    match layer.grid:
        case (0, 0):
            given = f"has the axes {layer.axes}" if layer.axes else "has no axes that can be told from what it does"
            return f"whose output {given}: nothing in it can be laid over an image"
        case (1, 1) if layer.shape:
            return "which has one place only: its map would be one colour"
        case _:
            return ""


def _unusable(values: Array, gradients: Array) -> str:
    if values.shape[0] * values.shape[1] == 1:
        return "which has one place only: its map would be one colour"
    if not gradients.any():
        return "at whose places the target has no gradient: behind it the model does not look at them any more"
    return ""


def _places(
    model: DifferentiableModel, image: Image, grad_output: GradOutputs, names: tuple[str, ...]
) -> dict[str, tuple[Array, Array]]:
    """Values and gradients of layers with places, both height × width × channel."""
    answer = model.vjp(image[None], {OUTPUT: grad_output}, names)
    layers = {layer.name: layer for layer in model.layers}
    found = dict[str, tuple[Array, Array]]()
    for name in names:
        require_finite(model, image[None], answer.layer_gradients[name][0, 0], f"gradient at layer {name}")
        values = layers[name].positions(answer.activations[name][0])
        gradients = layers[name].positions(answer.layer_gradients[name][0, 0])
        assert values is not None  # noqa: S101 only layers with places are asked
        assert gradients is not None  # noqa: S101
        found[name] = (values, gradients)
    return found


def _usable(model: DifferentiableModel, image: Image, grad_output: GradOutputs) -> Iterator[tuple[str, Array, Array]]:
    """Layers at which Grad-CAM has a meaning, the last one first, with values and gradients; tried as they are taken.

    Raises:
        ModelError: a gradient is not finite.
    """
    candidates = [layer.name for layer in reversed(model.layers) if not _without_places(layer)]
    for begin in range(0, len(candidates), TOGETHER):
        names = tuple(candidates[begin : begin + TOGETHER])
        for name, (values, gradients) in _places(model, image, grad_output, names).items():
            if not _unusable(values, gradients):
                yield name, values, gradients


def _instead(model: DifferentiableModel, image: Image, grad_output: GradOutputs, refused: str) -> str:
    """What to use instead: layers where it was tried and works, or what needs no layer."""
    others = (name for name, _, _ in _usable(model, image, grad_output) if name != refused)
    found = list(itertools.islice(others, LISTED))
    return f"It works at {', '.join(reversed(found))}" if found else _NO_LAYER
