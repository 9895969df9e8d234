"""The path for a slider, made of what the integral saw: its own nodes, and the places that were asked for beside them.

Nothing is passed through the model for it. The sums come from the integral's nodes, so that the last one is the
certified map.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from innerview.methods import interior_gradients
from innerview.model import Model
from innerview.quadrature import running_weights, stepped_weights
from innerview.results import PathFrames
from innerview.session.compute.computation import Computation, Source
from innerview.session.compute.integrated import INTEGRATED, Integrated, is_large, with_interior
from innerview.session.progress import Listener, Passing
from innerview.session.query import Query
from innerview.types import Alphas, Array

STOPS: Final = 64
"""Places of a path, at most."""

LARGE_STOPS: Final = 21
"""The same of a large image."""

STILL: Final = 0.02
"""A leading place is left out if the score at the one after it has moved by at most this share of the path's range."""


def path_of(model: Model, found: Integrated, most: int | None = None) -> PathFrames:
    """The way from the first baseline, for the first class.

    Args:
        model: that the integral was of.
        found: with what was seen on the way.
        most: places at most, those that were asked for among them; what the image's size allows if None.
    """
    result, target = found.results[0], found.targets[0]
    image = result.image
    wanted: list[float] = [] if found.interior is None else found.interior.alphas.tolist()
    alphas = np.array(sorted(found.places))
    scores = target.score(np.stack([found.places[alpha].logits for alpha in alphas.tolist()]))
    limit = most or (LARGE_STOPS if is_large(image) else STOPS)
    chosen = choose_alphas(alphas, scores, wanted, limit)
    seen = [found.places[alpha] for alpha in chosen]
    framed = [(alpha, one.gradient) for alpha, one in zip(chosen, seen, strict=True) if one.gradient is not None]
    logits = np.stack([one.logits for one in seen])
    first = found.baseline
    return PathFrames(
        image=image,
        baseline=first.image,
        alphas=np.array(chosen),
        scores=target.score(logits).astype(np.float64),
        norms=np.array([one.norm for one in seen]),
        logits=logits,
        probabilities=model.output.probabilities(logits),
        contributions=np.stack([one.contribution for one in seen]),
        cumulative=add_up(found, chosen),
        gradient_alphas=np.array([alpha for alpha, _ in framed]),
        gradients=np.stack([gradient for _, gradient in framed]),
        class_names=model.output.class_names,
        target=result.target,
        unit=result.unit,
        provenance=replace(result.provenance, baseline=first.words, seed=first.seed),
        output_kind=model.output.kind,
    )


def add_up(found: Integrated, stops: Sequence[float]) -> Array:
    """The integral from 0 to each stop by the rule's own interpolant, stop × height × width; at 1 it is the map."""
    visited = [
        (alpha, one.integrand)
        for alpha, one in sorted(found.places.items(), key=lambda pair: pair[0])
        if one.integrand is not None
    ]
    nodes, integrands = [alpha for alpha, _ in visited], np.stack([integrand for _, integrand in visited])
    result = found.results[0]
    if found.rule is not None:
        weights = stepped_weights(found.rule, stops)
    else:
        _, substitution = (part.strip() for part in result.rule.split(","))
        # Of both ends alone, the integrand between them is a straight line.
        weights = running_weights(np.array(nodes), substitution if result.convergence else "identity", stops)
    return np.tensordot(weights, integrands, axes=(1, 0))


def choose_alphas(alphas: Alphas, scores: Array, wanted: Collection[float], most: int) -> tuple[float, ...]:
    """Choose places on a path: the first, then from where the score begins to move, at most `most`.

    Args:
        alphas: that there are, rising.
        scores: there.
        wanted: places that are taken before others.
        most: places; the ends and those that are wanted may be more.
    """
    moved = np.abs(scores - scores[0])
    quiet = moved <= STILL * float(np.ptp(scores))
    first = int(np.argmin(quiet)) if not quiet.all() else 0  # the first place at which the score has moved
    kept: list[float] = [float(alphas[0]), *alphas[max(first - 1, 1) :].tolist()]
    return thinned(kept, wanted, most)


def thinned(alphas: Sequence[float], wanted: Collection[float], most: int) -> tuple[float, ...]:
    """Take at most `most`: the ends, those that are wanted, and of the others always the one farthest from those."""
    if len(alphas) <= most:
        return tuple(alphas)
    taken = {0, len(alphas) - 1, *(place for place, alpha in enumerate(alphas) if alpha in wanted)}
    while len(taken) < most:
        left = [place for place in range(len(alphas)) if place not in taken]
        taken.add(max(left, key=lambda place: min(abs(place - other) for other in taken)))
    return tuple(alphas[place] for place in sorted(taken))


def _work(source: Source, query: Query, listener: Listener) -> PathFrames:
    """As the integral saw it, then with the positions that were asked for as well."""
    model, found = source.differentiable(query), source.result(INTEGRATED, query, Passing(listener))
    image, start = source.photo(query).image, found.baseline.image
    if not is_large(image):  # else gradients are kept only where they are asked for below
        listener.level(path_of(model, found, query.max_alphas))
    ends = (0.0, 1.0) if found.rule is not None else (1.0,)
    inside = interior_gradients(
        model, image, found.targets[0], baseline=start, alphas=(*query.alphas, *ends), progress=listener.progress
    )
    return path_of(model, with_interior(found, inside), query.max_alphas)


PATH: Final = Computation(
    INTEGRATED.fields | {"alphas", "max_alphas"},
    _work,
    lambda found: found.gradients.nbytes + found.contributions.nbytes + found.cumulative.nbytes,
)
