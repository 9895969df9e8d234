"""A run folder, read: its metrics as curves, its histograms and its weights over time. NumPy alone, nothing drawn.

A run that is being written is read as far as it has come. What is damaged is left out, and the rest is shown: every
file and line that is missing from it is told in `Recorded.problems`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

import numpy as np

from innerview.allcnn import NAMES, run_folder
from innerview.errors import DataError, UsageError
from innerview.files.combined import STORED, is_a_part
from innerview.files.regular import exists
from innerview.files.tensors import Entry, read_header
from innerview.methods.weights import relative_distance
from innerview.runs import Checkpoint, Histogram, History, RunFolder, status
from innerview.runs.histograms import BINS
from innerview.runs.metrics import as_number
from innerview.runs.status import RunStatus
from innerview.session.cache import Cache
from innerview.types import Array

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

UNKNOWN: Final = (*(np.nan,) * 7, 0.0)
"""Of weights that a checkpoint does not have."""

TOLD: Final = 12
"""Problems of a run that are told one by one."""

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class LayerTimes:
    """Statistics of weights over the checkpoints, each array checkpoint × layer (float64).

    Attributes:
        steps: of the checkpoints, rising.
        layers: names of the weights.
        mean: of the finite weights; likewise `std`, `minimum`, `maximum`.
        norm: Euclidean, of the finite weights.
        moved: distance from the checkpoint before, per step, as a share of the norm; NaN for the first.
        distance: from the last checkpoint, as a share of the last one's norm.
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
    """One run that is to be shown; what of it is damaged is left out and told.

    Args:
        name: for people and for files; different for each run.
        folder: opened.
        memory: where statistics of weights are kept from one reading to the next: they need every checkpoint, and a run
            that is watched gets a line of metrics far more often than a checkpoint.

    Attributes:
        steps: of the checkpoints that can be read, rising.
        records: the lines of the metrics that can.

    Raises:
        DataError: nothing was recorded yet, or no checkpoint can be read.
    """

    def __init__(self, name: str, folder: RunFolder, memory: Cache[LayerTimes] | None = None) -> None:
        self.name = name
        self.folder = folder
        self._problems = list(folder.problems)
        self._headers = self._readable_checkpoints()
        self.steps = tuple(self._headers)
        self.records = self._attempt(lambda: folder.metrics(self._problems), [])
        self._ended = self._attempt(lambda: status.latest(folder, self._problems), None)
        self._memory = memory

    def _readable_checkpoints(self) -> dict[int, Mapping[str, Entry]]:
        """What each checkpoint holds, by its step, of those whose headers fit their sizes."""
        found: dict[int, Mapping[str, Entry]] = {}
        steps = self.folder.steps()
        for step in steps:
            try:
                found[step] = read_header(self.folder.place_of(step), "the checkpoint").entries
            except DataError as problem:
                self._problems.append(str(problem))
        if not steps:
            raise DataError(f"{self.folder.path} holds no checkpoint yet; wait for the training to begin").of(
                "checkpoints", path=self.folder.path, found=0
            )
        if not found:
            raise DataError(
                f"no checkpoint of {self.folder.path} can be read; the first: {self._problems[-len(steps)]}"
            ).of("checkpoints", path=self.folder.path, found="unreadable")
        return found

    def _attempt(self, read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except DataError as problem:
            self._problems.append(str(problem))
            return otherwise

    def attempt(self, read: Callable[[RunFolder, int], T], step: int) -> T | None:
        """Read something of a step, as far as it can be read; a problem is told."""
        return self._attempt(lambda: read(self.folder, step), None)

    def tell(self, problem: str) -> None:
        """Add something that is left out."""
        self._problems.append(problem)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is left out so far, each once; of very many, the first."""
        told = list(dict.fromkeys(self._problems))
        more = len(told) - TOLD
        return tuple(told if more <= 0 else [*told[:TOLD], f"and {more:,} more of the same run"])

    @property
    def planned(self) -> int:
        """How many steps the run is to have; 0 if it does not say."""
        return int(self.folder.manifest.configuration.get("steps") or 0)

    @property
    def last_step(self) -> int:
        """The last step that was logged or kept."""
        return max(self.steps[-1], max((int(record["step"]) for record in self.records), default=0))

    @property
    def ending(self) -> RunStatus | None:
        """How it ended; None while it lasts, and where it does not say: killed, or of another program."""
        if self._ended is None and (
            self.final("final_accuracy") is not None or 0 < self.planned <= self.last_step
        ):  # runs older than endings
            return RunStatus("done", self.last_step)
        return self._ended

    def curve(self, name: str) -> tuple[Array, Array]:
        """Steps (int64) and values (float64) of one metric, under the first of its names that the run has."""
        known = (name, *OTHER_NAMES.get(name, ()))
        found = next((one for one in known if any(one in record for record in self.records)), name)
        pairs = [(record["step"], as_number(record[found])) for record in self.records if found in record]
        steps = np.array([one for one, _ in pairs], np.int64)
        order = np.argsort(steps, kind="stable")  # a training that was gone on with by hand may have written two lines
        return steps[order], np.array([value for _, value in pairs], np.float64)[order]

    def final(self, name: str) -> float | None:
        """The last value of a metric, or None if there is none."""
        return next((as_number(record[name]) for record in reversed(self.records) if name in record), None)

    def minutes(self, steps: Array) -> Array:
        """Wall time in minutes at steps, from the time that the training itself took; NaN if it was not logged."""
        known, seconds = self.curve("seconds")
        if not known.size:
            return np.full(len(steps), np.nan)
        return np.interp(steps, np.concatenate([[0], known]), np.concatenate([[0.0], seconds])) / 60

    @cached_property
    def first(self) -> Checkpoint:
        """The earliest checkpoint."""
        return self.folder.read(self.steps[0])

    @cached_property
    def last(self) -> Checkpoint:
        """The latest checkpoint."""
        return self.folder.read(self.steps[-1])

    @cached_property
    def counted(self) -> dict[int, dict[str, Histogram]]:
        """The histograms that can be read, by step."""
        found = {step: self.attempt(RunFolder.histograms, step) for step in self.folder.counted()}
        return {step: one for step, one in found.items() if one is not None}

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """Names of the kernels and matrices of any checkpoint; of all weights if there are none."""
        if known := self._remembered:
            return known.layers
        held = {name: entry for entries in reversed(self._headers.values()) for name, entry in entries.items()}
        names = list(dict.fromkeys(name for entries in self._headers.values() for name in entries))
        counted = {name for one in self.counted.values() for name in one}
        real = [name for name in names if (not counted or name in counted) and not held[name].kind.startswith("C")]
        found = tuple(name for name in real if len(held[name].shape) > 1) or tuple(real)
        self._tell_changes(found)
        if not found:
            raise DataError(f"the checkpoints of {self.folder.path} hold no weights; nothing can be shown of them").of(
                "weights", path=self.folder.path, found=0
            )
        return found

    def _tell_changes(self, layers: Sequence[str]) -> None:
        """Say which layers are not in all checkpoints, or have another shape in some."""
        first = next(iter(self._headers.values()))
        for name in layers:
            if is_a_part(name, self._headers[self.steps[-1]]):
                self.tell(f"{name} stands {STORED}")
            lacking = [step for step, entries in self._headers.items() if name not in entries]
            shapes = {entries[name].shape for entries in self._headers.values() if name in entries}
            if lacking:
                kind = "comes later" if name not in first else "goes"
                self.tell(f"{name} {kind}: the checkpoint of step {_some(lacking)} has no such weights")
            if len(shapes) > 1:
                sizes = " and ".join(" × ".join(map(str, shape)) for shape in sorted(shapes))
                self.tell(f"{name} changes its shape: {sizes}; movements from one to the other are not known")

    @cached_property
    def histories(self) -> dict[str, History]:
        """How each layer's weights were spread whenever they were counted, on the bins that all runs share.

        Raises:
            DataError: no histogram can be read.
        """
        steps = np.asarray(list(self.counted), dtype=np.int64)
        if not steps.size:
            raise DataError(f"no histograms of {self.folder.path} can be read; train again, or record again").of(
                "histograms", path=self.folder.path
            )
        nothing = Histogram(np.zeros(BINS, dtype=np.int64))
        found: dict[str, History] = {}
        for name in self.layers:
            rows = [one.get(name, nothing) for one in self.counted.values()]
            lacking = [step for step, one in self.counted.items() if name not in one]
            if lacking:
                self.tell(f"{name} was not counted at step {_some(lacking)}; nothing of it is drawn there")
            outside = np.array([row.below + row.above for row in rows])
            found[name] = History(steps, nothing.edges, np.stack([row.counts for row in rows]), outside)
        return found

    @cached_property
    def times(self) -> LayerTimes:
        """Statistics of each layer's weights at every checkpoint."""
        if known := self._remembered:
            return known
        last = self.last.weights
        with np.errstate(invalid="ignore"):
            end = {name: last[name].astype(np.float64) for name in self.layers if name in last}
        rows: list[list[tuple[float, ...]]] = []
        before: dict[str, Array] = {}
        for place, step in enumerate(self.steps):
            weights = self.folder.read(step).weights
            taken = step - self.steps[place - 1] if place else 0
            with np.errstate(invalid="ignore", over="ignore"):  # NaN that signals; squares of what has exploded
                rows.append(
                    [
                        _statistics(weights[name], before.get(name), taken, end.get(name))
                        if name in weights
                        else UNKNOWN
                        for name in self.layers
                    ]
                )
            before = weights
        table = np.array(rows, dtype=np.float64)
        values = {name: table[:, :, place] for place, name in enumerate(STATISTICS)}
        found = LayerTimes(np.asarray(self.steps, dtype=np.int64), self.layers, **values)
        if self._memory is not None:
            self._memory.put(self._checkpoints, found, table.nbytes)
        return found

    @property
    def _remembered(self) -> LayerTimes | None:
        return None if self._memory is None else self._memory.get(self._checkpoints)

    @cached_property
    def _checkpoints(self) -> tuple[object, ...]:
        """What the statistics depend on: the checkpoints, with the time at which each was written."""
        written = [self.folder.place_of(step).stat().st_mtime_ns for step in self.steps]
        return self.folder.path.resolve(), self.steps, tuple(written)


def _statistics(values: Array, before: Array | None, taken: int, end: Array | None) -> tuple[float, ...]:
    """In the order of STATISTICS; distances from what is not there, or has another shape, are NaN."""
    finite = values[np.isfinite(values)].astype(np.float64)
    if not finite.size:
        return (*(np.nan,) * 7, float(values.size))
    norm = float(np.linalg.norm(finite))
    values = values.astype(np.float64)  # squares of what has exploded don't fit into float32
    moved = _distance(values, before) / max(norm, 1e-30) / max(taken, 1)
    distance = relative_distance(values, end)
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


def _distance(values: Array, other: Array | None) -> float:
    return np.nan if other is None or other.shape != values.shape else float(np.linalg.norm(values - other))


def _some(steps: Sequence[int]) -> str:
    shown = ", ".join(f"{step:,}" for step in steps[:5])
    return shown + (f" and {len(steps) - 5:,} others" if len(steps) > 5 else "")


def open_runs(paths: Sequence[Path]) -> list[Recorded]:
    """Open run folders under names that tell them apart; the trainings of the built-in models go by their names.

    Raises:
        UsageError: none, too many, or one twice; `DataError`: one can't be read.
    """
    if not 1 <= len(paths) <= MOST:
        raise UsageError(f"{len(paths)} runs were asked for; 1 to {MOST} can be told apart in a chart").of(
            "runs", asked=len(paths), limit=MOST
        )
    paths = [_found(path) for path in paths]
    places = [path.resolve() for path in paths]
    if len(set(places)) < len(places):
        raise UsageError("a run was named twice; name each once").of("runs", found="twice")
    stems = [place.name for place in places]
    names = [place.name if stems.count(place.name) == 1 else f"{place.parent.name}-{place.name}" for place in places]
    numbered = [name if names.count(name) == 1 else f"{name}-{at}" for at, name in enumerate(names, start=1)]
    return [Recorded(name, RunFolder.open(path)) for name, path in zip(numbered, paths, strict=True)]


def _found(path: Path) -> Path:
    return run_folder(str(path)) if str(path) in NAMES and not exists(path) else path


def shared_layers(runs: Sequence[Recorded]) -> Mapping[str, Sequence[Recorded]]:
    """Each layer's name with the runs that have it, in the order of the first run that does."""
    names = dict.fromkeys(name for run in runs for name in run.layers)
    return {name: [run for run in runs if name in run.layers] for name in names}
