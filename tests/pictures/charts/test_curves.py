"""Curves over the time of a training."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from innerview.errors import UsageError
from innerview.pictures import tokens
from innerview.pictures.charts.curves import Curve, curves_figure, draw_curve
from raising import raises

TIMES = np.arange(1.0, 8.0)


def test_the_last_value_is_written_and_accuracy_runs_to_the_top() -> None:
    axes = Figure().subplots()
    draw_curve(axes, Curve(TIMES, np.linspace(0.3, 0.81, 7)), "accuracy", "test")
    assert axes.get_title(loc="left") == "Accuracy: 81 % at epoch 7"
    assert axes.get_ylim() == (0, 1)
    assert axes.get_xlabel() == "epoch"


def test_what_was_not_measured_is_left_out() -> None:
    axes = Figure().subplots()
    values = np.array([2.0, np.nan, 1.0, np.nan, 0.5, 0.4, np.nan])
    draw_curve(axes, Curve(TIMES, values), "cost", "training", "step")
    assert axes.lines[0].get_xdata().tolist() == [1, 3, 5, 6]
    assert axes.get_title(loc="left") == "Cost: 0.400 at step 6"
    empty = Figure().subplots()
    draw_curve(empty, Curve(TIMES, TIMES * np.nan), "cost", "test")
    assert empty.get_title(loc="left") == "Cost: not measured"


@pytest.mark.parametrize(("part", "colour"), [("test", tokens.TEST), ("training", tokens.TRAIN)])
def test_test_and_training_have_their_colours(part, colour) -> None:
    figure = curves_figure(part, Curve(TIMES, TIMES / 10), Curve(TIMES, 1 / TIMES), about="50 images")
    assert len(figure.axes) == 2
    assert {to_hex(axes.lines[0].get_color()).upper() for axes in figure.axes} == {colour}
    assert figure.get_suptitle() == f"The {part} set over time"


def test_one_of_the_two_is_enough_and_none_is_refused() -> None:
    assert len(curves_figure("test", Curve(TIMES, TIMES / 10), None).axes) == 1
    with raises(UsageError, "curves", asked="test"):
        curves_figure("test", None, None)
