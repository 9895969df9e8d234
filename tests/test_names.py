from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.names import comparable, readable

SHOWN = {
    "plain": ("moose 1.png", "moose 1.png"),
    "letters of all scripts": ("Łoś_鹿_أيل", "Łoś_鹿_أيل"),
    "bytes that are no UTF-8": (os.fsdecode(b"caf\xe9.png"), r"caf\xe9.png"),
    "decomposed, as from a Mac": ("cafe\u0301", "caf\u00e9"),
    "a line end": ("a\nb", r"a\nb"),
    "a terminal's command": ("a\x1b[2Jb", r"a\x1b[2Jb"),
    "the direction turned": ("photo\u202egnp.exe", r"photo\u202egnp.exe"),
    "nothing to be seen": ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
    "half a pair": ("a\ud83d", r"a\ud83d"),
    "an emoji of several": ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
}


@pytest.mark.parametrize(("name", "shown"), SHOWN.values(), ids=SHOWN)
def test_names_can_be_shown(name: str, shown: str) -> None:
    assert readable(name) == shown


@given(st.text(st.characters(), max_size=20))
def test_anything_can_be_written_on_one_line(name: str) -> None:
    shown = readable(name)
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert len(f"{shown}|".splitlines()) == 1
    assert readable(shown) == shown
    assert comparable(comparable(name)) == comparable(name)


@given(st.binary(max_size=20).filter(lambda data: b"\0" not in data))
def test_names_of_files_stay_apart(data: bytes) -> None:
    """Unless one of them is the escaped form of the other."""
    other = bytes(255 - byte for byte in data) or b"x"
    assert readable(os.fsdecode(data)) != readable(os.fsdecode(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cat", "cat"),
        (" cat ", "cat"),
        ("cafe\u0301", "CAF\u00c9"),
        ("STRASSE", "straße"),
        ("\u212bngström", "ångström"),
    ],
)
def test_what_people_take_for_one_name_is_one(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)
