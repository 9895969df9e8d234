from __future__ import annotations

import os
from pathlib import Path

import pytest

from innerview.data.files import describe_bytes, read_bytes, size_in_words
from innerview.errors import ImageError
from raising import raises

ENOUGH = 10_000


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1 kB"), (12_345, "12 kB"), (999_600, "1.0 MB")],
)
def test_sizes_in_words(count: int, words: str) -> None:
    assert size_in_words(count) == words


def test_text_in_any_language_is_text() -> None:
    assert describe_bytes("Elche, größer als Hirsche: 麋鹿".encode()).startswith("text")


def test_bytes_of_no_kind_are_shown() -> None:
    assert (
        describe_bytes(bytes(range(20)))
        == "of no kind that is known (20 bytes, beginning with 00 01 02 03 04 05 06 07)"
    )


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert read_bytes(tmp_path / "a", 3) == b"abc"


def test_a_missing_file_names_those_like_it(tmp_path: Path) -> None:
    for name in ("moose.jpg", "mouse.jpg", "list.txt"):
        (tmp_path / name).touch()
    with raises(ImageError, "file", file="moose.jpeg"):
        read_bytes(tmp_path / "moose.jpeg", ENOUGH)


def test_a_missing_file_with_none_like_it(tmp_path: Path) -> None:
    with raises(ImageError, "file", file="x.png"):
        read_bytes(tmp_path / "x.png", ENOUGH)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with raises(ImageError, "file", file="x.png"):
        read_bytes(tmp_path / "nowhere" / "x.png", ENOUGH)


def test_a_file_taken_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with raises(ImageError, "file", found="NotADirectoryError", file="b.png"):
        read_bytes(tmp_path / "a.png" / "b.png", ENOUGH)


def test_a_folder_says_what_it_holds(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}.png").touch()
    with raises(ImageError, "file", found="a folder"):
        read_bytes(tmp_path, ENOUGH)


def test_an_empty_folder(tmp_path: Path) -> None:
    with raises(ImageError, "file", found="a folder"):
        read_bytes(tmp_path, ENOUGH)


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/null"])
def test_a_device_is_not_read(place: str) -> None:
    with raises(ImageError, "file", found="a device"):
        read_bytes(Path(place), ENOUGH)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with raises(ImageError, "file", found="a device", file="pipe"):
        read_bytes(tmp_path / "pipe", ENOUGH)


def test_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    with raises(ImageError, "file", found="OSError", file="loop.png"):
        read_bytes(tmp_path / "loop.png", ENOUGH)


def test_a_name_that_no_file_can_have() -> None:
    with raises(ImageError, "file", found="ValueError"):
        read_bytes(Path("a\0b"), ENOUGH)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's refusal is made by hand: a superuser, as in continuous integration, is never refused."""
    (tmp_path / "a.png").touch()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with raises(ImageError, "permission", file="a.png"):
        read_bytes(tmp_path / "a.png", ENOUGH)


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(bytes(101))
    monkeypatch.delattr(Path, "open")
    with raises(ImageError, "size", found=101, limit=100, file="a.png"):
        read_bytes(tmp_path / "a.png", 100)
