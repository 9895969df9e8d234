"""What is kept of one image while its integrated gradients are under way.

The integrand at alpha is gradient × (image − baseline), target × baseline × height × width × channel. An error is
measured for each target on the map that is drawn and on height × width × channel, both of the mean over the
baselines; a result stops only when all of them and the gaps are within the tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from innerview.errors import UsageError
from innerview.methods.accounting import Account
from innerview.methods.rounding import Rounding
from innerview.model import DifferentiableModel, precision_of
from innerview.quadrature import Integral, Measure
from innerview.results import InteriorGradients, PathProfile, Provenance
from innerview.targets import Target
from innerview.types import Array, Image, LogitRow, Map

NEIGHBOURS: Final = 0.25
"""Weight of the whole map's mean square beside that of the 3 × 3 pixels around, in a pixel's error: nine numbers
alone are too few to say how wrong one of them is. Measured; see docs/evidence/quadrature.md."""

PIXEL_SAFETY: Final = 1.25
"""Factor on a pixel's error beside that of the whole map; measured so that at least nine pixels in ten are within
theirs."""


@dataclass(frozen=True)
class Job:
    """One image to be explained.

    Attributes:
        image: pixels, height × width × channel.
        targets: questions about it; an open class is the one that wins at the image. They share the passes.
        baselines: where the paths start; of several, the maps are averaged.
        interior: alphas in [0, 1] on the path from the first baseline whose gradients are wanted themselves. They are
            worked out in the same batches, and those that the integral visits anyway cost nothing.
    """

    image: Image
    targets: tuple[Target, ...]
    baselines: tuple[Image, ...]
    interior: tuple[float, ...] = ()


@final
class Walk:
    """One job under way: its resolved targets, and outputs and gradient norms at the places it has been to."""

    def __init__(self, model: DifferentiableModel, job: Job) -> None:
        self.job = job
        self._model, self._dtype = model, model.dtype  # finding out a module's precision takes a look at every weight
        self._directions = np.stack([job.image.astype(np.float64) - baseline for baseline in job.baselines])
        self._targets: tuple[Target, ...] = ()
        self._logits: dict[tuple[float, int], LogitRow] = {}
        self._norms: dict[tuple[float, int], Array] = {}
        self.rounding: Rounding | None = None
        self._inside: dict[float, tuple[LogitRow, Array] | None] = dict.fromkeys(job.interior)

    @property
    def directions(self) -> Array:
        """Image less baseline: baseline × height × width × channel, float64."""
        return self._directions

    def begin(self, at_image: LogitRow, baselines: Sequence[LogitRow]) -> None:
        """Take what the model says at both ends, for a rule that may not go there."""
        self._targets = tuple(target.resolve(at_image, self._model.output) for target in self.job.targets)
        for start, logits in enumerate(baselines):
            self._logits[1.0, start], self._logits[0.0, start] = at_image, logits

    def point(self, alpha: float, start: int) -> Image:
        """The image at `alpha` on the path from baseline number `start`, in the model's precision."""
        return (self.job.baselines[start] + alpha * self._directions[start]).astype(self._dtype)

    def grad_outputs(self, logits: LogitRow) -> Array:
        """d score / d output, target × class, for one row of outputs. The first row ever is that of the image."""
        if not self._targets:
            self._targets = tuple(target.resolve(logits, self._model.output) for target in self.job.targets)
        return np.stack([target.grad_output(logits[None])[0] for target in self._targets])

    def visit(self, alpha: float, start: int, logits: LogitRow, gradients: Array) -> Array:
        """Take outputs and gradients (target × height × width × channel) at a place; give the gradients."""
        self._logits[alpha, start] = logits
        self._norms[alpha, start] = np.abs(gradients).sum(axis=(1, 2, 3), dtype=np.float64)
        if start == 0 and alpha in self._inside:
            self.keep(alpha, logits, gradients)
        return gradients

    def keep(self, alpha: float, logits: LogitRow, gradients: Array) -> Array:
        """Take outputs and gradients at a place of the job's `interior`; give the gradients."""
        self._inside[alpha] = logits, np.array(gradients)  # a copy: a row would hold on to its whole batch
        return gradients

    @property
    def wanted(self) -> list[float]:
        """Places of the job's `interior` that nobody has been to yet; none before both ends, which come anyway."""
        begun = (1.0, 0) in self._logits and (0.0, 0) in self._logits
        return [alpha for alpha, found in self._inside.items() if found is None] if begun else []

    def interior(self, target: int, provenance: Provenance) -> InteriorGradients | None:
        """The gradients at those places of the job's `interior` that were visited, in its order; None if none was."""
        found = {alpha: seen for alpha in self.job.interior if (seen := self._inside[alpha]) is not None}
        if not found:
            return None
        alphas = [alpha for alpha in self.job.interior if alpha in found]
        logits = np.stack([found[alpha][0] for alpha in alphas])
        return InteriorGradients(
            image=self.job.image,
            baseline=self.job.baselines[0],
            alphas=np.asarray(alphas, dtype=np.float64),
            gradients=np.stack([found[alpha][1][target] for alpha in alphas]),
            scores=self._targets[target].score(logits).astype(np.float64),
            logits=logits,
            probabilities=self._model.output.probabilities(logits),
            class_names=self._model.output.class_names,
            target=self._targets[target].index,
            unit=self._targets[target].unit,
            provenance=provenance,
            output_kind=self._model.output.kind,
        )

    def logits(self, alpha: float) -> Array:
        """What the model says at a place that was visited: baseline × class."""
        return np.stack([self._logits[alpha, start] for start in range(len(self.job.baselines))])

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets with their classes fixed, as soon as the model has seen the image."""
        return self._targets

    def measures(self) -> tuple[Measure, ...]:
        """The map and the channels of each target, in this order."""

        def of_map(target: int) -> Measure:
            return Measure("map", lambda value: value[target].mean(axis=0).sum(axis=-1))

        def of_channels(target: int) -> Measure:
            return Measure("channels", lambda value: value[target].mean(axis=0))

        return tuple(make(target) for target in range(len(self.job.targets)) for make in (of_map, of_channels))

    def scores(self, target: int, alpha: float) -> Array:
        """The score at `alpha`, one per baseline."""
        return self._targets[target].score(self.logits(alpha)).astype(np.float64)

    def known(self, alpha: float) -> Array:
        """The scores at `alpha`, which are what the maps add up to from 0 to there, by measure."""
        scores = [float(self.scores(target, alpha).mean()) for target in range(len(self._targets))]
        return np.repeat(scores, 2)

    def residual(self, value: Array) -> float:
        """The largest gap of any target, as a share of its map."""
        return max(self.relative_gap(target, value) for target in range(len(self._targets)))

    def relative_gap(self, target: int, value: Array) -> float:
        """How much of the change of the score the map misses, as a share of the map.

        Scores in half precision are rounded too coarsely for that, so the change is the one that `rounding` knows.
        """
        drawn = value[target].mean(axis=0).sum(axis=-1)
        if self.rounding is not None:
            missed = abs(float(drawn.sum()) - self.rounding.changes[target])
            gap = max(missed - self.rounding.slack[target], 0.0)
        else:
            gap = abs(float(drawn.sum()) - float((self.scores(target, 1.0) - self.scores(target, 0.0)).mean()))
        size = float(np.abs(drawn).sum())
        return gap / size if size > 0 else float("inf") if gap > 0 else 0.0

    def profile(self, target: int) -> PathProfile:
        """Scores, probabilities and norms at all places, as means over the baselines."""
        alphas = sorted({alpha for alpha, _ in self._norms})
        starts = range(len(self.job.baselines))
        chances = [self._model.output.probabilities(self.logits(alpha)).mean(axis=0) for alpha in alphas]
        return PathProfile(
            alphas=np.array(alphas),
            scores=np.array([self.scores(target, alpha).mean() for alpha in alphas]),
            probabilities=np.stack(chances),
            norms=np.array([np.mean([self._norms[alpha, start][target] for start in starts]) for alpha in alphas]),
            class_names=self._model.output.class_names,
            target=self._targets[target].index,
            unit=self._targets[target].unit,
        )

    def account(self, target: int, attribution: Image, *, stalled: bool) -> Account:
        """The map of `target` beside the change of its score."""
        return Account(
            directions=self._directions,
            attribution=attribution,
            scores=(float(self.scores(target, 1.0).mean()), float(self.scores(target, 0.0).mean())),
            dead=all(norms[target] == 0 for norms in self._norms.values()),
            stalled=stalled,
            precision=precision_of(self._model),
            measured=self.rounding is not None,
            unit=self._targets[target].unit,
        )


def pixel_error(integral: Integral, target: int) -> Map | None:
    """Estimate the error of each pixel of a target's map, in target units; None where no error can be told.

    The last step is a sample of one per pixel of how wrong the integral is there, so its square is averaged over the
    3 × 3 pixels around, and with a quarter of the whole map's; then scaled as the whole estimate is.
    """
    errors = integral.errors[2 * target : 2 * target + 1]
    if not errors or not np.isfinite(errors[0]):
        return None
    step, drawn = (value[target].mean(axis=0).sum(axis=-1) for value in (integral.steps[-1], integral.value))
    size = float(np.abs(step).sum())
    if not size > 0:
        even: Map = np.full(np.shape(step), float(errors[0]) * float(np.abs(drawn).mean()))
        return even
    square = step**2
    padded = np.pad(square, 1, mode="edge")
    around: Map = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).mean(axis=(2, 3))
    scale = PIXEL_SAFETY * errors[0] * float(np.abs(drawn).sum()) / size
    return np.asarray(scale * np.sqrt(around + NEIGHBOURS * float(square.mean())))


def check_targets(jobs_targets: Sequence[Target], expected: int) -> None:
    """Raise UsageError unless there are as many targets as in the jobs before, and at least one."""
    if not jobs_targets or (expected and len(jobs_targets) != expected):
        raise UsageError(
            f"{len(jobs_targets)} targets were asked of an image{f' and {expected} of others' if expected else ''}; "
            "give each image the same number of targets, at least one, since they share their passes"
        ).of("targets", asked=len(jobs_targets), found=expected)
