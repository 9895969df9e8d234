"""Without PyTorch, training says what to install, and everything that reads runs and data works."""

from __future__ import annotations

import subprocess
import sys

WITHOUT = "import sys\nsys.modules['torch'] = None\n"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", WITHOUT + code], capture_output=True, text=True)


def test_training_names_the_extra() -> None:
    answer = run("import innerview.training")
    assert "MissingExtra" in answer.stderr
    assert "pip install 'innerview[train]'" in answer.stderr


def test_runs_and_data_are_read_without_a_framework() -> None:
    answer = run("import innerview.runs, innerview.data.cifar10")
    assert answer.returncode == 0, answer.stderr
