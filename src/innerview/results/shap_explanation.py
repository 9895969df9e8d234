"""Results in the form of the `shap` package, so that whatever draws its explanations draws ours.

What shap draws is a base value and parts that add up to the score, so only results that do are given in its form.
`shap` is imported when it is asked for; it comes with the extra `shap`.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from innerview.errors import MissingExtra
from innerview.types import Array


def explanation(**fields: Any) -> Any:
    """Make a `shap.Explanation` with these fields.

    Raises:
        MissingExtra: shap is not installed.
    """
    try:
        shap = importlib.import_module("shap")
    except Exception as problem:
        raise MissingExtra("giving a result in shap's form", "shap", problem) from problem
    return shap.Explanation(**fields)


def explain_map(image: Array, attribution: Array, base: float, error: Array | None) -> Any:
    """One image, image first: values 1 × height × width × channel (one channel where the map knows none)."""
    values = np.asarray(attribution if attribution.ndim == 3 else attribution[..., None], np.float64)
    bounds: dict[str, Array] = {}
    if error is not None and values.shape[2] == 1:  # of the sum over several channels only
        half = np.asarray(error, np.float64)[..., None]
        bounds = {"lower_bounds": (values - half)[None], "upper_bounds": (values + half)[None]}
    return explanation(values=values[None], base_values=np.array([base]), data=np.asarray(image)[None], **bounds)


def explain_regions(values: Array, bases: Array, names: Sequence[str]) -> Any:
    """One row for each fill: values fill × region."""
    return explanation(values=values, base_values=bases, data=None, feature_names=list(names))
