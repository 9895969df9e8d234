"""A hundred changed files and folders: only our own errors, nothing run. `scripts/soak` reads a thousand."""

from __future__ import annotations

from conftest import WITHOUT
from files.mutating import soak


def test_changed_inputs_end_in_our_own_errors_alone() -> None:
    ends, wrong = soak(104, seed=1, without=WITHOUT)
    assert wrong == []
    assert sum(ends.values()) == 104
    assert not any(name == "pickle: read" for name in ends)
    assert sum(number for name, number in ends.items() if name.endswith(": read")) > 10
