"""What the methods answer: frozen objects with the values, their error, their cost and where they come from.

No value here was scaled, clipped or stripped of its sign for display; that is the business of `pictures`, which
states what it did. Arrays are written to safetensors and the rest to JSON by `results.io`, which
reads them back; `SCHEMA` rises when a field changes its meaning or goes away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from innerview import renames
from innerview.results.activation_distances import ActivationDistances
from innerview.results.attention import Attention
from innerview.results.class_evidence import ClassEvidence
from innerview.results.comparison import Comparison
from innerview.results.inside import Activations, WeightHistograms
from innerview.results.intervals import Intervals
from innerview.results.maps import Attribution, Explained, Gradient, IntegratedGradients, Meaning, as_attribution
from innerview.results.masking import MaskingCurve, show_only
from innerview.results.parts import Parts
from innerview.results.path import InteriorGradients, PathFrames, PathPredictions, PathProfile
from innerview.results.provenance import SCHEMA, Prediction, Provenance, Status, versions
from innerview.results.region_effects import RegionEffects
from innerview.results.result import Result, as_numpy
from innerview.results.shapley import ShapleyValues
from innerview.results.truth import ImagePart, RegionTruth
from innerview.results.verdict import Verdict

__all__ = [
    "SCHEMA",
    "ActivationDistances",
    "Activations",
    "Attention",
    "Attribution",
    "ClassEvidence",
    "Comparison",
    "Explained",
    "Gradient",
    "ImagePart",
    "IntegratedGradients",
    "InteriorGradients",
    "Intervals",
    "MaskingCurve",
    "Meaning",
    "Parts",
    "PathFrames",
    "PathPredictions",
    "PathProfile",
    "Prediction",
    "Provenance",
    "RegionEffects",
    "RegionTruth",
    "Result",
    "ShapleyValues",
    "Status",
    "Verdict",
    "WeightHistograms",
    "as_attribution",
    "as_numpy",
    "show_only",
    "versions",
]

if not TYPE_CHECKING:  # checkers would take every name for known
    __getattr__ = renames.of_module(__name__, {"Keep": "MaskingCurve", "PathStatistics": "PathPredictions"})
