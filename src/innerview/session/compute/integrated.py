"""Integrated gradients of classes that share their passes, with what the integral saw on its way.

Whoever asks listens: is told how far the work is, is given what there is so far, and stops the work by raising. So a
server can drop a query that nobody waits for any more, and a report can ignore all of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from innerview.data.baselines import Baseline
from innerview.methods import Job, integrate_jobs
from innerview.methods.integrated_gradients import LARGE
from innerview.methods.tolerance import Visit
from innerview.model import DifferentiableModel
from innerview.quadrature import Rule
from innerview.results import IntegratedGradients, InteriorGradients
from innerview.session.compute.computation import Computation, Source
from innerview.session.compute.prediction import PREDICTION, TARGET, resolved
from innerview.session.progress import Listener, SubProgress
from innerview.session.query import Query
from innerview.targets import Target
from innerview.types import Image, LogitRow, Map


def is_large(image: Image) -> bool:
    """Whether the image counts as large: gradients are kept channel by channel only where they were asked for."""
    return max(image.shape[:2]) > LARGE


@dataclass(frozen=True, eq=False)
class Place:
    """What was seen at one place of the first class's path from the first baseline.

    Attributes:
        logits: of the image there.
        norm: sum of the absolute gradient.
        contribution: gradient × (image − baseline), summed over the channels.
        integrand: its mean over all baselines, at a node of the integral; None at other places.
        gradient: channel by channel; None where it was not kept.
    """

    logits: LogitRow
    norm: float
    contribution: Map
    integrand: Map | None
    gradient: Image | None


@dataclass(frozen=True, eq=False)
class Integrated:
    """Integrated gradients of classes that shared their passes, with what was seen on the way of the first.

    Attributes:
        results: a map for each class.
        targets: resolved.
        baseline: the first one, where the path starts.
        places: by alpha.
        interior: of the first class, at the places that were asked for; None if none was.
        rule: that was asked for; None with a tolerance.
    """

    results: tuple[IntegratedGradients, ...]
    targets: tuple[Target, ...]
    baseline: Baseline
    places: Mapping[float, Place]
    interior: InteriorGradients | None
    rule: Rule | None

    @property
    def size(self) -> int:
        """Bytes that it keeps in memory."""
        return sum(
            one.contribution.nbytes * (1 + (one.integrand is not None))
            + (0 if one.gradient is None else one.gradient.nbytes)
            for one in self.places.values()
        ) + sum(3 * one.attribution.nbytes for one in self.results)


class _Looking:
    """Looks on while maps are refined, and keeps what the first class's path is made of."""

    def __init__(self, level: Callable[[tuple[IntegratedGradients, ...]], None], *, whole: bool) -> None:
        self._level = level
        self._whole = whole
        self.places: dict[float, Place] = {}

    def visited(self, number: int, visit: Visit) -> None:  # noqa: ARG002 one image only
        gradient, drawn = visit.gradients[0, 0], visit.integrand[0].sum(axis=-1).astype(np.float32)
        self.places[visit.alpha] = Place(
            visit.logits[0],
            float(np.abs(gradient).sum(dtype=np.float64)),
            drawn[0],
            drawn.mean(axis=0) if len(drawn) > 1 else drawn[0],
            gradient.copy() if self._whole else None,
        )

    def refined(self, number: int, results: tuple[IntegratedGradients, ...]) -> None:  # noqa: ARG002 the same
        self._level(results)


def integrate(
    model: DifferentiableModel,
    image: Image,
    targets: Sequence[Target],
    baselines: Sequence[Baseline],
    query: Query,
    listener: Listener,
    *,
    interior: Sequence[float] = (),
    level: Callable[[tuple[IntegratedGradients, ...]], None] | None = None,
    whole: bool = True,
) -> Integrated:
    """Work out integrated gradients of several targets, which share their passes.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        targets: resolved.
        baselines: where the paths start; of several, the maps are averaged.
        query: the tolerance with its budget, or the rule.
        listener: told of the progress.
        interior: places on the path whose gradients are wanted as well; they share the passes.
        level: given what there is after each level; not final.
        whole: keep the gradients at every node channel by channel; else only at `interior`.

    Raises:
        UsageError, ImageError, ModelError: as in `integrate_jobs`.
    """
    words = " and ".join(one.words for one in baselines)
    seed = next((one.seed for one in baselines if one.seed is not None), None)

    def named(result: IntegratedGradients) -> IntegratedGradients:
        return replace(result, provenance=replace(result.provenance, baseline=words, seed=seed), interior=None)

    def pass_on(results: tuple[IntegratedGradients, ...]) -> None:
        if level is not None:
            level(tuple(named(result) for result in results))

    looking = _Looking(pass_on, whole=whole)
    rule = query.fixed_rule
    ((_, results),) = integrate_jobs(
        model,
        [Job(image, tuple(targets), tuple(one.image for one in baselines), tuple(interior))],
        tolerance=query.tolerance_for(model.input) if rule is None else None,
        rule=rule,
        max_evaluations=query.budget,
        progress=listener.progress,
        watcher=looking,
    )
    found = Integrated(tuple(map(named, results)), tuple(targets), baselines[0], looking.places, None, rule)
    return with_interior(found, results[0].interior)


def with_interior(found: Integrated, inside: InteriorGradients | None) -> Integrated:
    """Add places on the path of the first class, from the first baseline; of a node the integrand stays."""
    if inside is None:
        return found
    places, start = dict(found.places), found.baseline
    contributions = (inside.gradients * (inside.image - inside.baseline)).sum(axis=-1)
    for number, alpha in enumerate(inside.alphas.tolist()):
        integrand = places[alpha].integrand if alpha in places else None
        norm, gradient = float(inside.norms[number]), inside.gradients[number]
        places[alpha] = Place(inside.logits[number], norm, contributions[number], integrand, gradient)
    named = replace(inside, provenance=replace(inside.provenance, baseline=start.words, seed=start.seed))
    return replace(found, places=places, interior=named)


def _work_one(source: Source, query: Query, listener: Listener) -> Integrated:
    target, baselines = resolved(source, query, listener), source.baselines(query)
    image = source.photo(query).image

    def level(results: tuple[IntegratedGradients, ...]) -> None:
        listener.level(Integrated(results, (target,), baselines[0], {}, None, query.fixed_rule))

    return integrate(
        source.differentiable(query),
        image,
        [target],
        baselines,
        query,
        listener,
        level=level,
        whole=not is_large(image),
    )


def choose_classes(source: Source, query: Query, listener: Listener) -> tuple[Query, ...]:
    """A query for the class explained, then the label, the predicted class and the next one, each once.

    At most `query.max_classes`; only the first is set against another class.
    """
    prediction, label = source.result(PREDICTION, query, listener), source.photo(query).label
    asked, versus = query.classes(source.model(query).output)
    known = [label] if label is not None and label in prediction.ranking else []  # "not" a class has no map of its own
    first = prediction.ranking[0] if asked is None else asked
    classes = dict.fromkeys([first, *known, *prediction.ranking[:2]])
    found = (replace(query, target=index, versus=None if number else versus) for number, index in enumerate(classes))
    return tuple(found)[: query.max_classes]


def _work_several(source: Source, query: Query, listener: Listener) -> Integrated:
    """All maps by one integral; the last place beside it is the image itself, and a rule may leave out both ends."""
    image, baselines = source.photo(query).image, source.baselines(query)
    targets = [resolved(source, one, listener) for one in choose_classes(source, query, listener)]
    fixed = query.fixed_rule is not None
    if isinstance(listener, SubProgress):
        listener = replace(listener, most=0 if fixed else query.budget + len(query.alphas) + 1)
    interior = (*query.alphas, 0.0, 1.0) if fixed else (*query.alphas, 1.0)
    whole = not is_large(image)
    model = source.differentiable(query)
    return integrate(model, image, targets, baselines, query, listener, interior=interior, whole=whole)


_ONE = TARGET | {"baselines", "tolerance", "max_evaluations", "more", "rule", "n_steps"}

INTEGRATED: Final = Computation(_ONE, _work_one, lambda found: found.size)

INTEGRATED_CLASSES: Final = Computation(_ONE | {"max_classes", "alphas"}, _work_several, lambda found: found.size)
"""Of several classes at once, with gradients at places of their own: they share their passes."""
