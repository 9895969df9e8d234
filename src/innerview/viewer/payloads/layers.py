"""What every layer gives for an image: its strongest channels, their statistics, and the kernels that make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from innerview.methods import area_mean
from innerview.methods.one_convolution import output_first
from innerview.model import FOLLOWING, INPUT, Layer
from innerview.results import Activations
from innerview.types import Array
from innerview.viewer.payload import Payload, companded, counted, make_payload, numbered
from innerview.viewer.payloads.stamp import Stamp

BINS: Final = 32
INPUTS: Final = 8


@dataclass(frozen=True)
class Shown:
    """How much of the layers is shown.

    Attributes:
        channels: at most, the strongest.
        side: height and width at most; larger layers are shrunk by area mean.
        kernels: whether the kernels of the shown channels go along.
    """

    channels: int = 27
    side: int = 64
    kernels: bool = True


def layers_payload(
    result: Activations,
    layers: Sequence[Layer],
    weights: Mapping[str, Array],
    stamp: Stamp,
    shown: Shown,
    *,
    complete: bool = False,
) -> Payload:
    """Show what layers give.

    Args:
        result: of some or all layers.
        layers: all of the network, in order.
        weights: by name, in the framework's own axis order.
        stamp: network and image.
        shown: how much.
        complete: every channel of the layers that are there is shown.
    """
    arrays: dict[str, Array] = {}
    listed: list[dict[str, object]] = []
    for number, layer in enumerate(layers):
        values = _with_places(result, layer.name)
        height, width, channels = values.shape if values is not None else _declared(layer)
        entry: dict[str, object] = {
            "name": layer.name,
            "kind": layer.kind,
            "height": height,
            "width": width,
            "channels": channels,
            "shown": 0,
            "constant": 0,
            "note": _missing_note(layer, result),
        }
        if values is not None:
            chosen = strongest(values, shown.channels)
            arrays |= _describe(number, values, chosen, result.colours.get(layer.name), shown.side)
            entry |= {"shown": len(chosen), "constant": constant(values), "note": _note(values, chosen, shown.side)}
            if shown.kernels:
                source, kernels = _kernels(layers, number, result, weights)
                if kernels is not None:
                    arrays |= _strongest_inputs(number, kernels[chosen])
                    entry["input"] = source
        listed.append(entry)
    return make_payload("layers", arrays, **stamp.texts, layers=listed, complete=complete)


def strongest(values: Array, most: int) -> list[int]:
    """Numbers of the channels with the largest mean |value|, strongest first."""
    strength = np.abs(values.astype(np.float64)).mean(axis=(0, 1))
    return np.argsort(-strength, kind="stable")[:most].tolist()


def constant(values: Array) -> int:
    """How many of all channels give one value everywhere; where there is one place only, exactly 0."""
    flat = values.reshape(-1, values.shape[2])
    still = np.ptp(flat, axis=0) == 0 if len(flat) > 1 else flat[0] == 0
    return int(still.sum())


def _describe(number: int, values: Array, chosen: Sequence[int], colours: Array | None, side: int) -> dict[str, Array]:
    picked = values[:, :, chosen]
    flat = picked.reshape(-1, len(chosen)).astype(np.float64)
    edges = _edges(flat)
    small = area_mean(picked, min(side, picked.shape[0]), min(side, picked.shape[1]))
    histograms = np.stack([np.histogram(flat[:, place], bins=edges)[0] for place in range(len(chosen))])
    arrays = {
        **companded(f"activation/{number}", small, keep=(2,)),
        f"channels/{number}": counted(chosen),
        f"mean/{number}": numbered(flat.mean(axis=0)),
        f"maximum/{number}": numbered(flat.max(axis=0)),
        f"minimum/{number}": numbered(flat.min(axis=0)),
        f"above/{number}": numbered((flat > 0).mean(axis=0)),
        f"histogram/{number}": counted(histograms),
        f"edges/{number}": numbered(edges),
    }
    if colours is not None:
        arrays[f"colours/{number}"] = numbered(colours[list(chosen)])
    return arrays


def _edges(values: Array) -> Array:
    """Bins of equal width over all shown channels of a layer."""
    low, high = float(values.min()), float(values.max())
    return np.linspace(low, high if high > low else low + 1, BINS + 1)


def _with_places(result: Activations, name: str) -> Array | None:
    """Height × width × channel: tokens in their grid, one place for a layer without places; None for other axes."""
    values = result.positions(name) if name in result.layers else None
    return values if values is not None and values.size else None


def _declared(layer: Layer) -> tuple[int, int, int]:
    """What is known of a layer's shape without its values; 0 where nothing is."""
    height, width = layer.grid
    return height or 1, width or 1, layer.shape[-1] if layer.axes and layer.shape else 0


def _missing_note(layer: Layer, result: Activations) -> str:
    if layer.name in result.layers:
        return "which of its axes are places and which are channels can't be told from what it does"
    return "not among the layers that are shown unasked"


def _note(values: Array, chosen: Sequence[int], side: int) -> str:
    """What was left out, in words; empty if nothing was."""
    height, width, channels = values.shape
    parts = [f"showing {len(chosen)} of {channels} channels, the strongest"] if len(chosen) < channels else []
    if max(height, width) > side:
        parts.append(f"{height} × {width} shrunk to {min(side, height)} × {min(side, width)}")
    return "; ".join(parts)


def _kernels(
    layers: Sequence[Layer], number: int, result: Activations, weights: Mapping[str, Array]
) -> tuple[int, Array | None]:
    """The kernels that make a layer's channels, output × input × height × width, and the layer that they read.

    An activation shows those of the convolution that it follows. None where they read several layers at once, or only
    some channels of one (in groups): then the number of an input is not that of a channel.
    """
    place: int | None = number
    while place is not None and layers[place].kind in FOLLOWING:
        place = _before(layers, place)
    if place is None or layers[place].kind != "convolution":
        return -1, None
    source = _source(layers, place)
    if source is None:
        return -1, None
    read = layers[source].shape[-1:] if source >= 0 else result.image.shape[-1:]
    for name in layers[place].parameters:
        found = output_first(weights[name], layers[place].shape[-1]) if name in weights and layers[place].axes else None
        if found is not None and found.shape[1:2] == read:
            return source, found
    return -1, None


def _before(layers: Sequence[Layer], place: int) -> int | None:
    """The layer that one follows directly: by the wiring, or where that is not known the one called before it."""
    layer = layers[place]
    if layer.sources is None:
        return place - 1 if place else None
    return next((number for number, one in enumerate(layers) if one.name == layer.follows), None)


def _source(layers: Sequence[Layer], place: int) -> int | None:
    """The one layer that another reads, −1 for the image; None for several."""
    sources = layers[place].sources
    if sources is None:
        return place - 1
    if sources == (INPUT,):
        return -1
    names = [layer.name for layer in layers]
    return names.index(sources[0]) if len(sources) == 1 else None


def _strongest_inputs(number: int, kernels: Array) -> dict[str, Array]:
    """The kernels from each channel's strongest inputs (largest sum of |weight|), strongest first."""
    strength = np.abs(kernels.astype(np.float64)).sum(axis=(2, 3))
    inputs = np.argsort(-strength, axis=1, kind="stable")[:, :INPUTS]
    picked = np.take_along_axis(kernels, inputs[:, :, None, None], axis=1)
    return {**companded(f"kernels/{number}", picked, keep=(0,)), f"inputs/{number}": inputs.astype(np.uint16)}
