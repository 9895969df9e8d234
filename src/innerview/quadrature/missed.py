"""What panels miss of a sum that is known from end to end, and what that says of features that no node has met.

Scores are known wherever gradients are, so the plain sum of each panel's error is known exactly; its size is not,
since signs cancel. Two rules:

- What is missed is an error at least as large, and counts as one.
- As long as all that happens in a panel shows at its ends (a jump, a kink, a bend), what it misses is no more than the
  plain sum of what changes across it, or of what cutting its parent changed. What goes beyond was met by no node: a
  feature as large as that excess, times the factor by which signs cancel in what was met, and something to spare.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from innerview.quadrature.panels import Panel
from innerview.quadrature.sketches import Sketches
from innerview.types import Array

CERTAIN: Final = 1.1
"""Factor on what panels are known to miss."""

HIDDEN: Final = 2.5
"""Times the factor by which signs cancel in what was met, by which they may in a feature that was not."""

EXPECTED: Final = 1.0
"""How many times its judged error, and its neighbours', such a feature has to reach before it counts."""

MOST: Final = 100.0
"""Largest factor by which signs are taken to cancel; from there on the sum is blind to what happens."""


def known_errors(judged: Mapping[Panel, Array], sketches: Sketches, known: Callable[[float], Array]) -> Array:
    """Sizes of what is known to be missed, leaf × measure.

    Args:
        judged: by leaf, its error by measure as its differences tell it.
        sketches: of the integrand, in u, at all borders.
        known: the integral of each view's sum from 0 to a place in u, by measure, up to a constant.
    """
    leaves = list(judged)
    missed = _missed(leaves, sketches, known)
    hidden = np.maximum(missed - _accounted(leaves, sketches), 0) * cancelling(leaves, sketches)
    unmet = np.where(hidden > EXPECTED * _nearby(judged), HIDDEN * hidden, 0.0)
    return CERTAIN * np.maximum(missed, unmet)


def cancelling(leaves: Sequence[Panel], sketches: Sketches) -> Array:
    """By measure, how much larger what changes across panels is than its plain sum, all together."""
    starts, ends, _ = _borders(leaves)
    sizes = sketches.sizes(sketches.at(ends) - sketches.at(starts)).sum(axis=0)
    sums = np.abs(sketches.sums(ends) - sketches.sums(starts)).sum(axis=0)
    return np.clip(np.divide(sizes, sums, out=np.full_like(sizes, MOST), where=sums > 0), 1, MOST)


def _borders(panels: Sequence[Panel]) -> tuple[list[float], list[float], Array]:
    widths = np.array([panel.width for panel in panels])[:, None]
    return [panel.start for panel in panels], [panel.end for panel in panels], widths


def _missed(leaves: Sequence[Panel], sketches: Sketches, known: Callable[[float], Array]) -> Array:
    starts, ends, widths = _borders(leaves)
    found = widths / 2 * (sketches.sums(starts) + sketches.sums(ends))
    scores = {place: known(place) for place in {*starts, *ends}}
    return np.abs(found - np.stack([scores[end] - scores[start] for start, end in zip(starts, ends, strict=True)]))


def _accounted(leaves: Sequence[Panel], sketches: Sketches) -> Array:
    """Plain sums of what panels may be off by if all that happens in them shows at their ends or their parent's.

    Of what cutting the parent changed a panel has its share at most: the rest happens in its other half.
    """
    starts, ends, widths = _borders(leaves)
    across = widths / 2 * (sketches.sums(ends) - sketches.sums(starts))
    own = widths / 2 * sketches.sizes(sketches.at(ends) - sketches.at(starts))
    first, second = zip(*[leaf.parent.halves if leaf.parent else (leaf, leaf) for leaf in leaves], strict=True)
    start, middle, before = _borders(first)
    _, end, after = _borders(second)
    rising, falling = (sketches.sums(to) - sketches.sums(of) for of, to in ((start, middle), (middle, end)))
    cut = np.stack([leaf.parent.change if leaf.parent else np.zeros(own.shape[1]) for leaf in leaves])
    share = np.minimum(np.divide(own, cut, out=np.ones_like(own), where=cut > own), 1)
    return np.maximum(np.abs(across), share * np.abs(after * rising - before * falling) / 2)


def _nearby(judged: Mapping[Panel, Array]) -> Array:
    """By leaf, the largest of its own judged error and those of its neighbours."""
    order = sorted(range(len(judged)), key=[leaf.start for leaf in judged].__getitem__)
    own = np.stack(list(judged.values()))
    padded = np.pad(own[order], ((1, 1), (0, 0)))
    found = np.empty_like(own)
    found[order] = np.maximum(np.maximum(padded[:-2], padded[2:]), padded[1:-1])
    return found
