"""How far two lists of numbers agree about the order: Spearman's rank correlation."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from innerview.types import Array


def ranks(values: Array) -> Float[np.ndarray, " value"]:
    """Place in the order, from 0; equal values share the mean of their places."""
    _, which, counts = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((ends - counts + ends - 1) / 2)[which.ravel()]


def spearman(one: Array, other: Array) -> float:
    """Pearson's correlation of the ranks, in [-1, 1]; NaN where one of the lists has one value only."""
    first, second = (ranks(values) - ranks(values).mean() for values in (one, other))
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float(first @ second) / size if size > 0 else float("nan")
