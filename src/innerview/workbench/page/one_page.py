"""Everything about one picture that goes into one file: chosen for size and for what the reader will ask first.

The class that is explained, the runner-up and the truth have maps; one has its path; the answers to a share of the
pixels are worked out beforehand. Passes are shared between the classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from innerview.data.baselines import Baseline, make_baseline
from innerview.layers import by_name
from innerview.methods import BUDGET, activations, predict
from innerview.methods.registry import USUAL
from innerview.network import Differentiable, Network, has_gradients
from innerview.results import Explained, Prediction
from innerview.targets import Target, usual_kind
from innerview.types import Array
from innerview.viewer.one_file import Packed, pack
from innerview.viewer.payloads.keep import keep_payload
from innerview.viewer.payloads.layers import Shown, layers_payload
from innerview.viewer.payloads.map import Question, map_payload
from innerview.viewer.payloads.path import path_payload
from innerview.viewer.payloads.stamp import Stamp
from innerview.viewer.payloads.subject import Photo, subject_payload
from innerview.workbench.explore.explore import Asked, explain, integrate, layers_shown
from innerview.workbench.explore.keep import keep_by_orders
from innerview.workbench.explore.path import LARGE, LARGE_STOPS, RECIPE, add_up, choose_stops, walk
from innerview.workbench.portions import ALONE, Portion

OCCLUSION: Final = "occlusion"
"""The method of networks without gradients."""


@dataclass(frozen=True)
class Extent:
    """How much goes into a file.

    Attributes:
        classes: maps at most: the one explained, the runner-up, the truth.
        stops: places on the path at most, at up to `large` pixels a side; beyond it `large_stops`, of which only the
            recipe's have their gradients channel by channel.
        large: height or width from which a picture counts as large.
        large_stops: see above.
        shares: of the pixels shown, at which the answers are worked out.
        randoms: random orders of pixels.
        layers: how much of each layer.
        large_layers: the same for a large picture.
    """

    classes: int = 3
    stops: int = 51
    large: int = LARGE
    large_stops: int = LARGE_STOPS
    shares: tuple[float, ...] = (0.0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3,
                                 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)  # fmt: skip
    randoms: int = 5
    layers: Shown = field(default_factory=Shown)
    large_layers: Shown = field(default_factory=lambda: Shown(side=28))


@dataclass(frozen=True)
class Explaining:
    """What is explained in a file, and how.

    Attributes:
        asked: the class and the kind of target.
        baseline: name of the baseline.
        tolerance: of the maps.
        budget: evaluations at most for them.
    """

    asked: Asked = field(default_factory=Asked)
    baseline: str = "black"
    tolerance: float = 0.01
    budget: int = BUDGET


def payloads_of(
    network: Network,
    photo: Photo,
    explaining: Explaining,
    extent: Extent | None = None,
    *,
    weights: Mapping[str, Array] | None = None,
    portion: Portion = ALONE,
) -> list[Packed]:
    """Work out and pack everything about one picture.

    Args:
        network: any network; of one without gradients the map is by occlusion, and there is no path.
        photo: fitted to it.
        explaining: what is explained.
        extent: how much.
        weights: of the network, if they are at hand; else they are copied out of it.
        portion: told of every pass.

    Raises:
        UsageError, PictureError, NetworkError: as in `explore`.
    """
    size = extent or Extent()
    image, stamp = photo.image, Stamp(network.identity, photo.picture)
    baseline = make_baseline(explaining.baseline, network.input, image)
    prediction = predict(network, image[None])[0]
    asked = explaining.asked
    classes = _classes(prediction, asked, photo.truth)[: size.classes]
    kind = asked.kind or usual_kind(network.output)
    questions = [
        (index, Asked(index, asked.versus if number == 0 else None, kind)) for number, index in enumerate(classes)
    ]
    targets = [one.resolve(network, prediction.logits) for _, one in questions]
    large = max(image.shape[:2]) > size.large
    answered = _Answered(network, photo, stamp, baseline, questions, targets, explaining, size, large)
    if has_gradients(network):
        maps, best = _by_gradients(cast("Differentiable", network), answered, portion)
    else:
        maps, best = _by_occlusion(network, answered, portion)
    keeps = keep_by_orders(
        network,
        image,
        best.map,
        fill=baseline.image,
        target=targets[0].index,
        listener=portion.part(0.8, 1, "keep", unit="answers"),
        shares=size.shares,
        randoms=size.randoms,
    )
    inside = layers_payload(
        activations(network, image, [by_name(name) for name in layers_shown(network)]),
        network.layers,
        weights if weights is not None else network.weights(),
        stamp,
        size.large_layers if large else size.layers,
    )
    kept = keep_payload(keeps, stamp, fill=baseline.words, seed=0, versus=asked.versus)
    return [
        pack(subject_payload(photo, prediction, network.identity)),
        *maps,
        pack(kept, **answered.first, fill=explaining.baseline),
        pack(inside),
    ]


@dataclass(frozen=True, eq=False)
class _Answered:
    """What is asked of one picture, with its classes and targets known."""

    network: Network
    photo: Photo
    stamp: Stamp
    baseline: Baseline
    questions: Sequence[tuple[int, Asked]]
    targets: Sequence[Target]
    explaining: Explaining
    size: Extent
    large: bool

    @property
    def first(self) -> dict[str, Any]:
        """The keys of what there is for the first class only."""
        index, asked = self.questions[0]
        return {"target": index, "versus": asked.versus, "baseline": self.explaining.baseline}

    def packed(self, number: int, method: str, result: Explained) -> Packed:
        """One class's map."""
        index, one = self.questions[number]
        question = Question(method, "margin" if one.versus is not None else one.kind, index, one.versus)
        payload = map_payload(result, question, self.stamp, small=self.large and number > 0)
        return pack(payload, target=index, versus=one.versus, method=method, baseline=self.explaining.baseline)


def _by_gradients(network: Differentiable, asked: _Answered, portion: Portion) -> tuple[list[Packed], Explained]:
    """Integrated gradients of each class and the path of the first; and the map of the first."""
    image, size = asked.photo.image, asked.size
    maps = integrate(
        network,
        image,
        asked.targets,
        asked.baseline,
        tolerance=asked.explaining.tolerance,
        listener=portion.part(0, 0.6, "maps", most=asked.explaining.budget),
        budget=asked.explaining.budget,
    )
    stops = choose_stops(maps[0].result.profile, size.large_stops if asked.large else size.stops)
    interior = walk(network, image, asked.targets[0], asked.baseline, stops, portion.part(0.6, 0.8, "path"))
    # Gradients channel by channel are most of a path's bytes: of a large picture only the recipe's ten are kept.
    frames = [place for place, stop in enumerate(stops) if stop in RECIPE] if asked.large else []
    versus = asked.questions[0][1].versus
    path = path_payload(interior, add_up(maps[0], stops), asked.stamp, versus=versus, frames=frames)
    packed = [asked.packed(number, USUAL, one.result) for number, one in enumerate(maps)]
    return [*packed, pack(path, **asked.first)], maps[0].result


def _by_occlusion(network: Network, asked: _Answered, portion: Portion) -> tuple[list[Packed], Explained]:
    """A map by occlusion of each class; and that of the first."""
    image, found = asked.photo.image, list[Explained]()
    for number, target in enumerate(asked.targets):
        share = portion.part(0.8 * number / len(asked.targets), 0.8 * (number + 1) / len(asked.targets), "maps")
        found.append(explain(network, image, target, asked.baseline, OCCLUSION, share))
    return [asked.packed(number, OCCLUSION, one) for number, one in enumerate(found)], found[0]


def _classes(prediction: Prediction, asked: Asked, truth: int | None) -> list[int]:
    """The class explained, then the winner, the runner-up and the truth, each once."""
    first = asked.target if asked.target is not None else prediction.ranking[0]
    known = [truth] if truth is not None and truth in prediction.ranking else []  # "not" a class has no map of its own
    return list(dict.fromkeys([first, *known, *prediction.ranking[:2]]))
