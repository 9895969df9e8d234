"""Parts of a batch side by side, with one BLAS thread each: the same numbers, and everything as it was afterwards."""

from __future__ import annotations

import multiprocessing
import os
import threading
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from innerview.adapters import cores
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


def test_what_one_part_raises_is_raised_when_all_have_ended(number: int) -> None:
    ended: list[int] = []

    def work(part: int) -> None:
        if part == 0:
            raise ValueError("the first")
        ended.append(part)

    with pytest.raises(ValueError, match="the first"):
        cores.side_by_side(work, list(range(number)))
    assert sorted(ended) == list(range(1, number))
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
