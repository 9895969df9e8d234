"""Share the change of a score from baseline to image out among the pixels, to a stated accuracy or at a stated cost.

    attribution_i = (x_i - x0_i) * integral over alpha in [0, 1] of dS/dx_i (x0 + alpha (x - x0))

Sundararajan, Taly, Yan 2017, arXiv 1703.01365, equation 1. How many evaluations an accuracy takes depends on the
model a hundredfold, so there is no default for either: say the accuracy and get what it costs (`tolerance`), or say
the cost and get the gap alone to judge by (`fixed_rule`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from innerview.errors import UsageError
from innerview.methods.passes import Progress
from innerview.methods.tolerance import BUDGET, check_tolerance, integrate_one
from innerview.model import DifferentiableModel, InputSpec
from innerview.quadrature import fixed_rule
from innerview.results import IntegratedGradients
from innerview.targets import Target
from innerview.types import Image

DEFAULT_RULE: Final = "gauss-legendre"
"""The best of the fixed rules on smooth models (docs/decisions/quadrature.md)."""


DEFAULT_STEPS: Final = 32
"""Of a rule that was named without a number."""

LARGE: Final = 64
"""Height or width in pixels beyond which an image counts as large."""

TOLERANCE: Final = 0.01
LARGE_TOLERANCE: Final = 0.05
"""Where a person asks and says neither an accuracy nor a cost: of small images, and of large ones. Of a large ReLU
network 5 % take a quarter of the evaluations of 1 %, and nobody sees the difference (docs/decisions/accuracy.md)."""


def usual_tolerance(spec: InputSpec) -> float:
    """The accuracy that is asked for where nobody says one, by the size of a model's images."""
    return LARGE_TOLERANCE if max(spec.height, spec.width) > LARGE else TOLERANCE


def settle_exactness(model: DifferentiableModel, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fill in the accuracy, or what a rule or a number of evaluations leaves open.

    Raises:
        UsageError: both an accuracy and a cost; a tolerance that the precision can't give, too few evaluations.
    """
    fixed = bool({"rule", "n_steps"} & set(options))
    if fixed and "tolerance" in options:
        raise UsageError("integrated gradients were asked for to a tolerance and by a rule; say one of the two").of(
            "tolerance", found="rule"
        )
    if fixed:
        rule, evaluations = options.get("rule", DEFAULT_RULE), options.get("n_steps", DEFAULT_STEPS)
        fixed_rule(rule, evaluations)
        return {**options, "rule": rule, "n_steps": evaluations}
    tolerance = options.get("tolerance", usual_tolerance(model.input))
    check_tolerance(model, tolerance)
    return {**options, "tolerance": tolerance}


def integrated_gradients(
    model: DifferentiableModel,
    image: Image,
    target: Target,
    *,
    baseline: Image | Sequence[Image],
    tolerance: float | None = None,
    max_evaluations: int = BUDGET,
    rule: str | None = None,
    n_steps: int | None = None,
    interior: Sequence[float] = (),
    progress: Progress | None = None,
) -> IntegratedGradients:
    """Attribute `target` to the pixels of `image`, along the straight path from `baseline`.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        baseline: where the path starts, an image of the same shape. Of several, the maps are averaged and
            the standard deviation of the map is given as `spread`.
        tolerance: of the relative L1 error of the map, and of the gap: 0.01 is 1 %.
        max_evaluations: evaluations at most; when they end first, the status says so and the result is what there is.
        rule: instead of a tolerance, one of `innerview.quadrature.RULES`.
        n_steps: of that rule, for each baseline.
        interior: alphas in [0, 1] whose gradients are wanted as well, on the path from the first baseline. They are
            worked out in the integral's batches, beside its own evaluations, and are the result's `interior`.
        progress: called with evaluations done and in all, as far as they are known.

    Raises:
        UsageError: neither a tolerance nor a number of evaluations, or both; an unknown rule, too few evaluations or
            too small a budget, a tolerance that the precision can't give, no baseline, a target without meaning here.
        ImageError: image or baseline does not fit the model.
        ModelError: something is not finite; the message names layer and alpha.
    """
    fixed = rule is not None or n_steps is not None
    if fixed == (tolerance is not None) or (fixed and n_steps is None):
        found = "both were given" if tolerance is not None else "neither was given"
        raise UsageError(
            f"integrated gradients need an accuracy or a cost, and {found}: say tolerance=0.01 for an error of 1 % "
            "of the map, or n_steps=32 (with rule='gauss-legendre' or another)"
        ).of("n_steps", found=found)
    return integrate_one(
        model,
        image,
        target,
        baseline=baseline,
        tolerance=tolerance,
        rule=fixed_rule(rule or DEFAULT_RULE, n_steps) if n_steps is not None else None,
        max_evaluations=max_evaluations,
        interior=interior,
        progress=progress,
    )
