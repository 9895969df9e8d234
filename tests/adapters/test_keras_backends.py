"""Keras has one backend a process: each is tested in a process of its own, which runs the whole contract."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from capabilities import LACKING

TESTS = Path(__file__).resolve().parents[1]
SUITE = ("contract", "adapters/test_keras.py", "export/test_keras_export.py")
ONCE = ("adapters/hubs/test_keras_applications.py", "adapters/test_keras_steps.py")
"""What asks nothing of a backend: it runs on the first."""


def run(backend: str) -> subprocess.CompletedProcess[str]:
    suite = SUITE + (ONCE if backend == "tensorflow" else ())
    environment = {**os.environ, "INNERVIEW_TEST_BACKEND": backend, "KERAS_BACKEND": backend}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-v",
        "-rs",
        *(str(TESTS / name) for name in suite),
    ]
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
    left_out = [line for line in answer.stdout.splitlines() if line.startswith("SKIPPED")]
    assert bool(left_out) == ("skipped" in answer.stdout.splitlines()[-1])
    assert all(LACKING in line for line in left_out), left_out
    for line in left_out:
        warnings.warn(f"Keras on {backend}: {line}", stacklevel=1)  # so that the whole run's summary says it
