"""Asking for help or for the version is quick: nothing heavy is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys

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
