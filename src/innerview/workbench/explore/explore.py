"""What the viewer asks of a network, one question at a time: every answer is a payload, and may come in levels.

Whoever asks listens: is told how far the work is, is given what there is so far, and stops the work by raising. So a
server can drop a question that nobody waits for any more, and a report can ignore all of that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from innerview.data.baselines import Baseline
from innerview.errors import UsageError
from innerview.methods import BUDGET, Job, integrate_to_tolerance
from innerview.methods.method import Chosen
from innerview.methods.registry import find_method
from innerview.network import Differentiable, Network, ends
from innerview.results import Explained, IntegratedGradients
from innerview.targets import Margin, Target, usual_kind
from innerview.types import Alphas, Array, Image
from innerview.viewer.payload import Payload
from innerview.workbench.by_method import run_method
from innerview.workbench.evenly import evenly
from innerview.workbench.request import TARGETS


@runtime_checkable
class Listener(Protocol):
    """Whoever waits for an answer; raising in either method stops the work."""

    def progress(self, done: int, total: int) -> None:
        """Hear how many evaluations are done, of those known to be needed."""
        ...

    def level(self, payload: Payload) -> None:
        """Take what there is so far."""
        ...


class Nobody:
    """A listener that lets everything pass."""

    def progress(self, done: int, total: int) -> None:
        """Do nothing."""

    def level(self, payload: Payload) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Asked:
    """The target of a question, as numbers and words.

    Attributes:
        target: number of a class; None for the one that wins at the picture.
        versus: class that it is set against; None for none.
        kind: "logit", "contrast" or "probability"; empty for the usual one of the network's outputs. With `versus` it
            is the margin instead.
    """

    target: int | None = None
    versus: int | None = None
    kind: str = ""

    def resolve(self, network: Network, logits: Array) -> Target:
        """Make the target, with its class fixed.

        Raises:
            UsageError: an unknown kind, or a class against itself; `UnknownClass`.
        """
        if self.versus is not None:
            return Margin(self.target, self.versus).resolve(logits, network.output)
        kind = self.kind or usual_kind(network.output)
        if kind not in TARGETS:
            raise UsageError(f"there is no target {kind!r}; the targets are {', '.join(TARGETS)}")
        return TARGETS[kind](self.target).resolve(logits, network.output)


@dataclass(frozen=True, eq=False)
class Integrated:
    """Integrated gradients with the integrand at every place that was visited.

    Attributes:
        result: the map.
        target: resolved.
        alphas: where, rising.
        integrand: there, summed over the channels, in target units.
    """

    result: IntegratedGradients
    target: Target
    alphas: Alphas
    integrand: Float[np.ndarray, "alpha height width"]

    @property
    def size(self) -> int:
        """Bytes that it keeps in memory."""
        return self.integrand.nbytes + 3 * self.result.attribution.nbytes


class _Looking:
    """Looks on while maps are refined, and keeps the integrands."""

    def __init__(self, level: Callable[[tuple[IntegratedGradients, ...]], None]) -> None:
        self._level = level
        self._seen: dict[float, Array] = {}

    def visited(self, number: int, alpha: float, integrand: Array) -> None:  # noqa: ARG002 one picture only
        self._seen[alpha] = integrand.mean(axis=1).sum(axis=-1).astype(np.float32)

    def refined(self, number: int, results: tuple[IntegratedGradients, ...]) -> None:  # noqa: ARG002 the same
        self._level(results)

    def integrand(self, target: int) -> tuple[Alphas, Array]:
        alphas = sorted(self._seen)
        return np.array(alphas), np.stack([self._seen[alpha][target] for alpha in alphas])


def integrate(
    network: Differentiable,
    image: Image,
    targets: Sequence[Target],
    baseline: Baseline,
    *,
    tolerance: float,
    listener: Listener,
    level: Callable[[tuple[IntegratedGradients, ...]], None] | None = None,
    budget: int = BUDGET,
) -> tuple[Integrated, ...]:
    """Work out integrated gradients of several targets, which share their passes.

    Args:
        network: any network with gradients.
        image: one picture (pixels in [0, 1], height × width × channel).
        targets: resolved.
        baseline: where the path starts.
        tolerance: of the relative error of the maps.
        listener: told of the progress.
        level: given what there is after each level; not final.
        budget: evaluations at most.

    Raises:
        UsageError, PictureError, NetworkError: as in `integrate_to_tolerance`.
    """

    def named(result: IntegratedGradients) -> IntegratedGradients:
        provenance = replace(result.provenance, baseline=baseline.words, seed=baseline.seed)
        return replace(result, provenance=provenance)

    def pass_on(results: tuple[IntegratedGradients, ...]) -> None:
        if level is not None:
            level(tuple(named(result) for result in results))

    looking = _Looking(pass_on)
    ((_, results),) = integrate_to_tolerance(
        network,
        [Job(image, tuple(targets), (baseline.image,))],
        tolerance=tolerance,
        budget=budget,
        progress=listener.progress,
        watcher=looking,
    )
    return tuple(
        Integrated(named(result), target, *looking.integrand(place))
        for place, (result, target) in enumerate(zip(results, targets, strict=True))
    )


MANY: Final = 24
FEWER: Final = 12
"""Of more layers than MANY, so many are shown unasked: the ends of weighted layers, evenly from first to last."""


def layers_shown(network: Network) -> list[str]:
    """Names of the layers that are shown unasked: all of a few, a dozen of many, of those whose axes are known."""
    names = [layer.name for layer in network.layers]
    if len(names) <= MANY:
        return names
    drawn = [layer.name for layer in network.layers if layer.axes] or names
    numbered = [layer.name for layer in ends(network.layers) if layer.name in drawn] or drawn
    return list(dict.fromkeys(numbered[place] for place in evenly(range(len(numbered)), FEWER)))


def explain(
    network: Network, image: Image, target: Target, baseline: Baseline, method: str, listener: Listener
) -> Explained:
    """Work out one map by a method with its usual options.

    Raises:
        UsageError: there is no such method; lists them. Or it has no meaning for this network.
    """
    chosen = Chosen(find_method(method)).settled(network)
    return run_method(chosen, network, image, target, [baseline], listener.progress)
