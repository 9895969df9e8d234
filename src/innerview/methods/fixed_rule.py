"""Integrated gradients by a named quadrature rule with a fixed number of evaluations, as the 2018 recipe has them.

    attribution_i = (x_i - x0_i) * integral over alpha in [0, 1] of dS/dx_i (x0 + alpha (x - x0))

Sundararajan, Taly, Yan 2017, arXiv 1703.01365, equation 1. The sum equals S(x) - S(x0) (completeness,
proposition 1); what is missing to it, the gap, comes with every result, and it is the only check here. Sums are kept
in float64 and memory does not grow with the number of evaluations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from innerview.errors import UsageError
from innerview.methods.accounting import Account
from innerview.methods.interior_gradients import interior_gradients
from innerview.methods.passes import Progress, along, check_picture, forward_logits
from innerview.network import Differentiable, require_differentiable
from innerview.quadrature import Rule, fixed_rule
from innerview.results import IntegratedGradients, PathProfile, Provenance, Status
from innerview.targets import Target, together
from innerview.types import Array, Image


def integrate_by_rule(
    network: Differentiable,
    image: Image,
    target: Target,
    *,
    baseline: Image | Sequence[Image],
    rule: str,
    evaluations: int,
    interior: Sequence[float] = (),
    progress: Progress | None = None,
) -> IntegratedGradients:
    """Attribute `target` to the pixels of `image`, along the straight path from `baseline`.

    Args:
        network: any network with gradients.
        image: one picture (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the picture.
        baseline: where the path starts, a picture of the same shape. Of several, the maps are averaged and
            the standard deviation of the channel sums is given as `spread`.
        rule: one of `innerview.quadrature.RULES`.
        evaluations: forward and backward passes per baseline.
        interior: alphas whose gradients are wanted as well, from the first baseline.
        progress: called with evaluations done and in all.

    Raises:
        UsageError: an unknown rule, too few evaluations for it, no baseline, a target without meaning here.
        PictureError: picture or baseline does not fit the network.
        NetworkError: something is not finite; the message names layer and alpha.
    """
    require_differentiable(network)
    check_picture(network, image, "picture")
    baselines = [baseline] if isinstance(baseline, np.ndarray) else list(baseline)
    if not baselines:
        raise UsageError("no baseline was given; it decides the answer, so name at least one (black, for a start)")
    for one in baselines:
        check_picture(network, one, "baseline")
    chosen = fixed_rule(rule, evaluations)
    outputs = forward_logits(network, image[None])
    resolved = target.resolve(outputs[0], network.output)

    def report(before: int, done: int) -> None:
        if progress is not None:
            progress(before + done, len(baselines) * evaluations)

    walks = [
        _one_baseline(network, image, one, resolved, chosen, partial(report, position * evaluations))
        for position, one in enumerate(baselines)
    ]
    maps = np.stack([attribution for attribution, _, _ in walks])
    score = float(resolved.score(outputs)[0])
    baseline_score = float(np.mean([_score(network, one, resolved) for one in baselines]))
    account = Account(
        directions=np.stack([image.astype(np.float64) - one for one in baselines]),
        attribution=maps.mean(axis=0),
        scores=(score, baseline_score),
        dead=not any(norms.any() for _, _, norms in walks),
        stalled=False,
        dtype=network.dtype,
        unit=resolved.unit,
    )
    return IntegratedGradients(
        image=image,
        baseline=np.mean(baselines, axis=0, dtype=np.float64).astype(image.dtype),
        attribution=account.attribution,
        score=score,
        baseline_score=baseline_score,
        rule=chosen.name,
        evaluations=evaluations * len(baselines),
        profile=PathProfile(
            alphas=chosen.nodes,
            scores=np.stack([resolved.score(logits) for _, logits, _ in walks]).mean(axis=0, dtype=np.float64),
            probabilities=np.mean([network.output.probabilities(logits) for _, logits, _ in walks], axis=0),
            norms=np.mean([norms for _, _, norms in walks], axis=0),
            class_names=network.output.class_names,
            target=resolved.index,
            unit=resolved.unit,
        ),
        status=Status.FIXED if account.accounted else Status.NO_GRADIENT,
        provenance=Provenance.of(network, resolved.describe(network.output.class_names)),
        spread=maps.sum(axis=3).std(axis=0) if len(baselines) > 1 else None,
        notes=account.notes(),
        interior=interior_gradients(network, image, resolved, baseline=baselines[0], alphas=interior)
        if interior
        else None,
    )


def _score(network: Differentiable, picture: Image, target: Target) -> float:
    return float(target.score(forward_logits(network, picture[None]))[0])


def _one_baseline(
    network: Differentiable,
    image: Image,
    baseline: Image,
    target: Target,
    rule: Rule,
    report: Callable[[int], None],
) -> tuple[Array, Array, Array]:
    """Walk one path; give the attribution and, at each node, the outputs and the sum of absolute gradients."""
    total = np.zeros(image.shape, dtype=np.float64)
    logits = np.empty((len(rule.nodes), len(network.output.class_names)), dtype=network.dtype)
    norms = np.empty(len(rule.nodes))
    for part, outputs, gradients in along(network, image, baseline, rule.nodes, together([target])):
        total += np.tensordot(rule.weights[part], gradients[0].astype(np.float64), axes=1)
        logits[part] = outputs
        norms[part] = np.abs(gradients[0]).sum(axis=(1, 2, 3), dtype=np.float64)
        report(part.stop)
    return total * (image.astype(np.float64) - baseline), logits, norms
