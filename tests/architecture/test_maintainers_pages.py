"""ARCHITECTURE.md and CONTRIBUTING.md speak of this code: rooms as the contracts have them, files that are there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {
    contract["name"]: contract
    for contract in SETTINGS["tool"]["importlinter"]["contracts"]
    if contract["type"] == "layers"
}
MADE = {"dist/", ".venv-test", "node_modules"}


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of its level."""
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def drawn(text: str, heading: str) -> list[str]:
    """The layers that stand under a heading."""
    return section(text, heading).partition("```layers\n")[2].partition("\n```")[0].splitlines()


def rooms(layers: list[str]) -> set[str]:
    return set(re.findall(r"\w+", " ".join(layers)))


def missing(text: str) -> list[str]:
    """Files and folders that a page names and nobody has: all with a slash, and documents at the top."""
    named = re.findall(r"`([\w.-]+(?:/[\w.-]*)+|[\w-]+\.(?:md|toml|py|cff))`", text)
    linked = re.findall(r"\]\(([^)#:]+)\)", text)
    return [name for name in [*named, *linked] if name not in MADE and not (ROOT / name).exists()]


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_drawing_is_the_contract(name: str) -> None:
    assert drawn(page("ARCHITECTURE.md"), name) == CONTRACTS[name]["layers"], "run: python scripts/docs.py"


def test_every_room_has_its_row() -> None:
    name = next(iter(CONTRACTS))
    rows = re.findall(r"^\| `(\w+)` \|", section(page("ARCHITECTURE.md"), name), re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == rooms(CONTRACTS[name]["layers"]), "each room has one row in the table of ARCHITECTURE.md"
    ignored = set(CONTRACTS[name]["exhaustive_ignores"])
    package = ROOT / "src" / "innerview"
    there = {path.stem for path in package.glob("*.py")} | {path.parent.name for path in package.glob("*/__init__.py")}
    assert set(rows) == there - ignored - {"__init__"}


@pytest.mark.parametrize("name", PAGES)
def test_what_is_named_is_there(name: str) -> None:
    assert missing("see `src/innerview/nowhere.py`, `NOTHING.md` and [this](also/nothing.md)") == [
        "src/innerview/nowhere.py",
        "NOTHING.md",
        "also/nothing.md",
    ]
    assert missing(page(name)) == []


def test_ten_questions_are_answered_with_a_place() -> None:
    answers = re.findall(
        r"^\d+\. \*… .*?\?\* (.*)$", section(page("CONTRIBUTING.md"), "Where would I add …?"), re.MULTILINE
    )
    assert len(answers) == 10
    assert all(re.search(r"`src/innerview/[\w./]+`", answer) for answer in answers)


def test_the_gates_are_those_of_the_script() -> None:
    script = (ROOT / "scripts" / "check").read_text(encoding="utf-8")
    called = re.findall(r"^gate (.*?)(?: --check| --quiet| --no-cache| -v|\s*#|$)", script, re.MULTILINE)
    table = section(page("CONTRIBUTING.md"), "Gates")
    assert called
    assert [one for one in called if f"`{one}" not in table] == []
