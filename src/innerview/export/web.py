"""A network as data for the browser's engine: operations as JSON, weights as 16-bit floats behind each other.

`frontend/engine/network.ts` runs what is written here, forward and backward. Only what both know is written;
a model with any other is refused, with the names of what it has. Convolutions say whether the engine may use tiles
(Winograd's), which is decided here by the same measured error as in `adapters.winograd`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import (
    ELU,
    Convolution,
    Dense,
    Flatten,
    GlobalMean,
    MaxPooling,
    MeanPooling,
    Operation,
    Prepared,
    ReLU,
)
from innerview.adapters.numpy.winograd import FEWEST_CHANNELS, Kernels
from innerview.errors import UsageError
from innerview.export.packed import deflated
from innerview.model import Model
from innerview.types import Array

VERSION: Final = 2
"""2: the low bytes of all weights, then the high ones."""

MAX_SIZE: Final = 8.0
"""MB (of 10^6 bytes) that the weights take in 16 bits at most, unless somebody allows more."""

FINEST: Final = 2.0**-11
"""Largest relative error of a weight in 16 bits, but for the smallest ones."""


KNOWN: Final = frozenset({Convolution, Dense, MeanPooling, MaxPooling, GlobalMean, Flatten, ELU, ReLU})
"""Operations of the NumPy adapter that the engine has too."""


@dataclass(frozen=True, eq=False)
class WebNetwork:
    """A network on its way into a page.

    Attributes:
        description: what `Description` in frontend/engine/network.ts says.
        weights: all of them in 16 bits, in the description's order, little-endian.
        error: largest difference between a weight and what is written, relative to the largest weight of its array; 0
            where every weight is a number of 16 bits already.
        text: base64 of the deflated weights, of which the low bytes stand first and then the high ones.
    """

    description: Mapping[str, Any]
    weights: bytes
    error: float
    text: str = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of the weights before they are packed."""
        return len(self.weights)


def web_network(model: NumpyModel, name: str, max_size: float = MAX_SIZE) -> WebNetwork:
    """Write a network for the browser.

    Args:
        model: of operations that the engine knows.
        name: of the network, for people.
        max_size: MB of weights in 16 bits at most.

    Raises:
        UsageError: it has other operations, too many weights, or weights that 16 bits don't hold.
    """
    steps = [_step(*one) for one in _chain(model)]
    return _written(model, name, steps, model.weights(), max_size)


def web_network_of_steps(
    model: Model,
    name: str,
    operations: Sequence[Mapping[str, Any]],
    weights: Mapping[str, Array],
    max_size: float = MAX_SIZE,
) -> WebNetwork:
    """The same of a model whose steps are known: operations of `Description`, weights by the names in them.

    Raises:
        UsageError: as `web_network`.
    """
    steps = [
        {**one, "tiles": tiles(weights[one["weight"]]) if _may_tile(one) else [False, False]}
        if one["kind"] == "convolution"
        else one
        for one in operations
    ]
    return _written(model, name, steps, weights, max_size)


def check_max_size(max_size: float) -> None:
    """Raise UsageError unless it is a size."""
    if not max_size > 0:
        raise UsageError(f"a largest size of {max_size:g} MB was given for the weights; it must be above 0").of(
            "max_size", asked=max_size, limit=0
        )


def check_size(name: str, count: int, max_size: float) -> None:
    """Raise UsageError where so many weights take more than `max_size` MB."""
    size = 2 * count
    if size > 1e6 * max_size:
        raise UsageError(
            f"the weights of {name} take {size / 1e6:.3g} MB in 16 bits, and {max_size:g} MB are allowed in a page; "
            f"allow more (max_size={math.ceil(size / 1e5) / 10:g}, or --max-size), or leave the network out"
        ).of("size", asked=name, found=size, limit=max_size)


def _may_tile(step: Mapping[str, Any]) -> bool:
    return step["stride"] == [1, 1] and step.get("groups", 1) == 1


def _written(
    model: Model, name: str, operations: Sequence[Mapping[str, Any]], weights: Mapping[str, Array], max_size: float
) -> WebNetwork:
    check_max_size(max_size)
    check_size(name, sum(value.size for value in weights.values()), max_size)
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is found next
        half = {key: np.asarray(value).astype("<f2") for key, value in weights.items()}
    for key, value in half.items():
        if not np.isfinite(value).all():
            raise UsageError(
                f"{key} of {name} has values that 16 bits don't hold; the network can't be put into a page"
            ).of("half", asked=key, found="overflow")
    off = [
        float(np.abs(half[key].astype(np.float64) - value).max() / max(float(np.abs(value).max()), 1e-300))
        for key, value in weights.items()
    ]
    packed = b"".join(value.tobytes() for value in half.values())
    taken = model.input
    description = {
        "version": VERSION,
        "name": name,
        "fingerprint": model.fingerprint,
        "input": {
            "height": taken.height,
            "width": taken.width,
            "channels": taken.channels,
            "scale": taken.scale.tolist(),
            "offset": taken.offset.tolist(),
            "reversed": taken.channel_order == "BGR",
        },
        "operations": list(operations),
        "weights": [{"name": key, "shape": list(value.shape)} for key, value in half.items()],
    }
    # Signs and exponents lie together, and so pack better: 7 % less for the built-in network.
    parted = np.frombuffer(packed, np.uint8).reshape(-1, 2).T.tobytes()
    return WebNetwork(MappingProxyType(description), packed, max(off, default=0.0), deflated(parted))


def _chain(model: NumpyModel) -> list[tuple[Operation, Prepared, int, tuple[int, ...], Mapping[str, Array]]]:
    """Each operation with what it prepared, its place, the shape of what it takes, and all weights."""
    shapes = [model.input.shape, *(layer.shape for layer in model.layers)]
    weights, pairs = model.weights(), zip(model.operations, model.prepared, strict=True)
    return [(operation, ready, place, shapes[place], weights) for place, (operation, ready) in enumerate(pairs)]


def _step(
    operation: Operation, prepared: Prepared, place: int, before: tuple[int, ...], weights: Mapping[str, Array]
) -> dict[str, Any]:
    known: dict[str, Any] = {"name": operation.name, "from": [place]}
    if type(operation) not in KNOWN:  # of a subclass nothing is known
        raise _refusal(operation)
    match operation:
        case Convolution():
            kernels = weights[operation.parameters[0]]
            known |= {
                "kind": "convolution",
                "stride": [operation.stride, operation.stride],
                "padding": [side for pair in operation.around(before, kernels.shape[2:]) for side in pair],
                "tiles": _in_tiles(prepared[:2], kernels) if operation.stride == 1 else [False, False],
            }
        case Dense():
            known |= {"kind": "dense"}
        case MeanPooling() | MaxPooling():
            kind = "mean-pooling" if isinstance(operation, MeanPooling) else "max-pooling"
            known |= {"kind": kind, "size": operation.size, "stride": operation.size, "padding": 0, "whole": True}
        case GlobalMean():
            known |= {"kind": "global-mean"}
        case Flatten():
            known |= {"kind": "flatten", "layout": operation.layout}
        case ELU():
            known |= {"kind": "elu"}
        case ReLU():
            known |= {"kind": "relu"}
        case _:
            raise _refusal(operation)
    return known | dict(zip(("weight", "bias"), operation.parameters, strict=False))


def _refusal(operation: Operation) -> UsageError:
    return UsageError(
        "the network is not made of what the engine in the page runs: "
        f"{operation.name} is of the kind {operation.kind!r}"
    ).of("operation", layer=operation.name, found=operation.kind)


def tiles(kernels: Array) -> list[bool]:
    """Whether tiles keep the digits of a convolution (output × input × height × width), on the way there and back."""
    value = np.asarray(kernels, np.float32)
    onward = np.ascontiguousarray(value.transpose(2, 3, 1, 0))
    back = np.ascontiguousarray(value[:, :, ::-1, ::-1].transpose(2, 3, 0, 1))
    return _in_tiles((Kernels(onward), Kernels(back)), value)


def _in_tiles(both: Sequence[Kernels], kernels: Array) -> list[bool]:
    """The same, of kernels that are laid out already: a model has measured its own."""
    if kernels.dtype != np.float32:  # in which the page computes
        return tiles(kernels)
    pays = kernels.shape[2:] == (3, 3) and min(kernels.shape[:2]) >= FEWEST_CHANNELS
    return [pays and one.in_tiles for one in both]
