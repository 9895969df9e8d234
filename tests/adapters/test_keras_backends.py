"""Keras has one backend a process: each is tested in a process of its own, which runs the whole contract."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
SUITE = ("contract", "adapters/test_keras.py", "export/test_keras_export.py")


def run(backend: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "INNERVIEW_TEST_BACKEND": backend, "KERAS_BACKEND": backend}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", *(str(TESTS / name) for name in SUITE)]
    return subprocess.run(command, env=environment, cwd=TESTS.parent, capture_output=True, text=True)


@pytest.mark.keras
@pytest.mark.parametrize(
    "backend",
    [
        pytest.param("tensorflow", marks=pytest.mark.tensorflow),
        pytest.param("torch", marks=pytest.mark.torch),
        pytest.param("jax", marks=pytest.mark.jax),
    ],
)
def test_the_contract_holds_on_every_backend(backend: str) -> None:
    answer = run(backend)
    assert answer.returncode == 0, answer.stdout[-6000:] + answer.stderr[-2000:]
    assert " passed" in answer.stdout.splitlines()[-1]
    assert "skipped" not in answer.stdout.splitlines()[-1]
