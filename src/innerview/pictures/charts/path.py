"""The way from the baseline to the image as three plots over alpha: score, probability, size of the gradient.

Three small plots instead of one with three scales. The alpha axis is logarithmic near 0, where the score often moves
most; points are what was computed, lines only join them.
"""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from innerview.errors import UsageError
from innerview.pictures import tokens, words
from innerview.pictures.charts.paper import (
    TEXT,
    dress,
    label_ends,
    new_figure,
    scale_alpha,
    write_numbers,
    write_percent,
)
from innerview.pictures.taking import taking_tensors
from innerview.results import IntegratedGradients, InteriorGradients, PathProfile
from innerview.targets import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIVALS: Final = ((tokens.INK, "solid"), (tokens.TEST, (0, (5, 1.5))), (tokens.TRAIN, (0, (1.5, 1.2))))
"""Colour and dash of the classes in the probability plot; the first one is the class explained."""


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


def _points(profile: PathProfile) -> dict[str, Any]:
    size = 3.5 if profile.alphas.size <= 40 else 2
    return {"marker": "o", "markersize": size, "linewidth": 1.4, "clip_on": False}


@taking_tensors
def draw_score_path(axes: Axes, profile: PathProfile) -> None:
    """Draw the target's score against alpha, in its unit."""
    scale_alpha(axes, profile.alphas)
    axes.axhline(0, color=tokens.BORDER, linewidth=0.8)
    axes.plot(profile.alphas, profile.scores, color=tokens.INK, **_points(profile))
    dress(axes, f"Score: {_target(profile)}", "", profile.unit)
    write_numbers(axes)


@taking_tensors
def draw_probability_path(axes: Axes, profile: PathProfile, *, rivals: int = 2) -> None:
    """Draw the probability of the class explained against alpha, and those of the classes that come closest anywhere.

    Args:
        axes: where to draw.
        profile: with probabilities; NaN where there are none, which is said.
        rivals: how many other classes, at most two.
    """
    scale_alpha(axes, profile.alphas)
    write_percent(axes)
    dress(axes, "Probability", "", "")
    if not np.isfinite(profile.probabilities).any():
        axes.text(
            0.5,
            0.5,
            "this model's outputs are no probabilities",
            ha="center",
            transform=axes.transAxes,
            fontsize=TEXT,
            color=tokens.SECOND,
        )
        return
    peaks = np.nanmax(profile.probabilities, axis=0)
    own = profile.target if profile.target is not None else int(np.nanargmax(profile.probabilities[-1]))
    others = [int(index) for index in np.argsort(-peaks, kind="stable") if index != own][:rivals]
    ends: list[tuple[float, str, str]] = []
    for index, (colour, dash) in zip([own, *others], RIVALS, strict=False):
        values = profile.probabilities[:, index]
        axes.plot(profile.alphas, values, color=colour, linestyle=dash, **_points(profile))
        ends.append((float(values[-1]), words.brief(label(index, profile.class_names), 18), colour))
    label_ends(axes, float(profile.alphas[-1]), ends, gap=0.14)


@taking_tensors
def draw_norm_path(axes: Axes, profile: PathProfile) -> None:
    """Draw the sum of absolute gradients against alpha, on a logarithmic axis."""
    scale_alpha(axes, profile.alphas)
    positive = profile.norms[profile.norms > 0]
    if positive.size:
        axes.set_yscale("log")
        axes.set_ylim(positive.min() / 1.6, positive.max() * 1.6)
    shown = np.where(profile.norms > 0, profile.norms, np.nan)
    axes.plot(profile.alphas, shown, color=tokens.INK, **_points(profile))
    zeros = int((profile.norms == 0).sum())
    lost = f" · zero at {words.count(zeros)} of {words.count(profile.norms.size)} positions" if zeros else ""
    dress(axes, f"Size of the gradient{lost}", "", f"Σ |gradient|, {profile.unit}\nper unit of pixel value")
    if positive.size:
        _log_ticks(axes)


def _log_ticks(axes: Axes) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    low, high = axes.get_ylim()
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5), tuple(range(1, 10))):
        ticks = [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
        if len(ticks) >= 3:
            break
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    write_numbers(axes)


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
    profile = profile_of(result)
    if not profile.alphas.size:
        raise UsageError("a path without any position was given; give at least one alpha").of("alphas", found=0)
    figure = new_figure(
        6.6, 6.2, "From the baseline to the image", "alpha: 0 is the baseline, 1 the image; logarithmic near 0"
    )
    score, chance, norm = figure.subplots(3, 1)
    draw_score_path(score, profile)
    draw_probability_path(chance, profile)
    draw_norm_path(norm, profile)
    for axes in (score, chance):
        axes.tick_params(labelbottom=False)
    norm.set_xlabel("alpha", fontsize=TEXT, color=tokens.SECOND)
    return figure
