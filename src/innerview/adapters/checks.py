"""Checks that the adapters share: the promises of the waist, tested where they can be broken."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from innerview.errors import NetworkError, UsageError
from innerview.network import Cotangent
from innerview.types import Array


def check_precision(dtype: np.dtype[np.floating] | type[np.floating]) -> np.dtype[np.floating]:
    """Give `dtype` as NumPy writes it, or raise NetworkError unless it is float32 or float64."""
    wanted = np.dtype(dtype)
    if wanted not in {np.dtype(np.float32), np.dtype(np.float64)}:
        raise NetworkError(f"networks compute in float32 or float64; {wanted.name} was asked for")
    return wanted


def check_weights(weights: Mapping[str, Array]) -> None:
    """Raise NetworkError for the first weight that holds NaN or infinity."""
    for name, value in weights.items():
        wrong = int(value.size - np.count_nonzero(np.isfinite(value)))
        if wrong:
            raise NetworkError(
                f"{name} holds {wrong} values of {value.size} that are not finite; nothing can be explained with them. "
                "To look at the weights only, open the network with weights_only=True"
            )


def check_outputs(outputs: Array) -> None:
    """Raise NetworkError unless outputs (batch × class) are finite."""
    rows = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
    if rows.size:
        raise NetworkError(
            f"the network's output for picture {rows[0]} of the batch is not finite ({outputs[rows[0]]}); "
            "look for pixels far outside [0, 1] or weights that overflow"
        )


def collect_cotangents(cotangents: Mapping[str, Cotangent], values: Mapping[str, Array]) -> dict[str, Array]:
    """Ask each cotangent for its factors (target × the value's shape), as fresh arrays of the value's dtype.

    Raises:
        UsageError: there is no cotangent, or their shapes or numbers of targets don't agree.
    """
    if not cotangents:
        raise UsageError("a pullback was asked for without a cotangent; give one for the output or for a layer")
    factors = {name: np.array(ask(values[name].copy()), values[name].dtype) for name, ask in cotangents.items()}
    targets = {name: factor.shape[:1] for name, factor in factors.items()}
    for name, factor in factors.items():
        if factor.shape[1:] != values[name].shape or factor.ndim == values[name].ndim:
            raise UsageError(
                f"the cotangent on {name} is to be target × {' × '.join(map(str, values[name].shape))}; "
                f"it came with shape {factor.shape}"
            )
    if len(set(targets.values())) > 1:
        raise UsageError(f"all cotangents give the same number of targets; they came with {targets}")
    return factors
