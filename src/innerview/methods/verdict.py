"""A verdict on a map: does its order of the regions agree with exact region truth, better than chance?

    m_r = Σ of the map over the pixels of region r,   ρ_f = Spearman(m, φ_f),
    p_f = (1 + number of random orders that reach ρ_f) / (1 + N)

φ_f are the exact Shapley values of the regions under fill f (`shapley`). Spearman 1904; the p-value is that of a
permutation test with N random orders (Phipson and Smyth 2010), all of one seed. With nine regions a map must reach
about 0.6 to be told from chance; what lies below says that agreement is not shown, and not that there is none.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final, TypeVar

import numpy as np

from innerview.errors import ImageError
from innerview.methods.agreement import ranks, spearman
from innerview.results import Attention, Attribution, ClassEvidence, Gradient, IntegratedGradients, as_attribution
from innerview.results.shapley import ShapleyValues
from innerview.results.verdict import Verdict
from innerview.types import Array, Map

JudgedMap = TypeVar("JudgedMap", bound=Attention | Attribution | ClassEvidence | Gradient | IntegratedGradients)
"""Every map but the truth itself."""

ORDERS: Final = 9999
"""Random orders of the regions."""

ROUNDING: Final = 1e-9
"""Correlations within this are taken for equal."""


def judge(heatmap: Map, truth: ShapleyValues) -> Verdict:
    """Hold a map against exact region truth.

    Args:
        heatmap: one value for each pixel, in any unit: only the order of its sums over the regions counts.
        truth: of the same image and class.

    Raises:
        ImageError: the map is of another size than the image.
    """
    if heatmap.shape != truth.labels.shape:
        raise ImageError(
            f"a map of {heatmap.shape} was held against regions of an image of {truth.labels.shape} (height × width); "
            "give the map of that image"
        ).of("map", found=heatmap.shape, asked=truth.labels.shape)
    sums = np.bincount(truth.labels.ravel(), heatmap.ravel().astype(np.float64))
    found = [_compared(sums, values) for values in truth.values]
    correlations, better, worse = (np.array(column) for column in zip(*found, strict=True))
    return Verdict(truth.fills, correlations, better, worse, truth.values.shape[1], truth.n_evaluations)


def with_verdict(result: JudgedMap, truth: ShapleyValues) -> JudgedMap:
    """Give a map with its verdict, which is drawn with it in a notebook and kept with it in files.

    Args:
        result: a map by any method.
        truth: of the same image and class: `shapley`.

    Raises:
        ImageError: the map is of another size than the image.
    """
    return replace(result, verdict=judge(as_attribution(result).heatmap, truth.numpy))


def _compared(sums: Array, values: Array) -> tuple[float, float, float]:
    """Correlation, how often chance does as well, and how often as badly."""
    found = spearman(sums, values)
    if np.isnan(found):
        return found, found, found
    # Sorted, so that chance does not depend on the order that is judged.
    first, second = (np.sort(ranks(one) - ranks(one).mean()) for one in (sums, values))
    chance = first[_orders(len(sums))] @ second / np.sqrt((first**2).sum() * (second**2).sum())
    return found, _fraction(chance >= found - ROUNDING), _fraction(chance <= found + ROUNDING)


def _fraction(hits: Array) -> float:
    return (1 + int(hits.sum())) / (1 + len(hits))


@cache
def _orders(number: int) -> Array:
    return np.random.default_rng(0).random((ORDERS, number)).argsort(axis=1)
