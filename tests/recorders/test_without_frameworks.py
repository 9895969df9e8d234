"""Without a framework, recordings are read, and what can't be done names the extra."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = "import sys\nfor name in ('torch', 'keras', 'tensorflow'):\n    sys.modules[name] = None\n"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", WITHOUT + code], capture_output=True, text=True)


@pytest.mark.parametrize(("module", "extra"), [("torch", "torch"), ("keras", "keras"), ("keras_model", "keras")])
def test_the_extra_is_named(module: str, extra: str) -> None:
    answer = run(f"import innerview.recorders.{module}")
    assert "MissingExtra" in answer.stderr
    assert f"pip install 'innerview[{extra}]'" in answer.stderr


def test_recordings_are_read() -> None:
    answer = run("import innerview\nfrom innerview.runs import observations\nprint(innerview.Recorder.__name__)")
    assert answer.stdout == "Recorder\n", answer.stderr
