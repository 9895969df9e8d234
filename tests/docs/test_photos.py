"""docs/tutorials/photos.md quotes what is computed: every sentence, every region asked about, no number beside."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import innerview
from innerview.results.region_effects import LEVEL

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import taken_apart  # noqa: E402 a script

PAGE = (ROOT / "docs" / "tutorials" / "photos.md").read_text(encoding="utf-8")
SECTIONS = {
    name: next(part for part in PAGE.split("\n## ") if part.startswith(f"The {name}:"))
    for name in innerview.example_names()
}
ASK = " ".join((ROOT / "docs" / "how-to" / "ask.md").read_text(encoding="utf-8").replace("\n> ", " ").split())
"""The how-to of `ask` in one line, which quotes the moose's parts and tells of the cat's."""

NUMBER = re.compile(r"\d")


def prose(text: str) -> str:
    """Without quotes, pictures and code."""
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    return "\n".join(line for line in text.splitlines() if not line.startswith((">", "!")))


@pytest.mark.parametrize("name", SECTIONS)
def test_a_photo_is_told_by_its_arrays(name: str) -> None:
    taken, section = taken_apart.take_apart(name), SECTIONS[name]
    quoted = [line.removeprefix("> ") for line in section.splitlines() if line.startswith("> ")]
    assert len(quoted) >= 3
    assert [line for line in quoted if line not in taken.sentences] == []
    assert f"apart-{name}.png" in section
    labels = taken.truth.values.labels
    boxes = [taken.window, *(box_of(labels == region) for region in range(9))]
    asked = [[int(one) for one in box.split(",")] for box in re.findall(r"--region ([\d,]+)", section)]
    assert asked
    assert [box for box in asked if box not in boxes] == []
    found = innerview.ask(innerview.load_pretrained(), name, tuple(taken.window), n_placebos=99)
    if name == "moose":
        assert found.removed.min() > 0  # "without them the score falls"
        assert " ".join(taken.parts.sentences[:2]) in ASK
    if name == "cat":
        told = re.search(r": 0 (\w+) \((\d+ %)\).* order (\d+ of \d+) parts", taken.parts.sentences[0])
        assert told is not None
        other, chance, like = told.groups()
        assert f"{like} are something else as surely as its surest part ({other}, {chance})" in ASK
    assert min(found.removed_adjusted.min(), found.alone_adjusted.min()) > LEVEL  # "none of the five does clearly more"


def box_of(mask: np.ndarray) -> list[int]:
    """Left, top, width and height of a region."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [int(one) for one in (columns[0], rows[0], len(columns), len(rows))]


def test_no_number_stands_on_the_page_that_nobody_computes() -> None:
    assert NUMBER.findall(prose(PAGE)) == []


def test_the_conclusions_follow() -> None:
    """Two verdicts of five say that the map agrees; the tests above hold what is quoted."""
    assert len(re.findall(r"^> ✓ This map agrees", PAGE, re.MULTILINE)) == 2
    assert len(re.findall(r"^> [?~] This map", PAGE, re.MULTILINE)) == 3
