"""A framework that these tests are meant to cover is there: its tests can't be left out by accident."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

MEANT = ("torch",)
WITHOUT = os.environ.get("INNERVIEW_TEST_WITHOUT", "").split(",")


@pytest.mark.parametrize("framework", sorted(set(MEANT) - set(WITHOUT)))
def test_the_framework_is_installed(framework: str) -> None:
    assert importlib.import_module(framework).__name__ == framework


@pytest.mark.parametrize(("without", "passes"), [("", False), ("torch", True)])
def test_a_missing_framework_fails_unless_it_was_left_out(tmp_path: Path, without: str, passes: bool) -> None:
    """The test above, in a Python that finds a broken PyTorch first."""
    (tmp_path / "torch.py").write_text("raise ImportError('broken on purpose')", encoding="utf-8")
    environment = {**os.environ, "INNERVIEW_TEST_WITHOUT": without, "PYTHONPATH": str(tmp_path)}
    test = f"{__file__}::{test_the_framework_is_installed.__name__}"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "testpaths=", test]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (answer.returncode == 0) == passes, answer.stdout
