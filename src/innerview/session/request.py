"""What a user can ask of a look, in the words of a command line, with what each default means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

from innerview.data.baselines import parse_baseline
from innerview.errors import UsageError
from innerview.layers import as_said, ends
from innerview.methods import BUDGET, DEFAULT_SHARES, RECIPE_ALPHAS
from innerview.methods.integrated_gradients import DEFAULT_EVALUATIONS, DEFAULT_RULE
from innerview.methods.interior_gradients import check_alphas
from innerview.methods.keep import check_shares
from innerview.methods.tolerance import check_tolerance
from innerview.network import Differentiable, Layer, Network, OutputSpec, find_layer, has_gradients
from innerview.pictures.overlay import require_style
from innerview.quadrature import Rule, fixed_rule
from innerview.session.methods import choose_methods
from innerview.targets import Contrast, Logit, Margin, Probability, Target, find_class, label, usual_kind

TARGETS: Final[Mapping[str, Callable[[int | None], Target]]] = MappingProxyType(
    {"logit": Logit, "contrast": Contrast, "probability": Probability}
)


@dataclass(frozen=True)
class Request:
    """What is looked at, and how.

    Attributes:
        explained: class that is explained, by number or name; empty for the one that wins at the picture.
        versus: class that it is set against ("why this and not that"); empty for none.
        target: one of TARGETS, or empty for the usual one of the network's outputs (`targets.usual_kind`); with
            `versus` it is the difference of two logits instead.
        layers: numbers (counted from 1) or names; empty for three spread over the network.
        alphas: places on the path for the interior gradients, in [0, 1].
        tolerance: of the integrated gradients' error, relative to the map: 0.01 is 1 %.
        budget: evaluations at most for that.
        rule: a quadrature rule to use instead of a tolerance; empty for none.
        evaluations: a number of evaluations instead of a tolerance; 0 for none.
        baselines: names or files; several are averaged in the integrated gradients, and the first one is the
            start of the interior gradients and the fill of the pixels that are taken away.
        shares: of the pixels shown, in [0, 1].
        scale: "per-image" for each map its own colour scale, "shared" for one over all pictures, or the largest
            |value|.
        style: how maps are laid over the picture, one of `pictures.STYLES`.
        channels: channels drawn of each layer.
        methods: maps by other methods beside the integrated gradients: "occlusion", "occlusion:window=8,stride=4".
    """

    explained: str = ""
    versus: str = ""
    target: str = ""
    layers: tuple[str, ...] = ()
    alphas: tuple[float, ...] = RECIPE_ALPHAS
    tolerance: float = 0.01
    budget: int = BUDGET
    rule: str = ""
    evaluations: int = 0
    baselines: tuple[str, ...] = ("black",)
    shares: tuple[float, ...] = DEFAULT_SHARES
    scale: str = "per-image"
    style: str = "tint"
    channels: int = 27
    methods: tuple[str, ...] = ()

    @property
    def fixed_rule(self) -> Rule | None:
        """The rule of the integrated gradients, where one (or its evaluations) was asked for instead of a tolerance."""
        if not (self.rule or self.evaluations):
            return None
        return fixed_rule(self.rule or DEFAULT_RULE, self.evaluations or DEFAULT_EVALUATIONS)


def check_request(request: Request, network: Network) -> None:
    """Raise UsageError for whatever can be told to be wrong before anything is computed or written."""
    choose_target(request, network.output)
    choose_layers(request, network)
    fixed_scale(request)
    require_style(request.style)
    check_alphas(request.alphas)
    check_shares(request.shares)
    for baseline in request.baselines:
        parse_baseline(baseline)
    if request.fixed_rule is None and has_gradients(network):
        check_tolerance(cast("Differentiable", network), request.tolerance)
    choose_methods(request.methods, network)


def choose_target(request: Request, output: OutputSpec) -> Target:
    """Turn the request's words into a target; unknown classes and targets list what there is."""
    class_names, kind = output.class_names, request.target or usual_kind(output)
    index = _find_target(request.explained, class_names)
    if request.versus:
        other = find_class(request.versus, class_names)
        if index == other:
            raise UsageError(f"{label(other, class_names)} was to be explained against itself; name another class")
        return Margin(index, other)
    if kind not in TARGETS:
        raise UsageError(f"there is no objective {kind!r}; the objectives are {', '.join(TARGETS)}")
    return TARGETS[kind](index)


def _find_target(text: str, class_names: Sequence[str]) -> int | None:
    """Find the class that is explained; None for the predicted one."""
    try:
        return find_class(text, class_names) if text else None
    except UsageError as problem:
        if text in TARGETS:
            raise UsageError(f"{problem}; --target is a class, what is explained of it is --objective {text}") from None
        raise


def choose_layers(request: Request, network: Network) -> tuple[Layer, ...]:
    """Find the layers asked for, or those after a third, two thirds and all of the weighted ones that can be drawn.

    Raises:
        UnknownLayer: lists what there is.
        UsageError: of a layer that was asked for it is not known which of its axes are which, so it can't be drawn.
    """
    known = [layer for layer in ends(network.layers) if layer.axes]
    if not request.layers:
        spread = sorted({max(1, round(len(known) * part / 3)) for part in (1, 2, 3)}) if known else ()
        return tuple(known[number - 1] for number in spread)
    found = tuple(find_layer(network.layers, asked) for asked in request.layers)
    for layer in found:
        if not layer.axes:
            others = ", ".join(dict.fromkeys(as_said(one) for one in known)) or "none of this network"
            raise UsageError(
                f"layer {layer.name} can't be drawn: which of its axes (of {layer.shape}) are places in the picture "
                f"and which are channels can't be told from what it does. These can be: {others}"
            )
    return found


def fixed_scale(request: Request) -> float | None:
    """The scale as a number, or None for "per-image" and "shared".

    Raises:
        UsageError: neither a word that is known nor a number above 0.
    """
    if request.scale in {"per-image", "shared"}:
        return None
    try:
        value = float(request.scale)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UsageError(f"vmax {request.scale!r} was asked for; it is per-image, shared or a number above 0")
    return value
