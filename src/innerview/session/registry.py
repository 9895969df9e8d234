"""Trainings for the viewer: found in folders, followed while they are written, shown as they are at that moment.

A run is named by its place on the list, never by a path: whoever asks can only ask for what was put here. Files of a
run appear whole or not at all, so a run that is being written is read as far as it has come.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, final

from innerview.data.image import Image
from innerview.errors import DataError, InnerviewError, UsageError
from innerview.files.regular import is_file, is_folder
from innerview.pictures.timeline import Frame
from innerview.runs import RunFolder
from innerview.session.cache import Cache
from innerview.session.progress import Listener
from innerview.session.query import Query
from innerview.session.training.answers import answers_of
from innerview.session.training.payloads import show_answers, show_course, show_timeline, show_weights
from innerview.session.training.reading import LayerTimes, Recorded
from innerview.viewer.payload import Payload
from innerview.viewer.payloads.stamp import Stamp
from innerview.viewer.payloads.subject import Photo
from innerview.viewer.run_sentences import ENDED

MOST: Final = 100
"""Runs on a registry."""

QUIET: Final = 120.0
"""Seconds without a change after which a run that has not reached its end counts as stopped."""

FRAMES: Final = 64 * 2**20
"""Bytes of timelines' frames that are kept: of a training under way, only new checkpoints are run for a known image."""

TIMES: Final = 2**22
"""Bytes of statistics of weights that are kept: some hundred checkpoints of a run under way take 100 kB."""

WATCHED: Final = (
    "manifest.json", "metrics.jsonl", "status.json", "ended.json",
    "checkpoints", "snapshots", "histograms", "observations",
)  # fmt: skip
"""What changes in a run folder, of any version."""

SEEN: Final = ("checkpoints", "snapshots", "observations")
"""What a timeline and predictions on test images depend on: they are not worked out anew for every line of metrics."""

Keep = Callable[[Image], str]
"""Keeps an image where it can be asked for, and gives its name there; empty where it can't be."""


@dataclass(frozen=True)
class Place:
    """Where a run lies, and its name for people."""

    path: Path
    name: str

    @property
    def identity(self) -> str:
        """Eight hexadecimal digits that say nothing of the path."""
        return hashlib.sha256(os.fsencode(self.path.resolve())).hexdigest()[:8]

    def version(self, watched: Sequence[str] = WATCHED) -> str:
        """Changes when the run does: sizes and times of its files and folders."""
        parts: list[str] = []
        for name in watched:
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

    def read(self, memory: Cache[LayerTimes]) -> Recorded:
        """Read the run as it is now; what needs every checkpoint comes from the memory where it is known.

        Raises:
            DataError: nothing was recorded yet, or it is damaged.
        """
        return Recorded(self.name, RunFolder.open(self.path), memory)


def opening(paths: Sequence[Path]) -> str:
    """The end of the viewer's address that shows the first of these folders' trainings; empty if there is none."""
    if not paths:
        return ""
    chosen = Place(paths[0], paths[0].name)
    return "#/training" + (f"?r={chosen.identity}" if (chosen.path / "manifest.json").is_file() else "")


@final
class RunRegistry:
    """Run folders, and folders of run folders.

    Args:
        paths: of either.
        owners: identities of the models that runs trained, by the runs' folders, where they are known.
        data: data set that the runs' models are tested on; None for none.
        still: runs that nobody writes to any more, by their folders: each is read once, however much is asked of it.
        clock: gives the time in seconds since 1970.

    Raises:
        DataError: a path is no folder, or there is no training in it.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        owners: Mapping[Path, str] | None = None,
        data: Path | None = None,
        still: Iterable[Path] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._paths = tuple(paths)
        self._owners = dict(owners or {})
        self._data = data
        self._frames: Cache[Frame] = Cache(FRAMES)
        self._times: Cache[LayerTimes] = Cache(TIMES)
        self._still = frozenset(still)
        self._kept: dict[Place, Recorded] = {}
        self._clock = clock
        for path in paths:
            if not is_folder(path):
                raise DataError(
                    f"there is no folder {path}; name the folder of a training, or one that holds several"
                ).of("folder", path=path, found=None)
        self._seen = {identity: place.version() for identity, place in self.places().items()}

    def places(self) -> dict[str, Place]:
        """All runs that are there now, by identity."""
        found: list[Path] = []
        for path in self._paths:
            inside = sorted(one.parent for one in path.glob("*/manifest.json"))
            found += [path] if is_file(path / "manifest.json") else inside
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

    def version(self, query: Query) -> str:
        """What changes when the answer to a question about a run does; empty if there is no such run."""
        found = self.places().get(query.run)
        return found.version(SEEN if query.kind in {"timeline", "tested"} else WATCHED) if found else ""

    def changes(self) -> Sequence[Mapping[str, Any]]:
        """The facts of those that have changed, or appeared, since the last call."""
        now = self.places()
        versions = {identity: place.version() for identity, place in now.items()}
        changed = [now[identity] for identity, version in versions.items() if self._seen.get(identity) != version]
        self._seen = versions
        return [self._facts(one) for one in changed]

    def answer(self, query: Query, photo: Photo | None, listener: Listener, keep: Keep = lambda _: "") -> Payload:
        """Show a run: its course, its weights, its answers, or an image's way through it.

        Args:
            query: what is asked for.
            photo: to be followed.
            listener: told of the progress.
            keep: takes the images of the surest mistakes.

        Raises:
            UsageError: there is no such run; `DataError`: it can't be read (yet).
        """
        place = self.places().get(query.run)
        if place is None:
            raise UsageError(f"there is no training {query.run[:40]!r} here (any more); reload the page").of(
                "run", asked=query.run
            )
        run, stamp = self._read(place), Stamp(query.model or place.name, query.image)
        return SHOWN[query.kind](
            _Question(run, self._state(place, run), photo, stamp, listener, self._data, query.more, keep, self._frames)
        )

    def _facts(self, place: Place) -> dict[str, Any]:
        owner = {"model": self._owners[place.path]} if place.path in self._owners else {}
        try:
            recorded = self._read(place)
        except InnerviewError:
            recorded = None
        checkpoint = {} if recorded is None else {"checkpoint": recorded.steps[-1]}
        return {"id": place.identity, "name": place.name, "state": self._state(place, recorded), **checkpoint, **owner}

    def _read(self, place: Place) -> Recorded:
        """The run as it is now."""
        if place.path not in self._still:
            return place.read(self._times)
        if place not in self._kept:
            self._kept[place] = place.read(self._times)
        return self._kept[place]

    def _state(self, place: Place, recorded: Recorded | None) -> str:
        if recorded is not None and recorded.ending is not None:
            return ENDED[recorded.ending.how]
        return "running" if self._clock() - place.last_change() < QUIET else "stopped"


@dataclass(frozen=True)
class _Question:
    """All that an answer may be made from."""

    run: Recorded
    state: str
    photo: Photo | None
    stamp: Stamp
    listener: Listener
    data: Path | None
    more: int
    keep: Keep
    frames: Cache[Frame]


def _show_answers(asked: _Question) -> Payload:
    run = asked.run
    found = answers_of(
        run,
        asked.data,
        asked.listener,
        lambda found: asked.listener.level(show_answers(run.name, found)),
        more=asked.more,
    )
    held = [
        "" if one.image is None else asked.keep(Image(one.name, one.image, label=found.classes[one.label]))
        for one in found.mistakes
    ]
    return show_answers(run.name, found, held)


SHOWN: Final[Mapping[str, Callable[[_Question], Payload]]] = MappingProxyType(
    {
        "run": lambda asked: show_course(asked.run, asked.state),
        "weights": lambda asked: show_weights(asked.run, asked.stamp),
        "tested": _show_answers,
        "timeline": lambda asked: show_timeline(asked.run, asked.photo, asked.stamp, asked.listener, asked.frames),
    }
)
"""By the kind that is asked for."""
