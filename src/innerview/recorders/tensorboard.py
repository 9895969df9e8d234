"""Histograms that others wrote for TensorBoard, brought onto bins that all of their steps share.

An event file holds counts in buckets that every step chose for itself, so two steps can't be laid over each other. Here
each bucket's count is spread evenly over its width and counted anew, which keeps every total and is off by less than
the count of a bucket anywhere: **approximate**, and said so by what is returned. TensorBoard keeps no count of NaN and
infinite values, so none is known.
"""

# TensorBoard is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportMissingModuleSource=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from innerview.errors import DataError, MissingExtra, UnknownLayer, UsageError
from innerview.results import WeightHistograms
from innerview.types import Array

EVERYTHING: Final = 0
"""TensorBoard's word for "don't thin out"; left alone it keeps a few steps by chance."""


@dataclass(frozen=True)
class Buckets:
    """One histogram as it was written.

    Attributes:
        left: where each bucket begins, in units of the weight; `right`: where it ends.
        counts: how many values are in it; float64, as written.
        mean: of the values if it was written, else of the buckets' middles; likewise `std`.
    """

    left: Array
    right: Array
    counts: Array
    mean: float
    std: float


@dataclass(frozen=True)
class ImportedHistograms:
    """What was read.

    Attributes:
        histograms: on shared bins; a snapshot is called "step 100", a layer as it was written.
        steps: of the snapshots, rising.
        note: for captions: that the counts are approximate, and why.
    """

    histograms: WeightHistograms
    steps: tuple[int, ...]
    note: str


def read_histograms(
    path: str | Path, *, layers: Sequence[str] = (), bins: int = 128, same_bins: bool = False
) -> ImportedHistograms:
    """Read the histograms of one run's event files; those of TensorFlow 1 and 2, PyTorch, Keras and tensorboardX.

    Args:
        path: an event file, or the folder of one run.
        layers: names of the histograms wanted; all of the run if empty.
        bins: how many, symmetrical about 0; even, so that 0 is an edge.
        same_bins: use one set of bins for all layers instead of one per layer.

    Raises:
        MissingExtra: tensorboard is not installed.
        DataError: there is no event file, no histogram, or no step at which all layers were written.
        UnknownLayer: lists the histograms that there are.
        UsageError: an odd number of bins.
    """
    if bins < 2 or bins % 2:
        raise UsageError(f"{bins} bins were asked for; take an even number from 2, so that 0 is an edge")
    written = _read(Path(path))
    for name in layers:
        if name not in written:
            raise UnknownLayer(name, written)
    names = tuple(layers) or tuple(written)
    if not names:
        raise DataError(f"{path} holds no histogram that TensorBoard would show; is it the folder of one run?")
    steps = tuple(sorted(set.intersection(*(set(written[name]) for name in names))))
    if not steps:
        raise DataError(
            f"in {path} there is no step at which all of {', '.join(names)} were written; ask for fewer: layers=[…]"
        )
    table = [[written[name][step] for name in names] for step in steps]
    reaches = [max(_reach(row[place]) for row in table) or 1.0 for place in range(len(names))]
    if same_bins:
        reaches = [max(reaches)] * len(names)
    edges = np.stack([np.linspace(-reach, reach, bins + 1) for reach in reaches])
    nothing = np.zeros((len(steps), len(names)), np.int64)
    return ImportedHistograms(
        WeightHistograms(
            snapshots=tuple(f"step {step}" for step in steps),
            layers=names,
            edges=edges,
            counts=np.array([[rebin(one, edge) for one, edge in zip(row, edges, strict=True)] for row in table]),
            under=nothing,
            over=nothing,
            nan=nothing,
            infinite=nothing,
            mean=np.array([[one.mean for one in row] for row in table]),
            std=np.array([[one.std for one in row] for row in table]),
            minimum=np.array([[one.left.min(initial=np.inf) for one in row] for row in table]),
            maximum=np.array([[one.right.max(initial=-np.inf) for one in row] for row in table]),
        ),
        steps,
        "Counted anew from TensorBoard's buckets, each spread evenly over its width: approximate within a bucket. "
        "NaN and infinite values are not known.",
    )


def rebin(found: Buckets, edges: Array) -> Array:
    """Count a histogram into other bins that hold all of it (int64), keeping the total.

    What lies below each edge is added up and rounded, so that a count is off by at most 1 for the rounding.
    """
    width = found.right - found.left
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip((edges[:, None] - found.left) / width, 0, 1)
    # a bucket without width holds one value, which belongs to the bin that begins there
    share = np.where(width > 0, share, edges[:, None] > found.left)
    below = np.rint(share @ found.counts)
    below[-1] = np.rint(found.counts.sum())
    return np.diff(below).astype(np.int64)


def _reach(found: Buckets) -> float:
    """The largest |value| that a bucket may hold."""
    return float(max(np.abs(found.left).max(initial=0), np.abs(found.right).max(initial=0)))


def _read(path: Path) -> dict[str, dict[int, Buckets]]:
    """Every histogram of a run by name and step; of a step that was written twice, the last."""
    if not path.exists() or (path.is_dir() and not list(path.glob("*tfevents*"))):
        raise DataError(f"{path} is no event file and no folder with one (…tfevents…); give the folder of one run")
    try:
        from tensorboard.backend.event_processing import event_accumulator
        from tensorboard.util import tensor_util
    except ImportError as error:
        raise MissingExtra("reading TensorBoard's event files", "tensorboard") from error
    kinds = ("histograms", "tensors")
    # Half typed: with the package installed, what a tag holds would be "a list or a bool".
    events: Any = event_accumulator.EventAccumulator(str(path), size_guidance=dict.fromkeys(kinds, EVERYTHING)).Reload()
    tags: Mapping[str, Any] = events.Tags()
    found = dict[str, dict[int, Buckets]]()
    for name in tags["histograms"]:
        found[name] = {event.step: _old(event.histogram_value) for event in events.Histograms(name)}
    for name in tags["tensors"]:
        if events.SummaryMetadata(name).plugin_data.plugin_name == "histograms":
            found[name] = {
                event.step: _new(tensor_util.make_ndarray(event.tensor_proto)) for event in events.Tensors(name)
            }
    return found


def _old(value: Any) -> Buckets:
    """A histogram of TensorFlow 1, PyTorch or tensorboardX: upper limits, and the sums of the values."""
    limits, counts = np.asarray(value.bucket_limit, np.float64), np.asarray(value.bucket, np.float64)
    inside = np.clip(limits, value.min, value.max)  # the outermost limits may be those of all float64
    mean = value.sum / value.num if value.num else np.nan
    variance = value.sum_squares / value.num - mean**2 if value.num else np.nan
    return Buckets(
        np.concatenate([[value.min], inside[:-1]])[: len(counts)],
        inside,
        counts,
        float(mean),
        float(max(variance, 0) ** 0.5),
    )


def _new(rows: Array) -> Buckets:
    """A histogram of TensorFlow 2 or Keras: left end, right end and count of each bucket."""
    left, right, counts = np.asarray(rows, np.float64).reshape(-1, 3).T
    total = counts.sum()
    middle = (left + right) / 2
    mean = (counts * middle).sum() / total if total else np.nan
    # a value is spread over its bucket, which adds the variance of an even spread
    variance = (counts * ((middle - mean) ** 2 + (right - left) ** 2 / 12)).sum() / total if total else np.nan
    return Buckets(left, right, counts, float(mean), float(variance**0.5))
