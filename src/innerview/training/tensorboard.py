"""A run as TensorBoard's event files, for people who have their other runs there.

Written from the run folder, so it can be done during a run, after it, or for a run that somebody else made; every
metric becomes a scalar and every checkpoint's histograms become histograms, on innerview's own bins.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np

from innerview.errors import MissingExtra
from innerview.runs import Histogram, RunFolder

POSITIONS = frozenset({"step", "epoch", "seconds"})
"""What says where a record stands, and is no curve of its own."""

MERGED = 16
"""Shared bins to one of TensorBoard's: 2^-4 wide, since its page draws some thirty."""


def write_events(run: RunFolder, folder: Path) -> int:
    """Write event files; `tensorboard --logdir` shows them.

    Each event carries the time at which its step was taken, as far as the run logged it: the training's own seconds,
    counted from when the run was begun.

    Args:
        run: to be shown, finished or not.
        folder: for the event files; those of an earlier call stay, so choose an empty one.

    Returns:
        How many scalars and histograms were written.

    Raises:
        MissingExtra: if tensorboardX is not installed.
    """
    written = 0
    begun = (run.path / "manifest.json").stat().st_mtime
    known, seconds = run.curve("seconds")

    def when(step: int) -> float:
        return begun + (float(np.interp(step, [0, *known], [0.0, *seconds])) if known.size else 0.0)

    with tensorboardx().SummaryWriter(str(folder)) as writer:
        for record in run.metrics():
            for name in record.keys() - POSITIONS:
                writer.add_scalar(name, record[name], record["step"], walltime=when(record["step"]))
                written += 1
        for step in run.steps():
            for name, counted in run.histograms(step).items():
                writer.add_histogram_raw(name, **raw(counted.coarser(MERGED)), global_step=step, walltime=when(step))
                written += 1
    return written


def raw(counted: Histogram) -> dict[str, object]:
    """A histogram as TensorBoard takes it: bins up to the outermost that hold something, each by its upper end.

    The sums are those of the bins' middles; what is no number has no place in it.
    """
    counts = counted.counts.copy()
    counts[0] += counted.below
    counts[-1] += counted.above
    held = np.flatnonzero(counts)
    first, last = (int(held[0]), int(held[-1])) if held.size else (0, 0)
    edges, kept = counted.edges[first : last + 2], counts[first : last + 1]
    middles = (edges[:-1] + edges[1:]) / 2
    return {
        "min": float(edges[0]),
        "max": float(edges[-1]),
        "num": int(kept.sum()),
        "sum": float(kept @ middles),
        "sum_squares": float(kept @ middles**2),
        "bucket_limits": edges[1:].tolist(),
        "bucket_counts": kept.tolist(),
    }


def tensorboardx() -> ModuleType:
    """The library, imported when it is first needed."""
    try:
        import tensorboardX  # pyright: ignore[reportMissingImports]
    except Exception as problem:
        raise MissingExtra("writing TensorBoard's event files", "tensorboard", problem) from problem
    return sys.modules[tensorboardX.__name__]
