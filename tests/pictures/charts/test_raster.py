"""Plots drawn by Pillow: lines where the values say, nothing cut at the image's edge, dashes as they are asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import UsageError
from innerview.pictures.charts.histograms import histogram_image
from innerview.pictures.charts.paper import apart
from innerview.pictures.charts.path import path_image
from innerview.pictures.charts.plots import AxisSpec, LineSpec, PlotSpec, even_ticks
from innerview.pictures.charts.raster import dashed, draw_plots
from pictures.made import histograms, profile
from raising import raises

RED, BLUE = "#FF0000", "#0000FF"
SIZE = (4, 3)


def spec(*lines: LineSpec, y: AxisSpec | None = None, **more) -> PlotSpec:
    return PlotSpec(AxisSpec(0, 1), y or AxisSpec(0, 1), lines, **more)


def level(height: float, colour: str = RED, **more) -> LineSpec:
    return LineSpec(np.array([0.0, 1.0]), np.array([height, height]), colour, 1.5, **more)


def where(drawn: np.ndarray, colour: str) -> np.ndarray:
    """Row and column of the pixels of exactly this colour."""
    wanted = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return np.argwhere((drawn == wanted).all(axis=-1))


def rows(*lines: LineSpec, y: AxisSpec | None = None, colours: tuple[str, ...]) -> list[float]:
    """The mean row of each colour."""
    drawn = np.asarray(draw_plots([spec(*lines, y=y)], "", "", SIZE))
    return [float(where(drawn, colour)[:, 0].mean()) for colour in colours]


def test_lines_lie_where_their_values_are() -> None:
    low, middle, high = rows(level(0.1), level(0.5, BLUE), level(0.9, "#00FF00"), colours=(RED, BLUE, "#00FF00"))
    assert low > middle > high  # rows count from above
    assert middle == pytest.approx((low + high) / 2, abs=1)
    assert (low - high) / 330 > 0.8 * 0.7  # most of the image is the plot


def test_an_axis_that_is_not_linear_is_followed() -> None:
    axis = AxisSpec(1, 100, ((1.0, "1"),), onto=np.log, back=np.exp)
    low, middle, high = rows(
        level(1.5), level(np.sqrt(1.5 * 60), BLUE), level(60, "#00FF00"), y=axis, colours=(RED, BLUE, "#00FF00")
    )
    assert middle == pytest.approx((low + high) / 2, abs=1)


def test_a_line_is_parted_where_it_is_not_finite() -> None:
    x = np.linspace(0, 1, 5)
    values = np.array([0.5, 0.5, np.nan, 0.5, 0.5])
    drawn = np.asarray(draw_plots([spec(LineSpec(x, values, RED, 1.5))], "", "", SIZE))
    columns = np.unique(where(drawn, RED)[:, 1])
    gaps = np.diff(columns)
    assert (gaps > 1).sum() == 1
    assert gaps.max() == pytest.approx(np.ptp(columns) / 2, abs=3)


def test_plots_stand_one_below_the_other_on_the_same_columns() -> None:
    left = [
        where(np.asarray(draw_plots([spec(level(0.5)), spec(level(0.5, BLUE))], "t", "a", SIZE)), one)
        for one in (RED, BLUE)
    ]
    assert left[0][:, 0].max() < left[1][:, 0].min()
    assert left[0][:, 1].min() == left[1][:, 1].min()


HOSTILE = {
    "usual": profile((0.0, 0.01, 0.5, 1.0)),
    "one place": profile((0.5,)),
    "many classes with long names": profile(
        (0.0, 1.0), tuple(f"great white shark, man-eater, number {index}" for index in range(1000))
    ),
    "no probabilities": replace(profile(), probabilities=np.full((3, 3), np.nan)),
    "no gradient": replace(profile(), norms=np.zeros(3)),
    "gradients that explode": replace(profile(), norms=np.array([1e9, 1.0, 1e-9])),
    "scores of one value": replace(profile(), scores=np.full(3, 1e6)),
    "a long unit": replace(profile(), unit="a unit that somebody else has thought of, with very many words in it"),
}


@pytest.mark.parametrize("found", HOSTILE.values(), ids=HOSTILE)
def test_nothing_of_a_path_is_cut_at_the_edge(found) -> None:
    drawn = np.asarray(path_image(found))
    edge = np.ones(drawn.shape[:2], bool)
    edge[2:-2, 2:-2] = False
    assert (drawn[edge] == 255).all()
    assert (drawn[~edge] != 255).any()


COUNTED = {
    "usual": histograms(),
    "one checkpoint": histograms(1),
    "many layers": histograms(layers=14),
    "no weight in a bin": replace(histograms(lost=500), counts=np.zeros_like(histograms().counts)),
    "long names": replace(
        histograms(), layers=tuple(f"encoder.block.{at}.attention.query.weight" * 4 for at in range(4))
    ),
    "long words about it": replace(histograms(), notes=("something that has to be known about these weights " * 6,)),
}


@pytest.mark.parametrize("found", COUNTED.values(), ids=COUNTED)
def test_nothing_of_histograms_is_cut_at_the_edge(found) -> None:
    drawn = np.asarray(histogram_image(found))
    edge = np.ones(drawn.shape[:2], bool)
    edge[2:-2, 2:-2] = False
    assert (drawn[edge] == 255).all()
    assert (drawn[~edge] != 255).any()


def test_what_cannot_be_drawn_is_refused_as_by_matplotlib() -> None:
    with raises(UsageError, "layers", asked=0, limit=3):
        histogram_image(histograms(), together=0)
    with raises(UsageError, "alphas", found=0):
        path_image(profile(()))


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=2, max_size=20))
def test_dashes_are_pieces_of_the_line(corners: list[tuple[float, float]]) -> None:
    line = np.array(corners)
    way = float(np.hypot(*np.diff(line, axis=0).T).sum())
    pieces = list(dashed(line, [5.0, 3.0, 1.0, 3.0]))
    drawn = sum(float(np.hypot(*np.diff(piece, axis=0).T).sum()) for piece in pieces)
    whole, rest = divmod(way, 12.0)
    wanted = 6 * whole + min(rest, 5) + min(max(rest - 8, 0), 1) if way else 0
    assert drawn == pytest.approx(wanted, abs=1e-6 * max(way, 1))


def test_a_line_without_dashes_is_one_piece() -> None:
    (piece,) = dashed(np.eye(2), [])
    assert (piece == np.eye(2)).all()


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 12))
def test_even_ticks_are_round_and_within_the_limits(low: float, reach: float, most: int) -> None:
    ticks = [place for place, _ in even_ticks(low, low + reach, most)]
    slack = 1e-6 * max(abs(low), reach)
    assert len(ticks) <= most + 1
    assert all(low - slack <= place <= low + reach + slack for place in ticks)
    for step in np.diff(ticks):
        size = float(step) / 10 ** np.floor(np.log10(step) + 1e-6)
        assert any(size == pytest.approx(one, rel=1e-3) for one in (1, 2, 5))


@given(st.lists(st.floats(0, 1), max_size=6))
def test_names_are_moved_apart_and_keep_their_order(heights: list[float]) -> None:
    moved = apart(heights, 0.15)
    order = np.argsort(heights, kind="stable")
    assert (np.diff(np.array(moved)[order]) >= 0.15 - 1e-9).all()
    assert max(moved, default=0) <= 1 + 1e-9
