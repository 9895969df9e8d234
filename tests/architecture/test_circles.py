"""No modules import each other in a circle, whatever room they are in; not even where they are imported lazily."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def circle(imports: Mapping[str, set[str]]) -> list[str]:
    """The modules of one circle; none where there is no circle."""
    try:
        list(TopologicalSorter(imports).static_order())
    except CycleError as found:
        return list(found.args[1])
    return []


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    found = grimp.build_graph("innerview", exclude_type_checking_imports=True, cache_dir=None)
    return {one: set(found.find_modules_directly_imported_by(one)) for one in found.modules}


def test_there_is_no_circle_of_modules(graph: dict[str, set[str]]) -> None:
    # what is asked for lazily by name (the package's own table) is no import that a reader could follow
    ours = {name: {one for one in imported if one != "innerview"} for name, imported in graph.items()}
    assert len(ours) > 300
    assert not circle(ours)


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})
