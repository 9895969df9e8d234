"""AttnLRP: relevance passed back through a transformer, layer by layer, from the score to the pixels.

    W x + b              R_i = Σ_j x_i w_ji R_j / z_j,  z = W x + b         the epsilon rule, epsilon → 0
    the same by gamma    x_i w_ji counts (1 + γ) times where it has the sign of z_j, and z_j is the sum of what counts
    A v, q kᵀ, a · b     each factor gets half                              the uniform rule
    softmax(x) = s       R_i = x_i (R_i' - s_i Σ_j R_j')                    its Taylor expansion at x
    GELU, SiLU, …        R_i = R_i'                                         the identity rule
    layer norm           x_i - mean as a linear layer, then R_i = R_i'      the deviation is a constant

Achtibat and others, "AttnLRP: Attention-Aware Layer-Wise Relevance Propagation for Transformers", ICML 2024, arXiv
2402.05602, section 3; the gamma rule: Montavon and others 2019, "Layer-Wise Relevance Propagation: An Overview", here
for inputs of both signs. Each rule is input × a changed gradient, so that the whole is the model's input × a gradient
whose ways back are replaced: the adapter replaces them (`Propagating`). The input is what the model receives, 0 at its
mean colour. What biases, class tokens, position embeddings and the expansion of softmax keep does not arrive at pixels;
how much did arrive is said.
"""

from __future__ import annotations

from typing import Final, cast

import numpy as np

from innerview.errors import UsageError
from innerview.methods.passes import check_image, require_finite
from innerview.model import DifferentiableModel, Model, Propagating, require_differentiable, why_not_propagating
from innerview.results import Attribution, Provenance
from innerview.targets import Target
from innerview.types import Array, Image

DEFAULT_GAMMA: Final = 0.0

KEEPING: Final = "biases, class tokens, position embeddings and the expansion of softmax"

INSTEAD: Final = "Use grad-cam, occlusion or shapley, which need no rules"


def attn_lrp(model: DifferentiableModel, image: Image, target: Target, *, gamma: float = DEFAULT_GAMMA) -> Attribution:
    """Pass the score back to the pixels by the rules of AttnLRP.

    Args:
        model: a transformer of PyTorch, in which every operation has a rule.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        gamma: how many times more counts what has the sign of a sum, in dense layers and convolutions; from 0.

    Raises:
        UsageError: an operation has no rule, and which; the model has no attention or no gradients; the target has no
            meaning here; gamma is below 0.
        ImageError: the image does not fit the model.
        ModelError: something is not finite.
    """
    require_differentiable(model)
    check_image(model, image, "image")
    if not gamma >= 0:
        raise UsageError(f"gamma={gamma} was asked for; give 0 or more").of("gamma", asked=gamma, limit=0)
    require_rules(model)

    def grad_output(outputs: Array) -> Array:
        return target.resolve(outputs[0], model.output).grad_output(outputs)[None]

    found = cast("Propagating", model).propagate(image[None], grad_output, gamma)
    require_finite(model, image[None], found.outputs, "output")
    gradient = found.input_gradients[0, 0].astype(np.float64)
    require_finite(model, image[None], gradient, "relevance")
    resolved = target.resolve(found.outputs[0], model.output)
    score = float(resolved.score(found.outputs)[0])
    relevance = gradient * (image.astype(np.float64) + model.input.offset / model.input.scale)
    said = f"{100 * relevance.sum() / score:.0f} % of the score arrive" if score else "the score is 0; none arrives"
    return Attribution(
        image=image,
        attribution=relevance,
        method="AttnLRP" if not gamma else f"AttnLRP, gamma {gamma:g}",
        meaning="contribution",
        unit=resolved.unit,
        score=score,
        target=resolved.index,
        n_evaluations=1,
        provenance=Provenance.of(model, resolved.describe(model.output.class_names)),
        notes=(f"Passed back by rules: {said} at the pixels; the rest stays with {KEEPING}.",),
    )


def require_rules(model: Model) -> None:
    """Raise UsageError unless a model's score can be passed back by rules."""
    refused = why_not_propagating(model)
    if refused:
        raise UsageError(f"attn-lrp passes a score back through transformers, and {refused}. {INSTEAD}").of(
            "rules", asked="attn-lrp", found=refused
        )
