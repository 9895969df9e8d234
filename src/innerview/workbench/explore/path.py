"""The path for a slider: gradients at many places, coarse to fine, and the map as it adds up.

Stops lie dense near the baseline, where the score of a deep network moves most (half of the change may lie below
0.001). The sums come from the integral's own nodes, so that the last one is the certified map.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from innerview.data.baselines import Baseline
from innerview.methods.passes import along
from innerview.network import Differentiable
from innerview.quadrature import running_weights
from innerview.results import InteriorGradients, PathProfile, Provenance
from innerview.targets import Target, together
from innerview.types import Alphas, Array, Image
from innerview.viewer.payloads.path import Sums
from innerview.workbench.explore.explore import Integrated, Listener

STEPS: Final = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)

STOPS: Final = (
    0.0,
    *(float(f"{digit}e{power}") for power in (-5, -4) for digit in (1, 2, 5)),
    *(float(f"{step}e{power}") for power in (-3, -2) for step in STEPS),
    *(round(0.1 + 0.025 * number, 3) for number in range(37)),
)
"""Sixty-four places, among them all ten of the recipe."""

RECIPE: Final = (0.01, 0.02, 0.03, 0.04, 0.1, 0.5, 0.6, 0.7, 0.8, 1.0)

LARGE: Final = 64
"""Height or width in pixels beyond which a picture counts as large: its path has no more places than LARGE_STOPS."""

LARGE_STOPS: Final = 21

STILL: Final = 0.02
"""A leading stop is left out if the score at the one after it has moved by at most this share of the path's range."""

FIRST_LEVEL: Final = 8
"""Places after which a path is first shown; then after twice as many, and so on."""


def choose_stops(profile: PathProfile, most: int = len(STOPS)) -> tuple[float, ...]:
    """Choose places on a path: 0, then from where the score begins to move, with the recipe's, at most `most`.

    Args:
        profile: scores that are known already.
        most: places; at least 12.
    """
    stops = np.array(STOPS)
    moved = np.abs(np.interp(stops, profile.alphas, profile.scores) - profile.scores[0])
    quiet = moved <= STILL * float(np.ptp(profile.scores))
    first = int(np.argmin(quiet)) if not quiet.all() else 0  # the first stop at which the score has moved
    kept: list[float] = [0.0, *stops[max(first - 1, 1) :].tolist()]
    return thinned(kept, most)


def thinned(stops: Sequence[float], most: int) -> tuple[float, ...]:
    """Take at most `most` stops: the ends, the recipe's, and of the others always the one farthest from those taken."""
    if len(stops) <= most:
        return tuple(stops)
    taken = {0, len(stops) - 1, *(place for place, stop in enumerate(stops) if stop in RECIPE)}
    while len(taken) < most:
        left = [place for place in range(len(stops)) if place not in taken]
        taken.add(max(left, key=lambda place: min(abs(place - other) for other in taken)))
    return tuple(stops[place] for place in sorted(taken))


def spread_order(count: int) -> list[int]:
    """Order places so that every beginning of the list spans all of them: both ends, then by halves."""
    bits = max(count - 1, 1).bit_length()
    halves = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(2**bits))
    return list(dict.fromkeys([0, count - 1, *(place for place in halves if place < count)]))


def add_up(integrated: Integrated, stops: Sequence[float]) -> Sums:
    """The integral of the rule's own interpolant from 0 to each stop; at 1 it is the map."""
    result = integrated.result
    _, substitution = (part.strip() for part in result.rule.split(","))
    places = np.asarray(stops, dtype=np.float64)
    # Of both ends alone, the integrand between them is a straight line.
    weights = running_weights(integrated.alphas, substitution if result.history else "identity", stops)
    maps = np.tensordot(weights, integrated.integrand, axes=(1, 0))
    return Sums(places, maps)


def walk(
    network: Differentiable,
    image: Image,
    target: Target,
    baseline: Baseline,
    stops: Sequence[float],
    listener: Listener,
    level: Callable[[InteriorGradients, tuple[float, ...]], None] | None = None,
) -> InteriorGradients:
    """Work out gradients, scores and answers at every stop.

    Args:
        network: any network with gradients.
        image: one picture (pixels in [0, 1], height × width × channel).
        target: resolved.
        baseline: where the path starts.
        stops: rising.
        listener: told of the progress.
        level: given, in between, what there is (rising alphas) and the stops that are missing.
    """
    places = np.asarray(stops, dtype=np.float64)
    order = spread_order(len(places))
    logits = np.zeros((len(places), len(network.output.class_names)), dtype=network.dtype)
    gradients = np.zeros((len(places), *network.input.shape), dtype=network.dtype)
    done: list[int] = []
    following = FIRST_LEVEL

    def found(numbers: list[int]) -> InteriorGradients:
        return _interior(network, image, target, baseline, places, logits, gradients, sorted(numbers))

    for part, outputs, pulled in along(network, image, baseline.image, places[order], together([target])):
        numbers = order[part]
        logits[numbers], gradients[numbers] = outputs, pulled[0]
        done += numbers
        listener.progress(len(done), len(places))
        if level is not None and len(done) >= following and len(done) < len(places):
            level(found(done), tuple(sorted(stops[number] for number in order[len(done) :])))
            following *= 2
    return found(done)


def _interior(
    network: Differentiable,
    image: Image,
    target: Target,
    baseline: Baseline,
    places: Alphas,
    logits: Array,
    gradients: Array,
    numbers: list[int],
) -> InteriorGradients:
    names = network.output.class_names
    return InteriorGradients(
        image=image,
        baseline=baseline.image,
        alphas=places[numbers],
        gradients=gradients[numbers],
        scores=target.score(logits[numbers]).astype(np.float64),
        logits=logits[numbers],
        probabilities=network.output.probabilities(logits[numbers]),
        class_names=names,
        target=target.index,
        unit=target.unit,
        provenance=Provenance.of(network, target.describe(names), baseline.words, baseline.seed),
        kind=network.output.kind,
    )
