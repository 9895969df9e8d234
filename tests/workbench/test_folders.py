"""Folders are ours or empty, and appear whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import OutputError
from innerview.names import comparable
from innerview.workbench.folders import MARK, folder_names, open_folder, whole
from raising import raises


def test_a_new_folder_is_made_and_can_be_opened_again(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "deep" / "out")
    assert [one.name for one in folder.iterdir()] == [MARK]
    (folder / ".cat.partial").mkdir()
    (folder / ".cat.partial" / "half.png").write_bytes(b"half")
    assert [one.name for one in open_folder(folder).iterdir()] == [MARK]


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("irreplaceable")
    with raises(OutputError, "folder", found=("thesis.tex",)):
        open_folder(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    for path in (tmp_path / "out", tmp_path / "out" / "below", tmp_path / "nul\0"):
        with pytest.raises(OutputError, match="can't be used"):
            open_folder(path)


def test_a_result_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with whole(tmp_path, "cat") as folder:
        (folder / "a").write_text("first")
        assert not (tmp_path / "cat").exists()
    assert (tmp_path / "cat" / "a").read_text() == "first"

    with pytest.raises(KeyboardInterrupt), whole(tmp_path, "cat") as folder:  # noqa: PT012 — both lines are the case
        (folder / "a").write_text("second")
        raise KeyboardInterrupt
    assert (tmp_path / "cat" / "a").read_text() == "first"

    with whole(tmp_path, "cat") as folder:
        (folder / "b").write_text("third")
    assert [one.name for one in (tmp_path / "cat").iterdir()] == ["b"]
    assert [one.name for one in tmp_path.iterdir()] == ["cat"]


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with (
        raises(OutputError, "writing", file="cat"),
        whole(tmp_path, "cat"),
    ):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.text(max_size=100), max_size=6))
def test_folder_names_are_plain_and_apart(names: list[str]) -> None:
    found = folder_names(names)
    assert len(set(found)) == len(names)
    for one in found:
        assert one
        assert not one.startswith(".")
        assert "/" not in one
        assert "\0" not in one


def test_folder_names_lose_the_ending() -> None:
    assert folder_names(["a photo.jpg", "cat", "cat.png", "../../etc"]) == ["a-photo", "cat", "cat-2", "etc"]


@given(st.lists(st.text(st.characters(), max_size=100), max_size=6))
def test_folder_names_are_apart_on_any_disk(names: list[str]) -> None:
    found = folder_names(names)
    assert len({comparable(one) for one in found}) == len(names)
    assert max(map(len, map(os.fsencode, found)), default=0) <= 100


def test_folder_names_that_differ_in_little_or_mean_a_device_are_told_apart() -> None:
    names = ["Cat.png", "cat.png", "cat-2", "caf\u00e9", "cafe\u0301", "CON.png", "nul", "\U0001d4b3" * 99]
    assert folder_names(names)[:7] == [
        "Cat",
        "cat-2",
        "cat-2-2",
        "caf\u00e9",
        "caf\u00e9-2",
        "image-CON",
        "image-nul",
    ]
    assert folder_names([os.fsdecode(b"caf\xe9.png"), "a\n<b>\u202e.jpg"]) == ["caf-xe9", "a-n-b--u202e"]
