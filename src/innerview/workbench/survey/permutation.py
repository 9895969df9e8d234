"""Whether a group differs by more than a margin: a permutation test, its correction for many, and an interval.

    H₀: mean of the group − mean of the others ≤ margin;   p = (1 + #{permutations with at least as much}) / (1 + R)

The margin is taken off the group's values and the names "group" and "others" are dealt anew R times (Fisher 1935;
Phipson and Smyth 2010 for the ones). Many p-values are corrected by `methods.paired.holm`. The interval draws images
and hosts anew, both (Owen 2007).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Bool, Float

from innerview.methods.passes import batches
from innerview.types import Array

DEALS: Final = 9999
AT_ONCE: Final = 1000
DRAWS: Final = 1000


def p_beyond(values: Float[np.ndarray, " image"], group: Bool[np.ndarray, " image"], margin: float, seed: int) -> float:
    """The p-value of the group's mean being above the others' by more than the margin; one-sided.

    Args:
        values: one for each image, those of the group and of the others.
        group: which are the group's; at least one, and not all.
        margin: in the values' unit.
        seed: of the permutations.
    """
    shifted = values - margin * group
    count, random = int(group.sum()), np.random.default_rng(seed)
    own = float(shifted[group].sum())  # with the total fixed, the difference grows with the group's sum
    slack = 1e-9 * float(np.abs(shifted).sum())
    above = 0
    for part in batches(DEALS, AT_ONCE):
        dealt = random.random((len(range(DEALS)[part]), len(values)))
        chosen = np.argpartition(dealt, count - 1, axis=1)[:, :count]
        above += int((shifted[chosen].sum(axis=1) >= own - slack).sum())
    return (1 + above) / (1 + DEALS)


def interval_of_excess(
    effects: Float[np.ndarray, "image host"], group: Bool[np.ndarray, " image"], seed: int
) -> tuple[float, float]:
    """95 % of the difference of means, by drawing the group, the others and the hosts anew."""
    random = np.random.default_rng(seed)
    first, rest = effects[group], effects[~group]

    def drawn(count: int) -> Array:
        """How often each row, or host, is taken, over their number: draw × row."""
        return random.multinomial(count, np.full(count, 1 / count), DRAWS) / count

    hosts = drawn(effects.shape[1])
    found = np.einsum("di,ih,dh->d", drawn(len(first)), first, hosts, optimize=True)
    found -= np.einsum("di,ih,dh->d", drawn(len(rest)), rest, hosts, optimize=True)
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)
