"""What is kept fits into its room; what was wanted least recently goes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from innerview.session.cache import Cache


def test_the_least_recently_wanted_goes_first() -> None:
    memory = Cache[str](10)
    for name in "abc":
        memory.put(name, name, 3)
    assert memory.get("a") == "a"
    memory.put("d", "d", 3)
    assert [memory.get(name) for name in "abcd"] == ["a", None, "c", "d"]


def test_what_is_larger_than_the_room_is_not_kept_and_drives_nothing_out() -> None:
    memory = Cache[str](10)
    memory.put("a", "a", 4)
    memory.put("b", "b", 11)
    assert (memory.get("a"), memory.get("b")) == ("a", None)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8)), max_size=40))
def test_it_never_holds_more_than_its_room(puts: list[tuple[int, int]]) -> None:
    memory = Cache[int](12)
    sizes: dict[int, int] = {}
    for key, size in puts:
        memory.put(key, size, size)
        sizes[key] = size
        held = [key for key in sizes if memory.get(key) is not None]
        assert memory.size == sum(sizes[key] for key in held) <= 12
        assert len(memory) == len(held)
