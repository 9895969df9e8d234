"""One number of a convolution, taken apart: the patch that it reads, its kernel, the products and their sum.

    z[r, c, k] = Σ_i Σ_a Σ_b  x[s·r + d·a − p, s·c + d·b − q, i] · w[k, i, a, b]  +  bias[k]

with stride s, dilation d and a padding of zeros of p rows above and q columns on the left. A model says nothing of
these, so they are found by trial: those with which the sums are what the layer gives at its corners, at places between
and at the place that is asked. Where none are (a padding of other values, something between the layer and its
source), nothing is shown: the sum that is shown is the layer's own number, and nothing is made to fit.

Dumoulin, Visin 2016, arXiv 1603.07285 (the arithmetic of strides, paddings and dilations).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from innerview.errors import UsageError
from innerview.layers import INPUT, Layer, belonging, by_name, find_layer
from innerview.methods.passes import check_image
from innerview.model import Model
from innerview.types import Array, Image

WIDEST: Final = 15
"""Kernels up to this size are taken for kernels; a larger array of four axes is something else."""

ROUNDING: Final = 1e-4
"""A sum may differ from the layer's number by this fraction of Σ |products|: both were added up in float32."""

PLACES: Final = 8
STRIDES: Final = 4
DILATIONS: Final = (1, 2, 3, 4, 6, 8, 12)


@dataclass(frozen=True, eq=False)
class OneConvolution:
    """How a convolution comes to one number.

    Attributes:
        layer: its name; `channel`, `row` and `column`: which of its numbers, counted from 0.
        source: the layer that it reads; "input" for what the model takes of the image.
        inputs: numbers of the source's channels that this one reads; a group's, where it reads in groups.
        patch: what the kernel lies on, input × rows × columns (float64); 0 where it hangs over the border.
        kernel: as large.
        bias: that is added; None where there is none.
        output: the layer's own number.
        top: first row of the patch in the source, below 0 in the padding; `left`: its first column.
        stride: rows and columns from one patch to the next; `dilation`: from one weight to the next.
        following: the layers behind that belong to it (normalisation, activation), and what each gives at this place.
    """

    layer: str
    channel: int
    row: int
    column: int
    source: str
    inputs: tuple[int, ...]
    patch: Array
    kernel: Array
    bias: float | None
    output: float
    top: int
    left: int
    stride: int
    dilation: int
    following: tuple[tuple[str, str, float], ...]

    @property
    def products(self) -> Array:
        """Patch times kernel, number by number: input × rows × columns."""
        return self.patch * self.kernel

    @property
    def total(self) -> float:
        """The sum of all products, and the bias: the layer's output but for rounding."""
        return float(self.products.sum()) + (self.bias or 0.0)


@dataclass(frozen=True)
class _Geometry:
    stride: int
    dilation: int
    above: int
    before: int


def one_convolution(model: Model, image: Image, layer: str, channel: int, position: tuple[int, int]) -> OneConvolution:
    """Take one number of a convolution apart.

    Args:
        model: any model whose layers are known; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        layer: name of a convolution, or of what belongs to one (its normalisation or activation).
        channel: of its output, from 0.
        position: row and column of its output, from 0.

    Raises:
        UnknownLayer: lists the layers.
        UsageError: the layer is no convolution, has no such channel or position, or reads several layers; or its
            numbers are not those of a convolution of its source.
        ImageError: the image does not fit the model.
    """
    check_image(model, image, "image")
    layers = model.layers
    asked = find_layer(layers, by_name(layer))
    convolution, source = _convolution(layers, asked)
    behind = [one for one in belonging(layers, layers.index(convolution)) if one.axes == convolution.axes]
    wanted = [convolution.name, *([] if source is None else [source.name]), *(one.name for one in behind)]
    values = {name: found[0] for name, found in model.forward(image[None], tuple(wanted)).activations.items()}
    outputs = values[convolution.name].astype(np.float64)
    height, width, channels = outputs.shape
    row, column = position
    for what, number, least in (("channel", channel, channels), ("row", row, height), ("column", column, width)):
        if not 0 <= number < least:
            raise UsageError(f"{what} {number} of {convolution.name} was asked for; it has {least}, from 0").of(
                what, asked=number, limit=least - 1, layer=convolution.name
            )
    read = _entered(model, image) if source is None else values[source.name].astype(np.float64)
    kernels, bias = _weights(model, convolution, channels)
    group = _group(kernels, read.shape[2], channel, convolution)
    reading, kernel = read[:, :, group], kernels[channel]
    added = 0.0 if bias is None else float(bias[channel])
    geometry = _found(reading, kernel, added, outputs[:, :, channel], (row, column))
    if geometry is None:
        named = "what the model takes of the image" if source is None else source.name
        raise UsageError(
            f"the numbers of {convolution.name} are not sums over {named} with the layer's own weights and zeros "
            "around it: something else happens on the way, so one of them can't be taken apart"
        ).of("layer", asked=layer, layer=convolution.name)
    top, left = geometry.stride * row - geometry.above, geometry.stride * column - geometry.before
    return OneConvolution(
        convolution.name,
        channel,
        row,
        column,
        INPUT if source is None else source.name,
        tuple(range(read.shape[2])[group]),
        _patch(reading, kernel.shape[1:], geometry, row, column),
        kernel,
        None if bias is None else added,
        float(outputs[row, column, channel]),
        top,
        left,
        geometry.stride,
        geometry.dilation,
        tuple((one.name, one.kind, float(values[one.name][row, column, channel])) for one in behind),
    )


def output_first(weight: Array, channels: int) -> Array | None:
    """Bring a kernel of either axis order to output × input × height × width; None if it is no such kernel."""
    if weight.ndim != 4:
        return None
    if weight.shape[0] == channels and max(weight.shape[2:]) <= WIDEST:
        return weight
    if weight.shape[3] == channels and max(weight.shape[:2]) <= WIDEST:
        return weight.transpose(3, 2, 0, 1)
    return None


def _convolution(layers: Sequence[Layer], asked: Layer) -> tuple[Layer, Layer | None]:
    """The convolution that a layer is or belongs to, and the one layer that it reads; None for the image."""
    for place, layer in enumerate(layers):
        if layer.kind == "convolution" and asked in (layer, *belonging(layers, place)) and len(layer.shape) == 3:
            return layer, _source(layers, place)
    raise UsageError(
        f"{asked.name} is {asked.kind}: it neither is a convolution nor belongs to one, so there is no kernel to show"
    ).of("layer", asked=asked.name, found=asked.kind, layer=asked.name)


def _source(layers: Sequence[Layer], place: int) -> Layer | None:
    sources = layers[place].sources
    if sources is None:
        return layers[place - 1] if place else None
    if sources == (INPUT,):
        return None
    if len(sources) != 1:
        raise UsageError(
            f"{layers[place].name} reads {len(sources)} layers at once ({', '.join(sources)}); only what reads a "
            "single one can be taken apart"
        ).of("layer", asked=layers[place].name, found=sources, layer=layers[place].name)
    return next(layer for layer in layers if layer.name == sources[0])


def _entered(model: Model, image: Image) -> Array:
    """What the model takes of an image, channels last (float64)."""
    spec = model.input
    value = image.astype(np.float64) * spec.scale + spec.offset
    return value[:, :, ::-1] if spec.channel_order == "BGR" else value


def _weights(model: Model, layer: Layer, channels: int) -> tuple[Array, Array | None]:
    """Kernels as output × input × height × width, and the bias; both float64."""
    weights = model.weights()
    found = [weights[name].astype(np.float64) for name in layer.parameters if name in weights]
    kernels = next((each for each in (output_first(one, channels) for one in found) if each is not None), None)
    if kernels is None:
        raise UsageError(f"{layer.name} has no kernel of height × width among its weights").of(
            "layer", asked=layer.name, layer=layer.name
        )
    return kernels, next((one for one in found if one.shape == (channels,)), None)


def _group(kernels: Array, read: int, channel: int, layer: Layer) -> slice:
    """The channels of its source that one channel reads: all, or those of its group."""
    outputs, inputs = kernels.shape[:2]
    groups = read // inputs if inputs and read % inputs == 0 else 0
    if not groups or outputs % groups:
        raise UsageError(
            f"the kernel of {layer.name} reads {inputs} channels and its source has {read}: it reads something else"
        ).of("layer", asked=layer.name, found=read, layer=layer.name)
    group = channel // (outputs // groups)
    return slice(group * inputs, (group + 1) * inputs)


def _found(reading: Array, kernel: Array, bias: float, outputs: Array, asked: tuple[int, int]) -> _Geometry | None:
    """The first geometry, the usual ones first, whose sums are the layer's numbers wherever they are compared."""
    places = _compared(outputs.shape, asked)
    for geometry in _geometries(reading.shape[:2], outputs.shape, kernel.shape[1:]):
        if all(_equal(reading, kernel, bias, geometry, place, outputs[place]) for place in places):
            return geometry
    return None


def _compared(shape: tuple[int, ...], asked: tuple[int, int]) -> list[tuple[int, int]]:
    """The place that is asked, the corners, and some between: a wrong geometry fails at one of the first."""
    height, width = shape
    rows, columns = np.linspace(0, height - 1, PLACES).astype(int), np.linspace(0, width - 1, PLACES).astype(int)
    corners = [(0, 0), (height - 1, width - 1), (0, width - 1), (height - 1, 0)]
    return [asked, *corners, *zip(rows.tolist(), columns.tolist(), strict=True)]


def _geometries(read: tuple[int, ...], given: tuple[int, ...], kernel: tuple[int, ...]) -> Iterator[_Geometry]:
    """All that fit the sizes: the stride that they suggest, no dilation and a padding in the middle come first."""
    guess = max(1, round(read[0] / given[0]))
    strides = sorted({*range(1, STRIDES + 1), guess}, key=lambda one: abs(one - guess))
    for stride, dilation in product(strides, DILATIONS if max(kernel) > 1 else (1,)):
        reach = [dilation * (size - 1) for size in kernel]
        # The last patch begins within the source, and no padding is wider than the kernel reaches.
        if any(stride * (n - 1) > size + far for n, size, far in zip(given, read, reach, strict=True)):
            continue
        sides = [sorted(range(far + 1), key=lambda one, far=far: abs(2 * one - far)) for far in reach]
        for above, before in product(*sides):
            yield _Geometry(stride, dilation, above, before)


def _patch(reading: Array, kernel: tuple[int, ...], geometry: _Geometry, row: int, column: int) -> Array:
    """Input × rows × columns under the kernel; 0 where there is nothing."""
    height, width, inputs = reading.shape
    rows = geometry.stride * row - geometry.above + geometry.dilation * np.arange(kernel[0])
    columns = geometry.stride * column - geometry.before + geometry.dilation * np.arange(kernel[1])
    inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
    found = reading[np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)]
    return np.where(inside[..., None], found, 0.0).transpose(2, 0, 1).reshape(inputs, *kernel)


def _equal(
    reading: Array, kernel: Array, bias: float, geometry: _Geometry, place: tuple[int, int], wanted: float
) -> bool:
    products = _patch(reading, kernel.shape[1:], geometry, *place) * kernel
    most = ROUNDING * (np.abs(products).sum() + abs(bias)) + 1e-12
    return bool(abs(products.sum() + bias - wanted) <= most)
