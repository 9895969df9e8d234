"""Groups of images that may share a reason: those that look alike to the model where a part of some works elsewhere.

    d = (Σ + λI)⁻¹ (m₁ − m₀),   in the group: images with  d · z > d · (m₁ + m₀) / 2

z are an image's features, on the principal axes of the images that groups are looked for among. m₁ is the mean of the
few images whose part, put into others, does most there, m₀ of the rest, Σ their covariance (Fisher 1936). So the
group's rule is made of features alone: it can be held against images that had no say in it, without asking what their
parts do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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

LEAST: Final = 2
"""Images in a group."""


@dataclass(frozen=True, eq=False)
class Space:
    """Features on their principal axes, each feature first brought to mean 0 and standard deviation 1.

    Attributes:
        mean: of each feature; `size`: its standard deviation.
        axes: axis × feature.
    """

    mean: Array
    size: Array
    axes: Array

    def of(self, features: Float[np.ndarray, "image feature"]) -> Float[np.ndarray, "image axis"]:
        """Images on the axes."""
        return (features - self.mean) / self.size @ self.axes.T


def space_of(features: Float[np.ndarray, "image feature"]) -> Space:
    """The axes on which these images differ most."""
    mean, size = features.mean(axis=0), features.std(axis=0)
    size = np.where(size > 1e-9 * (np.abs(mean) + 1e-30), size, np.inf)  # what never changes tells nothing
    _, _, axes = np.linalg.svd((features - mean) / size, full_matrices=False)
    return Space(mean, size, axes[:AXES])


@dataclass(frozen=True, eq=False)
class Group:
    """A group's rule.

    Attributes:
        way: by which it is suspected: a place in the list of ways.
        excess: what that way does to hosts more than in the other images it was found among, in the effects' unit.
        direction: on the axes; an image beyond `threshold` along it is in the group.
        threshold: see there.
    """

    way: int
    excess: float
    direction: Array
    threshold: float

    def members(self, placed: Float[np.ndarray, "image axis"]) -> Bool[np.ndarray, " image"]:
        """Which images are in the group."""
        return placed @ self.direction > self.threshold


def find_groups(placed: Float[np.ndarray, "image axis"], effects: Float[np.ndarray, "image way"]) -> Iterator[Group]:
    """Every group that the tails of the ways' effects suggest, each with the way that does most in it.

    Args:
        placed: the images on the axes.
        effects: what each way does to hosts, in a unit in which ways can be compared.
    """
    seen: set[bytes] = set()
    for effect in effects.T:
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
            excess = effects[own].mean(axis=0) - effects[~own].mean(axis=0)
            way = int(excess.argmax())
            yield Group(way, float(excess[way]), direction, threshold)
