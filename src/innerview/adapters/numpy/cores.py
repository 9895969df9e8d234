"""The processor's cores, for NumPy: parts of a batch side by side, each with one thread of the BLAS library.

OpenBLAS shares out every single product, and its threads wait for each other in a busy loop: on two idle cores that
brings next to nothing for products as small as ours, takes both cores, and where one of them is needed elsewhere it is
several times slower than one thread (docs/decisions/numpy-adapter.md). Parts of a batch have nothing to wait for.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from threading import Lock
from typing import Final, TypeVar

from threadpoolctl import ThreadpoolController

# It comes without types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

P = TypeVar("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Library:
    """OpenBLAS, as it is loaded; a program may hold several.

    Attributes:
        read: its number of threads.
        write: set it, for the whole process.
    """

    read: Callable[[], int]
    write: Callable[[int], None]


@cache
def libraries() -> tuple[Library, ...]:
    """Every OpenBLAS that is loaded; of other BLAS libraries none, and nothing is done about their threads."""
    found = list[Library]()
    for one in ThreadpoolController().info():
        if one["internal_api"] == "openblas" and one["threading_layer"] == "pthreads":
            # Not by threadpoolctl itself, which lets one thread of a program alone change the number.
            library = ctypes.CDLL(one["filepath"])
            for prefix, suffix in product(("", "scipy_"), ("", "64_", "_64")):
                read = getattr(library, f"{prefix}openblas_get_num_threads{suffix}", None)
                write = getattr(library, f"{prefix}openblas_set_num_threads{suffix}", None)
                if read is not None and write is not None:
                    found.append(Library(read, write))
                    break
    return tuple(found)


class _Blas:
    """OpenBLAS's threads: one while anything here runs, whoever asked; as before when the last has ended."""

    def __init__(self) -> None:
        self._lock, self._inside, self._before = Lock(), 0, list[int]()

    @contextmanager
    def alone(self) -> Generator[None]:
        """One thread inside."""
        with self._lock:
            if not self._inside:
                self._before = [one.read() for one in libraries()]
                for one in libraries():
                    one.write(1)
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside = max(self._inside - 1, 0)  # 0 already in a process that was forked in the block
                if not self._inside:
                    self._restore()

    def threads(self) -> int:
        """How many each product has outside: at most, of several libraries."""
        with self._lock:
            return max(self._before if self._inside else [one.read() for one in libraries()], default=1)

    def forked(self) -> None:
        """Begin anew in a forked process: whoever was inside, and perhaps held the lock, is not in it."""
        self._lock = Lock()
        if self._inside:
            self._inside = 0
            self._restore()

    def _restore(self) -> None:
        for one, number in zip(libraries(), self._before, strict=False):
            one.write(number)


BLAS: Final = _Blas()

if sys.platform != "win32":  # which has no fork
    os.register_at_fork(after_in_child=BLAS.forked)


@cache
def cores() -> int:
    """As many parts as OpenBLAS would have threads, which is what its user allowed it (OMP_NUM_THREADS)."""
    return BLAS.threads()


@cache
def _pool(process: int) -> ThreadPoolExecutor:  # noqa: ARG001 a forked process has no threads: it gets its own
    return ThreadPoolExecutor(max(cores() - 1, 1), thread_name_prefix="innerview")


def parts(count: int) -> list[slice]:
    """Split so many images into one part for each core, as evenly as it goes; an image is not split."""
    number = max(min(cores(), count), 1)
    ends = [count * place // number for place in range(number + 1)]
    return [slice(start, end) for start, end in pairwise(ends)]


def side_by_side(work: Callable[[P], R], given: Sequence[P]) -> list[R]:
    """Do the same with each part, at the same time; what one raises is raised when all that began have ended.

    A part that no thread has begun when its turn comes is done here: whoever asks while all threads are busy, out of
    one of them, or when the program ends and no thread can be had, waits for nothing that has not begun.
    """
    first, *others = given
    with BLAS.alone():
        begun = [_begun(work, one) for one in others]
        try:
            found = [work(first)]
            for task, one in zip(begun, others, strict=True):
                found.append(work(one) if task.cancel() else task.result())
            return found
        finally:
            for task in begun:
                if not task.cancel():
                    task.exception()


def _begun(work: Callable[[P], R], given: P) -> Future[R]:
    """Hand a part to a thread, or, where none can be had, to nobody."""
    task, context = Future[R](), copy_context()  # NumPy keeps in it what is said of overflows

    def run() -> None:
        if not task.set_running_or_notify_cancel():
            return
        try:
            found = context.run(work, given)
        except BaseException as problem:  # noqa: BLE001 whoever asked raises it
            task.set_exception(problem)
        else:
            task.set_result(found)

    with suppress(RuntimeError):  # the program ends, or the system gives no more threads
        _pool(os.getpid()).submit(run)
    return task
