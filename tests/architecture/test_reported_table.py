"""The table in tests/README.md names tests that are there, and every test of tests/test_reported.py is in it."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
NAMED = re.findall(
    r"`([\w/]+\.py)(?:::(\w+))?`", (TESTS / "README.md").read_text(encoding="utf-8").partition("| situation")[2]
)


def test_what_the_table_names_is_there() -> None:
    assert len(NAMED) >= 2 * 35
    for file, name in NAMED:
        text = (TESTS / file).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in text, f"{file}::{name}"


def test_every_situation_has_its_row() -> None:
    written = set(
        re.findall(r"^def (test_\w+)", (TESTS / "test_reported.py").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert written == {name for file, name in NAMED if file == "test_reported.py"}
