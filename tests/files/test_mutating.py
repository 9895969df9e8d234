"""A hundred changed files and folders: only our own errors, nothing run. `scripts/soak` reads a thousand."""

from __future__ import annotations

from files.mutating import soak


def test_changed_inputs_end_in_our_own_errors_alone() -> None:
    ends, wrong = soak(104, seed=1)
    assert wrong == []
    assert sum(ends.values()) == 104
    assert not any(name == "pickle: read" for name in ends)
