"""Groups of images that may share a reason: those that look alike to the model where a part of some works elsewhere.

    d = (Σ + λI)⁻¹ (m₁ − m₀),   in the group: images with  d · z > d · (m₁ + m₀) / 2

z are an image's features, on the principal axes of the images that groups are looked for among. m₁ is the mean of the
few images whose part, put into others, does most there, m₀ of the rest, Σ their covariance (Fisher 1936). So the
group's rule is made of features alone: it can be held against images that had no say in it, without asking what their
parts do.

Groups are ordered by how surely they are beyond the margin: their excess less it, over its standard error (Welch 1947).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, cast

import numpy as np
from jaxtyping import Bool, Float

from innerview.types import Array

AXES: Final = 20
"""Principal axes that are kept."""

TAILS: Final = (0.02, 0.05, 0.1, 0.2)
"""Shares of the images that are looked at as the few."""

RIDGE: Final = 0.3
"""λ, as a share of the mean variance on the axes."""

LEAST: Final = 3
"""Images in a group."""


@dataclass(frozen=True, eq=False)
class Axes:
    """Principal axes of a block of features, each first brought to mean 0 and standard deviation 1.

    Attributes:
        mean: of each feature; `size`: its standard deviation.
        axes: axis × feature.
        unit: what a place on an axis is divided by, so that blocks weigh the same.
    """

    mean: Array
    size: Array
    axes: Array
    unit: float = 1.0

    def of(self, features: Float[np.ndarray, "image _"]) -> Float[np.ndarray, "image axis"]:
        """Images on the axes."""
        return (features - self.mean) / self.size @ self.axes.T / self.unit


@dataclass(frozen=True, eq=False)
class Space:
    """Blocks of features, each on its own axes."""

    blocks: tuple[Axes, ...]

    def of(self, *features: Float[np.ndarray, "image _"]) -> Float[np.ndarray, "image axis"]:
        """Images on all axes."""
        return np.concatenate([axes.of(one) for axes, one in zip(self.blocks, features, strict=True)], axis=1)


def space_of(*blocks: Float[np.ndarray, "image _"]) -> Space:
    """The axes on which these images differ most, of each block of features."""
    found = list[Axes]()
    for features in blocks:
        mean, size = features.mean(axis=0), features.std(axis=0)
        size = np.where(size > 1e-9 * (np.abs(mean) + 1e-30), size, np.inf)  # what never changes tells nothing
        _, _, axes = np.linalg.svd((features - mean) / size, full_matrices=False)
        alone = Axes(mean, size, axes[:AXES])
        found.append(replace(alone, unit=max(float(alone.of(features).std()), 1e-12)))
    return Space(tuple(found))


@dataclass(frozen=True, eq=False)
class Group:
    """A group's rule.

    Attributes:
        strength: by how many standard errors its excess is beyond the margin, where it was found.
        direction: on the axes; an image beyond `threshold` along it is in the group.
        threshold: see there.
    """

    strength: float
    direction: Array
    threshold: float

    def members(self, placed: Float[np.ndarray, "image axis"]) -> Bool[np.ndarray, " image"]:
        """Which images are in the group."""
        return placed @ self.direction > self.threshold


def find_groups(
    placed: Float[np.ndarray, "image axis"],
    effect: Float[np.ndarray, " image"],
    margin: Callable[[Float[np.ndarray, " other"]], float],
) -> Iterator[Group]:
    """Every group that the tails of a way's effect suggest and whose excess is beyond the margin.

    Args:
        placed: the images on the axes.
        effect: what the way does to hosts.
        margin: by the effects of the images that are not in the group.
    """
    seen: set[bytes] = set()
    order = np.argsort(-effect, kind="stable")
    for share in TAILS:
        few = np.zeros(len(effect), bool)
        few[order[: max(LEAST, round(share * len(effect)))]] = True
        first, rest = placed[few].mean(axis=0), placed[~few].mean(axis=0)
        spread = np.cov(placed[~few], rowvar=False)
        ridge = RIDGE * max(float(np.trace(spread)) / len(spread), 1e-12)
        direction = cast("Array", np.linalg.solve(spread + ridge * np.eye(len(spread)), first - rest))
        threshold = float((first + rest) @ direction / 2)
        own = cast("Array", placed @ direction > threshold)
        if own.tobytes() in seen or not LEAST <= own.sum() <= len(own) / 2:
            continue
        seen.add(own.tobytes())
        inside, others = effect[own], effect[~own]
        error = np.sqrt(inside.var(ddof=1) / len(inside) + others.var(ddof=1) / len(others))
        beyond = float(inside.mean() - others.mean()) - margin(others)
        if beyond > 0:
            yield Group(beyond / max(float(error), 1e-12), direction, threshold)
