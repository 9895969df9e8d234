"""Everything that a look works out for one picture, in memory: results only, nothing drawn, nothing written."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, cast

from innerview.data.baselines import Baseline, make_baselines
from innerview.errors import InnerviewError, UsageError
from innerview.layers import as_said
from innerview.methods import activations, keep
from innerview.network import Differentiable, Layer, Network, has_gradients
from innerview.results import (
    Activations,
    Explained,
    Gradient,
    IntegratedGradients,
    InteriorGradients,
    Keep,
    PathProfile,
    Prediction,
)
from innerview.targets import Target
from innerview.workbench.by_method import choose_methods, run_method
from innerview.workbench.items import Item
from innerview.workbench.portions import ALONE, Portion
from innerview.workbench.request import Request, choose_layers, choose_target, integrate


@dataclass(frozen=True, eq=False)
class Along:
    """What gradients along the path from the baseline say.

    Attributes:
        gradient: of the target at the picture.
        interior: gradients at the chosen alphas.
        integrated: integrated gradients.
        profile: score, prediction and gradient norm along the path, from all evaluations made.
    """

    gradient: Gradient
    interior: InteriorGradients
    integrated: IntegratedGradients
    profile: PathProfile


@dataclass(frozen=True, eq=False)
class Look:
    """One picture, looked into.

    Attributes:
        item: the picture, whole and as the network saw it, with its name and truth.
        prediction: what the network says of it.
        layers: all layers of the network.
        activations: of the chosen layers.
        along: what gradients say; None for a network that has none.
        kept: predictions with only a share of the pixels shown, by order ("highest", "lowest").
        methods: maps by the other methods that were asked for, by name.
        missing: what could not be worked out, by what it is, with the reason.
    """

    item: Item
    prediction: Prediction
    layers: tuple[Layer, ...]
    activations: Activations
    along: Along | None
    kept: Mapping[str, Keep]
    methods: Mapping[str, Explained]
    missing: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def found(self) -> Along:
        """What gradients say, where it is known that there are some."""
        assert self.along is not None  # noqa: S101 what is drawn of them is asked for only where there are some
        return self.along

    @property
    def gradient(self) -> Gradient:
        """Of the target at the picture."""
        return self.found.gradient

    @property
    def interior(self) -> InteriorGradients:
        """Gradients at the chosen alphas."""
        return self.found.interior

    @property
    def integrated(self) -> IntegratedGradients:
        """Integrated gradients."""
        return self.found.integrated

    @property
    def profile(self) -> PathProfile:
        """Score, prediction and gradient norm along the path."""
        return self.found.profile

    @property
    def map(self) -> Explained:
        """The map that the others are held against: integrated gradients, or the first one without gradients."""
        return self.along.integrated if self.along else next(iter(self.methods.values()))


FORWARD: Final = "occlusion"
"""The map of a network without gradients."""

NO_GRADIENTS: Final = (
    "the network can only be run forward, so there are no gradients: the map is by occlusion, and what gradients would "
    "say (integrated gradients, the way from the baseline) is left out"
)


def examine(network: Network, item: Item, request: Request, portion: Portion = ALONE) -> Look:
    """Work out all that `request` asks for one picture; `portion` is told of every pass.

    Of a network without gradients the map is by occlusion. What fails behind the first map is missing, with its reason;
    the rest is there.

    Raises:
        UsageError: a class, layer, alpha, rule, target or baseline that does not exist or has no meaning.
        PictureError: a baseline file can't be read or does not fit.
        NetworkError: something is not finite.
    """
    image = item.fitted.image
    baselines = make_baselines(request.baselines, network.input, image)
    layers = choose_layers(request, network)
    active = activations(network, image, [as_said(layer) for layer in layers])
    # Resolved here, once, so that every view explains the same class.
    target = choose_target(request, network.output).resolve(active.prediction.logits, network.output)
    # Not isinstance, as in `has_gradients`.
    differentiable = cast("Differentiable", network) if has_gradients(network) else None
    asked = request.methods if differentiable else tuple(dict.fromkeys((FORWARD, *request.methods)))
    chosen = choose_methods(asked, network)
    parts = len(chosen) + (differentiable is not None)
    shares = [portion.part(number / parts, (number + 1) / parts) for number in range(parts)]
    along = _along(differentiable, active, target, baselines, request, shares.pop(0)) if differentiable else None
    missing = {} if differentiable else {"gradients": NO_GRADIENTS}
    methods = dict[str, Explained]()
    for (name, one), share in zip(chosen.items(), shares, strict=True):
        with _tolerated(missing, f"the map by {name}", give_up=along is None and not methods):
            progress = share.part(0, 1, name, unit="passes").progress
            methods[name] = run_method(one, network, image, target, baselines, progress)
    look = Look(item, active.prediction, tuple(network.layers), active, along, {}, methods, missing)
    kept = dict[str, Keep]()
    for order in ("highest", "lowest"):
        with _tolerated(missing, f"keep, {order} values"):
            kept[order] = keep(
                network,
                image,
                look.map.map,
                fill=baselines[0].image,
                shares=request.shares,
                order=order,
                target=target.index,
            )
    return replace(look, kept=kept)


@contextmanager
def _tolerated(missing: dict[str, str], what: str, *, give_up: bool = False) -> Generator[None, None, None]:
    """Note down what fails in the block, and go on; a request that has no meaning, and the first map, stop the look."""
    try:
        yield
    except UsageError:
        raise
    except InnerviewError as problem:
        if give_up:
            raise
        missing[what] = str(problem)


def _along(
    network: Differentiable,
    active: Activations,
    target: Target,
    baselines: Sequence[Baseline],
    request: Request,
    portion: Portion,
) -> Along:
    """Work out what gradients say; all of them share their batches, and the last place is the picture itself."""
    image, (first, *others) = active.image, baselines
    integrated = integrate(
        network, image, target, [one.image for one in baselines], request, (*request.alphas, 1.0), portion
    )
    inside = integrated.interior
    assert inside is not None  # noqa: S101 it was asked for
    interior = inside.first(len(request.alphas))
    everything = " and ".join(one.words for one in baselines)
    seed = next((one.seed for one in baselines if one.seed is not None), None)
    return Along(
        gradient=Gradient(
            image, active.prediction, inside.gradients[-1], float(inside.scores[-1]), inside.unit, inside.provenance
        ),
        interior=replace(interior, provenance=replace(interior.provenance, baseline=first.words, seed=first.seed)),
        integrated=replace(
            integrated, provenance=replace(integrated.provenance, baseline=everything, seed=seed), interior=None
        ),
        profile=interior.profile if others else interior.profile.joined(integrated.profile),
    )
