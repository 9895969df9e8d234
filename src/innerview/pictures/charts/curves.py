"""Accuracy and cost over the time of a training: one plot for the test set, one for the training set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from jaxtyping import Float

from innerview.errors import UsageError
from innerview.pictures import tokens, words
from innerview.pictures.charts.paper import dress, new_figure, write_numbers, write_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS: Final = {"test": (tokens.TEST, "solid"), "training": (tokens.TRAIN, (0, (6, 3)))}


@dataclass(frozen=True)
class Curve:
    """One figure over time.

    Attributes:
        times: when it was measured (`Curves.unit`), rising.
        values: accuracies in [0, 1], or costs; NaN where it was not measured.
    """

    times: Float[np.ndarray, " time"]
    values: Float[np.ndarray, " time"]


def draw_curve(axes: Axes, curve: Curve, kind: Literal["accuracy", "cost"], part: str, unit: str = "epoch") -> None:
    """Draw one curve; the last value is written at its end.

    Args:
        axes: where to draw.
        curve: an accuracy in [0, 1] or a cost.
        kind: which of the two; accuracies have an axis from 0 to 100 %.
        part: "test" or "training": colour and dash.
        unit: of the time.
    """
    colour, dash = LOOKS.get(part, (tokens.INK, "solid"))
    seen = np.isfinite(curve.values)
    times, values = curve.times[seen], curve.values[seen]
    few = times.size <= 60
    axes.plot(times, values, color=colour, linestyle=dash, linewidth=1.5, marker="o" if few else "", markersize=3)
    if kind == "accuracy":
        write_percent(axes)
    else:
        axes.set_ylim(0, 1.08 * float(values.max(initial=1e-9)))
    written = words.share if kind == "accuracy" else words.number
    last = (
        f": {written(float(values[-1]))} at {unit} {words.place(float(times[-1]))}" if values.size else ": not measured"
    )
    dress(axes, f"{kind.capitalize()}{last}", unit, "")
    if kind == "cost":
        write_numbers(axes)


def curves_figure(
    part: str, accuracy: Curve | None, cost: Curve | None, *, unit: str = "epoch", about: str = ""
) -> Figure:
    """Draw accuracy and cost of one part of the data over time.

    Args:
        part: "test" or "training".
        accuracy: in [0, 1]; None if it was not measured.
        cost: in the unit of the loss; None if it was not measured.
        unit: of the time.
        about: what a reader must know, below the plots (which data, how many images).

    Raises:
        UsageError: neither of the two was given.
    """
    measured: Sequence[tuple[Literal["accuracy", "cost"], Curve]] = [
        (kind, curve) for kind, curve in _pairs(accuracy, cost).items() if curve is not None
    ]
    if not measured:
        raise UsageError(f"curves of the {part} set were asked for, but neither accuracy nor cost was given").of(
            "curves", asked=part, found=None
        )
    figure = new_figure(6.6, 0.9 + 2.2 * len(measured), f"The {part} set over time", about)
    for axes, (kind, curve) in zip(figure.subplots(len(measured), 1, squeeze=False)[:, 0], measured, strict=True):
        draw_curve(axes, curve, kind, part, unit)
    return figure


def _pairs(accuracy: Curve | None, cost: Curve | None) -> Mapping[Literal["accuracy", "cost"], Curve | None]:
    return {"accuracy": accuracy, "cost": cost}


def smoothed(curve: Curve, window: int) -> Curve:
    """Mean of the last `window` values at each time (fewer at the beginning); NaN values take no part."""
    known = np.isfinite(curve.values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, curve.values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    ends = np.arange(1, len(curve.values) + 1)
    starts = np.maximum(ends - window, 0)
    taken = counts[ends] - counts[starts]
    return Curve(curve.times, np.where(taken > 0, (sums[ends] - sums[starts]) / np.maximum(taken, 1), np.nan))
