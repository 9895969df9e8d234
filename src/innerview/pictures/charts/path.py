"""The way from the baseline to the image as three plots over alpha: score, probability, size of the gradient.

Three small plots instead of one with three scales. The alpha axis is logarithmic near 0, where the score often moves
most; points are what was computed, lines only join them.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import singledispatch
from typing import TYPE_CHECKING, Final

import numpy as np

from innerview.errors import UsageError
from innerview.pictures import tokens, words
from innerview.pictures.charts.paper import PERCENT, new_figure
from innerview.pictures.charts.plots import AxisSpec, Dash, LineSpec, PlotSpec, Ticks, draw_plot
from innerview.pictures.charts.raster import draw_plots
from innerview.pictures.taking import taking_tensors
from innerview.results import IntegratedGradients, InteriorGradients, PathProfile
from innerview.targets import label
from innerview.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

FINEST: Final = 1e-5
"""The smallest alpha that an axis resolves."""

RIVALS: Final[tuple[tuple[str, Dash], ...]] = ((tokens.INK, ()), (tokens.TEST, (5, 1.5)), (tokens.TRAIN, (1.5, 1.2)))
"""Colour and dash of the classes in the probability plot; the first one is the class explained."""

MOST_TICKS: Final = 9
"""On the axis of the gradient's size."""

WIDTH: Final = 6.6
HEIGHT: Final = 6.2
"""Inches."""

TITLE: Final = "From the baseline to the image"
ABOUT: Final = "alpha: 0 is the baseline, 1 the image; logarithmic near 0"


@singledispatch
def profile_of(result: object) -> PathProfile:
    """Take the path's profile out of a result."""
    raise UsageError(f"a {type(result).__name__} has no path; interior and integrated gradients have").of(
        "result", found=type(result).__name__
    )


@profile_of.register
def _(result: PathProfile) -> PathProfile:
    return result


@profile_of.register
def _(result: InteriorGradients | IntegratedGradients) -> PathProfile:
    return result.path


def _axis(profile: PathProfile) -> AxisSpec:
    """The path from 0 to 1, logarithmic near 0: place = log(1 + alpha/e) / log(1 + 1/e).

    e is the smallest alpha above 0 that is drawn, within 1e-5 and 0.05, so that the start, where the score often
    moves most, is as visible as the end; alpha = 0 has a place of its own.
    """
    above = profile.alphas[profile.alphas > 0]
    finest = float(np.clip(above.min(initial=1.0), FINEST, 0.05))

    def onto(alpha: Array) -> Array:
        return np.log1p(np.maximum(alpha, -finest / 2) / finest)

    def back(place: Array) -> Array:
        return finest * np.expm1(place)

    decades = [10.0**power for power in range(math.ceil(math.log10(finest) - 1e-9), 0)]
    ticks = tuple((tick, words.place(tick)) for tick in (0.0, *decades, 0.2, 0.5, 1.0))
    return AxisSpec(0, 1, ticks, onto=onto, back=back)


def _line(profile: PathProfile, values: Array, colour: str, dash: Dash = (), end: str = "") -> LineSpec:
    dots = 3.5 if profile.alphas.size <= 40 else 2
    return LineSpec(profile.alphas, values, colour, 1.4, dash, dots, end=end)


def _score(profile: PathProfile) -> PlotSpec:
    line = _line(profile, profile.scores, tokens.INK)
    y = AxisSpec(name=profile.unit)
    return PlotSpec(_axis(profile), y, (line,), f"Score: {_target(profile)}", zero=True)


def _probability(profile: PathProfile, rivals: int) -> PlotSpec:
    plot = PlotSpec(_axis(profile), AxisSpec(0, 1, PERCENT), title="Probability")
    if not np.isfinite(profile.probabilities).any():
        return replace(plot, says="this model's outputs are no probabilities")
    peaks = np.nanmax(profile.probabilities, axis=0)
    own = profile.target if profile.target is not None else int(np.nanargmax(profile.probabilities[-1]))
    others = [int(index) for index in np.argsort(-peaks, kind="stable") if index != own][:rivals]
    lines = tuple(
        _line(
            profile,
            profile.probabilities[:, index],
            colour,
            dash,
            words.brief(label(index, profile.class_names), 18),
        )
        for index, (colour, dash) in zip([own, *others], RIVALS, strict=False)
    )
    return replace(plot, lines=lines)


def _norm(profile: PathProfile) -> PlotSpec:
    positive = profile.norms[profile.norms > 0]
    y = AxisSpec(name=f"Σ |gradient|, {profile.unit}\nper unit of pixel value")
    if positive.size:
        low, high = float(positive.min() / 1.6), float(positive.max() * 1.6)
        y = replace(y, low=low, high=high, ticks=_log_ticks(low, high), onto=_log, back=np.exp)
    zeros = int((profile.norms == 0).sum())
    lost = f" · zero at {words.count(zeros)} of {words.count(profile.norms.size)} positions" if zeros else ""
    line = _line(profile, np.where(profile.norms > 0, profile.norms, np.nan), tokens.INK)
    return PlotSpec(replace(_axis(profile), name="alpha"), y, (line,), f"Size of the gradient{lost}")


def _log(values: Array) -> Array:
    return np.log(np.maximum(values, 1e-300))


def _log_ticks(low: float, high: float) -> Ticks:
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    found = list[float]()
    for steps in ((1,), (1, 3), (1, 2, 5), tuple(range(1, 10))):
        found = [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
        if len(found) >= 3:
            break
    return tuple((tick, words.limit(tick)) for tick in found[:: -(-len(found) // MOST_TICKS)])


@taking_tensors
def draw_score_path(axes: Axes, profile: PathProfile) -> None:
    """Draw the target's score against alpha, in its unit."""
    draw_plot(axes, _score(profile))


@taking_tensors
def draw_probability_path(axes: Axes, profile: PathProfile, *, rivals: int = 2) -> None:
    """Draw the probability of the class explained against alpha, and those of the classes that come closest anywhere.

    Args:
        axes: where to draw.
        profile: with probabilities; NaN where there are none, which is said.
        rivals: how many other classes, at most two.
    """
    draw_plot(axes, _probability(profile, rivals))


@taking_tensors
def draw_norm_path(axes: Axes, profile: PathProfile) -> None:
    """Draw the sum of absolute gradients against alpha, on a logarithmic axis."""
    draw_plot(axes, _norm(profile))


def _target(profile: PathProfile) -> str:
    return words.brief(label(profile.target, profile.class_names), 60) if profile.target is not None else profile.unit


@taking_tensors
def path_figure(result: PathProfile | InteriorGradients | IntegratedGradients) -> Figure:
    """Draw score, probability and gradient size along the path, one below the other on the same alpha axis.

    Args:
        result: a path profile, or a result that has one.

    Raises:
        UsageError: the result has no path, or no place on it.
    """
    profile = _checked(result)
    figure = new_figure(WIDTH, HEIGHT, TITLE, ABOUT)
    score, chance, norm = figure.subplots(3, 1)
    draw_score_path(score, profile)
    draw_probability_path(chance, profile)
    draw_norm_path(norm, profile)
    for axes in (score, chance):
        axes.tick_params(labelbottom=False)
    return figure


@taking_tensors
def path_image(result: PathProfile | InteriorGradients | IntegratedGradients) -> Image:
    """The same as a finished image, without matplotlib; arguments and errors as above."""
    profile = _checked(result)
    plots = (_score(profile), _probability(profile, 2), _norm(profile))
    return draw_plots(plots, TITLE, ABOUT, (WIDTH, HEIGHT), one_x=True)


def _checked(result: PathProfile | InteriorGradients | IntegratedGradients) -> PathProfile:
    profile = profile_of(result)
    if not profile.alphas.size:
        raise UsageError("a path without any position was given; give at least one alpha").of("alphas", found=0)
    return profile
