"""The folder of one training run.

    manifest.json                     what was trained, how, by which code, on which data
    metrics.jsonl                     one JSON object per line, in order of the steps
    checkpoints/step-000100.safetensors  the weights after 100 updates, with what is needed to run them
    histograms/step-000100.npz        the same weights, counted on bins shared by all runs; they may outlive the weights
    observations/probes-000100.safetensors   what else was seen then (`observations`); only where somebody looked
    state.safetensors                 what the next update needs; only for resuming
    status.json                       how the training ended (`status`); not there while it lasts, nor after a kill

Guarantees: every file is written whole or not at all, and a metrics line that a kill cut short is dropped on reading.
After `rewind(step)` the folder says nothing of later steps, so a resumed run leaves neither gap nor duplicate. One
process writes at a time. No framework is needed to write or to read any of it. A folder of version 1 has other names,
which it keeps (`migrations`).
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors.numpy import save

from innerview.errors import DataError, OutputError
from innerview.files import atomic
from innerview.files.arrays import read_npz
from innerview.files.regular import reading
from innerview.files.tensors import read_tensors
from innerview.runs.histograms import BINS, Histogram, History, histogram
from innerview.runs.lock import FolderLock
from innerview.runs.manifest import VERSION, Manifest, read_manifest
from innerview.runs.metrics import FILE as METRICS
from innerview.runs.metrics import as_number, read_metrics
from innerview.runs.migrations import base_rate, file_of, modern_record, old_record, series_of
from innerview.types import Array

STATUS: Final = "status.json"

OUTSIDE: Final = 3
"""Numbers beside the bins of a histogram: below, above, not a number."""

KEPT: Final = ("checkpoints", "histograms", "observations")
"""Folders of a run whose files are named for a step."""

NAMED: Final = re.compile(r"(?P<series>.+)-(?P<step>\d{6,15})\.(?:safetensors|npz)(?P<partial>\.\d+\.partial)?")
"""How those files are named; others (a desktop's .DS_Store, somebody's notes) are let alone."""


@dataclass(frozen=True)
class Checkpoint:
    """The weights after some number of updates.

    Attributes:
        step: how many updates they have had; 0 before training.
        weights: by name, in their framework's axis order (`metadata["layout"]`, of kernels); float32 or float64.
        metadata: what the file says beside them: mean, std, temperature, classes, epoch.
    """

    step: int
    weights: dict[str, Array]
    metadata: dict[str, str]


class RunFolder:
    """A run folder, new or old.

    Reading needs no permission; writing happens inside `with folder.writing():`.

    Attributes:
        path: where it lies.
        manifest: what it is.
        problems: what of its manifest is not read, in words.
    """

    def __init__(self, path: Path, manifest: Manifest, problems: tuple[str, ...] = ()) -> None:
        self.path = path
        self.manifest = manifest
        self.problems = problems

    def file(self, name: str) -> Path:
        """Where a file or folder of a run is, by today's name, in a run folder of any version."""
        return self.path / file_of(name, self.manifest.version)

    @classmethod
    def create(cls, path: Path, manifest: Manifest) -> RunFolder:
        """Begin a run.

        Raises:
            OutputError: if a run is there already, or the place can't be written.
        """
        try:
            (path / file_of("checkpoints", manifest.version)).mkdir(parents=True, exist_ok=True)
            (path / "histograms").mkdir(exist_ok=True)
        except OSError as problem:
            raise OutputError(f"{path} can't be made a run folder ({problem.strerror})").of(
                "folder", path=path
            ) from problem
        run = cls(path, manifest)
        with run.writing():  # of two that begin here at the same moment, one is told
            if (path / "manifest.json").exists():
                raise OutputError(f"{path} holds a run already; resume it, or choose another folder").of(
                    "run", path=path
                )
            atomic.write(path / "manifest.json", json.dumps(manifest.written(), indent=1).encode())
        return run

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Read a run that is there.

        Raises:
            DataError: if there is none, or another version of this program wrote it.
        """
        return cls(path, *read_manifest(path))

    def writing(self) -> FolderLock:
        """Keep every other process from writing here for the length of a `with` block."""
        return FolderLock(self.path / "lock")

    # metrics

    def log(self, *records: Mapping[str, float | int | str]) -> None:
        """Add lines to the metrics, in one go; each names its "step".

        Raises:
            OutputError: if they can't be written.
        """
        if self.manifest.version == 1:
            rate = base_rate(self.manifest.configuration)
            records = tuple(old_record(record, rate) for record in records)
        lines = "".join(json.dumps(dict(record)) + "\n" for record in records)
        try:
            with (self.path / METRICS).open("a", encoding="utf-8") as file:
                file.write(lines)
        except OSError as problem:
            raise OutputError(f"{self.path}/metrics.jsonl can't be written ({problem.strerror})").of(
                "writing", path=self.path / "metrics.jsonl"
            ) from problem

    def metrics(self, problems: list[str] | None = None) -> list[dict[str, Any]]:
        """Every line of the metrics that was finished, in order.

        Args:
            problems: takes a sentence for each line or value that is damaged and left out; None to refuse them.

        Raises:
            DataError: the file can't be read, or a finished line is damaged and `problems` is None.
        """
        records = read_metrics(self.path / METRICS, problems)
        if self.manifest.version == 1:
            rate = base_rate(self.manifest.configuration)
            return [modern_record(record, rate) for record in records]
        return records

    def curve(self, name: str) -> tuple[Array, Array]:
        """One metric over time: the steps that have it (int64), and its values (float64), both one number per step.

        Raises:
            DataError: if a finished line is damaged.
        """
        pairs = [(record["step"], as_number(record[name])) for record in self.metrics() if name in record]
        steps, values = zip(*pairs, strict=True) if pairs else ((), ())
        return np.asarray(steps, dtype=np.int64), np.asarray(values, dtype=np.float64)

    def table(self) -> str:
        """Every metric as comma-separated values: a row per record, a column per name, empty where it has none."""
        records = self.metrics()
        buffer = io.StringIO()
        names = list(dict.fromkeys(name for record in records for name in record))
        writer = csv.DictWriter(buffer, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
        return buffer.getvalue()

    # checkpoints

    def checkpoint(
        self,
        step: int,
        weights: Mapping[str, Array],
        metadata: Mapping[str, str],
        series: str = "step",
        beside: Mapping[str, Array] | None = None,
    ) -> None:
        """Keep weights, and their histograms beside them.

        Args:
            step: how many updates they have had.
            weights: by name.
            metadata: what a reader needs to run them.
            series: "step" for the weights themselves, "ema" for their running mean.
            beside: what belongs to the model and is no weight (running means of a normalisation); kept, not counted.

        Raises:
            OutputError: if a file can't be written.
        """
        counted = {name: histogram(values) for name, values in weights.items()}
        columns: dict[str, Array] = {}
        for name, one in counted.items():
            columns[name] = one.counts.astype(np.uint32)
            columns[f"{name}/outside"] = np.array([one.below, one.above, one.not_numbers], dtype=np.int64)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **columns)  # pyright: ignore[reportArgumentType]
        atomic.write(self.path / "histograms" / f"{self._series(series)}-{step:06d}.npz", buffer.getvalue())
        content = save(contiguous({**weights, **(beside or {})}), {"step": str(step), **metadata})
        atomic.write(self.place_of(step, series), content)

    def place_of(self, step: int, series: str = "step") -> Path:
        """The file that a checkpoint is kept in."""
        return self.file("checkpoints") / f"{self._series(series)}-{step:06d}.safetensors"

    def steps(self) -> tuple[int, ...]:
        """The steps of which checkpoints were kept, rising."""
        return self._steps("checkpoints", "step")

    def read(self, step: int, series: str = "step") -> Checkpoint:
        """Read the weights after `step` updates, or their running mean (series "ema"), in float32 or float64.

        Raises:
            DataError: if none were kept there, or the file is damaged.
        """
        stored, metadata = read_tensors(self.place_of(step, series))
        weights = {
            name: values.astype(np.float32) if values.dtype == np.float16 else values for name, values in stored.items()
        }
        return Checkpoint(step, weights, metadata)

    def counted(self) -> tuple[int, ...]:
        """The steps of which histograms were kept, rising: of all checkpoints, and of any whose weights are gone."""
        return self._steps("histograms", "step")

    def histograms(self, step: int) -> dict[str, Histogram]:
        """The histograms of the weights after `step` updates, by the weights' names, on the shared bins.

        Raises:
            DataError: if none were kept there, they are damaged, or their bins are another version's.
        """
        path = self.path / "histograms" / f"step-{step:06d}.npz"
        columns = read_npz(path, "the histograms")
        names = [name for name in columns if not name.endswith("/outside")]
        with reading(path, "the histograms"):
            outside = {name: [int(one) for one in columns[f"{name}/outside"]] for name in names}
        if any(columns[name].shape != (BINS,) for name in names):
            raise DataError(f"{path} has other bins than this program's {BINS}; another version wrote it").of(
                "bins", path=path, asked=BINS
            )
        whole = all(columns[name].dtype.kind in "iu" and len(outside[name]) == OUTSIDE for name in names)
        if not names or not whole or any((columns[name] < 0).any() for name in columns):
            raise DataError(
                f"the histograms {path} are damaged: counts are whole numbers from 0, and {OUTSIDE} beside"
            ).of("histograms", path=path)
        return {name: Histogram(columns[name].astype(np.int64), *outside[name]) for name in names}

    def history(self, name: str, factor: int = 1) -> History:
        """How the values of one weight were spread whenever they were counted, on one set of bins.

        Args:
            name: of the weight, such as "conv1.weight".
            factor: how many of the shared bins make one; a power of two.

        Raises:
            DataError: if the histograms of a checkpoint are missing or hold no such weight.
        """
        steps = self.counted()
        found = [self.histograms(step) for step in steps]
        if any(name not in one for one in found):
            raise DataError(f"{self.path} has no histograms of {name!r}; it has {', '.join(found[0])}").of(
                "layer", path=self.path, asked=name, known=found[0], layer=name
            )
        rows = [one[name].coarser(factor) for one in found]
        edges = rows[0].edges if rows else Histogram(np.zeros(BINS, dtype=np.int64)).coarser(factor).edges
        counts = np.array([row.counts for row in rows], dtype=np.int64).reshape(len(rows), len(edges) - 1)
        outside = np.array([row.below + row.above for row in rows], dtype=np.int64)
        return History(np.asarray(steps, dtype=np.int64), edges, counts, outside)

    # observations

    def observe(self, series: str, step: int, arrays: Mapping[str, Array]) -> None:
        """Keep arrays that were seen at a step, under the name of what they are.

        Raises:
            OutputError: if they can't be written.
        """
        folder = self.path / "observations"
        try:
            folder.mkdir(exist_ok=True)
        except OSError as problem:
            raise OutputError(f"{folder} can't be made ({problem.strerror})").of("folder", path=folder) from problem
        atomic.write(
            folder / f"{self._series(series)}-{step:06d}.safetensors", save(contiguous(arrays), {"step": str(step)})
        )

    def observed(self, series: str) -> tuple[int, ...]:
        """The steps at which a series was kept, rising."""
        return self._steps("observations", series)

    def observation(self, series: str, step: int) -> dict[str, Array]:
        """Read what was kept of a series at a step.

        Raises:
            DataError: if nothing was, or the file is damaged.
        """
        return read_tensors(self.observed_at(series, step), f"the {series}")[0]

    def observed_at(self, series: str, step: int) -> Path:
        """The file that a series is kept in."""
        return self.path / "observations" / f"{self._series(series)}-{step:06d}.safetensors"

    # resuming

    def save_state(self, tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
        """Replace the saved state by this one.

        Raises:
            OutputError: if it can't be written; the one before is still there.
        """
        atomic.write(self.path / "state.safetensors", save(contiguous(tensors), dict(metadata)))

    def load_state(self) -> tuple[dict[str, Array], dict[str, str]] | None:
        """The saved state, or None if the run ended before it saved one.

        Raises:
            DataError: if it is damaged.
        """
        path = self.path / "state.safetensors"
        return read_tensors(path, "the saved state") if path.exists() else None

    def rewind(self, step: int) -> None:
        """Forget what was logged and kept after `step`, so that the steps after it can be taken again."""
        kept = [json.dumps(one) + "\n" for one in read_metrics(self.path / METRICS) if one["step"] <= step]
        self.file(STATUS).unlink(missing_ok=True)
        atomic.write(self.path / METRICS, "".join(kept).encode())
        for kind in KEPT:
            for path, named in self._files(kind):
                if named["partial"] or int(named["step"]) > step:
                    path.unlink(missing_ok=True)

    def _files(self, kind: str) -> Iterator[tuple[Path, re.Match[str]]]:
        """The files of one of KEPT, each with what its name says."""
        for path in self.file(kind).glob("*"):
            if named := NAMED.fullmatch(path.name):
                yield path, named

    def _series(self, name: str) -> str:
        return series_of(name, self.manifest.version)

    def _steps(self, kind: str, series: str) -> tuple[int, ...]:
        """The steps of which a series has a whole file, rising."""
        return tuple(
            sorted(
                int(named["step"])
                for _, named in self._files(kind)
                if named["series"] == self._series(series) and not named["partial"]
            )
        )


def contiguous(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The same arrays in row-major memory, which safetensors writes without asking."""
    return {name: np.asarray(values, order="C") for name, values in arrays.items()}


__all__ = ["STATUS", "VERSION", "Checkpoint", "Manifest", "RunFolder", "contiguous"]
