"""Images as points on a plane, by the features that a survey kept.

    z = (x − m) A,   A: the two axes along which a sample of the features varies most

x are an image's features, m their mean (Pearson 1901; Hotelling 1933). The axes are those of the covariance of at most
`SAMPLE` images, drawn by a seed; every image is put onto them. Each axis points to where the feature with the largest
weight grows, so that the same survey gives the same map. UMAP (McInnes, Healy, Melville 2018, arXiv 1802.03426) stands
beside it where its package is installed; its distances are no distances of features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final, cast

import numpy as np
from jaxtyping import Float

from innerview.errors import UsageError
from innerview.session.progress import Report
from innerview.types import Array
from innerview.workbench.survey.rows import Rows

SAMPLE: Final = 20_000
"""Images by which the principal axes are found."""

MOST_UMAP: Final = 50_000
"""Images that UMAP places: beyond it takes many minutes and gigabytes."""

HELD: Final = 100_000
"""Images whose features are held at once; of more, the files are read twice."""

LARGEST: Final = 65504.0
"""Of float16, in which features are kept; beyond it they are infinite there."""


@dataclass(frozen=True, eq=False)
class Embedding:
    """Where images lie on the map.

    Attributes:
        method: "pca" or "umap".
        points: row × 2; NaN where an image has no features.
        titles: of the two axes.
        words: how it was made.
    """

    method: str
    points: Float[np.ndarray, "row 2"]
    titles: tuple[str, str]
    words: str


def embed(rows: Rows, method: str, report: Report) -> Embedding:
    """Place every image of a survey.

    Args:
        rows: of the survey.
        method: a key of METHODS.
        report: told how many rows are done.

    Raises:
        UsageError: the survey has no features, or too few images have some; UMAP is
            not installed, or there are too many for it.
    """
    if not rows.has_features:
        raise UsageError(
            f"the survey in {rows.folder} has no features, by which a map is made: the model's layers were not known"
        ).of("features", path=rows.folder, found=None)
    if method not in METHODS:
        raise UsageError(f"there is no map {method!r}; there are {', '.join(METHODS)}").of(
            "embedding", asked=method, known=METHODS
        )
    return METHODS[method](rows, report)


def _principal(rows: Rows, report: Report) -> Embedding:
    count = len(rows.index)
    drawn = np.zeros(count, bool)
    drawn[np.random.default_rng(0).permutation(count)[:SAMPLE]] = True
    held = list(rows.features()) if count <= HELD else None
    sample = np.concatenate([_known(values[drawn[part]]) for part, values in held or rows.features()]).astype(float)
    if len(sample) < 2:
        raise UsageError(f"{len(sample)} images of the survey have features; a map needs two").of(
            "features", found=len(sample), limit=2
        )
    mean = sample.mean(axis=0)
    sample -= mean
    spread, axes = np.linalg.eigh(sample.T @ sample / len(sample))
    axes = axes[:, ::-1][:, :2]
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1, 1)
    points = np.full((count, 2), np.nan, np.float32)
    for part, values in held or rows.features():
        points[part, : axes.shape[1]] = (_finite(values) - mean) @ axes
        report(part.stop, count, "")
    if axes.shape[1] < 2:  # one feature alone
        points[:, 1] = np.where(np.isnan(points[:, 0]), np.nan, 0)
    whole = max(float(spread.sum()), 1e-30)
    first, second = (float(one) / whole for one in (*spread[::-1], 0.0)[:2])
    drawn_words = f", found on {SAMPLE:,} images drawn with seed 0" if count > SAMPLE else ""
    layer = f" of layer {rows.about['features']}" if rows.about.get("features") else ""
    return Embedding(
        "pca",
        points,
        (f"first principal axis ({first:.0%} of the variance)", f"second principal axis ({second:.0%})"),
        f"The two principal axes of {len(mean):,} features{layer}, which hold {first + second:.0%} of their variance"
        f"{drawn_words}. What lies close here may still differ along the others.",
    )


def _umap(rows: Rows, report: Report) -> Embedding:
    if not has_umap():
        raise UsageError("a map by UMAP needs a package that is not installed: pip install umap-learn").of(
            "umap", asked="umap"
        )
    count = len(rows.index)
    if count > MOST_UMAP:
        raise UsageError(
            f"UMAP was asked for {count:,} images; it places {MOST_UMAP:,} at most: survey fewer by --sample, or take "
            "the principal axes"
        ).of("umap", asked=count, limit=MOST_UMAP)
    values = np.concatenate([_finite(values) for _, values in rows.features()])
    there = ~np.isnan(values).any(axis=1)
    points = np.full((count, 2), np.nan, np.float32)
    report(0, count, "")
    placed = import_module("umap").UMAP(n_components=2, random_state=0, n_jobs=1).fit_transform(values[there])
    points[there] = cast("Array", placed)
    return Embedding(
        "umap",
        points,
        ("UMAP 1", "UMAP 2"),
        "UMAP of the features (15 neighbours, seed 0): it keeps who is near whom. Sizes of groups, and distances "
        "between them, mean nothing here.",
    )


METHODS: Final[Mapping[str, Callable[[Rows, Report], Embedding]]] = MappingProxyType({"pca": _principal, "umap": _umap})


def has_umap() -> bool:
    """Whether UMAP is installed."""
    return find_spec("umap") is not None


def _finite(values: Array) -> Array:
    """Infinite numbers, which float16 makes of large ones, as the largest; NaN stays."""
    return np.clip(values, -LARGEST, LARGEST)


def _known(values: Array) -> Array:
    return _finite(values[~np.isnan(values).any(axis=1)])
