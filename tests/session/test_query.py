"""Questions from outside: every field is checked, and no field can name a file."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import UsageError
from innerview.session.query import Query, read_query
from innerview.viewer.hello import BASELINES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(list(Query.__dataclass_fields__))


def test_what_is_asked_is_what_is_read() -> None:
    found = read_query(
        {"id": 3, "kind": "map", "target": 0, "versus": None, "baseline": "noise:7", "tolerance": 1, "cells": [2, 3]}
    )
    assert found == Query("map", target=0, baseline="noise:7", tolerance=1.0, cells=(2, 3))
    assert hash(found) == hash(
        read_query({"kind": "map", "target": 0, "baseline": "noise:7", "tolerance": 1.0, "cells": [2, 3]})
    )


@given(st.dictionaries(FIELDS, JSON))
def test_whatever_comes_is_read_or_refused(message: dict[str, Any]) -> None:
    try:
        found = read_query({"kind": "map", **message})
    except UsageError:
        return
    hash(found)
    for name in (found.baseline, found.fill):
        assert name.partition(":")[0] in {"", *BASELINES}
        assert "/" not in name
    assert 0 <= found.more <= 3


@pytest.mark.parametrize("name", ["/etc/passwd", "black/../x", "file", "black\n", "noise:1e3", "C:\\x", "black:x"])
def test_no_baseline_is_a_file(name: str) -> None:
    with pytest.raises(UsageError, match="no baseline"):
        read_query({"kind": "map", "baseline": name})
