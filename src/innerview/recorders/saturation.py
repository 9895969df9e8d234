"""Statistics of a layer's channels over the probe images: spread, silence, saturation, and what is no number.

A value is saturated where its activation function is flat, its slope below 0.01: no gradient passes there. For most
functions the slope can be read off the output, y: tanh has 1 − y², the sigmoid y(1 − y), ELU y + alpha below 0, and
ReLU is flat exactly where y is 0. GELU and SiLU give one output for two inputs, so nothing is said of them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from innerview.runs.observations import Channels
from innerview.types import Array

INFINITE: Final = float("inf")

FLAT: Final = {
    "relu": (0.0, INFINITE),
    "relu6": (0.0, 6.0),
    "elu": (-0.99, INFINITE),
    "celu": (-0.99, INFINITE),
    "selu": (-1.7481, INFINITE),
    "sigmoid": (0.010206, 0.989794),
    "hardsigmoid": (0.0, 1.0),
    "tanh": (-0.994987, 0.994987),
    "hardtanh": (-1.0, 1.0),
    "softsign": (-0.9, 0.9),
    "softplus": (0.01005, INFINITE),
}
"""The outputs up to which, and from which on, an activation function is flat, by its name in small letters."""

SCALED: Final = frozenset({"elu", "celu"})
"""Functions whose lower end is −alpha: they are flat up to 0.01 above it."""


def flat_outputs(name: str, alpha: float = 1.0) -> tuple[float, float] | None:
    """Find where an activation function is flat.

    Args:
        name: of its class or function, in any framework ("ReLU", "hard_sigmoid").
        alpha: of ELU and CELU.

    Returns:
        The outputs up to which, and from which on, its slope is below 0.01; None if it is not known.
    """
    plain = name.lower().replace("_", "")
    if plain in SCALED:
        return 0.01 - alpha, INFINITE
    return FLAT.get(plain)


def channel_statistics(values: Array, flat: tuple[float, float] | None) -> Channels:
    """Work out the statistics of each channel.

    Args:
        values: of a layer, image × … × channel.
        flat: as `flat_outputs` gives it.
    """
    columns = values.reshape(-1, values.shape[-1])
    finite = np.isfinite(columns)
    counted = finite.sum(axis=0)
    number = np.where(counted, counted, np.nan)  # a channel without a finite value has no mean

    def share(chosen: Array) -> Array:
        return (chosen & finite).sum(axis=0) / number

    known = columns if finite.all() else np.where(finite, columns, 0)
    mean = known.sum(axis=0, dtype=np.float64) / number
    squares = np.square(known - mean.astype(known.dtype), where=finite, out=np.zeros_like(known))
    return Channels(
        mean=mean,
        std=np.sqrt(squares.sum(axis=0, dtype=np.float64) / number),
        minimum=_extreme(np.where(finite, columns, INFINITE).min(axis=0), counted),
        maximum=_extreme(np.where(finite, columns, -INFINITE).max(axis=0), counted),
        positive=share(columns > 0),
        saturated=np.full(len(mean), np.nan) if flat is None else share((columns <= flat[0]) | (columns >= flat[1])),
        nan=np.isnan(columns).sum(axis=0),
        infinite=np.isinf(columns).sum(axis=0),
    )


def _extreme(values: Array, counted: Array) -> Array:
    return np.where(counted > 0, values, np.nan).astype(np.float64)
