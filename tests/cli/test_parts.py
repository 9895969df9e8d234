"""`innerview parts`: sentences and files."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import innerview
from innerview.cli import main


def test_the_parts_are_told_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["parts", "moose", "--fill", "black", "-o", "parts"]) == 0
    said = capsys.readouterr().out
    found = innerview.load_result("parts")["parts"]
    for sentence in found.sentences:
        assert sentence in said
    assert "This 12 × 16 (at 12,16) part alone: 3 cat (88 %)." in said
    with Image.open("parts/parts.png") as strip:
        assert min(strip.size) > 200


def test_an_unknown_fill_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parts", "moose", "--fill", "green"]) == 2
    assert "there is no fill 'green'" in capsys.readouterr().err
