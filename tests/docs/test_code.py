"""The code on the pages runs: Python as it stands, in order, and commands, in a folder as the page describes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [
    page for room in ("tutorials", "how-to") for page in sorted((DOCS / room).glob("*.md")) if page.stem != "index"
]
PAGES += [ROOT / "README.md"]  # its commands are only read: the tutorials have them
SHORT = [page for page in sorted(DOCS.rglob("*.md")) if page not in PAGES and "```python" in page.read_text("utf-8")]
"""Pages of the reference and of the evidence with a few lines of Python."""
OTHERS = [*(page for page in sorted(DOCS.rglob("*.md")) if page not in PAGES)]
READER = Path(__file__).with_name("read_page.py")

sys.path.insert(0, str(READER.parent))
import read_page  # noqa: E402 a script is no package

NEEDS: Final = {
    "own-model": ("torch", "tensorflow", "jax"),
    "training": ("torch",),
    "train": ("torch",),
    "record": ("torch", "tensorflow"),
    "models": ("torch", "jax"),
    "README": ("torch", "jax"),
}
"""Frameworks that a page's code uses."""


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(one, id=one.stem, marks=[getattr(pytest.mark, need) for need in NEEDS.get(one.stem, ())])
        for one in PAGES
    ],
)
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    answer = subprocess.run([sys.executable, str(READER), str(page)], cwd=tmp_path, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr[-3000:]


@pytest.mark.torch
def test_the_code_of_short_pages_runs_in_one_process(tmp_path: Path) -> None:
    assert {page.stem for page in SHORT} >= {"methods", "figures", "output-files", "run-folder", "quadrature"}
    answer = subprocess.run(
        [sys.executable, str(READER), *map(str, SHORT)], cwd=tmp_path, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr[-3000:]


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.stem)
def test_a_command_on_a_page_has_its_options(page: Path) -> None:
    for block in read_page.blocks.blocks(page):
        for command in block.commands():
            read_page.read(command)


def test_what_is_only_read_is_on_a_page() -> None:
    commands = [command for page in PAGES for block in read_page.blocks.blocks(page) for command in block.commands()]
    assert [part for part in read_page.NOT_RUN if not any(part in command for command in commands)] == []
