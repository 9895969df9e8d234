"""A run folder, read: its metrics as curves, its histograms and its weights over time. NumPy alone, nothing drawn.

A run that is being written is read as far as it has come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from innerview.allcnn import NAMES, run_folder
from innerview.errors import DataError, UsageError
from innerview.runs import History, RunFolder, Snapshot, ending
from innerview.runs.ending import Ending
from innerview.types import Array
from innerview.workbench.memory import Memory

MOST: Final = 5
"""Runs in one chart, at most: more can't be told apart."""

OTHER_NAMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "loss": ("train_loss",),
        "accuracy": ("acc", "train_accuracy", "train_acc"),
        "test_loss": ("val_loss", "validation_loss", "eval_loss"),
        "test_accuracy": ("test_acc", "val_accuracy", "val_acc", "validation_accuracy", "eval_accuracy"),
        "learning_rate": ("lr",),
        "gradient_norm": ("grad_norm",),
    }
)
"""What others call the metrics of our own trainings: Keras, and people in their own loops."""

STATISTICS: Final = ("mean", "std", "minimum", "maximum", "norm", "moved", "distance", "broken")


@dataclass(frozen=True, eq=False)
class LayerTimes:
    """Statistics of weights over the snapshots, each array snapshot × layer (float64).

    Attributes:
        steps: of the snapshots, rising.
        layers: names of the weights.
        mean: of the finite weights; likewise `std`, `minimum`, `maximum`.
        norm: Euclidean, of the finite weights.
        moved: distance from the snapshot before, per step, as a share of the norm; NaN for the first.
        distance: from the last snapshot, as a share of the last one's norm.
        broken: how many weights are not finite.
    """

    steps: Array
    layers: tuple[str, ...]
    mean: Array
    std: Array
    minimum: Array
    maximum: Array
    norm: Array
    moved: Array
    distance: Array
    broken: Array


class Recorded:
    """One run that is to be shown.

    Args:
        name: for people and for files; different for each run.
        folder: opened.
        memory: where statistics of weights are kept from one reading to the next: they need every snapshot, and a run
            that is watched gets a line of metrics far more often than a snapshot.

    Raises:
        DataError: nothing was recorded yet, or something that was is damaged.
    """

    def __init__(self, name: str, folder: RunFolder, memory: Memory[LayerTimes] | None = None) -> None:
        self.name = name
        self.folder = folder
        self.steps = folder.steps()
        self.records = folder.metrics()
        self._ended = ending.latest(folder)
        self._memory = memory
        if not self.steps:
            raise DataError(f"{folder.path} holds no snapshot yet; wait for the training to begin")

    @property
    def planned(self) -> int:
        """How many steps the run is to have; 0 if it does not say."""
        return int(self.folder.manifest.configuration.get("steps", 0))

    @property
    def last_step(self) -> int:
        """The last step that was logged or kept."""
        return max(self.steps[-1], max((int(record["step"]) for record in self.records), default=0))

    @property
    def ending(self) -> Ending | None:
        """How it ended; None while it lasts, and where it does not say: killed, or of another program."""
        if self._ended is None and (
            self.final("final_accuracy") is not None or 0 < self.planned <= self.last_step
        ):  # runs older than endings
            return Ending("done", self.last_step)
        return self._ended

    def curve(self, name: str) -> tuple[Array, Array]:
        """Steps (int64) and values (float64) of one metric, under the first of its names that the run has."""
        known = (name, *OTHER_NAMES.get(name, ()))
        found = next((one for one in known if any(one in record for record in self.records)), name)
        pairs: list[tuple[Any, Any]] = [(record["step"], record[found]) for record in self.records if found in record]
        return np.array([one for one, _ in pairs], np.int64), np.array([value for _, value in pairs], np.float64)

    def final(self, name: str) -> float | None:
        """The last value of a metric, or None if there is none."""
        return next((float(record[name]) for record in reversed(self.records) if name in record), None)

    def minutes(self, steps: Array) -> Array:
        """Wall time in minutes at steps, from the time that the training itself took; NaN if it was not logged."""
        known, seconds = self.curve("seconds")
        if not known.size:
            return np.full(len(steps), np.nan)
        return np.interp(steps, np.concatenate([[0], known]), np.concatenate([[0.0], seconds])) / 60

    @cached_property
    def first(self) -> Snapshot:
        """The earliest snapshot."""
        return self.folder.read(self.steps[0])

    @cached_property
    def last(self) -> Snapshot:
        """The latest snapshot."""
        return self.folder.read(self.steps[-1])

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """Names of the kernels and matrices; of all weights if there are none."""
        if known := self._remembered:
            return known.layers
        counted = self.folder.histograms(self.steps[0])
        names = [name for name in self.first.weights if name in counted]
        return tuple(name for name in names if self.first.weights[name].ndim > 1) or tuple(names)

    @cached_property
    def histories(self) -> dict[str, History]:
        """How each layer's weights were spread whenever they were counted, on the bins that all runs share."""
        found = [self.folder.histograms(step) for step in self.folder.counted()]
        steps = np.asarray(self.folder.counted(), dtype=np.int64)
        edges = found[0][self.layers[0]].edges
        return {
            name: History(
                steps,
                edges,
                np.stack([one[name].counts for one in found]),
                np.array([one[name].below + one[name].above for one in found]),
            )
            for name in self.layers
        }

    @cached_property
    def times(self) -> LayerTimes:
        """Statistics of each layer's weights at every snapshot."""
        if known := self._remembered:
            return known
        end = {name: self.last.weights[name].astype(np.float64) for name in self.layers}
        rows: list[list[tuple[float, ...]]] = []
        before: dict[str, Array] = {}
        for place, step in enumerate(self.steps):
            weights = self.folder.read(step).weights
            taken = step - self.steps[place - 1] if place else 0
            rows.append([_statistics(weights[name], before.get(name), taken, end[name]) for name in self.layers])
            before = weights
        table = np.array(rows, dtype=np.float64)
        values = {name: table[:, :, place] for place, name in enumerate(STATISTICS)}
        found = LayerTimes(np.asarray(self.steps, dtype=np.int64), self.layers, **values)
        if self._memory is not None:
            self._memory.put(self._snapshots, found, table.nbytes)
        return found

    @property
    def _remembered(self) -> LayerTimes | None:
        return None if self._memory is None else self._memory.get(self._snapshots)

    @cached_property
    def _snapshots(self) -> tuple[object, ...]:
        """What the statistics depend on: the snapshots, with the time at which each was written."""
        written = [self.folder.place_of(step).stat().st_mtime_ns for step in self.steps]
        return self.folder.path.resolve(), self.steps, tuple(written)


def _statistics(values: Array, before: Array | None, taken: int, end: Array) -> tuple[float, ...]:
    """In the order of STATISTICS."""
    finite = values[np.isfinite(values)].astype(np.float64)
    if not finite.size:
        return (*(np.nan,) * 7, float(values.size))
    norm = float(np.linalg.norm(finite))
    values = values.astype(np.float64)  # squares of what has exploded don't fit into float32
    moved = np.nan if before is None else float(np.linalg.norm(values - before)) / max(norm, 1e-30) / max(taken, 1)
    distance = float(np.linalg.norm(values - end)) / max(float(np.linalg.norm(end)), 1e-30)
    return (
        float(finite.mean()),
        float(finite.std()),
        float(finite.min()),
        float(finite.max()),
        norm,
        moved,
        distance,
        float(values.size - finite.size),
    )


def open_runs(paths: Sequence[Path]) -> list[Recorded]:
    """Open run folders under names that tell them apart; the trainings of the built-in networks go by their names.

    Raises:
        UsageError: none, too many, or one twice; `DataError`: one can't be read.
    """
    if not 1 <= len(paths) <= MOST:
        raise UsageError(f"{len(paths)} runs were asked for; 1 to {MOST} can be told apart in a chart")
    paths = [_found(path) for path in paths]
    places = [path.resolve() for path in paths]
    if len(set(places)) < len(places):
        raise UsageError("a run was named twice; name each once")
    stems = [place.name for place in places]
    names = [place.name if stems.count(place.name) == 1 else f"{place.parent.name}-{place.name}" for place in places]
    numbered = [name if names.count(name) == 1 else f"{name}-{at}" for at, name in enumerate(names, start=1)]
    return [Recorded(name, RunFolder.open(path)) for name, path in zip(numbered, paths, strict=True)]


def _found(path: Path) -> Path:
    return run_folder(str(path)) if str(path) in NAMES and not path.exists() else path


def shared_layers(runs: Sequence[Recorded]) -> Mapping[str, Sequence[Recorded]]:
    """Each layer's name with the runs that have it, in the order of the first run that does."""
    names = dict.fromkeys(name for run in runs for name in run.layers)
    return {name: [run for run in runs if name in run.layers] for name in names}
