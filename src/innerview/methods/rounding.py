"""How far a model's rounding moves its map: what can be reached of an accuracy in half precision, measured.

The gradients of a model in float16 or bfloat16 are right to a few per cent each. Part of that differs from evaluation
to evaluation and averages out in an integral, the rest does not; and the two scores that a map has to add up to are
rounded as well. So at a few places of the path the model is asked beside a copy of itself in full precision:

    d_k = integrand_k - integrand of the copy_k,   common = |mean of d_k|,   apart = mean of |d_k - mean|
    floor(n) = sqrt(common² + apart² / n),   of n evaluations

each an L1 norm as a share of the copy's map, times a safety, with the part of |mean|² that `apart` alone would give
taken off. Where no copy in full precision can be had, the same image stands beside itself, each pixel moved by less
than the precision can tell apart: `apart` is known then, and what all evaluations have in common is not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from innerview.errors import ModelError
from innerview.model import HALVES, OUTPUT, UNITS, DifferentiableModel, precision_of
from innerview.types import Array

if TYPE_CHECKING:
    from innerview.methods.walk import Walk

PLACES: Final = 8
"""Of the path at which rounding is measured, in the middles of as many equal parts."""

SAFETY: Final = 1.5
"""On what is measured: few places tell a size that roughly."""

REACH: Final = 128
"""Evaluations by which an accuracy is to be reached: twice as many bring what differs down by 0.7, and the rest not."""

ROOM: Final = 0.9
"""Of a tolerance, how much rounding may take: what is left is the integral's, and its cost grows without end."""

UNEVEN: Final = 1.5
"""An integral's nodes are not evenly spread, so they average less than as many that are."""

WIDER: Final = (np.float64, np.float32)
"""Precisions of the copy, the best first; an accelerator may lack the first."""


@dataclass(frozen=True)
class Rounding:
    """What rounding does to one image's maps.

    Attributes:
        precision: in which the model computes.
        beside: precision of the copy; empty where there was none.
        common: by measure (map and channels of each target), what all evaluations have in common.
        apart: by measure, what one evaluation has of its own.
        changes: of the score from baseline to image, by target, as the copy has it.
        scores: by target, how far the model's own change of the score is off, in target units.
        slack: by target, how far `changes` themselves may be off; 0 where they are the copy's.
        sizes: by target, of the map: the L1 norm to which a gap is relative.
        n_evaluations: that were spent.
    """

    precision: str
    beside: str
    common: tuple[float, ...]
    apart: tuple[float, ...]
    changes: tuple[float, ...]
    scores: tuple[float, ...]
    slack: tuple[float, ...]
    sizes: tuple[float, ...]
    n_evaluations: int

    def floor(self, evaluations: float, measure: int) -> float:
        """The share of a map that rounding moves, after so many evaluations."""
        return math.hypot(self.common[measure], self.apart[measure] / math.sqrt(max(evaluations, 1)))

    def reach(self, evaluations: float, target: int) -> float:
        """The best error that so many evaluations can state of a target's map."""
        floors = [self.floor(min(evaluations, REACH), 2 * target + side) for side in (0, 1)]
        size = self.sizes[target]
        return max(*floors, self.scores[target] / size if size > 0 else 0.0)

    def division(self, tolerance: float, evaluations: float) -> tuple[float, int]:
        """What of a tolerance the integral may take, and how many evaluations bring rounding within the rest.

        Errors that know nothing of each other add up as squares. Where rounding takes it all, the integral is refined
        as far as rounding lets anybody see.
        """
        reach = max(self.reach(evaluations, target) for target in range(len(self.sizes)))
        if reach > ROOM * tolerance:
            return max(reach, tolerance), 0
        allowed = max(reach, tolerance / math.sqrt(2))
        counts = (
            UNEVEN * one**2 / (allowed**2 - all_have**2) if one > 0 else 0.0
            for one, all_have in zip(self.apart, self.common, strict=True)
        )
        return math.sqrt(tolerance**2 - allowed**2), min(math.ceil(max(counts)), REACH)

    def within(self, tolerance: float, evaluations: float, target: int) -> bool:
        """Whether rounding leaves room for a tolerance."""
        return self.reach(evaluations, target) <= ROOM * tolerance

    def moved(self, evaluations: float, target: int) -> float:
        """The share of a target's map that rounding moves or can't tell, after so many evaluations."""
        size = self.sizes[target]
        return max(self.floor(evaluations, 2 * target), self.scores[target] / size if size > 0 else 0.0)

    def note(self, moved: float, tolerance: float, error: float) -> str:
        """What was reached and why no more, in a sentence.

        Args:
            moved: the share of the map that rounding moves.
            tolerance: that was asked for.
            error: that is stated; below `tolerance` it was met.
        """
        how = (
            f"measured beside the same model in {self.beside}, at {PLACES} places of the path"
            if self.beside
            else f"measured at {PLACES} places of the path by moving pixels less than {self.precision} can tell apart; "
            "what all evaluations have in common is not in it"
        )
        told = f"rounding moves this map by {100 * moved:.2g} % ({how})"
        if error <= tolerance:
            return f"The model computes in {self.precision}: {told}, which is part of its error."
        ask = max(error, moved) / ROOM
        place = 10.0 ** math.floor(math.log10(ask))
        return (
            f"{100 * tolerance:.2g} % can't be reached: the model computes in {self.precision}, and {told}, however "
            f"many evaluations are spent. Ask for {100 * math.ceil(ask / place) * place:.2g} %, or let it compute in "
            "full precision: --precision float32, innerview.wrap(model, precision='float32')."
        )


def copy_beside(model: DifferentiableModel) -> DifferentiableModel | None:
    """A copy in full precision of a model that computes in half; None where it is full already, or none can be had."""
    for dtype in WIDER if precision_of(model) in HALVES else ():
        try:
            found = model.astype(dtype)
        except (ModelError, MemoryError):
            continue
        if precision_of(found) not in HALVES:  # what switches to half inside does so in every copy
            return found
    return None


def measured(model: DifferentiableModel, beside: DifferentiableModel | None, walk: Walk) -> Rounding:
    """Measure what rounding does to a walk's maps.

    Args:
        model: that computes in half precision.
        beside: the same in full precision, if there is one.
        walk: begun, so that its targets are known.
    """
    places = [(number + 0.5) / PLACES for number in range(PLACES)]
    starts = range(len(walk.job.baselines))
    ends = [walk.job.image, *walk.job.baselines]
    points = np.stack([walk.point(alpha, start) for alpha in places for start in starts] + ends)
    other = points if beside is not None else _moved(points, UNITS[precision_of(model)])
    own, own_scores = _seen(model, points, walk, len(places))
    exact, exact_scores = _seen(beside or model, other, walk, len(places))
    difference = own - exact if beside is not None else (own - exact) / math.sqrt(2)
    middle = exact.mean(axis=0)
    own_change, change = (scores[:, 0] - scores[:, 1:].mean(axis=1) for scores in (own_scores, exact_scores))
    off = np.abs(own_change - change) / (1 if beside is not None else math.sqrt(2))
    common, apart, sizes = list[float](), list[float](), list[float]()
    for target in range(len(walk.targets)):
        for view in (_of_map, _of_channels):
            values, size = view(difference[:, target]), float(np.abs(view(middle[None, target])).sum())
            mean = values.mean(axis=0)
            scatter = float(np.abs(values - mean).sum(axis=tuple(range(1, values.ndim))).mean())
            scatter *= math.sqrt(PLACES / (PLACES - 1))
            alike = math.sqrt(max(float(np.abs(mean).sum()) ** 2 - scatter**2 / PLACES, 0.0))
            common.append(SAFETY * (alike if beside is not None else 0.0) / size if size > 0 else 0.0)
            apart.append(SAFETY * scatter / size if size > 0 else 0.0)
        sizes.append(float(np.abs(_of_map(middle[None, target])).sum()))
    known = beside is not None
    return Rounding(
        precision=precision_of(model),
        beside=precision_of(beside) if beside is not None else "",
        common=tuple(common),
        apart=tuple(apart),
        changes=tuple((change if known else own_change).tolist()),
        scores=tuple(off.tolist()),
        slack=tuple((np.zeros_like(off) if known else off).tolist()),
        sizes=tuple(sizes),
        n_evaluations=2 * len(points),
    )


def evenly(alphas: Sequence[float]) -> float:
    """As many evaluations of equal weight average rounding as well as the trapezoid through these places of [0, 1]."""
    places = np.sort(np.asarray(alphas, np.float64))
    if len(places) < 2:
        return float(len(places))
    weights = np.diff(np.concatenate([places[:1], (places[1:] + places[:-1]) / 2, places[-1:]]))
    return float(weights.sum() ** 2 / (weights**2).sum())


def _seen(model: DifferentiableModel, points: Array, walk: Walk, places: int) -> tuple[Array, Array]:
    """The integrand (place × target × height × width × channel), and scores at image and baselines (target × end)."""
    found = list(_passes(model, points.astype(model.dtype), walk))
    gradients = np.concatenate([one for one, _ in found], axis=1)
    outputs = np.concatenate([one for _, one in found])
    inside = places * len(walk.job.baselines)
    shape = (len(walk.targets), places, len(walk.job.baselines), *points.shape[1:])
    integrand = (gradients[:, :inside].astype(np.float64).reshape(shape) * walk.directions).mean(axis=2)
    scores = [target.score(outputs[inside:]).astype(np.float64) for target in walk.targets]
    return integrand.swapaxes(0, 1), np.stack(scores)


def _passes(model: DifferentiableModel, points: Array, walk: Walk) -> Iterator[tuple[Array, Array]]:
    def grad_output(outputs: Array) -> Array:
        return np.stack([target.grad_output(outputs) for target in walk.targets])

    for begin in range(0, len(points), model.batch_size):
        answer = model.vjp(points[begin : begin + model.batch_size], {OUTPUT: grad_output})
        yield answer.input_gradients, answer.outputs


def _moved(points: Array, unit: float) -> Array:
    """Each pixel moved by up to half a unit of the last place of 1, seeded."""
    random = np.random.default_rng(0)
    shape: tuple[int, ...] = points.shape
    return np.asarray(points + unit * (random.random(shape) - 0.5), points.dtype)


def _of_map(values: Array) -> Array:
    return values.sum(axis=-1)


def _of_channels(values: Array) -> Array:
    return values
