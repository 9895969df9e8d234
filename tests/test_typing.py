"""What `import innerview` promises to type checkers: right code passes, and mistakes are found where they are.

`edge/right.py` and `edge/tensors.py` hold what passes; of `edge/wrong.py` the lines that say so are refused, and no
other. A third file is made here: it asks every public name with a keyword that it does not have. Each checker runs once
over all of them, in its strictest mode.
"""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

import innerview

SOURCE = Path(innerview.__file__).parents[1]
EDGE = Path(__file__).parent / "edge"

FREE = {"captum_attribution", "InnerviewError"}
"""Takes keywords of Captum, which only Captum knows; takes none, as every exception."""

Found = Mapping[str, Mapping[int, str]]
"""What a checker says, by file and line."""


def asked(name: str, more: str = "") -> str:
    """A call of a public name with all that it needs, of any type, and more."""
    needed = [
        one for one in inspect.signature(inspect.unwrap(getattr(innerview, name))).parameters.values()
        if one.default is one.empty and one.kind not in {one.VAR_KEYWORD, one.VAR_POSITIONAL}
    ]  # fmt: skip
    given = [f"{one.name}=anything" if one.kind is one.KEYWORD_ONLY else "anything" for one in needed]
    return f"innerview.{name}({', '.join([*given, more] if more else given)})"


CALLED = [name for name in innerview.__all__ if callable(getattr(innerview, name)) and name not in FREE]


def mistakes() -> str:
    """Every public name asked as it should be, and with a keyword that it does not have."""
    lines = [line for name in CALLED for line in (asked(name), f"{asked(name, 'colour=anything')}  # wrong")]
    return "\n".join(["from typing import Any", "import innerview", "", "anything: Any = None", *lines, ""])


def basedpyright(folder: Path) -> Found:
    """Errors of basedpyright."""
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "extraPaths": [str(SOURCE)]}
    # what is said of unknown types is the user's own strictness: `anything` is any
    settings |= dict.fromkeys(("reportUnknownVariableType", "reportUnknownMemberType", "reportUnusedExpression"), False)
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    answer = run(folder, "basedpyright", "--outputjson", "--pythonpath", sys.executable)
    found: dict[str, dict[int, str]] = {}
    for one in json.loads(answer)["generalDiagnostics"]:
        lines = found.setdefault(Path(one["file"]).name, {})
        lines[one["range"]["start"]["line"] + 1] = f"{one['message']} ({one.get('rule')})"
    return found


def mypy(folder: Path) -> Found:
    """Errors of mypy, of the user's files alone, as where innerview is installed."""
    settings = f"[mypy]\nstrict = true\nmypy_path = {SOURCE}\n[mypy-innerview.*]\nfollow_imports = silent\n"
    (folder / "mypy.ini").write_text(settings, encoding="utf-8")
    answer = run(folder, "mypy", "--python-executable", sys.executable, "--no-error-summary", ".")
    found: dict[str, dict[int, str]] = {}
    for name, line, said in re.findall(r"^([^:\n]+):(\d+): error: (.*)$", answer, re.MULTILINE):
        found.setdefault(Path(name).name, {})[int(line)] = said
    return found


def run(folder: Path, program: str, *arguments: str) -> str:
    place = shutil.which(program, path=str(Path(sys.executable).parent)) or shutil.which(program)
    assert place, f"{program} is not installed; it is in the dependency group test"
    return subprocess.run([place, *arguments], cwd=folder, capture_output=True, text=True).stdout


CHECKERS: Mapping[str, Callable[[Path], Found]] = {"basedpyright": basedpyright, "mypy": mypy}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's files."""
    place = tmp_path_factory.mktemp("user")
    for file in EDGE.glob("*.py"):
        if file.name != "tensors.py" or all(map(find_spec, ("torch", "jax"))):
            shutil.copy(file, place)
    (place / "misspelt.py").write_text(mistakes(), encoding="utf-8")
    return place


@pytest.fixture(scope="module", params=CHECKERS)
def found(request: pytest.FixtureRequest, folder: Path) -> Found:
    return CHECKERS[request.param](folder)


def test_what_is_right_passes(found: Found) -> None:
    assert found.get("right.py", {}) == {}


@pytest.mark.torch
@pytest.mark.jax
def test_tensors_of_a_framework_pass_and_come_back(found: Found) -> None:
    assert found.get("tensors.py", {}) == {}


@pytest.mark.parametrize("name", ["wrong.py", "misspelt.py"])
def test_what_is_wrong_is_refused_where_it_stands(folder: Path, found: Found, name: str) -> None:
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    said = {number: f"{lines[number - 1]}: {words}" for number, words in found[name].items() if number not in marked}
    assert said == {}
    assert [lines[number - 1] for number in sorted(marked - set(found[name]))] == []


def test_every_public_name_is_in_the_stub() -> None:
    text = (SOURCE / "innerview" / "__init__.pyi").read_text(encoding="utf-8")
    known = {*re.findall(r"^def (\w+)", text, re.MULTILINE), *re.findall(r" as (\w+)$", text, re.MULTILINE)}
    assert set(innerview.__all__) - {"__version__"} <= known
