"""Colours: zero is the ground's, the ends are the table's, and the negated number mirrors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from innerview.pictures.ramps import ENTRIES, colour, parse, ramp, read_table

SIGNED = ("evidence", "value")
THEMES = ("light", "dark")

maps = arrays.arrays(np.float64, (3, 4), elements=st.floats(-1e6, 1e6))


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize(("theme", "ground"), [("light", "#F7F7F7"), ("dark", "#1B1D21")])
def test_zero_has_exactly_the_colour_of_the_ground(name, theme, ground) -> None:
    assert tuple(colour(np.zeros((1, 1)), 3.0, name, theme)[0, 0]) == parse(ground)


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize("theme", THEMES)
def test_the_ends_are_the_ends_of_the_table(name, theme) -> None:
    stops = read_table()["signed"][name][theme]
    ends = colour(np.array([[-2.0, 2.0]]), 2.0, name, theme)
    assert [tuple(end) for end in ends[0]] == [parse(stops[0]), parse(stops[-1])]


@pytest.mark.parametrize("theme", THEMES)
def test_amounts_go_from_the_first_colour_to_the_last(theme) -> None:
    first, last = (parse(stop) for stop in read_table()["amount"][theme])
    painted = colour(np.array([[0.0, 5.0, -1.0]]), 5.0, "amount", theme)
    assert [tuple(each) for each in painted[0]] == [first, last, first]


@given(maps, st.floats(1e-3, 1e6))
def test_the_negated_map_has_the_mirrored_colours(values, limit) -> None:
    table = ramp("evidence")
    entries = {tuple(int(part) for part in entry): place for place, entry in enumerate(table)}
    assert len(entries) == ENTRIES
    here, there = (
        np.array([[entries[tuple(int(part) for part in cell)] for cell in row] for row in colour(each, limit)])
        for each in (values, -values)
    )
    assert (here + there == ENTRIES - 1).all()


@given(maps, st.floats(1e-3, 1e6))
def test_a_map_and_its_limit_scaled_together_look_the_same(values, limit) -> None:
    assert (colour(values, limit) == colour(4 * values, 4 * limit)).all()


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize("theme", THEMES)
def test_the_stops_lie_on_the_ramp(name, theme) -> None:
    table = read_table()
    painted = colour(np.array([table["stops"]], dtype=np.float64), 1.0, name, theme).astype(int)
    stops = np.array([[parse(stop) for stop in table["signed"][name][theme]]])
    # A quarter of the scale falls between two of the 255 entries.
    step = np.abs(np.diff(ramp(name, theme).astype(int), axis=0)).max()
    assert np.abs(painted - stops).max() <= step


@pytest.mark.parametrize("theme", THEMES)
def test_both_signs_stand_equally_far_from_the_ground(theme) -> None:
    def lightness(colours: np.ndarray) -> np.ndarray:
        parts = colours / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return 116 * np.cbrt(linear @ np.array([0.2126, 0.7152, 0.0722])) - 16

    for name in SIGNED:
        light = lightness(ramp(name, theme).astype(np.float64))
        assert np.abs(light - light[::-1]).max() < 2.5


def test_what_is_not_a_number_sits_at_zero_and_infinity_at_the_end() -> None:
    painted = colour(np.array([[np.nan, np.inf, -np.inf]]), 1.0)
    assert (painted[0] == ramp("evidence")[[127, 254, 0]]).all()
