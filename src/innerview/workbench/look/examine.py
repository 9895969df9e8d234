"""Everything that a look works out for one picture, in memory: results only, nothing drawn, nothing written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from innerview.data.baselines import make_baselines
from innerview.methods import activations, keep
from innerview.network import Differentiable, Layer
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
from innerview.workbench.by_method import choose_methods, run_method
from innerview.workbench.items import Item
from innerview.workbench.portions import ALONE, Portion
from innerview.workbench.request import Request, choose_layers, choose_target, integrate


@dataclass(frozen=True, eq=False)
class Look:
    """One picture, looked into.

    Attributes:
        item: the picture, whole and as the network saw it, with its name and truth.
        prediction: what the network says of it.
        activations: of the chosen layers; `layers` are all layers of the network.
        gradient: of the target at the picture.
        interior: gradients at the chosen alphas.
        integrated: integrated gradients.
        profile: score, prediction and gradient norm along the path, from all evaluations made.
        kept: predictions with only a share of the pixels shown, by order ("highest", "lowest").
        methods: maps by the other methods that were asked for, by name.
    """

    item: Item
    prediction: Prediction
    layers: tuple[Layer, ...]
    activations: Activations
    gradient: Gradient
    interior: InteriorGradients
    integrated: IntegratedGradients
    profile: PathProfile
    kept: Mapping[str, Keep]
    methods: Mapping[str, Explained]


def examine(network: Differentiable, item: Item, request: Request, portion: Portion = ALONE) -> Look:
    """Work out all that `request` asks for one picture; `portion` is told of every pass.

    Raises:
        UsageError: a class, layer, alpha, rule, target or baseline that does not exist or has no meaning.
        PictureError: a baseline file can't be read or does not fit.
        NetworkError: something is not finite.
    """
    image = item.fitted.image
    first, *others = make_baselines(request.baselines, network.input, image)
    layers = choose_layers(request, network)
    active = activations(network, image, [layer.name for layer in layers])
    # Resolved here, once, so that every view explains the same class.
    target = choose_target(request, network.output).resolve(active.prediction.logits, network.output)
    baselines = [first, *others]
    everything = " and ".join(one.words for one in baselines)
    seed = next((one.seed for one in baselines if one.seed is not None), None)
    # All gradients share their batches; the last place is the picture itself.
    chosen = choose_methods(request.methods, network)
    ends = 1 / (1 + len(chosen))
    integrated = integrate(
        network,
        image,
        target,
        [one.image for one in baselines],
        request,
        (*request.alphas, 1.0),
        portion.part(0, ends),
    )
    inside = integrated.interior
    assert inside is not None  # noqa: S101 it was asked for
    interior = inside.first(len(request.alphas))
    profile = interior.profile if others else interior.profile.joined(integrated.profile)
    return Look(
        item=item,
        prediction=active.prediction,
        layers=tuple(network.layers),
        activations=active,
        gradient=Gradient(
            image, active.prediction, inside.gradients[-1], float(inside.scores[-1]), inside.unit, inside.provenance
        ),
        interior=replace(interior, provenance=replace(interior.provenance, baseline=first.words, seed=first.seed)),
        integrated=replace(
            integrated, provenance=replace(integrated.provenance, baseline=everything, seed=seed), interior=None
        ),
        profile=profile,
        kept={
            order: keep(
                network,
                image,
                integrated.map,
                fill=first.image,
                shares=request.shares,
                order=order,
                target=target.index,
            )
            for order in ("highest", "lowest")
        },
        methods={
            name: run_method(
                one,
                network,
                image,
                target,
                baselines,
                portion.part(number * ends, (number + 1) * ends, name, unit="passes").progress,
            )
            for number, (name, one) in enumerate(chosen.items(), start=1)
        },
    )
