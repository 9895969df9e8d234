"""Trainings for the viewer: found in folders, followed while they are written, shown as they are at that moment.

A run is named by its place on the list, never by a path: whoever asks can only ask for what was put here. Files of a
run appear whole or not at all, so a run that is being written is read as far as it has come.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, final

from innerview.errors import DataError, InnerviewError, UsageError
from innerview.runs import RunFolder
from innerview.viewer.payload import Payload
from innerview.viewer.payloads.stamp import Stamp
from innerview.viewer.payloads.subject import Photo
from innerview.workbench.explore import Listener
from innerview.workbench.run_payloads import show_course, show_film, show_weights
from innerview.workbench.run_reading import Recorded
from innerview.workbench.wish import Wish

MOST: Final = 100
"""Runs on a shelf."""

QUIET: Final = 120.0
"""Seconds without a change after which a run that has not reached its end counts as stopped."""

WATCHED: Final = ("manifest.json", "metrics.jsonl", "snapshots", "histograms", "observations")


@dataclass(frozen=True)
class Place:
    """Where a run lies, and its name for people."""

    path: Path
    name: str

    @property
    def identity(self) -> str:
        """Eight hexadecimal digits that say nothing of the path."""
        return hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:8]

    def version(self) -> str:
        """Changes when the run does: sizes and times of its files and folders."""
        parts: list[str] = []
        for name in WATCHED:
            try:
                found = (self.path / name).stat()
            except OSError:
                parts.append("-")
            else:
                parts.append(f"{found.st_mtime_ns}.{found.st_size}")
        return "/".join(parts)

    def last_change(self) -> float:
        """When it last changed, in seconds since 1970; 0 if nothing is there."""
        times: list[float] = []
        for name in WATCHED:
            try:
                times.append((self.path / name).stat().st_mtime)
            except OSError:
                continue
        return max(times, default=0.0)

    def read(self) -> Recorded:
        """Read the run as it is now.

        Raises:
            DataError: nothing was recorded yet, or it is damaged.
        """
        return Recorded(self.name, RunFolder.open(self.path))


@final
class Shelf:
    """Run folders, and folders of run folders.

    Args:
        paths: of either.
        owners: identities of the networks that runs trained, by the runs' folders, where they are known.
        clock: gives the time in seconds since 1970.

    Raises:
        DataError: a path is no folder, or there is no training in it.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        owners: Mapping[Path, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._paths = tuple(paths)
        self._owners = dict(owners or {})
        self._clock = clock
        for path in paths:
            if not path.is_dir():
                raise DataError(f"there is no folder {path}; name the folder of a training, or one that holds several")
        self._seen = {identity: place.version() for identity, place in self.places().items()}

    def places(self) -> dict[str, Place]:
        """All runs that are there now, by identity."""
        found: list[Path] = []
        for path in self._paths:
            inside = sorted(one.parent for one in path.glob("*/manifest.json"))
            found += [path] if (path / "manifest.json").is_file() else inside
        names = [path.resolve().name for path in found]
        unique = [
            name if names.count(name) == 1 else f"{path.resolve().parent.name}/{name}"
            for path, name in zip(found, names, strict=True)
        ]
        listed = [Place(path, name) for path, name in zip(found, unique, strict=True)][:MOST]
        return {one.identity: one for one in listed}

    def facts(self) -> list[dict[str, Any]]:
        """Identity, name and state of each."""
        return [self._facts(one) for one in self.places().values()]

    def version(self, run: str) -> str:
        """What changes when the run does; empty if there is none."""
        found = self.places().get(run)
        return found.version() if found else ""

    def changes(self) -> Sequence[Mapping[str, Any]]:
        """The facts of those that have changed, or appeared, since the last call."""
        now = self.places()
        versions = {identity: place.version() for identity, place in now.items()}
        changed = [now[identity] for identity, version in versions.items() if self._seen.get(identity) != version]
        self._seen = versions
        return [self._facts(one) for one in changed]

    def answer(self, wish: Wish, photo: Photo | None, listener: Listener) -> Payload:
        """Show a run: its course, its weights, or a picture's way through it.

        Raises:
            UsageError: there is no such run; `DataError`: it can't be read (yet).
        """
        place = self.places().get(wish.run)
        if place is None:
            raise UsageError(f"there is no training {wish.run[:40]!r} here (any more); reload the page")
        return SHOWN[wish.kind](
            place.read(), self._state(place), photo, Stamp(wish.network or place.name, wish.picture), listener
        )

    def _facts(self, place: Place) -> dict[str, Any]:
        owner = {"network": self._owners[place.path]} if place.path in self._owners else {}
        return {"id": place.identity, "name": place.name, "state": self._state(place), **owner}

    def _state(self, place: Place) -> str:
        try:
            recorded = place.read()
        except InnerviewError:
            return "running" if self._clock() - place.last_change() < QUIET else "stopped"
        ended = recorded.final("final_accuracy") is not None or 0 < recorded.planned <= recorded.last_step
        if ended:
            return "finished"
        return "running" if self._clock() - place.last_change() < QUIET else "stopped"


Show = Callable[[Recorded, str, Photo | None, Stamp, Listener], Payload]

SHOWN: Final[Mapping[str, Show]] = MappingProxyType(
    {
        "run": lambda run, state, _, __, ___: show_course(run, state),
        "weights": lambda run, _, __, stamp, ___: show_weights(run, stamp),
        "film": lambda run, _, photo, stamp, listener: show_film(run, photo, stamp, listener),
    }
)
"""By the kind that is asked for."""
