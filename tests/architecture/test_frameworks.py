"""A framework that these tests are meant to cover is there: its tests can't be left out by accident."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

TOGETHER = (("torch", "captum"), ("tensorflow", "keras"), ("jax",), ("shap",), ("onnx", "onnxruntime"))
"""The frameworks that are meant; those that import one another share a process, as they do for users."""

WITHOUT = os.environ.get("INNERVIEW_TEST_WITHOUT", "").split(",")


def meant(without: Sequence[str]) -> list[tuple[str, ...]]:
    """The frameworks that must be there, by the process that imports them."""
    left = (tuple(one for one in some if one not in without) for some in TOGETHER)
    return [some for some in left if some]


@pytest.mark.parametrize("frameworks", meant(WITHOUT), ids="-".join)
def test_the_frameworks_are_installed(frameworks: tuple[str, ...]) -> None:
    """In a process of its own: frameworks that don't belong together take each other's threads and memory."""
    code = f"import {', '.join(frameworks)}"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


def test_a_missing_framework_fails_unless_it_was_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above, where Python finds one framework broken."""
    (tmp_path / "torch.py").write_text("raise ImportError('broken on purpose')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    first, *others = meant(())
    with pytest.raises(AssertionError, match="broken on purpose"):
        test_the_frameworks_are_installed(first)
    assert meant(("torch", "captum")) == others
    assert meant(("torch",)) == [("captum",), *others]
    assert {one for some in meant(()) for one in some} >= {"torch", "tensorflow", "keras", "jax", "captum"}
