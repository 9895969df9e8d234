"""A framework that these tests are meant to cover is there: its tests can't be left out by accident."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MEANT = ("torch", "tensorflow", "keras", "jax", "captum")
WITHOUT = os.environ.get("INNERVIEW_TEST_WITHOUT", "").split(",")


@pytest.mark.parametrize("framework", sorted(set(MEANT) - set(WITHOUT)))
def test_the_framework_is_installed(framework: str) -> None:
    """In a process of its own: two frameworks in one take each other's threads and memory."""
    answer = subprocess.run([sys.executable, "-c", f"import {framework}"], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("left_out", [False, True])
def test_a_missing_framework_fails_unless_it_was_left_out(tmp_path: Path, left_out: bool) -> None:
    """The test above, in a Python that finds one framework broken; the others are left out."""
    framework = MEANT[0]
    (tmp_path / f"{framework}.py").write_text("raise ImportError('broken on purpose')", encoding="utf-8")
    without = ",".join(one for one in MEANT if left_out or one != framework)
    environment = {**os.environ, "INNERVIEW_TEST_WITHOUT": without, "PYTHONPATH": str(tmp_path)}
    test = f"{__file__}::{test_the_framework_is_installed.__name__}"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "testpaths=", test]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (answer.returncode == 0) == left_out, answer.stdout
