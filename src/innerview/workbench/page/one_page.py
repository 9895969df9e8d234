"""Everything about one picture that goes into one file: chosen for size and for what the reader will ask first.

The class that is explained, the runner-up and the truth have maps; one has its path; the answers to a share of the
pixels are worked out beforehand. Passes are shared between the classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from innerview.data.baselines import make_baseline
from innerview.methods import BUDGET, activations, predict
from innerview.methods.registry import USUAL
from innerview.network import Differentiable
from innerview.results import Prediction
from innerview.targets import usual_kind
from innerview.types import Array
from innerview.viewer.one_file import Packed, pack
from innerview.viewer.payloads.keep import keep_payload
from innerview.viewer.payloads.layers import Shown, layers_payload
from innerview.viewer.payloads.map import Question, map_payload
from innerview.viewer.payloads.path import path_payload
from innerview.viewer.payloads.stamp import Stamp
from innerview.viewer.payloads.subject import Photo, subject_payload
from innerview.workbench.explore.explore import Asked, integrate, layers_shown
from innerview.workbench.explore.keep import keep_by_orders
from innerview.workbench.explore.path import LARGE, LARGE_STOPS, RECIPE, add_up, choose_stops, walk
from innerview.workbench.portions import ALONE, Portion


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
    network: Differentiable,
    photo: Photo,
    explaining: Explaining,
    extent: Extent | None = None,
    *,
    weights: Mapping[str, Array] | None = None,
    portion: Portion = ALONE,
) -> list[Packed]:
    """Work out and pack everything about one picture.

    Args:
        network: any network with gradients.
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
    maps = integrate(
        network,
        image,
        targets,
        baseline,
        tolerance=explaining.tolerance,
        listener=portion.part(0, 0.6, "maps", most=explaining.budget),
        budget=explaining.budget,
    )
    large = max(image.shape[:2]) > size.large
    stops = choose_stops(maps[0].result.profile, size.large_stops if large else size.stops)
    interior = walk(network, image, targets[0], baseline, stops, portion.part(0.6, 0.8, "path"))
    # Gradients channel by channel are most of a path's bytes: of a large picture only the recipe's ten are kept.
    frames = [place for place, stop in enumerate(stops) if stop in RECIPE] if large else []
    keeps = keep_by_orders(
        network,
        image,
        maps[0].result.map,
        fill=baseline.image,
        target=targets[0].index,
        listener=portion.part(0.8, 1, "keep", unit="answers"),
        shares=size.shares,
        randoms=size.randoms,
    )
    layers = network.layers
    shown = size.large_layers if large else size.layers
    inside = layers_payload(
        activations(network, image, layers_shown(network)),
        layers,
        weights if weights is not None else network.weights(),
        stamp,
        shown,
    )
    usual = {"method": USUAL, "baseline": explaining.baseline}
    packed = [pack(subject_payload(photo, prediction, network.identity))]
    for number, ((index, one), found) in enumerate(zip(questions, maps, strict=True)):
        question = Question(USUAL, "margin" if one.versus is not None else kind, index, one.versus)
        payload = map_payload(found.result, question, stamp, small=large and number > 0)
        packed.append(pack(payload, target=index, versus=one.versus, **usual))
    first = {"target": classes[0], "versus": asked.versus, "baseline": explaining.baseline}
    path = path_payload(interior, add_up(maps[0], stops), stamp, versus=asked.versus, frames=frames)
    kept = keep_payload(keeps, stamp, fill=baseline.words, seed=0, versus=asked.versus)
    return [*packed, pack(path, **first), pack(kept, **first, fill=explaining.baseline), pack(inside)]


def _classes(prediction: Prediction, asked: Asked, truth: int | None) -> list[int]:
    """The class explained, then the winner, the runner-up and the truth, each once."""
    first = asked.target if asked.target is not None else prediction.ranking[0]
    known = [truth] if truth is not None and truth in prediction.ranking else []  # "not" a class has no map of its own
    return list(dict.fromkeys([first, *known, *prediction.ranking[:2]]))
