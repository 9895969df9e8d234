"""The habits that no tool checks: short modules, speaking names, nothing that runs data, nothing of one machine.

Each rule is a function from a tree to its offences, tried first on a tree that has one.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEDIAN = 150
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
EXECUTING = {"eval", "exec"}
SERIALISERS = {"pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
# CIFAR-10 is published as pickles; the module that reads them has an unpickler that knows arrays and nothing else.
ALLOWED = {"data/cifar10.py: imports pickle"}

BY_MESSAGE = {"InnerviewError", "UsageError", "ImageError", "ModelError", "OutOfMemory", "DataError", "OutputError"}

SLASH, DOT = "/", "."
SKIPPING = "importor" + "skip"
# Letters in brackets, so that this file does not hold what it looks for.
PLACES = re.compile(
    r"/hom[e]/\w|/User[s]/\w|/roo[t]/|C:\\User[s]|/wor[k]/(?:main|scratch|shared|data|venv|runs)"
    r"|pypi[.]org|pythonhosted[.]org|registry[.]npmjs|deb[.]debian[.]org|download[.]pytorch[.]org"
)


def modules(tree: Path) -> Iterator[tuple[str, str]]:
    """Give each module under `tree` by its place and its text."""
    for path in sorted(tree.rglob("*.py")):
        yield path.relative_to(tree).as_posix(), path.read_text(encoding="utf-8")


def too_long(tree: Path) -> list[str]:
    """A median longer than a reader takes in. Single modules are judged by their complexity (ruff), not by lines."""
    median = statistics.median(length for _, text in modules(tree) if (length := text.count("\n")) > 3)
    return [f"median of {median} lines, at most {MEDIAN}"] * (median > MEDIAN)


def named_for_nothing(tree: Path) -> list[str]:
    """Modules and folders whose names do not say what is in them."""
    return [
        place
        for place, _ in modules(tree)
        if EMPTY_NAMES & {part.strip("_") for part in Path(place).with_suffix("").parts}
    ]


def running_data(tree: Path) -> list[str]:
    """Names used that can run what is read, and `hasattr`, which asks an object what it is instead of saying so."""
    offences: list[str] = []
    for place, text in modules(tree):
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Name(id=name) if name in EXECUTING | {"hasattr"}:
                    offences.append(f"{place}: uses {name}")
                case ast.Import(names=names):
                    offences += [f"{place}: imports {name.name}" for name in names if name.name in SERIALISERS]
                case ast.ImportFrom(module=str(name)) if name in SERIALISERS:
                    offences.append(f"{place}: imports {name}")
                case _:
                    pass
    return [offence for offence in offences if offence not in ALLOWED]


def without_fields(tree: Path) -> list[str]:
    """Errors made of a message alone, of which a program can't read what they are about (`.of`)."""
    offences: list[str] = []
    for place, text in modules(tree):
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        told = {
            id(call.func.value) for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "of"
        }
        offences += [
            f"{place}: {call.func.id} in line {call.lineno} says in no field what it is about"
            for call in calls
            if isinstance(call.func, ast.Name) and call.func.id in BY_MESSAGE and id(call) not in told
        ]
    return offences


def of_one_machine(tree: Path, names: list[str]) -> list[str]:
    """Paths of a developer's machine, and hosts of package registries, in any of the files `names`."""
    offences: list[str] = []
    for name in names:
        try:
            text = (tree / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):  # an image or weights; a file on its way out
            continue
        offences += [f"{name}: {found.group()}" for found in PLACES.finditer(text)]
    return offences


def skipped_frameworks(tree: Path) -> list[str]:
    """Tests that leave a framework out when it is missing, where only INNERVIEW_TEST_WITHOUT may."""
    return [place for place, text in modules(tree) if SKIPPING in text]


def tracked() -> list[str]:
    """Files that git keeps; all files where there is no git (an unpacked source distribution)."""
    answer = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if answer.returncode == 0:
        return [name for name in answer.stdout.split("\0") if name]
    kept = (ROOT / "src", ROOT / "tests", ROOT / "scripts", ROOT / "docs")
    return [path.relative_to(ROOT).as_posix() for folder in kept for path in folder.rglob("*") if path.is_file()]


RULES = {
    "short on the whole": (
        too_long,
        "module.py",
        "\n" * (MEDIAN + 1),
        f"median of {MEDIAN + 1} lines, at most {MEDIAN}",
    ),
    "names that say something": (named_for_nothing, "runs/utils.py", "", "runs/utils.py"),
    "no evaluation": (running_data, "module.py", 'eval("1")', "module.py: uses eval"),
    "no execution": (running_data, "module.py", "run = exec", "module.py: uses exec"),
    "no pickles": (running_data, "module.py", "import pickle", "module.py: imports pickle"),
    "no pickles by parts": (running_data, "module.py", "from pickle import loads", "module.py: imports pickle"),
    "no asking for attributes": (running_data, "module.py", 'hasattr(int, "real")', "module.py: uses hasattr"),
    "errors with fields": (
        without_fields,
        "module.py",
        'UsageError("no").of("n_steps")\nraise UsageError("no")',
        "module.py: UsageError in line 2 says in no field what it is about",
    ),
    "no framework left out": (skipped_frameworks, "test_a.py", f'pytest.{SKIPPING}("torch")', "test_a.py"),
}


@pytest.mark.parametrize(("rule", "place", "text", "offence"), RULES.values(), ids=RULES)
def test_a_rule_sees_its_offence(tmp_path: Path, rule, place: str, text: str, offence: str) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text(text, encoding="utf-8")
    assert offence in rule(tmp_path)


@pytest.mark.parametrize("rule", [too_long, named_for_nothing, running_data, without_fields])
def test_the_package_keeps_the_rules(rule) -> None:
    assert rule(ROOT / "src" / "innerview") == []


@pytest.mark.parametrize("rule", [named_for_nothing, skipped_frameworks])
def test_the_tests_keep_the_rules(rule) -> None:
    assert rule(ROOT / "tests") == []


@pytest.mark.parametrize("text", [f"{SLASH}home/me/x.jpg", f"https:{SLASH * 2}pypi{DOT}org", f"{SLASH}work/main/src"])
def test_places_of_one_machine_are_seen(tmp_path: Path, text: str) -> None:
    (tmp_path / "note.md").write_text(f"see {text}", encoding="utf-8")
    assert len(of_one_machine(tmp_path, ["note.md"])) == 1


def test_no_file_speaks_of_one_machine() -> None:
    names = tracked()
    assert "pyproject.toml" in names or "src/innerview/errors.py" in names
    assert of_one_machine(ROOT, names) == []
