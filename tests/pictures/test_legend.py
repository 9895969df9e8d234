"""The legend says what was drawn: numbers, unit, rule, what exceeds the scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from innerview.pictures import words
from innerview.pictures.legend import colour_bar, describe_scale, legend, ramp_entries, style_entries
from innerview.pictures.overlay import STYLES, overlay
from innerview.pictures.ramps import ramp
from innerview.pictures.scale import Scale, choose_scales
from pictures.made import random_image


@given(arrays.arrays(np.float64, (9, 9), elements=st.floats(-100, 100)))
def test_the_stated_share_is_the_counted_share(values) -> None:
    scale = choose_scales([values])[0]
    beyond = np.count_nonzero(np.abs(values) > scale.limit) / values.size
    assert f"{words.share(beyond)} of values beyond" in describe_scale([values], scale, "logit")


def test_everything_drawn_on_a_scale_is_counted() -> None:
    maps = [np.full((2, 2), 3.0), np.zeros((2, 4))]
    assert describe_scale(maps, Scale(1.0, "shared"), "logit") == "logit · shared scale · 33.3 % of values beyond"


def test_holes_and_emptiness_are_said() -> None:
    holes = np.array([[np.nan, np.inf, 0.5, 0.2]])
    assert describe_scale([holes], Scale(1.0, "per-image"), "logit").endswith("2 NaN or infinite (hatched)")
    assert describe_scale([np.zeros((2, 2))], Scale(1.0, "per-image"), "logit").endswith("zero everywhere")


def test_the_bar_runs_through_all_colours_in_order() -> None:
    assert (np.asarray(colour_bar(ramp_entries(), 255))[0] == ramp("evidence")).all()
    narrow = np.asarray(colour_bar(ramp_entries(), 31))[0]
    assert (narrow[15] == ramp("evidence")[127]).all()


@pytest.mark.parametrize("style", sorted(set(STYLES) - {"image", "tutorial2018"}))
def test_the_legend_of_a_style_shows_what_the_style_paints(style) -> None:
    values = np.random.default_rng(0).uniform(-1, 1, (8, 8))
    grey = np.full((8, 8, 1), 0.5)
    entries = style_entries(style)
    places = np.rint(127 * values).astype(int) + 127
    assert np.abs(overlay(grey, values, 1.0, style=style).astype(int) - entries[places].astype(int)).max() <= 2


def test_the_maps_legend_is_the_ramp_itself() -> None:
    assert (style_entries("map") == ramp("evidence")).all()
    assert (style_entries("map", "value") == ramp("value")).all()
    assert (style_entries("tutorial2018")[:128] == 0).all()


@pytest.mark.parametrize("width", [120, 320, 700])
@pytest.mark.parametrize(("signed", "separate"), [(True, False), (True, True), (False, False)])
def test_a_legend_is_as_wide_as_asked(width, signed, separate) -> None:
    drawn = legend(
        [random_image()], Scale(0.5, "per-image"), "logit per unit of pixel value", ramp_entries(),
        signed=signed, separate=separate, width=width, ends=("against", "for") if signed else ("", ""),
    )  # fmt: skip
    assert drawn.width == width
    row = np.asarray(drawn)[8, : min(width, 320)]
    assert (row[1:-1] == np.asarray(colour_bar(ramp_entries(), len(row)))[0, 1:-1]).all()
