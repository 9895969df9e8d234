"""Histograms that others wrote for TensorBoard, brought onto bins that all of their steps share.

An event file holds counts in buckets that every step chose for itself, so two steps can't be laid over each other. Here
each bucket's count is spread evenly over its width and counted anew, which keeps every total and is off by less than
the count of a bucket anywhere: **approximate**, and said so by what is returned. TensorBoard keeps no count of NaN and
infinite values; where a writer's total is more than its buckets hold, the rest is counted as NaN.
"""

# TensorBoard is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportMissingModuleSource=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from innerview.errors import DataError, MissingExtra, UnknownLayer, UsageError
from innerview.files.regular import exists, is_folder, opened, reason, size_of
from innerview.results import WeightHistograms
from innerview.types import Array

MOST: Final = 65_536
"""Bins, and buckets of a histogram, at most."""

NOTES: Final = 12
"""Things left out that are told one by one, at most."""

FRAME: Final = 12
CHECK: Final = 4
"""Bytes in front of a record and behind it."""

RECORD: Final = 2**28
"""Bytes of a record that are read, at most."""

TOTAL: Final = 2.0**62
"""Values in a histogram, at most: counts are whole numbers of 64 bits."""


@dataclass(frozen=True)
class Buckets:
    """One histogram as it was written.

    Attributes:
        left: where each bucket begins, in units of the weight; `right`: where it ends.
        counts: how many values are in it; float64, as written.
        mean: of the values if it was written, else of the buckets' middles; likewise `std`.
        missing: how many values are in no bucket: NaN or infinite.
    """

    left: Array
    right: Array
    counts: Array
    mean: float
    std: float
    missing: int = 0


@dataclass(frozen=True)
class ImportedHistograms:
    """What was read.

    Attributes:
        histograms: on shared bins; a checkpoint is called "step 100", a layer as it was written.
        steps: of the checkpoints, rising.
        note: for captions: that the counts are approximate, and why.
    """

    histograms: WeightHistograms
    steps: tuple[int, ...]
    note: str


def read_histograms(
    path: str | Path, *, layers: Sequence[str] = (), bins: int = 128, shared_bins: bool = False
) -> ImportedHistograms:
    """Read the histograms of one run's event files; those of TensorFlow 1 and 2, PyTorch, Keras and tensorboardX.

    A histogram that is damaged, or whose values' range is not known, is left out with its step; `note` says which.

    Args:
        path: an event file, or the folder of one run.
        layers: names of the histograms wanted; all of the run if empty.
        bins: how many, symmetrical about 0; even, so that 0 is an edge; at most 65,536.
        shared_bins: use one set of bins for all layers instead of one per layer.

    Raises:
        MissingExtra: tensorboard is not installed.
        DataError: there is no event file, no histogram, or no step at which all layers were written.
        UnknownLayer: lists the histograms that there are.
        UsageError: an odd number of bins, or too many.
    """
    if bins < 2 or bins % 2 or bins > MOST:
        raise UsageError(
            f"{bins} bins were asked for; take an even number from 2 to {MOST:,}, so that 0 is an edge"
        ).of("bins", asked=bins, limit=MOST)
    written, told = _read(Path(path))
    for name in layers:
        if name not in written:
            raise UnknownLayer(name, written)
    names = tuple(layers) or tuple(written)
    if not names:
        raise DataError(
            f"{path} holds no histogram that TensorBoard would show; is it the folder of one run?{_listed(told)}"
        ).of("histogram", path=path, found=None)
    known = sorted(set().union(*(written[name] for name in names)))
    steps = tuple(step for step in known if all(step in written[name] for name in names))
    if not steps:
        raise DataError(
            f"in {path} there is no step at which all of {', '.join(names)} were written; ask for fewer: "
            f"layers=[…]{_listed(told)}"
        ).of("layers", path=path, asked=tuple(names))
    if len(steps) < len(known):
        left = [f"{step:,}" for step in known if step not in set(steps)]
        told.append(
            f"left out, since not all layers were written there: step {', '.join(left[:12])}{', …' * (len(left) > 12)}"
        )
    table = [[written[name][step] for name in names] for step in steps]
    reaches = [max(_reach(row[place]) for row in table) or 1.0 for place in range(len(names))]
    if shared_bins:
        reaches = [max(reaches)] * len(names)
    places = np.linspace(-1, 1, bins + 1)
    edges = np.stack([reach * places for reach in reaches])
    nothing = np.zeros((len(steps), len(names)), np.int64)
    note = APPROXIMATE + "".join(f" {one[:1].upper()}{one[1:]}." for one in told[:NOTES])
    return ImportedHistograms(
        WeightHistograms(
            checkpoints=tuple(f"step {step}" for step in steps),
            layers=names,
            edges=edges,
            counts=np.array([[rebin(one, edge) for one, edge in zip(row, edges, strict=True)] for row in table]),
            under=nothing,
            over=nothing,
            nan=np.array([[one.missing for one in row] for row in table]),
            infinite=nothing,
            mean=np.array([[one.mean for one in row] for row in table]),
            std=np.array([[one.std for one in row] for row in table]),
            minimum=np.array([[_end(one.left, one.counts, least=True) for one in row] for row in table]),
            maximum=np.array([[_end(one.right, one.counts, least=False) for one in row] for row in table]),
            notes=tuple(told),
        ),
        steps,
        note + (f" And {len(told) - NOTES} more that are left out." if len(told) > NOTES else ""),
    )


APPROXIMATE: Final = (
    "Counted anew from TensorBoard's buckets, each spread evenly over its width: approximate within a bucket. NaN and "
    "infinite values are known only where the writer's own total says how many are in no bucket."
)


def _listed(told: Sequence[str]) -> str:
    return f". Left out: {'; '.join(told[:3])}" if told else ""


def _end(values: Array, counts: Array, *, least: bool) -> float:
    """The outermost end of the buckets that hold something; NaN where none does."""
    held = values[counts > 0]
    return float("nan") if not held.size else float(held.min() if least else held.max())


def rebin(found: Buckets, edges: Array) -> Array:
    """Count a histogram into other bins that hold all of it (int64), keeping the total.

    What lies below each edge is added up and rounded, so that a count is off by at most 1 for the rounding.
    """
    width = found.right - found.left
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = np.clip((edges[:, None] - found.left) / width, 0, 1)
    # a bucket without width holds one value, which belongs to the bin that begins there
    share = np.where(width > 0, share, edges[:, None] > found.left)
    below = np.rint(share @ found.counts)
    below[-1] = np.rint(found.counts.sum())
    return np.diff(below).astype(np.int64)


def _reach(found: Buckets) -> float:
    """The largest |value| that a bucket may hold."""
    return float(max(np.abs(found.left).max(initial=0), np.abs(found.right).max(initial=0)))


def _read(path: Path) -> tuple[dict[str, dict[int, Buckets]], list[str]]:
    """Every histogram of a run by name and step, and what is left out; of a step that was written twice, the last."""
    files = sorted(path.glob("*tfevents*")) if is_folder(path) else [path] if exists(path) else []
    if not files:
        raise DataError(f"{path} is no event file and no folder with one (…tfevents…); give the folder of one run").of(
            "event file", path=path
        )
    try:
        from tensorboard.compat.proto import event_pb2
        from tensorboard.util import tensor_util
    except Exception as error:
        raise MissingExtra("reading TensorBoard's event files", "tensorboard", error) from error
    found, told = dict[str, dict[int, Buckets]](), list[str]()
    plugins: dict[str, str] = {}
    for file in files:
        for number, record in enumerate(records(file, told), start=1):
            try:
                event: Any = event_pb2.Event.FromString(record)
            except Exception as problem:  # noqa: BLE001  a message that is none can raise anything
                told.append(f"record {number} of {file.name} is damaged ({type(problem).__name__})")
                continue
            if event.session_log.status == event.session_log.START:
                _forget(found, event.step)
            for value in event.summary.value:
                plugins.setdefault(value.tag, value.metadata.plugin_data.plugin_name)
                if value.HasField("histo"):
                    _take(found, told, value.tag, event.step, _old(value.histo))
                elif value.HasField("tensor") and plugins[value.tag] == "histograms":
                    _take(found, told, value.tag, event.step, _tensor(value.tensor, tensor_util))
    return {name: steps for name, steps in found.items() if steps}, told


def _forget(found: Mapping[str, dict[int, Buckets]], step: int) -> None:
    """A training was gone on with from a checkpoint: what it had written of later steps is void."""
    for steps in found.values():
        for one in [one for one in steps if one >= step]:
            del steps[one]


def _take(found: dict[str, dict[int, Buckets]], told: list[str], name: str, step: int, read: Buckets | str) -> None:
    """Keep a histogram, or say why it is none."""
    if isinstance(read, str):
        told.append(f"{name} at step {step:,} is left out: {read}")
        found.get(name, {}).pop(step, None)
        return
    found.setdefault(name, {})[step] = read
    if read.missing:
        told.append(
            f"{read.missing:,} values of {name} at step {step:,} are in no bucket (NaN or infinite), and counted as NaN"
        )


def records(file: Path, told: list[str]) -> Iterator[bytes]:
    """The records of an event file; where one would reach beyond the file's end, it is told, and they end.

    A record is its length (8 bytes), a check of it (4), the bytes, and a check of those (4). The last one of a training
    that is under way may be cut short.
    """
    size = size_of(file, "the events")
    with opened(file, "the events") as content:
        place, number = 0, 0
        while place + FRAME <= size:
            length, number = int.from_bytes(content.read(FRAME)[:8], "little"), number + 1
            place += FRAME + length + CHECK
            if not 0 < length <= RECORD or place > size:  # an event has its time at least
                there = max(size - place + length + CHECK, 0)
                told.append(
                    f"record {number} of {file.name} is cut short or damaged: {length:,} bytes were announced, "
                    f"{there:,} are there, and a record has 1 to {RECORD:,}; what is behind it is left out"
                )
                return
            yield content.read(length)
            content.read(CHECK)


def _old(value: Any) -> Buckets | str:
    """A histogram of TensorFlow 1, PyTorch or tensorboardX, upper limits and sums of the values; or why it is none."""
    limits, counts = np.asarray(value.bucket_limit, np.float64), np.asarray(value.bucket, np.float64)
    if len(limits) != len(counts) or _no_counts(counts) or np.isnan(limits).any() or (np.diff(limits) < 0).any():
        return "its buckets are damaged"
    low, high = float(value.min), float(value.max)
    # NaN among the values leaves no smallest and no largest one; then the buckets' own limits say where they lie
    known = np.isfinite(low) and np.isfinite(high)
    inside = np.clip(limits, low, high) if known else limits  # the outermost limits may be those of all float64
    left = np.concatenate([[low if known else inside[0] if len(inside) else 0.0], inside[:-1]])[: len(counts)]
    if not known and len(counts) and counts[0] > 0:
        return "some of its values are NaN or infinite, and where the others begin was not written"
    if (counts > 0)[~np.isfinite(left) | ~np.isfinite(inside)].any():
        return "it has values beyond all numbers"
    held = counts > 0
    left, inside, counts = left[held], inside[held], counts[held]
    total = counts.sum()
    missing = int(value.num - total + 0.5) if np.isfinite(value.num) and total < value.num < total + TOTAL else 0
    if known and not missing and value.num:
        with np.errstate(all="ignore"):  # sums of a damaged file may be any number
            mean = np.float64(value.sum) / value.num
            variance = np.float64(value.sum_squares) / value.num - mean**2
        if np.isfinite([mean, variance]).all():
            return Buckets(left, inside, counts, float(mean), float(max(variance, 0) ** 0.5))
    return Buckets(left, inside, counts, *_moments(left, inside, counts), missing)


def _tensor(value: Any, tensor_util: Any) -> Buckets | str:
    """A histogram of TensorFlow 2 or Keras: left end, right end and count of each bucket; or why it is none."""
    sizes = [int(one.size) for one in value.tensor_shape.dim]
    if len(sizes) != 2 or sizes[1] != 3 or not 0 <= sizes[0] <= MOST:
        return f"it has the shape {sizes}, and a histogram has 3 numbers for each bucket"
    try:
        rows = np.asarray(tensor_util.make_ndarray(value), np.float64).reshape(-1, 3)
    except Exception as problem:  # noqa: BLE001  a message that is none can raise anything
        return f"it is damaged ({reason(problem)[:80]})"
    left, right, counts = rows[rows[:, 2] != 0].T
    if _no_counts(counts) or not np.isfinite(rows).all() or (right < left).any():
        return "some of its values are NaN or infinite, so its buckets say nothing"
    return Buckets(left, right, counts, *_moments(left, right, counts))


def _no_counts(counts: Array) -> bool:
    return bool((~np.isfinite(counts)).any() or (counts < 0).any() or counts.sum() > TOTAL)


def _moments(left: Array, right: Array, counts: Array) -> tuple[float, float]:
    """Mean and standard deviation of buckets that are spread evenly, NaN of none."""
    total = counts.sum()
    if not total:
        return float("nan"), float("nan")
    middle = left / 2 + right / 2
    with np.errstate(over="ignore", invalid="ignore"):
        mean = (counts * middle).sum() / total
        # a value is spread over its bucket, which adds the variance of an even spread
        variance = (counts * ((middle - mean) ** 2 + (right - left) ** 2 / 12)).sum() / total
    return float(mean), float(variance**0.5)
