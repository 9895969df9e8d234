"""The page about figures: its functions exist and its code runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from innerview import pictures

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "figures.md"


def test_every_function_named_exists_and_every_drawing_function_is_named() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+_(?:views|on_image|sheet|strip|grid|animation|figure|path|curve|layers?))`", text))
    drawing = {name for name in pictures.__all__ if name.endswith(("_views", "_on_image", "_sheet", "_strip", "_grid",
                                                                   "_animation", "_figure"))}  # fmt: skip
    assert named <= set(pictures.__all__)
    assert drawing <= named


def test_every_style_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [style for style in pictures.STYLES if f"`{style}`" not in text] == []


def test_the_code_on_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    program = compile("\n".join(blocks), str(PAGE), "exec")
    exec(program, {})  # noqa: S102 the page's own examples
    assert {path.name for path in tmp_path.iterdir()} == {"moose.png", "score.svg"}
