"""Class evidence: what each position of the last map says of each class, exact and without a baseline.

    z_k = Σ over positions p of e_pk,   e_pk = (W_k · A_p + b_k) / P   where the model ends in a mean over P positions

A is the output of the last layer with positions; W and b are those of the dense layer behind the mean, or 1 and 0 where
there is none. This is the class activation map of Zhou and others 2016, arXiv 1512.04150, with the bias spread out
evenly, so that nothing is missing. A model that ends in one dense layer over all positions has such parts too, with
weights of their own at each position.

The head is found by the wiring: from the last layer back to the first with several positions, one source each, and
nothing but pooling, a mean, dropout, reshaping and at most one dense layer on the way. What the layers don't show (an
activation between them, a sum taken otherwise) shows in the sum: unless the parts add up to every output within
rounding, for this image and for noise, the model is refused. A position has seen all pixels of its receptive field,
whose size is stated (`receptive_fields`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from innerview.errors import UsageError
from innerview.methods.grad_cam import spread_out
from innerview.methods.passes import check_image, require_finite
from innerview.methods.receptive_fields import receptive_field
from innerview.model import Layer, Model, has_gradients, unit_of
from innerview.results import Provenance
from innerview.results.class_evidence import ClassEvidence
from innerview.targets import Target
from innerview.types import Array, Image

PASSING: Final = frozenset({"mean", "pooling", "dropout", "other"})
"""Kinds of layers that may take a sum over positions, or leave values as they are."""

WEIGHING: Final = frozenset({"dense", "convolution"})
"""Kinds of which one may follow; a convolution of one position is a dense layer."""

ROUNDING: Final = 64
"""Units of the last place, of the sum of absolute terms, within which a sum counts as exact."""

INSTEAD: Final = "Use grad-cam or shapley, which need no such end"


@dataclass(frozen=True)
class Head:
    """How a model ends.

    Attributes:
        layer: the last one with several positions.
        tail: the layers behind it, in order.
    """

    layer: Layer
    tail: tuple[Layer, ...]

    @property
    def weighing(self) -> Layer | None:
        """The dense layer among them, if there is one."""
        return next((layer for layer in self.tail if layer.kind in WEIGHING), None)


def class_evidence(model: Model, image: Image, target: Target) -> ClassEvidence:
    """Take every output apart into what each position of the last map gives to it.

    Args:
        model: any model whose layers are known; no gradients are needed (they tell the receptive field).
        image: one image (pixels in [0, 1], height × width × channel).
        target: a sum of outputs, such as a logit, a contrast or a margin; an open class is the one that wins.

    Raises:
        UsageError: the model does not end in a sum over positions, and why; the target is no sum of outputs.
        ImageError: the image does not fit the model.
        ModelError: something is NaN or infinite.
    """
    check_image(model, image, "image")
    head = find_head(model)
    noise = np.random.default_rng(0).random(image.shape).astype(image.dtype)
    images = np.stack([image, noise])
    answer = model.forward(images, (head.layer.name,))
    require_finite(model, images, answer.outputs, "output")
    values = [_positions(head.layer, row) for row in answer.activations[head.layer.name]]
    evidence, residual, rounding = _proved(head, model, values, answer.outputs)
    resolved = target.resolve(answer.outputs[0], model.output)
    factors = _factors(resolved, answer.outputs)
    rows, columns = evidence.shape[:2]
    field = _field(model, head.layer, images)
    told = (
        f"Exact: each output is the sum of {rows} × {columns} positions of layer {head.layer.name}, to {residual:.1g} "
        f"(rounding allows {rounding:.1g}); {_seen(field, image)}."
    )
    return ClassEvidence(
        image=image,
        evidence=evidence,
        factors=factors,
        heatmap=spread_out(evidence @ factors, image.shape[0], image.shape[1]),
        layer=head.layer.name,
        head=tuple(layer.name for layer in head.tail),
        residual=residual,
        rounding=rounding,
        receptive_field=field,
        unit=resolved.unit,
        score=float(resolved.score(answer.outputs[:1])[0]),
        target=resolved.index,
        class_names=model.output.class_names,
        n_evaluations=3 if has_gradients(model) else 2,
        provenance=Provenance.of(model, resolved.describe(model.output.class_names)),
        notes=(told,),
    )


def _field(model: Model, layer: Layer, images: Array) -> tuple[int, int] | None:
    """Rows and columns of pixels that a position sees, at most the image's; None where that is not known."""
    found = receptive_field(model, layer, images)
    return None if found.how == "whole image" and not has_gradients(model) else found.seen


def _seen(field: tuple[int, int] | None, image: Image) -> str:
    """How far a position sees, in words."""
    if field is None:
        return "how far each sees is not known"
    whole = field[0] >= image.shape[0] and field[1] >= image.shape[1]
    return "each sees the whole image" if whole else f"each sees {field[0]} × {field[1]} pixels around it"


def find_head(model: Model) -> Head:
    """Find how a model ends, by its wiring.

    Raises:
        UsageError: it does not end in a sum over positions; says which layer is in the way.
    """
    layers = {layer.name: layer for layer in model.layers}
    if not layers:
        raise _refusal("its layers are not known: a function was wrapped")
    current, tail = model.layers[-1], list[Layer]()
    while not _has_positions(current):
        _check_kind(current, tail)
        tail.insert(0, current)
        sources = current.sources
        if sources is None:
            raise _refusal("how its layers hang together is not known")
        if len(sources) != 1 or sources[0] not in layers:
            taken = ", ".join(sources) or "nothing that is known"
            raise _refusal(f"layer {current.name} is made from {taken}, not from one layer alone")
        current = layers[sources[0]]
    return Head(current, tuple(tail))


def _refusal(reason: str) -> UsageError:
    return UsageError(
        "class evidence was asked of a model that does not end in a sum over positions and at most one dense layer: "
        f"{reason}. {INSTEAD}"
    ).of("class_evidence", found=reason)


def _has_positions(layer: Layer) -> bool:
    rows, columns = layer.grid
    return rows * columns > 1 or (rows > 0 and not layer.shape)


def _check_kind(layer: Layer, behind: list[Layer]) -> None:
    if layer.kind in WEIGHING:
        others = [one.name for one in behind if one.kind in WEIGHING]
        if others:
            raise _refusal(f"behind the last positions stand several layers with weights: {layer.name}, {others[0]}")
    elif layer.kind not in PASSING or layer.parameters:
        raise _refusal(f"behind the last positions stands {layer.name} ({layer.kind}), which is no sum")


def _positions(layer: Layer, values: Array) -> Float[np.ndarray, "row column channel"]:
    found = layer.positions(values)
    assert found is not None  # noqa: S101 only layers with positions are asked
    return found.astype(np.float64)


def _proved(
    head: Head, model: Model, values: list[Array], outputs: Array
) -> tuple[Float[np.ndarray, "row column class"], float, float]:
    """The parts of the first image's outputs, how far they miss them, and how far rounding may; refuse otherwise."""
    least = float("inf")
    for weights, bias in _readings(head, model, values[0].shape, outputs.shape[1]):
        parts = [np.einsum("rcik,rci->rck", weights, value) + bias for value in values]
        sizes = [np.einsum("rcik,rci->k", np.abs(weights), np.abs(value)) + np.abs(bias).sum() for value in values]
        missed = np.array([np.abs(one.sum(axis=(0, 1)) - row) for one, row in zip(parts, outputs, strict=True)])
        allowed = ROUNDING * unit_of(model) * np.array(sizes)
        if (missed <= allowed).all():
            return parts[0], float(missed[0].max()), float(allowed[0].max())
        least = min(least, float(missed.max()))
    weighing = head.weighing
    between = f"layer {head.layer.name} and the output" if weighing is None else f"{head.layer.name}, {weighing.name}"
    missing = "" if np.isinf(least) else f" (the sum misses an output by {least:.3g})"
    raise _refusal(f"something else is computed between {between}{missing}")


def _readings(
    head: Head, model: Model, shape: tuple[int, ...], classes: int
) -> Iterator[tuple[Float[np.ndarray, "row column channel class"], Float[np.ndarray, " class"]]]:
    """What may be the weights of every position, and each position's part of the bias, in float64.

    A framework's own order of axes decides which it is; the sum tells.
    """
    rows, columns, channels = shape
    count = rows * columns
    full, weighing = (rows, columns, channels, classes), head.weighing
    if weighing is None:
        if channels == classes:
            yield np.broadcast_to(np.eye(classes) / count, full), np.zeros(classes)
        return
    all_weights = model.weights()
    own = [all_weights[name].astype(np.float64) for name in weighing.parameters]
    bias = next((one for one in own if one.shape == (classes,)), np.zeros(classes)) / count
    for matrix in (one.reshape(one.shape[0], -1) for one in own if one.ndim > 1 and one.size % classes == 0):
        for turned in (matrix.T, matrix.reshape(-1, classes)):
            if turned.shape == (channels, classes):
                yield np.broadcast_to(turned / count, full), bias
            if turned.shape == (count * channels, classes):
                yield turned.reshape(full), bias
                yield turned.reshape(channels, rows, columns, classes).transpose(1, 2, 0, 3), bias


def _factors(target: Target, outputs: Array) -> Float[np.ndarray, " class"]:
    """What each output counts in the score, which must be the same wherever one is, and all that there is."""
    first, second = target.grad_output(outputs).astype(np.float64)
    scores = target.score(outputs).astype(np.float64)
    if not np.array_equal(first, second) or not np.allclose(outputs.astype(np.float64) @ first, scores, rtol=1e-4):
        raise UsageError(
            f"class evidence adds up to outputs, and the {target.unit} that was asked for is no sum of them; explain a "
            "logit, a contrast or a margin"
        ).of("target", asked=target.unit)
    return first
