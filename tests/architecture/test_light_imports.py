"""Asking for help or for the version is quick: nothing heavy is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "torch",
    "tensorflow",
    "keras",
    "jax",
    "captum",
    "matplotlib",
    "PIL",
    "scipy",
    "starlette",
    "uvicorn",
    "jinja2",
}

EXPLAIN = "explain', 'cat', '--no-judge', '--no-network', '--n-steps', '2', '--alphas', '1', '-o', '{}"
"""Everything that is drawn, in few passes."""

ASK = "from innerview.cli import start\nsys.argv = ['innerview', '{}']\ntry:\n    start()\nexcept SystemExit:\n    pass"
QUESTIONS = {"import": "import innerview", "help": ASK.format("--help"), "version": ASK.format("--version")}


def imported_by(code: str) -> set[str]:
    """Run `code` in a Python of its own and give the packages that it brought in."""
    lines = f"import sys\n{code}\nprint()\nprint(' '.join(sorted({{name.split('.')[0] for name in sys.modules}})))"
    answer = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("code", QUESTIONS.values(), ids=QUESTIONS)
def test_nothing_heavy_is_imported(code: str) -> None:
    assert imported_by(code) & HEAVY == set()


def test_something_heavy_would_be_seen() -> None:
    assert "PIL" in imported_by("import innerview.data.reading")


def test_what_explain_draws_needs_no_matplotlib(tmp_path: Path) -> None:
    assert "matplotlib" not in imported_by(ASK.format(EXPLAIN.format(tmp_path)))
    assert "Not here" not in (tmp_path / "cat" / "index.html").read_text(encoding="utf-8")
    assert {"path.png", "weights.png"} <= {one.name for one in (tmp_path / "cat").iterdir()}
