"""Every result as a figure of itself, where a notebook asks for one.

Notebooks (Jupyter, marimo, VS Code) ask a value for `_repr_png_`. The results know nothing of figures, which stand
above them, so the methods are given to them here, when innerview is imported in a notebook. Drawing happens when a
value is shown, not before, and takes at most a second.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from innerview.fills import DEFAULT_FILLS
from innerview.methods.regions import JUDGED_REGIONS
from innerview.methods.shapley import count_passes
from innerview.results import (
    ActivationDistances,
    Activations,
    Attention,
    Attribution,
    ClassEvidence,
    Comparison,
    Gradient,
    ImagePart,
    IntegratedGradients,
    InteriorGradients,
    MaskingCurve,
    Parts,
    PathFrames,
    PathPredictions,
    PathProfile,
    Prediction,
    RegionEffects,
    RegionTruth,
    ShapleyValues,
    Verdict,
    WeightHistograms,
)
from innerview.targets import label
from innerview.viewer import sentences
from innerview.viewer.rendering import render

HOW: Final = "With innerview.methods.verdict.with_verdict(map, innerview.shapley(…))."
"""How a result in Python gets its verdict."""


def attach() -> None:
    """Let every result show itself."""
    for kind in FIGURES:
        kind._repr_png_ = _png  # type: ignore[attr-defined]
    Prediction._repr_html_ = _table  # type: ignore[attr-defined]


def draw(result: Any) -> bytes:
    """Draw a result as PNG; its type is one of FIGURES."""
    from matplotlib.figure import Figure

    from innerview.pictures import to_pillow

    shown = result.numpy
    drawn = FIGURES[type(shown)](shown)
    figure = to_pillow(drawn) if isinstance(drawn, Figure) else drawn
    buffer = io.BytesIO()
    figure.save(buffer, "PNG")
    return buffer.getvalue()


def _png(self: Any) -> bytes:
    return draw(self)


def _table(self: Prediction) -> str:
    """The five highest outputs, as a table."""
    shown = self.numpy
    rows = [
        (label(index, shown.class_names), f"{shown.logits[index]:+.3g}", f"{shown.probabilities[index]:.1%}")
        for index in shown.ranking[:5]
    ]
    return render("prediction.html", rows=rows)


def _map(result: Any) -> Any:
    from innerview.pictures import attribution_figure

    return attribution_figure(result, verdict=verdict_of(result))


def verdict_of(result: Any) -> str:
    """What is said below a map of how far it agrees with taking regions away."""
    if isinstance(result, ShapleyValues):
        return sentences.THE_TRUTH
    line = sentences.verdict_line(result.verdict, count_passes(JUDGED_REGIONS, len(DEFAULT_FILLS)))
    return line if result.verdict is not None else f"{line} {HOW}"


def _interior(result: InteriorGradients) -> Any:
    from innerview.pictures import interior_strip

    return interior_strip(result)


def _keep(result: MaskingCurve) -> Any:
    from innerview.pictures import masking_strip

    return masking_strip(result)


def _activations(result: Activations) -> Any:
    """The first layer that can be drawn; the others are in `result.layers`."""
    from innerview.pictures import activation_grid

    names = [name for name, values in result.layers.items() if values.ndim in {1, 3}]
    return activation_grid(result, names[0])


def _histograms(result: WeightHistograms) -> Any:
    from innerview.pictures import histogram_figure

    return histogram_figure(result)


def _path(result: PathProfile) -> Any:
    from innerview.pictures import path_figure

    return path_figure(result)


def _frames(result: PathFrames) -> Any:
    """The lines along the way; the frames themselves are for a slider."""
    given = (result.alphas, result.scores, result.probabilities, result.norms)
    return _path(PathProfile(*given, result.class_names, result.target, result.unit))


def _statistics(result: PathPredictions) -> Any:
    from innerview.pictures import statistics_figure

    return statistics_figure(result)


def _regions(result: RegionTruth) -> Any:
    """What each region adds, and the parts that decide."""
    from innerview.pictures import regions_on_image, why_figure
    from innerview.pictures.canvas import Line, Tile

    values = result.values
    adds = regions_on_image(values.image, values.labels, values.values.mean(axis=0), values.unsure_regions)
    tiles = [Tile(adds, (Line(f"What each region adds ({values.unit})", bold=True),))]
    tiles += [_tile(one) for one in (result.alone, result.without) if one is not None]
    return why_figure(f"Regions: {values.provenance.target}", tiles, sentences.regions(result).splitlines())


def _part(result: ImagePart) -> Any:
    from innerview.pictures.canvas import draw_tile

    return draw_tile(_tile(result))


def _tile(part: ImagePart) -> Any:
    from innerview.pictures import show_image
    from innerview.pictures.canvas import Line, Tile

    return Tile(show_image(part.image), (Line(sentences.part(part), bold=True),))


def _verdict(result: Verdict) -> Any:
    from innerview.pictures.canvas import Line, page

    rows = [
        Line(fill, right=f"{value:+.2f}", share=max(0.0, value) if value == value else 0.0)
        for fill, value in zip(result.fills, result.correlations.tolist(), strict=True)
    ]
    return page("Verdict", [Line(f"This map {sentences.verdict(result)}."), *rows], width=480)


def _comparison(result: Comparison) -> Any:
    from innerview.pictures import comparison_figure

    return comparison_figure(result)


def _distances(result: ActivationDistances) -> Any:
    from innerview.pictures import activation_distances_figure

    return activation_distances_figure(result)


def _effects(result: RegionEffects) -> Any:
    from innerview.pictures import region_effects_figure

    return region_effects_figure(result)


def _parts(result: Parts) -> Any:
    from innerview.pictures import parts_strip

    return parts_strip(result)


FIGURES: Final[Mapping[type[Any], Callable[[Any], Any]]] = MappingProxyType(
    {
        IntegratedGradients: _map,
        Gradient: _map,
        Attribution: _map,
        ClassEvidence: _map,
        Attention: _map,
        ShapleyValues: _map,
        Comparison: _comparison,
        RegionTruth: _regions,
        ImagePart: _part,
        Verdict: _verdict,
        InteriorGradients: _interior,
        MaskingCurve: _keep,
        Activations: _activations,
        WeightHistograms: _histograms,
        PathProfile: _path,
        PathFrames: _frames,
        PathPredictions: _statistics,
        RegionEffects: _effects,
        ActivationDistances: _distances,
        Parts: _parts,
    }
)
