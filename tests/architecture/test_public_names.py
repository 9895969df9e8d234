"""What `import innerview` promises is there, in order, and documented."""

from __future__ import annotations

import pytest

import innerview


def test_names_are_sorted_and_unique() -> None:
    assert innerview.__all__ == ["__version__", *sorted(set(innerview.__all__) - {"__version__"})]


def test_every_name_can_be_had() -> None:
    missing = [name for name in innerview.__all__ if getattr(innerview, name, None) is None]
    assert missing == []


def test_every_name_is_listed_by_dir() -> None:
    assert set(innerview.__all__) <= set(dir(innerview))


def test_every_public_function_and_class_says_what_it_is() -> None:
    things = {name: getattr(innerview, name) for name in innerview.__all__}
    silent = [name for name, thing in things.items() if callable(thing) and not (thing.__doc__ or "").strip()]
    assert silent == []


@pytest.mark.parametrize("old", innerview._RENAMED)
def test_an_old_name_is_answered_with_the_new_one(old: str) -> None:
    assert old not in innerview.__all__
    with pytest.raises(AttributeError, match="was renamed; use innerview") as problem:
        getattr(innerview, old)
    assert any(name in str(problem.value) for name in innerview.__all__)
