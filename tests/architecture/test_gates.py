"""Each gate catches the mistake it is there for: a gate that was switched off by accident fails here.

The mistakes are made in a small tree of their own that has the project's real configuration.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from innerview.model import InputSpec
from innerview.targets import Logit
from typecheck import every_call

ROOT = Path(__file__).resolve().parents[2]
LOWER = (
    "types",
    "errors",
    "plugins",
    "version",
    "reprs",
    "renames",
    "spec",
    "layers",
    "model",
    "results",
    "targets",
    "fills",
    "arrays",
    "quadrature",
)
LOWER += ("adapters", "methods")
UPPER = ("data", "runs", "allcnn", "pictures", "viewer", "recorders", "training", "session", "workbench")
UPPER += ("notebook", "web", "cli")
WITHIN = ("session/compute", "session/session", "workbench/run", "workbench/explain")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A package with all rooms, empty, under the project's configuration."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for room in ("", *LOWER, *UPPER, *WITHIN):
        (tmp_path / "src" / "innerview" / room).mkdir(parents=True)
        (tmp_path / "src" / "innerview" / room / "__init__.py").write_text('"""A room."""\n', encoding="utf-8")
    return tmp_path


def run(tree: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of this environment in `tree`."""
    program = shutil.which(command[0], path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert program, f"{command[0]} is not installed; it is in the dependency group test"
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "COLUMNS": "200"}
    return subprocess.run([program, *command[1:]], cwd=tree, env=environment, capture_output=True, text=True)


def write(tree: Path, place: str, text: str) -> None:
    """Add the module `place` to the tree."""
    (tree / "src" / "innerview" / place).write_text(f'"""A module."""\n\n{text}\n', encoding="utf-8")


FORMAT = ("ruff", "format", "--check")
LINT = ("ruff", "check")
TYPES = ("basedpyright",)
IMPORTS = ("lint-imports", "--no-cache")

MISTAKES = {
    "unformatted": (FORMAT, "runs/bad.py", "SIZES = (1,2)", "SIZES"),
    "unused import": (LINT, "runs/bad.py", "import json", "F401"),
    "no docstring": (LINT, "runs/bad.py", "def width() -> int:\n    return 1", "D103"),
    "printing": (LINT, "runs/bad.py", 'print("here")', "T201"),
    "assertion in place of an error": (LINT, "runs/bad.py", "assert __name__", "S101"),
    "evaluation of text": (LINT, "runs/bad.py", 'eval("1")', "S307"),
    "every exception swallowed": (
        LINT,
        "runs/bad.py",
        "try:\n    COUNT = 1\nexcept Exception:\n    COUNT = 0",
        "BLE001",
    ),
    "global drawing state": (LINT, "pictures/bad.py", "from matplotlib import pyplot", "TID251"),
    "wrong type": (TYPES, "runs/bad.py", 'WIDTH: int = "wide"', "reportAssignmentType"),
    "missing type": (
        TYPES,
        "runs/bad.py",
        "def width(image):\n    return picture.width",
        "reportMissingParameterType",
    ),
    "lower room imports upper": (IMPORTS, "data/bad.py", "import innerview.pictures", "innerview.data.bad ->"),
    "waist imports a method": (IMPORTS, "model/bad.py", "import innerview.methods", "innerview.model.bad ->"),
    "sister rooms": (IMPORTS, "methods/bad.py", "import innerview.adapters", "innerview.methods.bad ->"),
    "the workbench's lower room imports its upper": (
        IMPORTS,
        "workbench/run/bad.py",
        "import innerview.workbench.explain",
        "innerview.workbench.run.bad ->",
    ),
    "a computation imports the session": (
        IMPORTS,
        "session/compute/bad.py",
        "import innerview.session.session",
        "innerview.session.compute.bad ->",
    ),
    "an integral that knows networks": (
        IMPORTS,
        "quadrature/bad.py",
        "import innerview.model",
        "innerview.quadrature.bad ->",
    ),
    "framework outside the adapters": (IMPORTS, "methods/bad.py", "import torch", "methods.bad -> torch"),
    "framework through a back door": (IMPORTS, "workbench/bad.py", "from keras import layers", "bad -> keras"),
    "Pillow in a method": (IMPORTS, "methods/bad.py", "from PIL import Image", "methods.bad -> PIL"),
    "the web's library outside the web": (IMPORTS, "workbench/bad.py", "import starlette", "bad -> starlette"),
    "matplotlib in the command line": (IMPORTS, "cli/bad.py", "import matplotlib", "cli.bad -> matplotlib"),
}


@pytest.mark.parametrize(("gate", "place", "text", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_gate_catches_its_mistake(tree: Path, gate: tuple[str, ...], place: str, text: str, said: str) -> None:
    write(tree, place, text)
    answer = run(tree, *gate)
    assert answer.returncode != 0
    assert said in answer.stdout + answer.stderr


def test_the_gates_let_good_code_pass(tree: Path) -> None:
    write(tree, "data/good.py", "from PIL import Image\n\nCLASS: type[object] = Image.Image")
    write(tree, "adapters/good.py", "import torch\n\nDEVICE: type = torch.device")
    for gate in (FORMAT, LINT, IMPORTS, TYPES):
        answer = run(tree, *gate)
        assert answer.returncode == 0, answer.stdout + answer.stderr


def test_wrong_shapes_are_caught_while_testing() -> None:
    target = Logit(0)
    assert target.score(np.zeros((1, 2), np.float32)) == [0]
    with every_call(), pytest.raises(TypeCheckError):
        target.score(np.zeros((1, 2, 3), np.float32))


def test_wrong_fields_are_caught_while_testing() -> None:
    with every_call(), pytest.raises(TypeCheckError):
        InputSpec(height="32", width=32)  # pyright: ignore[reportArgumentType]


def test_pages_that_were_made_from_other_code_are_caught(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("images"))
    cards = tmp_path / "src" / "innerview" / "allcnn"
    cards.mkdir(parents=True)
    for page in (ROOT / "src" / "innerview" / "allcnn").glob("*.md"):
        shutil.copy(page, cards)
    for page in ("README.md", "ARCHITECTURE.md", "pyproject.toml", "src/innerview/__init__.pyi"):
        shutil.copy(ROOT / page, tmp_path / page)

    def docs(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        command = [sys.executable, "scripts/docs.py", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    pages = [*(tmp_path / "docs").rglob("*.md"), *cards.glob("*.md"), cards.parent / "__init__.pyi"]
    before = {page: page.read_bytes() for page in pages}
    for page in before:
        page.write_text("# Made by nobody\n", encoding="utf-8")
    stale = docs("--check")
    assert stale.returncode != 0
    docs()
    made = [page for page in before if page.read_bytes() != b"# Made by nobody\n"]
    assert {"cli.md", "api.md", "allcnn.md", "tutorial2018.md", "__init__.pyi"} <= {page.name for page in made}
    assert all(page.relative_to(tmp_path).as_posix() in stale.stdout for page in made)
    assert docs("--check").returncode == 0


def take_scripts(tree: Path) -> None:
    """The scripts, for a tree that has neither pages nor a viewer."""
    shutil.copytree(ROOT / "scripts", tree / "scripts")
    (tree / "scripts" / "docs.py").write_text('"""Nothing to write."""\n', encoding="utf-8")
    for name in (
        "cards.py",
        "images.py",
        "reference.py",
        "stub.py",
        "taken_apart.py",
    ):  # they import what this tree lacks
        (tree / "scripts" / name).unlink()
    (tree / "hatch_build.py").write_text('"""Nothing to build."""\n', encoding="utf-8")


@pytest.mark.parametrize(
    ("place", "text", "gate", "later"),
    [
        ("runs/bad.py", "SIZES = (1,2)", "ruff format", "ruff check"),
        ("data/bad.py", "from innerview import pictures\n\nDRAWS = pictures", "lint-imports", "python scripts/docs.py"),
    ],
)
def test_check_ends_at_the_first_gate_that_fails(tree: Path, place: str, text: str, gate: str, later: str) -> None:
    take_scripts(tree)
    write(tree, place, text)
    answer = run(tree, "bash", "scripts/check")
    assert answer.returncode != 0
    assert f"── {gate}" in answer.stdout
    assert f"── {later}" not in answer.stdout
    assert "pytest" not in answer.stdout


def test_check_fails_when_a_test_fails(tree: Path) -> None:
    """The tests themselves are the last gate; the other gates are passed by good code."""
    take_scripts(tree)
    (tree / "tests").mkdir()
    (tree / "tests" / "test_bad.py").write_text(
        '"""A test."""\n\n\ndef test_bad() -> None:\n    assert not __name__\n', encoding="utf-8"
    )
    answer = run(tree, "bash", "scripts/check")
    assert answer.returncode != 0
    assert "1 failed" in answer.stdout.splitlines()[-1], answer.stdout + answer.stderr
