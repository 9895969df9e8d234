"""Parts of a batch side by side, with one BLAS thread each: the same numbers, and everything as it was afterwards."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from innerview.adapters.numpy import cores
from innerview.allcnn.table import build, initial_weights
from innerview.model import OUTPUT, VjpResult
from innerview.types import Array

MODEL = build(initial_weights(0, channels=32))
IMAGES = np.random.default_rng(0).random((5, *MODEL.input.shape)).astype(np.float32)


@pytest.fixture(params=[1, 2, 3, 8])
def number(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """So many cores, whatever this machine has."""
    monkeypatch.setattr(cores, "cores", lambda: request.param)
    cores._pool.cache_clear()
    yield request.param
    cores._pool.cache_clear()


@pytest.fixture
def before() -> Iterator[list[int]]:
    """OpenBLAS with two threads."""
    numbers = blas_threads()
    for one in cores.libraries():
        one.write(2)
    yield blas_threads()
    for one, number in zip(cores.libraries(), numbers, strict=True):
        one.write(number)


def blas_threads() -> list[int]:
    return [one.read() for one in cores.libraries()]


def test_the_library_of_this_numpy_is_found() -> None:
    known = [one for one in ThreadpoolController().info() if one["internal_api"] == "openblas"]
    assert [one["num_threads"] for one in known] == blas_threads()


def factors(outputs: Array) -> Array:
    """Two targets, with factors that depend on all images of the batch."""
    shares = outputs / np.abs(outputs).max()
    return np.stack([np.eye(outputs.shape[1], dtype=outputs.dtype)[outputs.argmax(axis=1)], shares])


def passed() -> VjpResult:
    layers = [MODEL.layers[3].name, MODEL.layers[-2].name]
    return MODEL.vjp(
        IMAGES, {OUTPUT: factors, layers[0]: lambda value: np.ones((2, *value.shape), value.dtype)}, layers
    )


@pytest.fixture(scope="module")
def alone() -> VjpResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cores, "cores", lambda: 1)
        return passed()


@pytest.mark.usefixtures("number")
def test_however_many_cores_the_numbers_are_the_same(alone: VjpResult) -> None:
    found = passed()
    for name in ("outputs", "input_gradients"):
        wanted = getattr(alone, name)
        np.testing.assert_allclose(getattr(found, name), wanted, rtol=0, atol=2e-6 * np.abs(wanted).max())
    for name in ("activations", "layer_gradients"):
        for layer, wanted in getattr(alone, name).items():
            np.testing.assert_allclose(
                getattr(found, name)[layer], wanted, rtol=0, atol=2e-6 * max(np.abs(wanted).max(), 1)
            )
    np.testing.assert_allclose(MODEL.forward(IMAGES).outputs, alone.outputs, rtol=0, atol=2e-6)


def test_blas_has_one_thread_inside_and_its_own_number_afterwards(number: int, before: list[int]) -> None:
    inside = cores.side_by_side(lambda _: blas_threads(), list(range(number)))
    assert inside == [[1] * len(before)] * number
    assert blas_threads() == before


def test_the_number_comes_back_when_the_last_of_several_callers_has_ended(before: list[int]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with cores.BLAS.alone():
            begun.set()
            go_on.wait(60)

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(60)
    with cores.BLAS.alone():
        go_on.set()
        thread.join()
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("failing", ["first", "last"])
def test_what_one_part_raises_is_raised_when_all_that_began_have_ended(
    number: int, kind: type[BaseException], failing: str, before: list[int]
) -> None:
    running: set[int] = set()

    def work(part: int) -> None:
        running.add(part)
        try:
            if part == (0 if failing == "first" else number - 1):
                raise kind("one part")
        finally:
            running.remove(part)

    with pytest.raises(kind, match="one part"):
        cores.side_by_side(work, list(range(number)))
    assert not running
    assert blas_threads() == before
    assert cores.side_by_side(lambda part: part, list(range(number))) == list(range(number))


@pytest.mark.usefixtures("number")
def test_what_is_said_of_overflows_holds_in_every_part() -> None:
    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.simplefilter("error")
        found = cores.side_by_side(lambda value: np.float32(value) * np.float32(value), [1e30] * 4)
    assert all(map(np.isinf, found))


def _forked(queue: multiprocessing.Queue[float]) -> None:
    queue.put(float(MODEL.forward(IMAGES).outputs.sum()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
@pytest.mark.usefixtures("number")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    wanted = float(MODEL.forward(IMAGES).outputs.sum())
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_forked, args=(queue,))
    child.start()
    assert queue.get(timeout=60) == pytest.approx(wanted, rel=1e-5)
    child.join()


def answered(work: Callable[[], Any]) -> Any:
    """What is answered by a thread that must not wait for ever."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()
    thread.join(60)
    assert found, "it waits for ever, or failed"
    return found[0]


def test_a_part_may_ask_again(number: int) -> None:
    def outer(part: int) -> int:
        return part + sum(cores.side_by_side(lambda one: one, list(range(number))))

    wanted = [part + sum(range(number)) for part in range(number)]
    assert answered(lambda: cores.side_by_side(outer, list(range(number)))) == wanted


def test_whoever_asks_while_all_threads_are_busy_does_the_parts_himself(number: int) -> None:
    release, pool = threading.Event(), cores._pool(os.getpid())
    for _ in range(number):
        pool.submit(release.wait)
    try:
        assert answered(lambda: cores.side_by_side(lambda part: part, list(range(number)))) == list(range(number))
    finally:
        release.set()


def test_without_another_thread_the_parts_are_done_one_after_the_other(
    number: int, monkeypatch: pytest.MonkeyPatch, alone: VjpResult
) -> None:
    def none(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    assert cores.side_by_side(lambda part: part, list(range(number))) == list(range(number))
    np.testing.assert_allclose(MODEL.forward(IMAGES).outputs, alone.outputs, rtol=0, atol=2e-6)


AT_THE_END = """
import atexit, threading
import numpy as np
from innerview.adapters.numpy import cores
from innerview.allcnn.table import build, initial_weights
cores.cores = lambda: 3
model = build(initial_weights(0, channels=8))
images = np.full((5, *model.input.shape), 0.5, np.float32)
def ask(who):
    print(who, model.forward(images).outputs.shape, flush=True)
atexit.register(ask, "atexit")
main = threading.main_thread()
def later():
    main.join()
    ask("thread")
threading.Thread(target=later).start()
ask("main")
"""


def test_a_model_answers_while_the_program_ends() -> None:
    found = subprocess.run([sys.executable, "-c", AT_THE_END], capture_output=True, text=True, timeout=120, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    assert sorted(found.stdout.splitlines()) == [f"{who} (5, 10)" for who in ("atexit", "main", "thread")]


@pytest.mark.usefixtures("number")
def test_many_who_ask_at_once_have_their_own_answers(before: list[int]) -> None:
    images = np.random.default_rng(1).random((8, 3, *MODEL.input.shape)).astype(np.float32)
    wanted = [MODEL.forward(one).outputs for one in images]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: MODEL.forward(one).outputs, images))
    np.testing.assert_array_equal(found, wanted)
    assert blas_threads() == before


@pytest.mark.usefixtures("number")
def test_a_factor_may_ask_the_model(before: list[int]) -> None:
    def asking(outputs: Array) -> Array:
        again = MODEL.vjp(IMAGES, {OUTPUT: factors}).outputs
        np.testing.assert_allclose(again, outputs, atol=2e-6)
        return factors(outputs)

    found = answered(lambda: MODEL.vjp(IMAGES, {OUTPUT: asking}))
    np.testing.assert_array_equal(found.input_gradients, MODEL.vjp(IMAGES, {OUTPUT: factors}).input_gradients)
    assert blas_threads() == before


@pytest.mark.usefixtures("number")
def test_an_empty_batch_has_an_empty_answer() -> None:
    found = MODEL.vjp(IMAGES[:0], {OUTPUT: lambda outputs: np.ones((1, *outputs.shape), outputs.dtype)})
    assert found.outputs.shape == (0, 10)
    assert found.input_gradients.shape == (1, 0, *MODEL.input.shape)


def test_the_number_of_cores_is_the_number_outside(before: list[int]) -> None:
    with cores.BLAS.alone():
        assert cores.BLAS.threads() == max(before, default=1)
    assert cores.BLAS.threads() == max(before, default=1)


def _forked_inside(queue: multiprocessing.Queue[list[int]]) -> None:
    queue.put(blas_threads())
    with cores.BLAS.alone():
        queue.put(blas_threads())
    queue.put(blas_threads())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("who", ["this thread", "another"])
def test_a_process_that_is_forked_meanwhile_begins_anew(who: str, before: list[int]) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def other() -> None:
        with cores.BLAS.alone():
            inside.set()
            go_on.wait(60)

    thread = threading.Thread(target=other)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_forked_inside, args=(queue,))
    try:
        if who == "another":
            thread.start()
            assert inside.wait(60)
            with cores.BLAS._lock:  # as at the worst moment
                child.start()
        else:
            with cores.BLAS.alone():
                child.start()
        assert [queue.get(timeout=60) for _ in range(3)] == [before, [1] * len(before), before]
    finally:
        go_on.set()
    child.join()
    if who == "another":
        thread.join()
    assert blas_threads() == before
