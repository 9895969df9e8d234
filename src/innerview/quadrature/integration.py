"""One integral over panels under way: which are cut next, how each state is judged, when to stop.

All panels of the first borders are cut once; from then on those that are most to blame are, alone, as many as should
bring the estimate within the tolerance. While few nodes are there, the integrand at each is kept, so that any panel can
be cut; from `KEPT` on only sums over a few stretches are, and a stretch has all its panels halved together, since then
half of its sum and the new nodes make the next one. So memory does not grow with the evaluations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from typing import Final, final

import numpy as np

from innerview.quadrature.early import ENDS, early_ratio, require_finite
from innerview.quadrature.judging import Judgement, differences, judge, suspects
from innerview.quadrature.panels import GOLDEN, Panel, first_borders, tree
from innerview.quadrature.problems import Integral, Level, Problem
from innerview.quadrature.sketches import Sketches
from innerview.quadrature.substitutions import EARLY, LAYER, POWERS
from innerview.types import Array

FIRST: Final[Mapping[str, tuple[int, float]]] = {"identity": (8, 1.19), "layer": (12, 1.0)}
"""By substitution: how many panels there are at first, and the grading of their borders in u."""

LEAST: Final = 8
"""Panels at first, at least, for an error to be told."""

KEPT: Final = 48
KEPT_BYTES: Final = 2 * 2**20
"""Nodes at which the integrand is kept whole, at least; more as long as they take no more than so many bytes."""

STRETCHES: Final = 4
"""How many stretches there are when it is kept no longer."""

REST: Final = 0.85
"""Share of the tolerance that the panels which are not cut may take of it in the next round."""

BALANCE: Final = 4.0
"""How many times as wide as its neighbour a panel may be. Three places of a wave may lie alike by luck, so that a panel
seems to be done with; where those beside it are cut and cut again, it is not believed."""

CONFIRMED: Final = 4
"""One in so many panels is cut once more before an estimate of a rough integrand is believed: half of them the widest,
half those in which, by what happens around them, most may be hidden."""

PATIENCE: Final = 2
"""Rounds in which the steps have settled and the residual has not moved, before it is taken to stay."""

UNMOVED: Final = 0.9
"""A residual of at least this share of what it was has not moved."""

BESIDE: Final = 0.2
"""By how much of a panel the places where panels are cut lie off their middles, from end to end of the range."""

CAUTIOUS: Final = 8
"""Panels at most that are cut in one round when only the residual asks for it."""

NARROW: Final = 2.0**-20
"""Width in u at which a panel that still misses something is taken for a jump of what is integrated."""


@dataclass(eq=False)
class _Stretch:
    """Neighbouring panels whose sum is kept, and the change that their last halving made."""

    leaves: list[Panel]
    total: Array
    step: Array
    asked: list[float] = field(default_factory=list)
    added: Array | None = None


@final
class Integration:
    """The state of one problem. `take` wants one value for each of the nodes that were wanted."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.result: Integral | None = None
        self._probes = ENDS + ((EARLY,) if problem.budget >= 5 and problem.substitution is None else ())
        self._probed: dict[float, Array] = {}
        self._alphas: list[float] = []
        self._places: list[float] = []  # the same in u, once the substitution is chosen
        self._substitution = ""
        self._sketches = Sketches(problem.measures)
        self._kept: dict[float, Array] = {}
        self._waiting: dict[float, Array] = {}
        self._stretches: list[_Stretch] = []
        self._root = Panel(0.0, 1.0)
        self._cut: dict[Panel, float] = {}  # under way, with the places where
        self._sure = 0  # rounds in which the estimate was within the tolerance, one after the other
        self._open = 0  # values asked for and not yet there
        self._levels: list[Level] = []
        self._settled: list[float] = []  # residuals of the rounds in which the steps had settled
        self._value: Array | None = None
        self._step: Array | None = None

    def start(self) -> Sequence[tuple[int, float]]:
        """The first nodes wanted, as (key, alpha)."""
        self._alphas = list(self._probes)
        return list(enumerate(self._alphas))

    def take(self, key: int, value: Array) -> Sequence[tuple[int, float]]:
        """Take the integrand's value for `key`; give the nodes that are wanted on top of those asked for before.

        Raises:
            InnerviewError: the value is not finite.
        """
        require_finite(value)
        if not self._substitution:
            self._probed[self._alphas[key]] = value
            return self._begin() if len(self._probed) == len(self._probes) else ()
        self._offer(self._places[key], value)
        self._open -= 1
        return () if self._open else self._advance()

    @property
    def levels(self) -> int:
        """How many states have been judged."""
        return len(self._levels)

    def sofar(self) -> Integral:
        """The last state that was judged, as an integral that has not converged; there must be one (`levels`)."""
        return self._integral(converged=False, stalled=False)

    @property
    def _power(self) -> float:
        return POWERS[self._substitution]

    def _begin(self) -> Sequence[tuple[int, float]]:
        problem = self.problem
        ratio = max(early_ratio(measure, self._probed) for measure in problem.measures)
        layer = problem.substitution == "layer" or (problem.substitution is None and ratio > LAYER)
        self._substitution = "layer" if layer else "identity"
        most, grading = FIRST[self._substitution]
        count = min(most, (problem.budget - 1) // 2)
        self._places = [alpha ** (1 / self._power) for alpha in self._alphas]
        for place, value in zip(self._places, (self._probed[alpha] for alpha in self._alphas), strict=True):
            self._offer(place, value)
        first, last = self._probed[0.0], self._probed[1.0]
        if count < 2:
            self._value, self._step = (first.astype(np.float64) + last) / 2, np.zeros(first.shape)
            self._finish(converged=False)
            return ()
        through = EARLY ** (1 / self._power)
        borders = first_borders(count, grading, through)
        self._root = tree(borders)
        return self._halve(self._root.leaves(), borders)

    def _halve(self, panels: Sequence[Panel], borders: Sequence[float] = ()) -> Sequence[tuple[int, float]]:
        """Cut these next; the integral has ended if there are none."""
        if not panels:
            self._finish(converged=False)
            return ()
        self._cut = {panel: _middle(panel) if self._stretches else _beside(panel) for panel in panels}
        return self._ask([*borders, *self._cut.values()])

    def _ask(self, places: Sequence[float]) -> Sequence[tuple[int, float]]:
        known = set(self._places)
        new = [place for place in places if place not in known]
        first = len(self._places)
        self._places += new
        self._alphas += [place**self._power for place in new]
        self._open = len(new)
        return list(enumerate(self._alphas[first:], start=first))

    def _offer(self, place: float, value: Array) -> None:
        density = self._power * place ** (self._power - 1) if self._power > 1 else 1.0
        moved = value.astype(np.float64) * density
        self._sketches.put(place, moved)
        if not self._stretches:
            self._kept[place] = moved
            return
        self._waiting[place] = moved
        for stretch in self._stretches:
            while stretch.asked and stretch.asked[0] in self._waiting:
                leaf = stretch.leaves[len(stretch.leaves) - len(stretch.asked)]
                one = leaf.width / 2 * self._waiting.pop(stretch.asked.pop(0))
                stretch.added = one if stretch.added is None else stretch.added + one

    def _advance(self) -> Sequence[tuple[int, float]]:
        for panel, place in self._cut.items():
            panel.cut(place)
        panels = list(self._cut) if self._levels else self._root.branches()
        for panel, change in zip(panels, self._sketches.sizes(differences(panels, self._sketches)[1]), strict=True):
            panel.change = change
        self._sum()
        assert self._value is not None  # noqa: S101 just summed
        judgement = judge(self._root, self._sketches, self._known())
        steps, gaps = (self._relative(sizes) for sizes in (judgement.steps, judgement.gaps))
        if len(self._root.leaves()) < 2 * LEAST:
            steps = np.full(len(steps), math.inf)
        residual = self.problem.residual(self._value) if self.problem.residual else 0.0
        errors = np.hypot(steps, gaps) * self.problem.safety
        self._levels.append(Level(len(self._alphas), tuple(errors.tolist()), residual))
        if self._levels[-1].worst <= self.problem.tolerance:
            enough = len(self._alphas) >= min(self.problem.least, self.problem.budget)
            if enough and (self._sure or not judgement.rough):
                self._finish(converged=True)
                return ()
            return self._confirm()
        self._sure = 0
        return self._refine(judgement, errors, settled=float(steps.max()) <= self.problem.tolerance)

    def _confirm(self) -> Sequence[tuple[int, float]]:
        """Cut panels, whoever is to blame: an estimate that is small by luck does not outlive it."""
        self._sure += 1
        left = self.problem.budget - len(self._alphas)
        if not self._stretches and len(self._kept) >= self._room():
            self._fold()
        leaves = self._root.leaves()
        suspected = suspects(leaves, self._sketches)
        if self._stretches:
            return self._halve(self._chosen_stretch({leaf: suspected[leaf] + leaf.width for leaf in leaves}, left))
        most = min(left, max(self._room() - len(self._kept), 1), -(-len(leaves) // CONFIRMED))
        first = sorted(leaves, key=lambda leaf: (-suspected[leaf], -leaf.width, leaf.start))[: most // 2]
        first += sorted(set(leaves) - set(first), key=lambda leaf: (-leaf.width, leaf.start))[: most - len(first)]
        return self._halve(sorted(first, key=lambda leaf: leaf.start))

    def _known(self) -> Callable[[float], Array] | None:
        known, alphas = self.problem.known, dict(zip(self._places, self._alphas, strict=True))
        return None if known is None else lambda place: known(alphas[place])

    def _relative(self, sizes: Array) -> Array:
        """Errors in units of the sketches as shares of the integral, in each measure."""
        assert self._value is not None and self._step is not None  # noqa: S101, PT018 summed before
        found = self._sketched_step()
        shares: list[float] = []
        for measure, size, part in zip(self.problem.measures, sizes.tolist(), self._sketches.parts, strict=True):
            true, short = float(np.abs(measure.view(self._step)).sum()), float(np.abs(found[part]).sum())
            whole = part.stop - part.start == measure.view(self._value).size
            factor = 1.0 if whole or short <= 0 else true / short
            shares.append(measure.relative(size * factor, self._value))
        return np.array(shares)

    def _sketched_step(self) -> Array:
        return differences(self._root.parents(), self._sketches)[1].sum(axis=0)

    def _sum(self) -> None:
        """Bring value and step up to date."""
        if self._stretches:
            for stretch in self._stretches:
                if stretch.added is not None:
                    total = stretch.total / 2 + stretch.added
                    stretch.step, stretch.total, stretch.added = total - stretch.total, total, None
                    stretch.leaves = [half for leaf in stretch.leaves for half in leaf.halves]
            self._value = reduce(np.add, [stretch.total for stretch in self._stretches])
            self._step = reduce(np.add, [stretch.step for stretch in self._stretches])
            return
        self._value = self._whole(self._root.leaves())
        self._step = self._stepped(self._root.parents())

    def _whole(self, leaves: Sequence[Panel]) -> Array:
        weights: dict[float, float] = {}
        for leaf in leaves:
            for place in (leaf.start, leaf.end):
                weights[place] = weights.get(place, 0.0) + leaf.width / 2
        return self._weighted(weights)

    def _stepped(self, pairs: Sequence[Panel]) -> Array:
        weights: dict[float, float] = {}
        for panel in pairs:
            before, after = panel.middle - panel.start, panel.end - panel.middle
            for place, weight in ((panel.start, -after), (panel.middle, before + after), (panel.end, -before)):
                weights[place] = weights.get(place, 0.0) + weight / 2
        return self._weighted(weights)

    def _weighted(self, weights: Mapping[float, float]) -> Array:
        total = np.zeros(next(iter(self._kept.values())).shape)
        for place in sorted(weights):
            total += weights[place] * self._kept[place]
        return total

    def _refine(self, judgement: Judgement, errors: Array, *, settled: bool) -> Sequence[tuple[int, float]]:
        left = self.problem.budget - len(self._alphas)
        worst = int(np.argmax(errors))
        needs = {leaf: float(need[worst]) for leaf, need in judgement.needs.items() if need[worst] > 0}
        if settled and self._stays(needs):
            self._finish(converged=False, stalled=True)
            return ()
        if not self._stretches and len(self._kept) >= self._room():
            self._fold()
        if self._stretches:
            return self._halve(self._chosen_stretch(needs, left))
        most = min(left, max(self._room() - len(self._kept), 1), CAUTIOUS if settled else left)
        error = math.inf if settled else float(errors[worst])
        chosen = _chosen(needs, most, error, self.problem.tolerance)
        return self._halve(_balanced(self._root.leaves(), chosen, most))

    def _stays(self, needs: Mapping[Panel, float]) -> bool:
        """Whether what the residual misses stays, however finely the panels that miss it are cut."""
        residual = self._levels[-1].residual
        if residual <= self.problem.tolerance:
            return False
        self._settled.append(residual)
        squares = sorted((need**2 for need in needs.values()), reverse=True)
        lonely = bool(squares) and sum(squares[:3]) > 0.9 * sum(squares)
        wide = bool(needs) and max(needs, key=lambda leaf: needs[leaf]).width > NARROW
        last = self._settled[-PATIENCE - 1 :]
        unmoved = len(last) > PATIENCE and last[-1] >= UNMOVED * last[0]
        return unmoved and not (lonely and wide and not self._stretches)

    def _room(self) -> int:
        size = next(iter(self._kept.values())).nbytes
        return max(KEPT, KEPT_BYTES // max(size, 1))

    def _fold(self) -> None:
        """Keep sums over stretches in place of the integrand at each node."""
        leaves, pairs = self._root.leaves(), self._root.parents()
        for first in range(STRETCHES):
            own = leaves[first * len(leaves) // STRETCHES : (first + 1) * len(leaves) // STRETCHES]
            inside = [pair for pair in pairs if own[0].start <= pair.start < own[-1].end]
            self._stretches.append(_Stretch(own, self._whole(own), self._stepped(inside)))
        self._kept = {}

    def _chosen_stretch(self, needs: Mapping[Panel, float], left: int) -> list[Panel]:
        open_ones = [stretch for stretch in self._stretches if len(stretch.leaves) <= left]
        if not open_ones:
            return []
        worst = max(open_ones, key=lambda stretch: sum(needs.get(leaf, 0.0) ** 2 for leaf in stretch.leaves))
        if not any(needs.get(leaf, 0.0) > 0 for leaf in worst.leaves):
            return []
        worst.asked = [_middle(leaf) for leaf in worst.leaves]
        return list(worst.leaves)

    def _finish(self, *, converged: bool, stalled: bool = False) -> None:
        self.result = self._integral(converged=converged, stalled=stalled)
        self._kept, self._waiting, self._stretches, self._probed = {}, {}, [], {}

    def _integral(self, *, converged: bool, stalled: bool) -> Integral:
        assert self._value is not None and self._step is not None  # noqa: S101, PT018 summed, or both ends are all
        return Integral(
            value=self._value,
            converged=converged,
            stalled=stalled,
            levels=tuple(self._levels),
            steps=(self._step,),
            alphas=tuple(self._alphas),
            family="trapezoid",
            substitution=self._substitution,
        )


def _middle(panel: Panel) -> float:
    return (panel.start + panel.end) / 2


def _beside(panel: Panel) -> float:
    """A place near the middle, another one in each panel, so that no wave suits them all."""
    return _middle(panel) + BESIDE * panel.width * (panel.start / panel.width * GOLDEN % 1 - 0.5)


def _chosen(needs: Mapping[Panel, float], most: int, error: float, tolerance: float) -> list[Panel]:
    """The panels most to blame: as few as should bring the error within the tolerance, at most so many."""
    order = sorted(needs, key=lambda leaf: (-needs[leaf], leaf.start))
    order = [leaf for leaf in order if leaf.start < _middle(leaf) < leaf.end]
    total = sum(need**2 for need in needs.values())
    goal = total * (REST * tolerance / error) ** 2 if math.isfinite(error) else 0.0
    chosen: list[Panel] = []
    for leaf in order[:most]:
        if chosen and total <= goal:
            break
        total -= needs[leaf] ** 2
        chosen.append(leaf)
    return sorted(chosen, key=lambda leaf: leaf.start)


def _balanced(leaves: Sequence[Panel], chosen: Sequence[Panel], most: int) -> list[Panel]:
    """Add neighbours that would be too wide beside the halves of those chosen, as long as there is room."""
    cut = dict.fromkeys(chosen)
    for left, right in pairwise(leaves):
        for one, other in ((left, right), (right, left)):
            narrow = one.width / 2 if one in cut else one.width
            if other not in cut and other.width > BALANCE * narrow and len(cut) < most:
                cut[other] = None
    return sorted(cut, key=lambda leaf: leaf.start) if chosen else []
