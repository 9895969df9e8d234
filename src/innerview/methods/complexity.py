"""How complex a map is, by the entropy of its values, and how much that rises when the weights are shuffled.

    H(M) = −Σ over bins of p_b log p_b,   rise = (H(M of shuffled weights) − H(M)) / H(M)

The efficient randomisation test of Hedström and others 2024, arXiv 2401.06465: a map that tells something of the
trained weights is simpler than one of weights that know nothing. A map that does not look at the weights rises by 0.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from innerview.types import Map

BINS: Final = 100


def entropy(values: Map) -> float:
    """Entropy (nats) of the histogram of a map over its own range; 0 for a map of one value."""
    counts = np.histogram(values, BINS)[0] if np.ptp(values) > 0 else np.array([values.size])
    shares = counts[counts > 0] / values.size
    return float(-(shares * np.log(shares)).sum())


def rise(before: float, after: float) -> float:
    """The relative rise of the entropy; NaN for a map of one value."""
    return (after - before) / before if before > 0 else float("nan")
