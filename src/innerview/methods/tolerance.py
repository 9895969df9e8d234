"""Integrated gradients to a stated tolerance or by a fixed rule, for many images at once.

    attribution_i = (x_i - x0_i) * integral over alpha in [0, 1] of dS/dx_i (x0 + alpha (x - x0))

Sundararajan, Taly, Yan 2017, arXiv 1703.01365, equation 1. The integral is refined until its estimated error, on the
map and on the channels, and its gap to completeness are all within the tolerance, or the budget ends. A gap alone
would prove nothing: errors of both signs cancel in it. An estimate is an estimate
(docs/evidence/quadrature.md says how often it held).

Images share their batches, one that is done leaves them, and memory depends on the batch alone. The class is fixed
by the first pass of an image, at alpha 1; that pass, and the one at the baseline, are evaluations of the integral
too, so that nothing is spent on scores. A map is the same to the bit for the same batches; alone or in company it
differs by the rounding that the model shows between batch sizes.

A fixed rule is a problem of the same integrator: its nodes are all wanted at once, the gap is its only check, and both
ends are asked forward where it does not go there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from types import MappingProxyType
from typing import Final, Protocol, runtime_checkable

import numpy as np

from innerview.errors import UsageError
from innerview.methods.accounting import Account
from innerview.methods.interior_gradients import check_alphas
from innerview.methods.passes import Progress, check_image, forward_logits, require_finite
from innerview.methods.rounding import REACH, Rounding, copy_beside, evenly, measured
from innerview.methods.walk import Job, Walk, check_targets, pixel_error
from innerview.model import HALVES, OUTPUT, DifferentiableModel, VjpResult, precision_of, require_differentiable
from innerview.quadrature import Driver, FixedProblem, Integral, Problem, Request, Rule
from innerview.results import IntegratedGradients, Provenance, Status
from innerview.targets import Target
from innerview.types import Array, Image, Images, LogitRow

FINEST: Final[Mapping[str, float]] = MappingProxyType(
    {"float64": 1e-10, "float32": 1e-5, "float16": 1e-4, "bfloat16": 1e-3}
)
"""The least tolerance that gradients of this precision can be held to; their rounding is about 4e-7 and 1e-15 of a
map of the built-in model in the full ones. What can be reached in half precision is measured for each image
(`rounding`)."""

BUDGET: Final = 513
"""Evaluations at most for one image, if nothing else is said: what 512 panels take."""


@dataclass(frozen=True, eq=False)
class Visit:
    """What was seen at one node of an integral.

    Attributes:
        alpha: where.
        logits: baseline × class.
        gradients: d score / d pixel, target × baseline × height × width × channel.
        integrand: the same times image less baseline, float64.
        targets: resolved.
    """

    alpha: float
    logits: Array
    gradients: Array
    integrand: Array
    targets: tuple[Target, ...]


@runtime_checkable
class Watcher(Protocol):
    """Somebody who looks on while maps are refined; an exception raised in it stops the work."""

    def visited(self, number: int, visit: Visit) -> None:
        """Take what was seen of image `number` at a node of its integral."""
        ...

    def refined(self, number: int, results: tuple[IntegratedGradients, ...]) -> None:
        """Take what there is of image `number` after another level: one result per target, none of them final."""
        ...


class _Nobody:
    """Looks away."""

    def visited(self, number: int, visit: Visit) -> None:
        """Take nothing down."""

    def refined(self, number: int, results: tuple[IntegratedGradients, ...]) -> None:
        """Take nothing down."""


def integrate_jobs(
    model: DifferentiableModel,
    jobs: Iterable[Job],
    *,
    tolerance: float | None = None,
    rule: Rule | None = None,
    max_evaluations: int = BUDGET,
    batch_size: int | None = None,
    progress: Progress | None = None,
    watcher: Watcher | None = None,
) -> Iterator[tuple[int, tuple[IntegratedGradients, ...]]]:
    """Explain many images, each to the tolerance; yield number and one result per target as an image is done.

    Args:
        model: any model with gradients.
        jobs: images with their targets and baselines; read as batches have room, so there may be any number.
        tolerance: of the relative L1 error of the maps, and of the gap; such as 0.01. None with a rule.
        rule: instead, for each baseline; nothing else than the gap is then known of the error.
        max_evaluations: evaluations at most for each image (over all its baselines); its end shows in the status.
        batch_size: rows in one pass; the model's own if None. Halved for good when memory runs out.
        progress: called with the evaluations done and those known to be needed so far.
        watcher: told of every evaluation and every level.

    Raises:
        UsageError: a tolerance the precision can't give, too few evaluations, no baseline, images with
            different numbers of targets, a target without meaning here.
        ImageError: an image or baseline does not fit the model.
        ModelError: something is not finite; the message names layer and alpha.
    """
    require_differentiable(model)
    walks: dict[int, Walk] = {}
    looking_on = watcher or _Nobody()

    def problems() -> Iterator[Problem | FixedProblem]:
        expected = 0
        for number, job in enumerate(jobs):
            check_targets(job.targets, expected)
            expected = len(job.targets)
            _check_images(model, job, f" of job {number} (counted from 0)" if number else "")
            walk = walks[number] = Walk(model, job)
            if rule is not None:
                walk.begin(*_ends(model, job))
                yield FixedProblem(rule)
            elif tolerance is not None:
                check_tolerance(model, tolerance)
                nodes = _affordable(max_evaluations, len(job.baselines))
                yield _problem(model, beside, walk, tolerance, nodes)

    beside = copy_beside(model) if tolerance is not None else None
    driver, passes, done, visited = Driver(problems()), _Passes(model, batch_size or model.batch_size), 0, 0
    origin = Provenance.of(model)  # once: it hashes all weights
    ended: dict[int, Integral] = {}
    while batch := _fill(driver, walks, passes.batch_size):
        for request, visit in zip(batch.requests, passes.evaluate(batch, walks), strict=True):
            driver.answer(request, visit.integrand)
            looking_on.visited(request.problem, visit)
        visited += len(batch.requests)
        width = max(len(walk.job.baselines) for walk in walks.values())
        done += len(batch.requests) * width + len(batch.interior)
        if progress is not None:
            inside = sum(len(walk.wanted) for walk in walks.values())
            progress(done, done + (driver.wanted - visited) * width + inside)
        provenance = replace(origin, batch_size=passes.batch_size)
        for number, integral in driver.refined() if watcher is not None else ():
            looking_on.refined(number, _results(model, walks[number], integral, tolerance, provenance))
        ended |= driver.finished()
        for number in [number for number in ended if not walks[number].wanted]:
            yield number, _results(model, walks.pop(number), ended.pop(number), tolerance, provenance)


def integrate_one(
    model: DifferentiableModel,
    image: Image,
    target: Target,
    *,
    baseline: Image | Sequence[Image],
    tolerance: float | None = None,
    rule: Rule | None = None,
    max_evaluations: int = BUDGET,
    interior: Sequence[float] = (),
    progress: Progress | None = None,
) -> IntegratedGradients:
    """Attribute `target` to the pixels of one image; arguments as above and in `Job`."""
    baselines = (baseline,) if isinstance(baseline, np.ndarray) else tuple(baseline)
    job = Job(image, (target,), baselines, tuple(interior))
    ((_, (result,)),) = integrate_jobs(
        model, [job], tolerance=tolerance, rule=rule, max_evaluations=max_evaluations, progress=progress
    )
    return result


def _problem(
    model: DifferentiableModel, beside: DifferentiableModel | None, walk: Walk, tolerance: float, nodes: int
) -> Problem:
    """The integral of a walk; of a model in half precision with what its rounding leaves of the tolerance."""
    if precision_of(model) not in HALVES:
        return Problem(walk.measures(), tolerance, nodes, walk.residual, walk.known)
    walk.begin(*_ends(model, walk.job))
    walk.rounding = measured(model, beside, walk)
    nodes = max(nodes - walk.rounding.n_evaluations // len(walk.job.baselines), 2)
    left, least = walk.rounding.division(tolerance, nodes)
    # without what is known at each node: by their rounding, scores would say of every panel that it misses something
    return Problem(walk.measures(), left, nodes, walk.residual, least=least)


def _affordable(budget: int, baselines: int) -> int:
    """How many nodes a budget pays for."""
    if budget < 2 * baselines:
        raise UsageError(
            f"a budget of {budget} evaluations was given for {baselines} baselines; "
            "each needs at least 2, and 17 before an error can be told"
        ).of("max_evaluations", asked=budget, found=baselines)
    return budget // baselines


def _ends(model: DifferentiableModel, job: Job) -> tuple[LogitRow, list[LogitRow]]:
    """What the model says of the image, and of each baseline."""
    at_image, *baselines = (forward_logits(model, one[None])[0] for one in (job.image, *job.baselines))
    return at_image, baselines


def check_tolerance(model: DifferentiableModel, tolerance: float) -> None:
    """Raise UsageError for a tolerance that is not a positive number or below what the precision can give."""
    finest = FINEST[precision_of(model)]
    if not finest <= tolerance < np.inf:
        raise UsageError(
            f"a tolerance of {tolerance:g} was asked for; a model that computes in {precision_of(model)} can be held "
            f"to {finest:g} and more: raise it (0.01 is 1 %), or convert with model.astype(np.float64)"
        ).of("tolerance", asked=tolerance, limit=finest)


def _check_images(model: DifferentiableModel, job: Job, whose: str) -> None:
    if not job.baselines:
        raise UsageError("no baseline was given; it decides the answer, so name at least one (black, for a start)").of(
            "baselines", found=0
        )
    check_image(model, job.image, f"image{whose}")
    for one in job.baselines:
        check_image(model, one, f"baseline{whose}")
    if job.interior:
        check_alphas(job.interior)


@dataclass(frozen=True)
class _Batch:
    """What is evaluated together.

    Attributes:
        requests: of the integrals; each has one row per baseline of its image.
        interior: walk and alpha of gradients that are wanted themselves; one row each, from the first baseline.
    """

    requests: tuple[Request, ...]
    interior: tuple[tuple[Walk, float], ...]

    def __bool__(self) -> bool:
        return bool(self.requests or self.interior)


def _fill(driver: Driver, walks: Mapping[int, Walk], rows: int) -> _Batch:
    """Take up to `rows` rows, but at least one request or place; places first, so that no result waits for them."""
    interior = tuple(islice(((walk, alpha) for walk in walks.values() for alpha in walk.wanted), rows))
    rows -= len(interior)
    requests: list[Request] = []
    width = 1
    while (rows >= width or not (requests or interior)) and (following := driver.requests(1)):
        requests += following
        width = len(walks[following[0].problem].job.baselines)
        rows -= width
    return _Batch(tuple(requests), interior)


@dataclass(frozen=True)
class _Row:
    """One row of a pass: a place on a path, and whether it belongs to the integral or is wanted itself."""

    walk: Walk
    alpha: float
    start: int
    itself: bool = False

    @property
    def point(self) -> Image:
        """The image there."""
        return self.walk.point(self.alpha, self.start)

    def take(self, logits: LogitRow, gradients: Array) -> Array:
        """Hand what the model said to the walk; give what it makes of it."""
        if self.itself:
            return self.walk.keep(self.alpha, logits, gradients)
        return self.walk.visit(self.alpha, self.start, logits, gradients)


class _Passes:
    """Runs requests through the model, `batch_size` rows at a time."""

    def __init__(self, model: DifferentiableModel, batch_size: int) -> None:
        self.batch_size = batch_size
        self._model = model

    def evaluate(self, batch: _Batch, walks: Mapping[int, Walk]) -> list[Visit]:
        """What is seen at each request."""
        rows = [
            _Row(walks[request.problem], request.alpha, start)
            for request in batch.requests
            for start in range(len(walks[request.problem].job.baselines))
        ]
        rows += [_Row(walk, alpha, 0, itself=True) for walk, alpha in batch.interior]
        values: list[Array] = []
        while len(values) < len(rows):
            values += self._pass(rows[len(values) : len(values) + self.batch_size])
        visits: list[Visit] = []
        for request in batch.requests:
            walk, taken = walks[request.problem], sum(visit.gradients.shape[1] for visit in visits)
            gradients = np.stack(values[taken : taken + len(walk.job.baselines)], axis=1)
            visits.append(
                Visit(request.alpha, walk.logits(request.alpha), gradients, gradients * walk.directions, walk.targets)
            )
        return visits

    def _pass(self, rows: Sequence[_Row]) -> list[Array]:
        points = np.stack([row.point for row in rows])
        where = f"alpha {', '.join(sorted({f'{row.alpha:.3g}' for row in rows}))}"

        def grad_output(outputs: Array) -> Array:
            require_finite(self._model, points, outputs, f"output at {where}")
            pairs = zip(rows, outputs, strict=True)
            return np.stack([row.walk.grad_outputs(logits) for row, logits in pairs], axis=1)

        answer: VjpResult | None = None
        try:
            answer = self._model.vjp(points, {OUTPUT: grad_output})
        except MemoryError:
            if len(rows) == 1:
                raise
            self.batch_size = max(len(rows) // 2, 1)
        if answer is None:  # not while the error is handled, since it holds on to all that the pass had allocated
            return [value for half in _halves(rows) for value in self._pass(half)]
        require_finite(self._model, points, answer.input_gradients, f"gradient at {where}")
        return [
            row.take(logits, answer.input_gradients[:, place])
            for place, (row, logits) in enumerate(zip(rows, answer.outputs, strict=True))
        ]


def _halves(rows: Sequence[_Row]) -> tuple[Sequence[_Row], ...]:
    return rows[: len(rows) // 2], rows[len(rows) // 2 :]


def _results(
    model: DifferentiableModel, walk: Walk, integral: Integral, tolerance: float | None, provenance: Provenance
) -> tuple[IntegratedGradients, ...]:
    return tuple(_result(model, walk, integral, target, tolerance, provenance) for target in range(len(walk.targets)))


def _result(
    model: DifferentiableModel,
    walk: Walk,
    integral: Integral,
    target: int,
    tolerance: float | None,
    provenance: Provenance,
) -> IntegratedGradients:
    job, maps = walk.job, integral.value[target]
    named = replace(provenance, target=walk.targets[target].describe(model.output.class_names))
    errors = integral.errors[2 * target : 2 * target + 2] or (float("inf"), float("inf"))
    rounding = walk.rounding
    even = evenly(integral.alphas)
    stated = (
        tuple(math.hypot(one, rounding.floor(even, 2 * target + side)) for side, one in enumerate(errors))
        if (rounding is not None)
        else errors
    )
    account = walk.account(target, maps.mean(axis=0), stalled=_stalled(walk, integral, target, tolerance))
    status = _status(account, integral, fixed=tolerance is None)
    notes = account.notes()
    if rounding is not None and tolerance is not None and status is not Status.NO_GRADIENT:
        status, said = _rounded(rounding, integral, target, max(map(account.stated, map(float, stated))), tolerance)
        notes += (said,)
    result = IntegratedGradients(
        image=job.image,
        baseline=_mean_image(np.stack(job.baselines)),
        attribution=account.attribution,
        score=float(walk.scores(target, 1.0)[0]),
        baseline_score=float(walk.scores(target, 0.0).mean()),
        rule=integral.family if tolerance is None else f"{integral.family}, {integral.substitution}",
        n_evaluations=integral.evaluations * len(job.baselines) + (rounding.n_evaluations if rounding else 0),
        path=walk.profile(target),
        status=status,
        provenance=named,
        std=maps.sum(axis=3).std(axis=0) if len(job.baselines) > 1 else None,
        notes=notes,
        interior=walk.interior(target, named),
    )
    if tolerance is None:
        return result
    return replace(
        result,
        tolerance=tolerance,
        error=account.stated(float(stated[0])),
        channel_error=account.stated(float(stated[1])),
        pixel_error=account.pixels(pixel_error(integral, target), float(errors[0]), float(stated[0])),
        convergence=tuple(
            (
                level.evaluations * len(job.baselines),
                float(max(*level.errors[2 * target : 2 * target + 2], level.residual)),
                level.residual,
            )
            for level in integral.levels
        ),
    )


def _stalled(walk: Walk, integral: Integral, target: int, tolerance: float | None) -> bool:
    """Whether it is this target whose gap stays; of several that share their passes it may be another's."""
    return tolerance is not None and integral.stalled and walk.relative_gap(target, integral.value) > tolerance


def _status(account: Account, integral: Integral, *, fixed: bool) -> Status:
    if not account.accounted:
        return Status.NO_GRADIENT
    if fixed:
        return Status.FIXED_STEPS
    return Status.CONVERGED if integral.converged or integral.stalled else Status.BUDGET_EXHAUSTED


def _rounded(rounding: Rounding, integral: Integral, target: int, error: float, tolerance: float) -> tuple[Status, str]:
    """How the map of a model in half precision ended, and the sentence on what can be reached."""
    moved = rounding.moved(evenly(integral.alphas), target)
    said = rounding.note(moved, tolerance, error)
    if error <= tolerance:
        return Status.CONVERGED, said
    if not integral.converged and not integral.stalled and rounding.within(tolerance, REACH, target):
        return Status.BUDGET_EXHAUSTED, rounding.note(moved, tolerance, 0.0)
    return Status.ROUNDED, said


def _mean_image(images: Images) -> Image:
    return images.mean(axis=0, dtype=np.float64).astype(images.dtype)
