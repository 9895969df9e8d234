"""Memory that passes free is kept by our own programs, and by nobody who only imports innerview."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from innerview.cli import memory

PASSES = """
import resource
import numpy as np
from innerview.cli.memory import keep_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        held = [np.zeros(2**18) + 1 for _ in range(4)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

plain = faults()
print(keep_memory(), plain, faults())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of the GNU C library")
def test_pages_are_asked_for_once() -> None:
    answer = subprocess.run([sys.executable, "-c", PASSES], capture_output=True, text=True, check=True)
    told, plain, kept = answer.stdout.split()
    assert told == "True"
    assert int(kept) < int(plain) / 3


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: object())
    assert memory.keep_memory() is False


BLAS = """
import innerview.session.models as models
from innerview.adapters.numpy.cores import cores, libraries
from innerview.cli import main

def threads():
    print(*(one.read() for one in libraries()), cores(), sep=",")

def opened(request):
    threads()
    raise SystemExit

models.open_model = opened
threads()
try:
    main(["explain", "cat"])
except SystemExit:
    threads()
"""


def test_a_command_has_one_blas_thread_and_parts_on_every_core() -> None:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}
    answer = subprocess.run([sys.executable, "-c", BLAS], capture_output=True, text=True, check=True, env=environment)
    before, inside, after = ([int(one) for one in line.split(",")] for line in answer.stdout.split())
    if len(before) < 2:
        pytest.skip("no OpenBLAS is loaded here")
    assert before == after
    assert inside == [*[1] * (len(before) - 1), before[-1]]
