"""Errors against evaluations: what was estimated, what was asked, and other curves beside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from innerview.errors import UsageError
from innerview.pictures.charts.convergence import convergence_figure, draw_convergence
from pictures.made import integrated
from raising import raises

HISTORY = ((5, np.inf, 0.1), (9, 0.05, 0.002), (17, 0.004, 0.0))


def result(tolerance: float | None = 0.01):
    return replace(integrated(np.ones((8, 8))), convergence=HISTORY, tolerance=tolerance)


def test_estimates_and_gaps_are_drawn_where_they_are_known() -> None:
    axes = Figure().subplots()
    draw_convergence(axes, result())
    estimate, gap, asked = axes.lines
    assert np.column_stack(estimate.get_data()).tolist() == [[9, 0.05], [17, 0.004]]
    assert np.column_stack(gap.get_data()).tolist() == [[5, 0.1], [9, 0.002]]
    assert list(asked.get_ydata()) == [0.01, 0.01]
    assert axes.texts[0].get_text() == "asked 1 %"


def test_other_curves_stand_beside_with_their_names() -> None:
    figure = convergence_figure(result(None), {f"rule {number}": ([5, 50], [0.5, 0.05]) for number in range(6)})
    names = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert names == ["estimated error", "convergence delta", *(f"rule {number}" for number in range(6))]
    looks = {(line.get_color(), str(line.get_linestyle()), line.get_marker()) for line in figure.axes[0].lines[:6]}
    assert len(looks) == 6


def test_a_history_without_any_known_error_is_drawn() -> None:
    nothing = replace(result(), convergence=((5, np.inf, np.nan),))
    assert convergence_figure(nothing).axes[0].get_xlabel() == "evaluations"


def test_a_fixed_number_of_evaluations_has_no_convergence() -> None:
    with raises(UsageError, "convergence", found="fixed rule"):
        convergence_figure(integrated(np.ones((8, 8))))
