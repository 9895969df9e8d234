"""Memory that passes free is kept by our own programs, and by nobody who only imports innerview."""

from __future__ import annotations

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
