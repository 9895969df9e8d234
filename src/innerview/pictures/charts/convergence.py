"""How the error of a map falls with the evaluations spent, on logarithmic axes, against what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from innerview.errors import UsageError
from innerview.pictures import tokens, words
from innerview.pictures.charts.paper import TEXT, dress, new_figure
from innerview.pictures.taking import taking_tensors
from innerview.results import IntegratedGradients
from innerview.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS: Final = (
    (tokens.BEFORE, "solid", "s"),
    (tokens.BEFORE, (0, (5, 1.5)), "^"),
    (tokens.BEFORE, (0, (1.5, 1.2)), "D"),
    (tokens.BEFORE, (0, (5, 1.5, 1.5, 1.5)), "v"),
)
"""Colour, dash and marker of the curves that are set beside the result's own."""


@taking_tensors
def draw_convergence(
    axes: Axes, result: IntegratedGradients, others: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None
) -> None:
    """Draw estimated error and convergence delta at each level of refinement, and other curves beside them.

    Args:
        axes: where to draw.
        result: of a computation to a tolerance, with its history.
        others: by name ("true error", "right Riemann"): evaluations, and the error as a share of the map.

    Raises:
        UsageError: the result has no history, since its number of evaluations was fixed.
    """
    from matplotlib.ticker import FixedLocator, NullLocator

    if not result.convergence:
        raise UsageError("convergence was asked of a fixed number of evaluations; compute to a tolerance instead").of(
            "convergence", found="fixed rule"
        )
    spent, estimates, gaps = (np.array(column, dtype=np.float64) for column in zip(*result.convergence, strict=True))
    axes.set_xscale("log")
    axes.set_yscale("log")
    curves: list[tuple[str, Array, Array, tuple[str, object, str]]] = [
        ("estimated error", spent, estimates, (tokens.INK, "solid", "o")),
        ("convergence delta", spent, gaps, (tokens.TEST, (0, (5, 1.5)), "o")),
    ]
    for (name, (evaluations, errors)), look in zip((others or {}).items(), LOOKS * 3, strict=False):
        curves.append((name, np.asarray(evaluations, np.float64), np.asarray(errors, np.float64), look))
    drawn: list[Array] = []
    for name, x, y, (colour, dash, marker) in curves:
        seen = np.isfinite(y) & (y > 0)
        if seen.any():
            axes.plot(x[seen], y[seen], color=colour, linestyle=dash, marker=marker, markersize=4, label=name)  # pyright: ignore[reportArgumentType]
            drawn += [x[seen], y[seen]]
    if result.tolerance is not None:
        axes.axhline(result.tolerance, color=tokens.TRAIN, linewidth=1.2)
        asked = f"asked {words.limit(100 * result.tolerance)} %"
        axes.annotate(asked, (1, result.tolerance), xycoords=("axes fraction", "data"), xytext=(-2, 3), ha="right",
                      textcoords="offset points", fontsize=TEXT, color=tokens.TRAIN)  # fmt: skip
    dress(axes, "", "evaluations", "fraction of the map's sum of |values|")
    places = np.unique(np.concatenate(drawn[::2])) if drawn else spent
    shown = places if places.size <= 8 else places[:: -(-places.size // 8)]
    axes.xaxis.set_major_locator(FixedLocator(shown.tolist()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: words.count(round(value)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _: f"{words.limit(100 * value)} %")
    if drawn:
        axes.legend(fontsize=TEXT, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5), labelcolor=tokens.INK)


@taking_tensors
def convergence_figure(
    result: IntegratedGradients, others: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None
) -> Figure:
    """Draw how the error of a map falls with the evaluations spent; arguments and errors as for `draw_convergence`."""
    figure = new_figure(6.6, 4.2, "How exact is the map?", f"{result.provenance.target} · {result.rule}")
    draw_convergence(figure.subplots(), result, others)
    return figure
