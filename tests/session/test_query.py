"""Questions from outside: every field is checked, and no field can name a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.cli import options
from innerview.errors import UsageError
from innerview.session.compute.activations import ACTIVATIONS
from innerview.session.compute.attribution import ATTRIBUTION
from innerview.session.compute.integrated import INTEGRATED
from innerview.session.compute.masking import MASK, MASKING
from innerview.session.compute.path import PATH
from innerview.session.compute.prediction import PREDICTION
from innerview.session.query import MESSAGE, Query, read_query
from innerview.viewer.hello import BASELINES
from raising import raises

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from([*MESSAGE, *Query.__dataclass_fields__])
ASKED_ELSEWHERE = [name for name in Query.__dataclass_fields__ if name not in {field for field, _ in MESSAGE.values()}]


def test_what_is_asked_is_what_is_read() -> None:
    found = read_query(
        {"id": 3, "kind": "map", "target": 0, "versus": None, "baseline": "noise:7", "tolerance": 1, "cells": [2, 3]}
    )
    assert found == Query(kind="map", target=0, baselines=("noise:7",), tolerance=1.0, cells=(2, 3))
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
    for name in (*found.baselines, found.fill):
        assert name.partition(":")[0] in {"", *BASELINES}
        assert "/" not in name
    assert 0 <= found.more <= 3
    for name in ASKED_ELSEWHERE:  # files, data sets and whatever else is none of a page's business
        assert getattr(found, name) == getattr(Query(), name)


def test_one_name_and_a_list_are_taken_for_what_they_mean(tmp_path: Path) -> None:
    given: dict[str, Any] = {"baselines": ["black", "white"], "alphas": [0.5, 1], "select": "horse"}
    listed = Query(**given, data=tmp_path)
    assert listed == Query(baselines=("black", "white"), alphas=(0.5, 1), data=tmp_path, select=("horse",))
    assert len({listed, Query(), Query(target=None)}) == 2


def test_a_region_is_a_box_however_it_is_written() -> None:
    box = Query(region=(4, 2, 12, 10))
    assert box == Query(region="4, 2,12,10") == Query(region=["4,2,12,10"]) == Query(region=[[4, 2, 12, 10]])  # type: ignore[arg-type]
    assert read_query({"kind": "effects", "region": [4, 2, 12, 10]}).marked == box.marked == ((4, 2, 12, 10),)
    several = Query(region=["superpixels:3", (1, 2, 3, 4)])
    assert several.marked == ("superpixels:3", (1, 2, 3, 4))
    for wrong in ("1,2,3", (1, 2, 3), [(1, 2, 3, 4), 5], "1,2,3,x", "1,2,3,--4", (True, 1, 2, 3)):
        with pytest.raises(UsageError, match="write left,top,width,height"):
            Query(region=wrong)  # type: ignore[arg-type]


def test_the_command_line_says_no_default_of_its_own(tmp_path: Path) -> None:
    heard: list[Query] = []

    @click.command()
    @options.query(*options.OPTIONS)
    def command(query: Query) -> None:
        heard.append(query)

    command.main([], standalone_mode=False)
    given = [
        "--target",
        "cat",
        "--fractions",
        "0.5,1",
        "--baseline",
        "white",
        "--data",
        str(tmp_path),
        "--n-steps",
        "3",
    ]
    command.main(given, standalone_mode=False)
    asked = Query(target="cat", fractions=(0.5, 1.0), baselines=("white",), data=tmp_path, n_steps=3)
    assert heard == [Query(), asked]


def test_every_computation_sees_a_query_that_differs_in_what_it_depends_on_alone() -> None:
    one = Query(kind="map", target=1, fill="white", layer="conv1", mask="AAA")
    other = Query(kind="masking", target=1, fill="", layer="", mask="")
    assert INTEGRATED.key(one) == INTEGRATED.key(other)
    assert MASKING.key(one) != MASKING.key(other)
    for computation in (PREDICTION, INTEGRATED, ATTRIBUTION, PATH, MASKING, MASK, ACTIVATIONS):
        assert computation.fields <= set(Query.__dataclass_fields__)


@pytest.mark.parametrize("name", ["/etc/passwd", "black/../x", "file", "black\n", "noise:1e3", "C:\\x", "black:x"])
def test_no_baseline_is_a_file(name: str) -> None:
    with raises(UsageError, "baseline"):
        read_query({"kind": "map", "baseline": name})
