"""How far a sum over panels is from the integral, by measure, and which panels to blame.

Three things are known of a pair of panels that share a parent: the differences l and r of the integrand across each,
times half their width, and the change l - r that cutting the parent made.

- Where the integrand *jumps* inside a panel, at a place as likely as any other, the panel is off by x l, x even on
  [-1, 1]: never more than |l|. So errors are drawn so, for all panels at once, with seeded x, and their sum is judged
  by its mean and its spread: few jumps, many, and jumps that all point the same way each get what they need.
- Where it is *continuous*, l and r nearly agree and their difference tells the error: a third of the change if it is
  smooth, 0 to 1 of it at a kink, 0.32 in the root mean square. It is drawn in the same way, scaled by the ratio rho at
  which changes shrink from parents to their halves, as rho / sqrt(1 - rho^2).

Which of both holds, the sizes say: |l - r|^2 is |l|^2 + |r|^2 where jumps are unrelated, and much less where l and r
agree; a single pair can't tell. A change that is small by luck is not believed: half of the parent's stands in for it
(an eighth where the integrand is continuous), as far as l and r allow. Where the sum is blind to what happens (the
score does not move), jumps may cancel within a panel unseen: what such pairs may hide is added. What panels miss of a
sum that is known is added too (`missed`).
Derivation and measurements: docs/evidence/quadrature.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from innerview.quadrature.missed import MOST, cancelling, known_errors
from innerview.quadrature.panels import Panel
from innerview.quadrature.sketches import Sketches
from innerview.types import Array

DRAWS: Final = 48
SPREADS: Final = 3.0
"""Standard deviations above the mean of what was drawn. Of one jump alone that is 1.37 of the worst case."""

CAREFUL: Final = 1.25
"""Factor on errors of jumps."""

JUMPS: Final = (0.72, 0.9)
"""Share of |l|² + |r|² in |l - r|² (its root): up to the first the integrand counts as continuous, from the second on
as one that jumps."""

SWINGS: Final = (1.02, 1.2)
"""The same root beyond 1, where l and r are against each other: from none to all of what a wave gives whose nodes lie
too far apart to follow it."""

UNFOLLOWED: Final = 2.5
"""Factor on errors of such a wave: values that are as good as random leave a sum that much further off than jumps."""

SLOWEST: Final = 0.95
STEADY: Final = 0.25
"""Ratios of changes from parents to halves, at most and at least: kinks shrink by 1/4 and jumps by 1/2."""

LUCK: Final = (0.5, 0.125)
"""Share of a parent's change that stands in for a smaller one, where the integrand jumps and where it does not."""

TREND: Final = 1.4 / 3
"""Share of the sum of all changes that is missing if they all point the same way, with something to spare."""

ROUGH: Final = 0.68
"""The same root from which on an integrand is not taken for wholly continuous."""

FEW: Final = 4.0
"""Number of pairs that make most of the change, up to which it is a matter of single features."""

DOUBT: Final = 0.5
"""Weight of jumps at least, where a single pair makes all of the change: one pair can't tell."""

KINK: Final = 0.8
"""Share of a single change that may be missing; of several, less by the root of their number."""

POOLED: Final = 0.7
"""Share of its neighbours' differences, scaled to its width, that a panel is taken to have where jumps are dense."""

PAIRS: Final = 2.0
"""Standard deviations of what may be hidden by jumps that cancel within a panel."""

AROUND: Final = 2
"""Panels on either side that tell what may be hidden in one."""


@dataclass(frozen=True)
class Judgement:
    """Errors by measure, in units of the sketches.

    Attributes:
        steps: judged by the changes; `gaps`: known to be missed, panel by panel, added in squares.
        needs: by leaf, how much of both it is to blame for.
        rough: the integrand was not taken for continuous, in some measure.
    """

    steps: Array
    gaps: Array
    needs: dict[Panel, Array]
    rough: bool


@lru_cache(maxsize=8)
def _draws(count: int) -> Array:
    return np.random.default_rng(2026).uniform(-1, 1, (DRAWS, count))


def drawn(vectors: Array, spreads: float = SPREADS) -> float:
    """Size of a sum of vectors, each times a number that is even on [-1, 1]: its mean and so many deviations."""
    count = max(512, 1 << (len(vectors) - 1).bit_length())
    sizes = np.abs(_draws(count)[:, : len(vectors)] @ vectors).sum(axis=1)
    return float(sizes.mean() + spreads * sizes.std())


def judge(root: Panel, sketches: Sketches, known: Callable[[float], Array] | None) -> Judgement:
    """Judge a tree of panels.

    Args:
        root: the whole; every leaf has a parent whose `change` is known.
        sketches: of the integrand, in u, at all borders.
        known: the integral of each view's sum from 0 to a place in u, by measure, up to a constant; None: not known.
    """
    blind = cancelling(root.leaves(), sketches) >= MOST
    pairs = _Pairs(root.parents(), sketches, blind & (known is not None))
    count = len(sketches.parts)
    needs = {half: np.zeros(count) for panel in pairs.panels for half in panel.halves if half.leaf}
    steps = np.array([pairs.judged(measure, needs) for measure in range(count)])
    gaps = np.zeros(count)
    if known is not None:
        missed = known_errors(needs, sketches, known)
        gaps = np.sqrt((missed**2).sum(axis=0))
        needs = {leaf: np.hypot(need, one) for (leaf, need), one in zip(needs.items(), missed, strict=True)}
    return Judgement(steps, gaps, needs, pairs.rough)


def suspects(leaves: Sequence[Panel], sketches: Sketches) -> dict[Panel, float]:
    """By leaf, what it would be off by if the integrand changed in it as it does in and around it.

    What is small in a panel alone may be two jumps that cancel; what is small all around it is not.
    """
    starts, ends = [leaf.start for leaf in leaves], [leaf.end for leaf in leaves]
    widths = np.array([leaf.width for leaf in leaves])[:, None]
    rates = sketches.sizes(sketches.at(ends) - sketches.at(starts)) ** 2 / widths
    near = np.ones(2 * AROUND + 1)
    counts = np.convolve(np.ones(len(leaves)), near, "same")[:, None]
    found = np.stack([np.convolve(rate, near, "same") for rate in rates.T], axis=1) / counts * widths**3
    shares = np.sqrt(found / np.maximum(found.sum(axis=0), np.finfo(float).tiny))
    return dict(zip(leaves, shares.max(axis=1).tolist(), strict=True))


def differences(panels: Sequence[Panel], sketches: Sketches) -> tuple[tuple[Array, Array], Array]:
    """Differences across both halves of each panel, times half the *other* one's width, and what its cut changed.

    The change is the first less the second. Where a panel is cut in its middle, halves are as wide as each other.
    """
    start, middle, end = (
        sketches.at(places)
        for places in (
            [panel.start for panel in panels],
            [panel.middle for panel in panels],
            [panel.end for panel in panels],
        )
    )
    before = np.array([panel.middle - panel.start for panel in panels])[:, None]
    after = np.array([panel.end - panel.middle for panel in panels])[:, None]
    sides = after / 2 * (middle - start), before / 2 * (end - middle)
    return sides, sides[0] - sides[1]


class _Pairs:
    """The parents of all leaves, with what is known of their halves."""

    def __init__(self, panels: Sequence[Panel], sketches: Sketches, blind: Array) -> None:
        self._blind = blind
        self.panels = panels
        self._parts = sketches.parts
        self._sides, self._change = differences(panels, sketches)
        self.rough = False
        self._leaf = np.array([[half.leaf for half in panel.halves] for panel in panels])
        self._sizes = np.stack([sketches.sizes(side) for side in self._sides])
        self._changes = np.stack([panel.change for panel in panels])
        self._earlier = np.stack([(panel.parent or panel).change for panel in panels])
        self._weight = np.array([_share(panel) for panel in panels])
        widths = np.array([[half.width for half in panel.halves] for panel in panels])
        self._widths, self._scales = widths, widths / widths[:, ::-1]

    def judged(self, measure: int, needs: dict[Panel, Array]) -> float:
        """The error in one measure; adds to each leaf's need."""
        part = self._parts[measure]
        change, earlier = self._changes[:, measure], self._earlier[:, measure]
        sizes = self._sizes[:, :, measure]
        both = np.hypot(*sizes)
        ratio = min(max(_ratio(change, earlier * np.sqrt(self._weight)), STEADY), SLOWEST)
        scale = ratio / math.sqrt(1 - ratio**2) * math.sqrt(3)
        share = _discord(change, both)
        jumps, swings = (float(np.clip((share - low) / (high - low), 0, 1)) for low, high in (JUMPS, SWINGS))
        careful = 1 + (UNFOLLOWED - 1) * swings
        count = _number(change)
        self.rough |= share > ROUGH or count < FEW
        doubted = max(jumps, DOUBT * float(np.clip((FEW - count) / (FEW - 1), 0, 1)))
        scale = max(scale, KINK / math.sqrt(count))
        sudden, steady = (np.minimum(np.maximum(change, part_of * earlier), both) for part_of in LUCK)
        single = self._leaf.sum(axis=1) == 1
        vectors: list[Array] = []
        amounts = np.zeros((len(self.panels), 2))
        for side in (0, 1):
            allowed = np.where(single, np.minimum(sizes[side], np.maximum(change, LUCK[0] * earlier)), 0)
            size = np.where(single, allowed, sizes[side] * _over(sudden, both)) * self._leaf[:, side]
            amounts[:, side] = size * self._scales[:, side]
            own = _over(size, sizes[side]) * self._scales[:, side]
            vectors.append(self._sides[side][:, part] * own[:, None])
        left = np.where(single, np.minimum(steady / math.sqrt(2), (sizes.T * self._leaf).sum(axis=1)), steady)
        smooth = self._change[:, part] * _over(left, change)[:, None]
        error = max(drawn(smooth) * scale, float(np.abs(smooth.sum(axis=0)).sum()) * TREND)
        if doubted > 0:
            believed, pooled = self._pooled(vectors, part)
            amounts = np.maximum(amounts, pooled)
            error += doubted * max(CAREFUL * drawn(believed) - error, 0.0)
        hidden = jumps * self._paired(part) if jumps > 0 and self._blind[measure] else np.zeros(self._leaf.shape)
        error = math.hypot(error, float(np.linalg.norm(hidden)))
        shared = np.where(single, left, left / math.sqrt(2))
        for place, panel in enumerate(self.panels):
            for side, half in enumerate(panel.halves):
                if half.leaf:
                    amount = doubted * CAREFUL * amounts[place, side] + (1 - doubted) * scale * shared[place]
                    needs[half][measure] = careful * math.hypot(amount, hidden[place, side])
        return careful * error

    def _pooled(self, vectors: Sequence[Array], part: slice) -> tuple[Array, Array]:
        """Differences of all leaves, none far below those of both its neighbours; and the sizes that were taken.

        A small difference among large ones is luck: jumps that cancel, or a wave that is met at one phase twice.
        """
        rows = [
            (half.start, place, side)
            for place, panel in enumerate(self.panels)
            for side, half in enumerate(panel.halves)
            if half.leaf
        ]
        rows.sort()
        own = np.stack([vectors[side][place] for _, place, side in rows])
        raw = np.stack([self._sides[side][place, part] * self._scales[place, side] for _, place, side in rows])
        widths = np.array([self.panels[place].halves[side].width for _, place, side in rows])
        sizes, near = np.abs(own).sum(axis=1), np.abs(raw).sum(axis=1) / widths**1.5
        before, after = np.roll(near, 1), np.roll(near, -1)
        before[0], after[-1] = after[0], before[-1]
        smaller = np.minimum(before, after)
        which = np.where(before <= after, np.arange(len(rows)) - 1, np.arange(len(rows)) + 1)
        which[0], which[-1] = 1, len(rows) - 2
        floor = POOLED * smaller * widths**1.5
        low = floor > sizes
        scale = _over(floor, np.abs(raw[which]).sum(axis=1))
        believed = np.where(low[:, None], raw[which] * scale[:, None], own)
        amounts = np.zeros((len(self.panels), 2))
        for (_, place, side), size in zip(rows, np.maximum(sizes, floor).tolist(), strict=True):
            amounts[place, side] = size
        return believed, amounts

    def _paired(self, part: slice) -> Array:
        """By half, what may be hidden in it by jumps that cancel, so that its ends tell nothing of them.

        Jumps are as many and as large as those that were met, anywhere; two are taken to lie in a panel as often as
        chance would have it, and to cancel the less often the more directions there are.
        """
        across = np.stack([side[:, part] for side in self._sides], axis=1) * (2 / self._widths[:, ::-1])[:, :, None]
        across = across[self._leaf]
        sizes = np.abs(across).sum(axis=1)
        square = float((sizes**2).sum())
        if not square > 0:
            return np.zeros(self._leaf.shape)
        number = float(sizes.sum()) ** 2 / square
        gram = across @ across.T
        directions = float(np.trace(gram)) ** 2 / float((gram**2).sum())
        expected = (number - 1) * self._widths
        often = expected**2 / (2 + expected) * math.exp(1 - directions)
        return PAIRS * np.sqrt(square / number * often / 12) * self._widths * self._leaf


def _share(panel: Panel) -> float:
    """Which share of the squared change of its parent a panel's own is compared with."""
    parent = panel.parent
    if parent is None:
        return 1.0
    return 1.0 if any(half.leaf for half in parent.halves) else panel.width / parent.width


def _ratio(change: Array, earlier: Array) -> float:
    """By which changes shrink from parents to halves, all together."""
    now, before = float(np.linalg.norm(change)), float(np.linalg.norm(earlier))
    return now / before if before > 0 else SLOWEST if now > 0 else STEADY


def _number(sizes: Array) -> float:
    """How many of these make up most of their squares: between 1 and all."""
    square, fourth = float((sizes**2).sum()), float((sizes**4).sum())
    return square**2 / fourth if fourth > 0 else float(len(sizes))


def _discord(change: Array, both: Array) -> float:
    """The root of the share of |l|² + |r|² in |l - r|²; pairs whose changes are large decide."""
    total = float((change**2).sum())
    return math.sqrt(float((change**2 * _over(change, both) ** 2).sum()) / total) if total > 0 else 0.0


def _over(above: Array, below: Array) -> Array:
    """The quotient; 0 where both vanish."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
