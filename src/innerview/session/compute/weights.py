"""Histograms of weights in several checkpoints, on bins that hold nearly all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from innerview.errors import DataError
from innerview.methods import weight_histograms
from innerview.methods.weights import is_real
from innerview.pictures.charts.spread import HELD
from innerview.results import WeightHistograms
from innerview.session.progress import ALONE, SubProgress
from innerview.types import Array


def count_weights(
    checkpoints: Mapping[str, Mapping[str, Array]],
    *,
    bins: int = 128,
    shared_bins: bool = False,
    held: float = HELD,
    portion: SubProgress = ALONE,
    notes: Sequence[str] = (),
) -> WeightHistograms:
    """Count kernels and matrices of any checkpoint; vectors (biases, scales) only where there is nothing else.

    Args:
        checkpoints: by name, in the order of time: weights by name.
        bins: how many; even.
        shared_bins: one set of bins for all layers.
        held: share of each layer's weights that the bins hold at least, in every checkpoint; the few beyond are counted
            as under or over, since a single outlier would leave no width to all others.
        portion: told of each layer.
        notes: what is known of the weights already, for those of the result.

    Raises:
        DataError: there are none.
    """
    known = dict.fromkeys(name for weights in checkpoints.values() for name in weights)
    real = [name for name in known if all(is_real(one[name]) for one in checkpoints.values() if name in one)]
    kernels = [name for name in real if any(np.ndim(one[name]) > 1 for one in checkpoints.values() if name in one)]
    layers = kernels or real
    if not layers:
        raise DataError(f"there are no weights in {', '.join(checkpoints)}; name files or a model that have some").of(
            "checkpoints", found=0, asked=tuple(checkpoints)
        )
    limits = [_limit(checkpoints, name, held) for name in layers] if held < 1 and not shared_bins else []
    found = weight_histograms(
        checkpoints, layers=layers, bins=bins, limits=limits, shared_bins=shared_bins, progress=portion.progress
    )
    return replace(found, notes=(*notes, *_changes(checkpoints, layers), *_left_out(list(known), layers)))


def _changes(checkpoints: Mapping[str, Mapping[str, Array]], layers: Sequence[str]) -> list[str]:
    """Say which layers some checkpoints lack, and which change their shape."""
    told: list[str] = []
    for name in layers:
        lacking = [checkpoint for checkpoint, weights in checkpoints.items() if name not in weights]
        shapes = dict.fromkeys(np.shape(weights[name]) for weights in checkpoints.values() if name in weights)
        if lacking:
            told.append(f"{name} is not in {', '.join(lacking)}")
        if len(shapes) > 1:
            told.append(f"{name} changes its shape: {' to '.join(' × '.join(map(str, one)) for one in shapes)}")
    return told


def _left_out(known: Sequence[str], layers: Sequence[str]) -> list[str]:
    """Say how much is not drawn: biases and scales beside kernels, and what is no real number."""
    others = [name for name in known if name not in set(layers)]
    few = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
    return [f"{len(others):,} vectors and single numbers ({few}) are left out"] if others else []


def _limit(checkpoints: Mapping[str, Mapping[str, Array]], name: str, held: float) -> float:
    """The |weight| up to which the share `held` lies in each checkpoint; 1 where all are 0."""
    found = 0.0
    for weights in checkpoints.values():
        with np.errstate(invalid="ignore"):  # a NaN that signals is a NaN like others
            sizes = np.abs(np.asarray(weights.get(name, ()), dtype=np.float64).ravel())
        sizes = sizes[np.isfinite(sizes)]
        if sizes.size:
            place = min(int(np.ceil(held * sizes.size)), sizes.size) - 1
            found = max(found, float(np.partition(sizes, place)[place]))
    return found or 1.0
