"""A survey on Ray: the same files as by one process, a shard at a time on whichever worker is free.

Each worker opens the model and the data set once, and sends the bytes of whole shards; this machine alone writes. So
workers need the files of model and data at the same places, and nothing of the output. The first worker says what the
question is, with the batch size that its memory allows; the others have to read the same model and the same data. A
worker that is lost is begun anew with the shard that it had.

When a cluster goes away, Ray ends the process that speaks with it. So that is a process of its own, and the one that
was asked lives to tell. What runs on a worker before versions were compared is a class inside a function, which Ray
sends as it stands: another innerview there could not open what is sent by name.
"""

# Ray's types are unknown: it is an extra.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false

from __future__ import annotations

import logging
import multiprocessing
import re
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from innerview.errors import InnerviewError, MissingExtra, UsageError
from innerview.results import versions
from innerview.session.models import ModelRequest
from innerview.session.progress import Report, silent
from innerview.workbench.survey.shards import Shards, differences, open_shards
from innerview.workbench.survey.survey import FOLDER, Surveyed, summed
from innerview.workbench.survey.workers import ATTEMPTS

ADDRESS: Final = re.compile(r"local|auto|[\w.\-\[\]:]+:\d+")
"""What Ray takes; "local" begins one."""

PAUSE: Final = 1.0
"""Seconds between reports, at most."""

PATIENCE: Final = 20.0
"""Seconds in which the process that speaks with Ray is to end."""


def ray_module() -> Any:
    """The module `ray`, or raise MissingExtra."""
    try:
        import ray
    except Exception as problem:
        raise MissingExtra("a survey on Ray", "ray", problem) from problem
    return ray


def survey_on_ray(
    address: str,
    request: ModelRequest,
    data: str | Path,
    *,
    workers: int | None = None,
    output: str | Path = FOLDER,
    resume: bool = False,
    progress: Report | None = None,
    **asked: Any,
) -> Surveyed:
    """Survey a data set on Ray.

    Args:
        address: of the cluster, "host:port"; "auto" for the one that runs on this machine; "local" for one of our own.
        request: the model, which each worker opens; on a device "cuda" each has a GPU of its own.
        data: folder or list, at the same place on every machine.
        workers: at most so many; None for as many as the cluster has processors (on "cuda", GPUs).
        output: folder on this machine.
        resume: go on with the survey that it holds.
        progress: told how many images are done; raising in it stops the work, and whole files stay.
        asked: everything else that `survey` takes, but its parts.

    Raises:
        MissingExtra: Ray is not installed.
        UsageError: the address is none, a worker has another innerview or reads other data, or `survey` refuses it.
        InnerviewError: whatever a worker says; one was lost three times with the same file; the cluster went away.
    """
    ray_module()
    if not ADDRESS.fullmatch(address):
        raise UsageError(
            f"--ray {address} was given, which is no address; it is host:port, auto or local, and --ray alone stands "
            "last on the line"
        ).of("ray", asked=address)
    _knock(address)
    context = multiprocessing.get_context("spawn")
    reads, writes = context.Pipe(duplex=False)
    job = _Job(address, workers, Path(output), resume, _Work(request, str(data), str(Path.cwd()), asked))
    process = context.Process(target=_speak, args=(job, writes))
    process.start()
    writes.close()
    try:
        return _heard(reads, progress or silent)
    except EOFError:
        process.join()
        raise _gone(job, f"exit code {process.exitcode}") from None
    finally:
        reads.close()  # so it ends, and lets Ray end its own
        process.join(PATIENCE)
        process.kill()
        process.join()


@dataclass(frozen=True)
class _Work:
    """What a worker is told: model and data, the folder that relative names are from, and what is asked."""

    request: ModelRequest
    data: str
    folder: str
    asked: Mapping[str, Any]


@dataclass(frozen=True)
class _Job:
    """What the process that speaks with Ray is told."""

    address: str
    workers: int | None
    output: Path
    resume: bool
    work: _Work


def _knock(address: str) -> None:
    """Raise an error where nobody listens at an address; Ray itself asks for minutes."""
    host, _, port = address.rpartition(":")
    if host:
        try:
            socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
        except (OSError, OverflowError) as problem:
            raise _unreached(address, problem) from None


def _unreached(address: str, problem: Exception) -> InnerviewError:
    return InnerviewError(
        f"no Ray can be reached at {address} ({' '.join(str(problem).split())[:200]}); start one, or give --ray alone "
        "for one of its own"
    ).of("ray", asked=address, found=type(problem).__name__)


def _heard(reads: Any, report: Report) -> Surveyed:
    """What came out, as that process tells it."""
    while True:
        found = reads.recv()
        if isinstance(found, Surveyed):
            return found
        if isinstance(found, InnerviewError):
            raise found
        report(*found)


def _gone(job: _Job, found: str) -> InnerviewError:
    return InnerviewError(
        f"Ray's cluster ({job.address}) went away ({found}); whole files stay in {job.output}: go on by the same "
        "command with --resume"
    ).of("ray", asked=job.address, found=found, path=job.output)


def _speak(job: _Job, told: Any) -> None:
    """What that process does; it sends how far it is, and in the end what came out or why it ended."""
    ray = ray_module()
    try:
        ray.init(job.address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError, ray.exceptions.RayError) as problem:
        told.send(_unreached(job.address, problem))
        return
    with suppress(KeyboardInterrupt, BrokenPipeError):  # of the first process, which says so itself
        try:
            found: object = _Survey(ray, job, lambda done, total, words: told.send((done, total, words))).run()
        except InnerviewError as problem:
            found = problem
        except ray.exceptions.RayError as problem:
            found = _gone(job, type(problem).__name__)
        ray.shutdown()
        told.send(found)


@dataclass(eq=False)
class _Survey:
    """A survey in work.

    Attributes:
        tasks: what is being done: by which worker, and of which shard; None while it opens model and data.
        lost: how often a worker was lost with each of these.
    """

    ray: Any
    job: _Job
    report: Callable[[float, int, str], None]
    tasks: dict[Any, tuple[Any, int | None]] = field(default_factory=dict)
    lost: Counter[int | None] = field(default_factory=Counter)

    def run(self) -> Surveyed:
        """Do all of it."""
        kind = self._kind
        there = int(self.ray.cluster_resources().get(kind, 0))
        if not there:
            raise UsageError(
                f"Ray's cluster ({self.job.address}) has no {kind}, and each worker needs one; add a node, or choose "
                "another --device"
            ).of("ray", asked=kind, found=there)
        self._begin()
        worker = question = None
        while question is None:
            worker, _, question = self._next("opening model and data")
        about, columns, notes = question
        shards = open_shards(self.job.output, about, columns, resume=self.job.resume)
        waiting = [number for number in range(shards.number) if not shards.file(number).exists()]
        total = sum(len(shards.images(number)) for number in waiting)
        count, done = min(self.job.workers or there, len(waiting)), 0
        for _ in range(count - 1):
            self._begin()
        self._give(worker, shards, waiting)
        while self.tasks:
            worker, number, found = self._next("images", done, total)
            if found is None and number is not None:
                waiting.insert(0, number)
            elif found is not None and number is None:
                self._compare(about, found[0])
            elif found is not None and number is not None:
                shards.keep(found)
                done += len(shards.images(number))
            if found is not None:
                self._give(worker, shards, waiting)
        return summed(shards, notes)

    @property
    def _kind(self) -> str:
        """What a worker needs one of."""
        return "GPU" if self.job.work.request.device.startswith("cuda") else "CPU"

    def _begin(self) -> None:
        """Begin a worker."""
        need = {"num_cpus": int(self._kind == "CPU"), "num_gpus": int(self._kind == "GPU")}
        worker = self.ray.remote(**need)(_worker()).remote()
        self.tasks[worker.begin.remote(versions()["innerview"], asdict(self.job.work))] = worker, None

    def _give(self, worker: Any, shards: Shards, waiting: list[int]) -> None:
        """Give a worker the next shard; where there is none it ends."""
        if waiting:
            number = waiting.pop(0)
            self.tasks[worker.files.remote(shards, number)] = worker, number
        else:
            self.ray.kill(worker)

    def _next(self, words: str, done: int = 0, total: int = 1) -> tuple[Any, int | None, Any]:
        """What is done next: the worker, the shard, and what it found; None of a lost worker, for which another began.

        Args:
            words: what is being done; `done`, `total`: how much of it. Reported while it takes.
            done: see there.
            total: see there.

        Raises:
            InnerviewError: what a worker says, or one was lost too often.
        """
        ray = self.ray.exceptions
        ready: list[Any] = []
        while not ready:
            self.report(done, total, f"{words}, on Ray ({len(self.tasks)} at work)")
            ready, _ = self.ray.wait(list(self.tasks), timeout=PAUSE)
        task = ready[0]
        worker, number = self.tasks.pop(task)
        try:
            found = self.ray.get(task)
        except (ray.RayActorError, ray.OutOfMemoryError, ray.NodeDiedError, ray.ObjectLostError) as problem:
            self.lost[number] += 1
            if self.lost[number] == ATTEMPTS:
                at = "while it opened model and data" if number is None else f"with file {number}"
                raise InnerviewError(
                    f"a worker of Ray was lost {ATTEMPTS} times {at} ({type(problem).__name__}); whole files stay: go "
                    "on by --resume, with a smaller --batch-size if memory ended"
                ).of("worker", asked=number, found=type(problem).__name__) from None
            self._begin()
            return worker, number, None
        except ray.RayTaskError as problem:
            raise InnerviewError(
                f"a worker of Ray failed ({' '.join(str(problem.cause).split())[:300]}); whole files stay: go on by "
                "--resume"
            ).of("worker", asked=number, found=type(problem.cause).__name__) from None
        if isinstance(found, InnerviewError):
            raise found
        if isinstance(found, str):
            here = versions()["innerview"]
            raise UsageError(
                f"a worker of Ray has {f'innerview {found}' if found else 'no innerview'}, and here is {here}; install "
                "the same on all machines of the cluster"
            ).of("innerview", asked=here, found=found)
        return worker, number, found

    def _compare(self, about: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        """Refuse a worker that reads another model or other data."""
        said = differences(about, other, {"batch_size"})
        if said:
            raise UsageError(
                f"two workers of Ray were asked the same and read other things ({said}); give all machines of the "
                "cluster the same files"
            ).of("question", found=said)


def _worker() -> Any:
    """The class that a worker is of."""

    class Worker:
        def begin(self, version: str, work: dict[str, Any]) -> Any:
            """Open model and data, and tell the question; the version where it is another, empty for none."""
            try:
                import innerview
            except ImportError:
                return ""
            if innerview.__version__ != version:
                return innerview.__version__
            import os
            from contextlib import suppress

            from innerview.errors import InnerviewError
            from innerview.session.models import ModelRequest, open_model
            from innerview.workbench.survey.survey import plan

            with suppress(OSError):  # where the folder is not there, names have to be whole
                os.chdir(work["folder"])
            try:
                self.plan = plan(open_model(ModelRequest(**work["request"])), work["data"], **work["asked"])
            except InnerviewError as problem:  # as an answer: Ray would wrap it
                return problem
            return self.plan.about, self.plan.asked.columns, self.plan.notes

        def files(self, shards: Any, number: int) -> Any:
            """A shard's files by name."""
            from innerview.errors import InnerviewError

            try:
                return shards.content(number, [row for rows in self.plan.rows(shards, number) for row in rows])
            except InnerviewError as problem:
                return problem

    return Worker
