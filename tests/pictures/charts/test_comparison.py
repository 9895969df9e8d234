"""A comparison is drawn at its values, the best on top, with the strongest control through it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from innerview.errors import UsageError
from innerview.pictures import comparison_figure, draw_comparison
from raising import raises
from results.saved import comparison


def test_dots_are_medians_in_their_order() -> None:
    found = comparison()
    axes = Figure().subplots()
    draw_comparison(axes, found)
    names = found.ranking()
    dots = [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in axes.lines if len(line.get_xdata()) == 1
    ]
    expected = [float(found.medians[0, found.column(name)]) for name in reversed(names)]
    assert [x for x, _ in sorted(dots, key=lambda dot: dot[1])] == expected == sorted(expected)
    assert [label.get_text().strip() for label in axes.get_yticklabels()] == list(reversed(names))
    (control,) = (line for line in axes.lines if line.get_linestyle() == "--")
    assert set(control.get_xdata()) == {float(found.medians[0, found.column("edges")])}


def test_what_was_not_measured_is_refused() -> None:
    found = comparison()
    with raises(UsageError, "metric", asked="deletion"):
        comparison_figure(found, "deletion")
    with raises(UsageError, "metric", asked="truth"):
        comparison_figure(replace(found, medians=np.full((2, 3), np.nan)))


def test_the_figure_says_its_images_and_fills() -> None:
    figure = comparison_figure(comparison())
    assert "over 7 images; 9 regions, fills: black" in figure.get_supxlabel()
