"""A hundred looks leave nothing behind; scripts/soak does a thousand, and on every backend of Keras."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: what other tests have left in memory would hide what grows."""
    path = os.pathsep.join([str(TESTS.parent / "src"), str(TESTS)])
    command = [sys.executable, str(TESTS / "adapters" / "leaking.py"), *arguments]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)


@pytest.mark.parametrize(
    "adapter", ["numpy", pytest.param("torch", marks=pytest.mark.torch), pytest.param("jax", marks=pytest.mark.jax)]
)
def test_nothing_grows_in_a_hundred_looks(adapter: str) -> None:
    answer = run("100", adapter)
    assert answer.returncode == 0, answer.stdout + answer.stderr[-2000:]
    assert answer.stdout.startswith(f"{adapter}: 100 calls")


def test_growth_would_be_seen() -> None:
    program = """
import sys
sys.argv = ["leaking.py", "100", "numpy"]
from adapters import leaking
held, plain = [], leaking.look
def keeping(model, images):
    plain(model, images)
    held.append(model.forward(images, ["conv"]))
leaking.look = keeping
leaking.main()
"""
    path = os.pathsep.join([str(TESTS.parent / "src"), str(TESTS)])
    command = [sys.executable, "-c", program]
    answer = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert "now.megabytes - before.megabytes < MEGABYTES" in answer.stderr
