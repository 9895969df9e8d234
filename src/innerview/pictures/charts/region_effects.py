"""What regions do, taken away and alone, beside regions of their shape elsewhere: a row for each region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from innerview.pictures import tokens
from innerview.pictures.charts.paper import TEXT, dress, new_figure, write_numbers
from innerview.pictures.taking import taking_tensors
from innerview.results import RegionEffects
from innerview.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW: Final = 2.3
"""Inches of height for each region."""

BINS: Final = 24


@taking_tensors
def draw_region(axes: Axes, result: RegionEffects, number: int) -> None:
    """Draw the image with the outline of one region; `number` counts the regions from 0."""
    image, region = np.clip(result.image, 0, 1), result.regions[number]
    axes.imshow(image if image.shape[2] > 1 else image[..., 0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    edge = np.repeat(np.repeat(region.astype(np.float64), 8, axis=0), 8, axis=1)
    reach = (-0.5, image.shape[1] - 0.5, -0.5, image.shape[0] - 0.5)
    for colour, width in ((tokens.PAGE, 4.0), (tokens.INK, 2.0)):  # seen on light and on dark images
        axes.contour(np.pad(edge, 1)[1:-1, 1:-1], levels=[0.5], extent=reach, colors=[colour], linewidths=width)
    axes.set_axis_off()
    axes.set_title(f"region {result.names[number]}", loc="left", fontsize=TEXT + 1, color=tokens.INK)


def _draw_effects(axes: Axes, own: Array, others: Array, p: float, unit: str, title: str) -> None:
    """The placebos as bars of counts, the region as a line; a triangle for each fill."""
    known = others[:, ~np.isnan(others[0])].mean(axis=0)
    if len(known):
        axes.hist(known, bins=BINS, color=tokens.RULE, edgecolor=tokens.BORDER, linewidth=0.5)
    axes.axvline(float(own.mean()), color=tokens.TRAIN, linewidth=2)
    axes.plot(own, np.zeros(len(own)), marker="^", linestyle="", color=tokens.TRAIN, clip_on=False, markersize=5)
    told = "no p-value" if np.isnan(p) else f"p = {p:.2g}"
    dress(axes, f"{title}: {own.mean():+.3g}".replace("-", "−") + f" ({told})", unit, "places")
    write_numbers(axes, x=True)
    axes.locator_params(nbins=5)


@taking_tensors
def region_effects_figure(result: RegionEffects) -> Figure:
    """Draw each region, and what it does beside what regions of its shape do elsewhere."""
    title = f"What do these parts do to the score ({result.explained})?"
    about = (
        "Grey: regions of the same size and shape elsewhere, means over the fills. Line: this region; triangles: under "
        f"each of {len(result.fills)} fills. p before correction for {result.tries} tries."
    )
    figure = new_figure(8.6, 1.1 + ROW * len(result.names), title, about)
    rows = figure.subplots(len(result.names), 3, squeeze=False, width_ratios=(1, 1.4, 1.4))
    for number, (left, middle, right) in enumerate(rows):
        draw_region(left, result, number)
        for axes, own, others, p, name in (
            (middle, result.removed, result.removed_elsewhere, result.removed_p, "Lost without it"),
            (right, result.alone, result.alone_elsewhere, result.alone_p, "Gained by it alone"),
        ):
            _draw_effects(axes, own[number], others[number], float(p[number]), result.unit, name)
    return figure
