"""Weights as the model computes with them, where a file holds what they are made of.

Pruning keeps `weight_orig` and `weight_mask`, weight normalisation `weight_g` and `weight_v`, spectral normalisation
`weight_orig`, `weight_u` and `weight_v`: a histogram of those shows other numbers than the model uses. What can be
put together from the file alone is; of what can't, it is said that it stands as it was stored.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np

from innerview.types import Array

PREFIXES: Final = ("module.", "_orig_mod.")
"""What parallel and compiled models put in front of every name."""

STORED: Final = "as it was stored: the model computes with what is made of it"


def combined(held: Mapping[str, Array]) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Put weights together that are stored in parts, and take the prefix of a wrapped model off all names.

    Returns:
        The weights, in the order of the file, and what was done and what could not be, in words.
    """
    names, notes = _plain_names(held)
    weights: dict[str, Array] = {}
    used: set[str] = set()
    for name, values in names.items():
        made = _made(name, values, names)
        if made is None:
            weights[name] = values
            continue
        whole, parts, words = made
        used |= parts
        notes.append(words)
        weights[name if whole is None else _base(name)] = values if whole is None else whole
    kept = {name: values for name, values in weights.items() if name not in used or name not in names}
    notes += [f"{name} stands {STORED}" for name in kept if ".parametrizations." in f".{name}"]
    return kept, tuple(notes)


def is_a_part(name: str, names: Collection[str]) -> bool:
    """Whether a weight is one of those that others are made of, by the names beside it."""
    base, _, part = name.rpartition("_")
    beside = {"orig": ("mask", "u"), "g": ("v",), "v": ("g", "u")}.get(part, ())
    return ".parametrizations." in f".{name}" or any(f"{base}_{one}" in names for one in beside)


def _plain_names(held: Mapping[str, Array]) -> tuple[dict[str, Array], list[str]]:
    names, notes = dict(held), list[str]()
    while prefix := next((one for one in PREFIXES if names and all(name.startswith(one) for name in names)), ""):
        names = {name.removeprefix(prefix): values for name, values in names.items()}
        notes.append(f"{prefix!r} was taken off the front of all names, where a wrapped model puts it")
    return names, notes


def _base(name: str) -> str:
    return name.rpartition("_")[0]


def _made(name: str, values: Array, held: Mapping[str, Array]) -> tuple[Array | None, set[str], str] | None:
    """What a part makes with the others: the whole, all parts, and words; None if it is no first part of anything."""
    base, _, part = name.rpartition("_")
    if part == "orig" and f"{base}_mask" in held and held[f"{base}_mask"].shape == values.shape:
        mask = held[f"{base}_mask"]
        pruned = 100 * float((mask == 0).mean()) if mask.size else 0.0
        words = f"{base} is {base}_orig × {base}_mask, as the model uses it: {pruned:.3g} % are pruned"
        return values * mask, {name, f"{base}_mask"}, words
    if part == "orig" and f"{base}_u" in held and f"{base}_v" in held:
        whole = _spectral(values, held[f"{base}_u"], held[f"{base}_v"])
        if whole is None:
            return None, {f"{base}_u", f"{base}_v"}, f"{name} stands {STORED}"
        return whole, {name, f"{base}_u", f"{base}_v"}, f"{base} is {base}_orig over its spectral norm, as it is used"
    if part == "v" and f"{base}_g" in held and f"{base}_orig" not in held:
        whole = _normalised(held[f"{base}_g"], values)
        if whole is None:
            return None, set(), f"{name} and {base}_g stand as they were stored"
        return whole, {name, f"{base}_g"}, f"{base} is {base}_g · {base}_v / ‖{base}_v‖, as the model uses it"
    return None


def _normalised(length: Array, direction: Array) -> Array | None:
    """Weight normalisation: the length is one number for each place along one axis, or for all."""
    if length.size != 1 and (
        length.ndim != direction.ndim
        or any(a not in {1, b} for a, b in zip(length.shape, direction.shape, strict=True))
    ):
        return None
    axes = tuple(axis for axis in range(direction.ndim) if length.size == 1 or length.shape[axis] == 1)
    norm = np.sqrt(np.sum(np.square(direction.astype(np.float64)), axis=axes, keepdims=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = direction * (length.reshape(length.shape if length.size > 1 else (1,) * direction.ndim) / norm)
    return found.astype(direction.dtype)


def _spectral(weight: Array, left: Array, right: Array) -> Array | None:
    """Spectral normalisation, along the axis that the vectors' lengths tell; None where they fit two or none."""
    axes = [
        axis
        for axis in range(weight.ndim)
        if left.shape == (weight.shape[axis],) and right.shape == (weight.size // max(weight.shape[axis], 1),)
    ]
    if not axes or (axes[0] == 0 and len(axes) > 1 and weight.ndim != 2):  # a transposed convolution turns them
        return None
    matrix = np.moveaxis(weight, axes[0], 0).reshape(left.size, -1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (weight / (left @ matrix @ right)).astype(weight.dtype)
