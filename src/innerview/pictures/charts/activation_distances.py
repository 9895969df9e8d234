"""How far images lie from real ones, beside how far those lie from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from innerview.pictures import tokens
from innerview.pictures.charts.paper import TEXT, dress, new_figure, write_numbers
from innerview.pictures.taking import taking_tensors
from innerview.results import ActivationDistances

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS: Final = 24


@taking_tensors
def activation_distances_figure(result: ActivationDistances) -> Figure:
    """Draw both distributions on one axis, each as fractions of its own images."""
    figure = new_figure(6.6, 4.0, "How like real images are they?", result.sentence)
    axes = figure.subplots()
    edges = np.histogram_bin_edges(np.concatenate([result.distances, result.reference]), BINS).tolist()
    for values, name, colour, filled in (
        (result.reference, "real images", tokens.BEFORE, True),
        (result.distances, "images in question", tokens.TRAIN, False),
    ):
        fractions = np.full(len(values), 1 / max(len(values), 1))
        style = "stepfilled" if filled else "step"
        axes.hist(values, edges, weights=fractions, histtype=style, color=colour, label=name, linewidth=2)
    dress(axes, "", f"distance to the {result.k}th nearest real image (layer {result.layer})", "fraction of the images")
    write_numbers(axes, x=True)
    axes.legend(fontsize=TEXT, frameon=False, labelcolor=tokens.INK)
    return figure
