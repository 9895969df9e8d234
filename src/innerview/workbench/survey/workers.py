"""A survey by several processes of one machine, each with its own model: the same files as by one.

Every process works out its own shards of one folder (`survey(shard=(i, n), resume=True)`), so nothing is handed about
but the question. One that is lost, killed for memory say, is begun again and goes on where it was; one that says why it
ended is believed.
"""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from innerview.errors import InnerviewError, UsageError
from innerview.files.regular import exists
from innerview.session.models import ModelRequest, open_model
from innerview.session.progress import Report, silent
from innerview.workbench.survey.shards import MANIFEST, read_manifest
from innerview.workbench.survey.survey import FOLDER, Surveyed, survey

ATTEMPTS: Final = 3
"""How often a process is begun, at most."""

PAUSE: Final = 0.1
"""Seconds between looks at the processes."""


@dataclass
class _Worker:
    """One of several: its part, and the process that works on it."""

    part: tuple[int, int]
    process: BaseProcess
    told: Any  # the end of a pipe, whose class has another name on every system
    attempts: int = field(default=1)


def survey_by(
    workers: int,
    request: ModelRequest,
    data: str | Path,
    *,
    output: str | Path = FOLDER,
    resume: bool = False,
    progress: Report | None = None,
    **asked: Any,
) -> Surveyed:
    """Survey a data set by several processes.

    Args:
        workers: how many.
        request: the model, which each of them opens.
        data: folder or list.
        output: folder.
        resume: go on with the survey that it holds.
        progress: told how many files are there; raising in it stops all of them, and whole files stay.
        asked: everything else that `survey` takes, but its parts.

    Raises:
        UsageError: fewer than one worker, or the folder holds a survey and `resume` was not said.
        InnerviewError: whatever a worker says, or one was lost three times.
    """
    if workers < 1:
        raise UsageError(f"{workers} workers were asked for; it is at least 1").of("workers", asked=workers, limit=1)
    folder, report = Path(output), progress or silent
    if not resume and exists(folder / MANIFEST):
        raise UsageError(f"{folder} holds a survey already; go on with it by --resume, or choose another --output").of(
            "survey", path=folder
        )
    question: dict[str, Any] = {**asked, "output": folder, "resume": True}
    working: list[_Worker] = [_begin((number, workers), request, data, question) for number in range(1, workers + 1)]
    try:
        while working:
            time.sleep(PAUSE)
            report(*_files(folder), f"files, by {len(working)} workers")
            working = [one for one in working if not _ended(one, request, data, question)]
    finally:
        for one in working:
            one.process.terminate()
            one.process.join()
    return survey(open_model(request), data, **question)


def _files(folder: Path) -> tuple[int, int]:
    """How many files are there, and how many there will be."""
    if not exists(folder / MANIFEST):
        return 0, 1
    about = read_manifest(folder)
    return len(list(folder.glob("rows-*.parquet"))), -(-int(about["images"]) // int(about["images_per_shard"]))


def _begin(part: tuple[int, int], request: ModelRequest, data: str | Path, question: dict[str, Any]) -> _Worker:
    context = multiprocessing.get_context("spawn")  # a fork would take along threads that it does not have
    reads, writes = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(part, request, data, question, writes), daemon=True)
    process.start()
    writes.close()
    return _Worker(part, process, reads)


def _work(part: tuple[int, int], request: ModelRequest, data: str | Path, question: dict[str, Any], told: Any) -> None:
    """What a process does; it sends why it ended, or None if all is well."""
    try:
        survey(open_model(request), data, shard=part, **question)
    except InnerviewError as problem:
        told.send(problem)
    except KeyboardInterrupt:  # of the whole group: the first process says so
        pass
    else:
        told.send(None)


def _ended(worker: _Worker, request: ModelRequest, data: str | Path, question: dict[str, Any]) -> bool:
    """Whether a worker is done; a lost one is begun again."""
    if not worker.told.poll():  # true at the end of the process too
        return False
    try:
        problem: InnerviewError | None = worker.told.recv()
    except EOFError:  # it was lost
        worker.process.join()
    else:
        worker.process.join()
        if problem is None:
            return True
        raise problem
    if worker.attempts == ATTEMPTS:
        raise InnerviewError(
            f"the worker of part {worker.part[0]} of {worker.part[1]} was lost {ATTEMPTS} times (exit code "
            f"{worker.process.exitcode}); whole files stay: go on by --resume, with fewer --workers if memory ended"
        ).of("worker", asked=worker.part[0], found=worker.process.exitcode)
    again = _begin(worker.part, request, data, question)
    worker.process, worker.told, worker.attempts = again.process, again.told, worker.attempts + 1
    return False
