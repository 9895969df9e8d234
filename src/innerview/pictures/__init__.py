"""Results as figures and charts, each legible alone: title, unit, scale, legend, and what was left out.

    raster figures       attribution_figure · attribution_views · attribution_on_image · contact_sheet · error_figure
    (Pillow)             interior_strip · interior_sheet · masking_strip · activation_grid · architecture_figure
                         why_figure · evidence_on_image · regions_on_image · show_image · parts_strip
                         path_image · histogram_image, as the charts of these names
    animations           interior_animation · activation_animation
    charts (matplotlib)  histogram_figure · layers_figure · path_figure · convergence_figure · statistics_figure ·
                         curves_figure · comparison_figure · region_effects_figure ·
                         activation_distances_figure, and draw_… for axes of one's own
    files                save (PNG, GIF, WebP; charts also SVG, PDF)

Zero is always the neutral colour, scales are symmetric and stated, and nothing is stretched to its own range in
silence. Importing this room does not import matplotlib; making a chart does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from innerview import renames
from innerview.pictures.activation import activation_animation, activation_grid
from innerview.pictures.animation import Animation
from innerview.pictures.architecture import architecture_figure
from innerview.pictures.attribution import (
    attribution_figure,
    attribution_on_image,
    attribution_views,
    contact_sheet,
    error_figure,
)
from innerview.pictures.captions import Subject
from innerview.pictures.charts.activation_distances import activation_distances_figure
from innerview.pictures.charts.comparison import comparison_figure, draw_comparison
from innerview.pictures.charts.convergence import convergence_figure, draw_convergence
from innerview.pictures.charts.curves import Curve, curves_figure, draw_curve
from innerview.pictures.charts.histograms import (
    draw_layer,
    draw_layers,
    histogram_figure,
    histogram_image,
    layers_figure,
)
from innerview.pictures.charts.path import (
    draw_norm_path,
    draw_probability_path,
    draw_score_path,
    path_figure,
    path_image,
)
from innerview.pictures.charts.region_effects import draw_region, region_effects_figure
from innerview.pictures.charts.statistics import draw_accuracy, draw_class_shares, statistics_figure
from innerview.pictures.interior import QUANTITIES, interior_animation, interior_sheet, interior_strip
from innerview.pictures.masking import masking_strip
from innerview.pictures.overlay import STYLES, overlay
from innerview.pictures.parts import parts_strip
from innerview.pictures.pixels import show_image
from innerview.pictures.ramps import colour, ramp
from innerview.pictures.saving import save, to_pillow
from innerview.pictures.scale import Scale, ScaleChoice, choose_scales, own_limit
from innerview.pictures.why import evidence_on_image, regions_on_image, why_figure

__all__ = [
    "QUANTITIES",
    "STYLES",
    "Animation",
    "Curve",
    "Scale",
    "ScaleChoice",
    "Subject",
    "activation_animation",
    "activation_distances_figure",
    "activation_grid",
    "architecture_figure",
    "attribution_figure",
    "attribution_on_image",
    "attribution_views",
    "choose_scales",
    "colour",
    "comparison_figure",
    "contact_sheet",
    "convergence_figure",
    "curves_figure",
    "draw_accuracy",
    "draw_class_shares",
    "draw_comparison",
    "draw_convergence",
    "draw_curve",
    "draw_layer",
    "draw_layers",
    "draw_norm_path",
    "draw_probability_path",
    "draw_region",
    "draw_score_path",
    "error_figure",
    "evidence_on_image",
    "histogram_figure",
    "histogram_image",
    "interior_animation",
    "interior_sheet",
    "interior_strip",
    "layers_figure",
    "masking_strip",
    "overlay",
    "own_limit",
    "parts_strip",
    "path_figure",
    "path_image",
    "ramp",
    "region_effects_figure",
    "regions_on_image",
    "save",
    "show_image",
    "statistics_figure",
    "to_pillow",
    "why_figure",
]


RENAMED: Final = {
    "architecture_picture": "architecture_figure",
    "attribution_picture": "attribution_figure",
    "error_picture": "error_figure",
    "evidence_on_photo": "evidence_on_image",
    "keep_strip": "masking_strip",
    "photo_picture": "attribution_on_image",
    "to_picture": "to_pillow",
    "why_picture": "why_figure",
}
"""Names of earlier checkouts: asked for, each is answered with the new one."""

if not TYPE_CHECKING:  # checkers would take every name for known
    __getattr__ = renames.of_module(__name__, RENAMED)
