"""What the room promises as a whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

import innerview.pictures as room


def test_names_are_sorted_there_and_documented() -> None:
    names = list(room.__all__)
    assert names == sorted(set(names), key=lambda name: (not name.isupper(), name))
    things = [getattr(room, name) for name in room.__all__]
    assert [thing for thing in things if callable(thing) and not (thing.__doc__ or "").strip()] == []


def test_importing_the_room_imports_no_matplotlib() -> None:
    code = "import sys, innerview.pictures; print([m for m in sys.modules if m.startswith(('matplotlib', 'torch'))])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_drawing_maps_and_animations_imports_no_matplotlib() -> None:
    code = (
        "import sys, numpy as np; from innerview.pictures import error_figure\n"
        "error_figure(np.ones((4, 4)), 'logit'); print([m for m in sys.modules if m.startswith('matplotlib')])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize(("old", "new"), room.RENAMED.items())
def test_an_old_name_is_answered_with_the_new_one(old: str, new: str) -> None:
    with pytest.raises(AttributeError, match=rf"{old} was renamed; use innerview\.pictures\.{new}$"):
        getattr(room, old)
    assert hasattr(room, new)


def test_a_name_that_never_was_is_not_there() -> None:
    assert not hasattr(room, "nothing_of_the_kind")
