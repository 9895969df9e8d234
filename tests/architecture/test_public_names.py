"""What `import innerview` promises is there, in order, and documented."""

from __future__ import annotations

import re
from importlib import import_module

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


@pytest.mark.parametrize(("old", "new"), innerview._MOVED.items())
def test_an_old_module_is_answered_with_the_new_one(old: str, new: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=f"^{re.escape(old)} was renamed; use {re.escape(new)}$"):
        import_module(old)
    import_module(new)
    home, _, name = old.rpartition(".")
    assert not hasattr(import_module(home), name)


def test_an_old_option_of_wrap_is_answered_with_the_new_one() -> None:
    for old, new in {"chunk": "batch_size", "weights_only": "allow_nonfinite"}.items():
        with pytest.raises(TypeError, match=f"{old}= was renamed; use {new}="):
            innerview.wrap(len, **{old: 3})
