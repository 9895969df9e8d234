"""Histograms and statistics of weights, for any number of checkpoints on shared bins.

Bins that each checkpoint chooses for itself can't be laid over each other, and training moves weights outwards: so
each layer's bins span all of its checkpoints, symmetrically about 0, and 0 is an edge. A weight that is not finite
is counted as what it is; every weight is counted once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from innerview.errors import UnknownLayer, UsageError
from innerview.methods.passes import Progress
from innerview.results import WeightHistograms
from innerview.types import Array

MOST: Final = 65_536
"""Bins, at most."""

HUGE: Final = 1e150
"""Beyond it the squares of weights are no floats any more."""


def weight_histograms(
    checkpoints: Mapping[str, Mapping[str, Array]],
    *,
    layers: Sequence[str] = (),
    bins: int = 128,
    limits: Sequence[float] = (),
    shared_bins: bool = False,
    progress: Progress | None = None,
) -> WeightHistograms:
    """Count the weights of every layer in every checkpoint.

    Args:
        checkpoints: by name, in the order of time: weights by name, of any shape, real numbers. A layer that some
            checkpoints lack has no weights there: its counts are 0, its statistics NaN.
        layers: names of the weights to count; if empty, all of any checkpoint, those of the first one first.
        bins: how many; even, so that 0 is an edge; at most 65,536.
        limits: the largest |weight| in a bin, one number for all layers or one per layer; weights beyond are counted
            as under or over. If empty, all finite weights fall into bins.
        shared_bins: use one set of bins for all layers instead of one per layer.
        progress: called with layers counted and in all, over all checkpoints.

    Raises:
        UsageError: no checkpoint, an odd or non-positive number of bins, too many, limits that are not positive, or
            weights that are no real numbers.
        UnknownLayer: no checkpoint has one of the layers.
    """
    if not checkpoints:
        raise UsageError("no checkpoint of weights was given; give at least one, by name").of("checkpoints", found=0)
    if bins < 2 or bins % 2 or bins > MOST:
        raise UsageError(
            f"{bins} bins were asked for; take an even number from 2 to {MOST:,}, so that 0 is an edge"
        ).of("bins", asked=bins, limit=MOST)
    known = dict.fromkeys(name for weights in checkpoints.values() for name in weights)
    names = tuple(layers) or tuple(known)
    for name in names:
        if name not in known:
            raise UnknownLayer(name, known)
    table = [[_numbers(weights, name) for name in names] for weights in checkpoints.values()]
    if not names:  # a function shows none: nothing is counted, and then left out, so that all shapes are right
        table = [[np.zeros(0)] for _ in table]
    places = np.linspace(-1, 1, bins + 1)  # not from -reach to reach: their distance may be beyond all floats
    edges = np.stack([reach * places for reach in _reaches(table, limits, shared_bins=shared_bins)])
    cells: list[list[dict[str, Array | float | int]]] = []
    for done, row in enumerate(table, start=1):
        cells.append([_count(values, edge) for values, edge in zip(row, edges, strict=True)])
        if progress is not None:
            progress(done * len(names), len(table) * len(names))
    counted: dict[str, Any] = {
        name: np.array([[cell[name] for cell in row] for row in cells])[:, : len(names)] for name in cells[0][0]
    }
    distance = np.array(
        [[relative_distance(values, end) for values, end in zip(row, table[-1], strict=True)] for row in table]
    )
    return WeightHistograms(
        checkpoints=tuple(checkpoints),
        layers=names,
        edges=edges[: len(names)],
        distance=distance[:, : len(names)],
        **counted,
    )


def relative_distance(values: Array, end: Array | None) -> float:
    """How far weights are from those at the end, as a fraction of the size of these: |w − w_end| / |w_end|.

    NaN where there are none, where the shapes differ, or where one of them is not finite.
    """
    if end is None or values.shape != end.shape or not values.size:
        return float("nan")
    last = end.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):  # squares of what has exploded
        return float(np.linalg.norm(values.astype(np.float64) - last)) / max(float(np.linalg.norm(last)), 1e-30)


def is_real(values: Array) -> bool:
    """Whether values are numbers that fall into bins: floats, whole numbers, true and false."""
    return np.asarray(values).dtype.kind in "fiub"


def _numbers(weights: Mapping[str, Array], name: str) -> Array:
    """One layer of one checkpoint as a row; nothing where it has none."""
    values = np.asarray(weights.get(name, ()))
    if not is_real(values):
        raise UsageError(
            f"{name} holds {values.dtype}, which falls into no bins; leave it out, or give two layers for real and "
            "imaginary parts"
        ).of("dtype", layer=name, found=str(values.dtype))
    with np.errstate(invalid="ignore"):  # a NaN that signals is a NaN like others
        return values.ravel().astype(np.float64)


def _count(values: Array, edges: Array) -> dict[str, Array | float | int]:
    """Count one layer of one checkpoint; the keys are the fields of WeightHistograms."""
    finite = values[np.isfinite(values)]
    known = finite if finite.size else np.array([np.nan])
    largest = float(np.abs(known).max())
    unit = largest if largest > HUGE else 1.0
    return {
        "counts": np.histogram(finite, bins=edges)[0],
        "under": int((finite < edges[0]).sum()),
        "over": int((finite > edges[-1]).sum()),
        "nan": int(np.isnan(values).sum()),
        "infinite": int(np.isinf(values).sum()),
        "mean": unit * float((known / unit).mean()),
        "std": unit * float((known / unit).std()),
        "minimum": float(known.min()),
        "maximum": float(known.max()),
    }


def _reaches(table: Sequence[Sequence[Array]], limits: Sequence[float], *, shared_bins: bool) -> list[float]:
    """The largest |weight| that each layer's bins must hold."""
    layers = len(table[0])
    if len(limits):
        if len(limits) not in {1, layers} or min(limits) <= 0:
            raise UsageError(
                f"limits {list(limits)} were given; give one number above 0, or one for each of {layers} layers"
            ).of("limits", asked=tuple(limits), found=layers)
        return list(limits) if len(limits) == layers else [limits[0]] * layers
    finite = [[values[np.isfinite(values)] for values in row] for row in table]
    reaches = [max(float(np.abs(row[layer]).max(initial=0)) for row in finite) for layer in range(layers)]
    if shared_bins:
        reaches = [max(reaches)] * layers
    # Weights that are all zero (or none finite) still need bins of some width.
    return [reach or 1.0 for reach in reaches]
