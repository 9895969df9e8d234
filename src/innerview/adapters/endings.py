"""What a model's outputs are, beside what was declared of them: logits or probabilities, whatever the framework.

A model that ends in softmax or sigmoid hides how sure it is where it is sure, and a second softmax or sigmoid over its
outputs is wrong in silence. So the ending is looked for: as an operation where the framework shows it (`TABLE` says
what is done then), and else in the outputs for noise, some of it a million times as strong as any image: what stays
between 0 and 1 there is no logit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import numpy as np

from innerview.errors import ModelError
from innerview.model import Model, OutputKind, OutputSpec, unit_of
from innerview.types import Array, Images

Found: TypeAlias = Literal["softmax", "log_softmax", "sigmoid", "log_sigmoid", "linear", ""]
"""The operation that gave the outputs; "linear" for one that bounds nothing, "" where that is not known."""

BEFORE: Final = "before"
AS_IT_IS: Final = "as it is"

_TAKEN: Final = "the logits are then taken from before it"
_SINGLE: Final = "softmax over a single output is 1 for every image; wrap the model without it, with kind 'sigmoid'"

TABLE: Final[Mapping[tuple[str, OutputKind], str]] = {
    ("softmax", "logits"): BEFORE,
    ("softmax", "probabilities"): AS_IT_IS,
    ("softmax", "sigmoid"): f"declare kind 'logits' ({_TAKEN}) or 'probabilities'",
    ("log_softmax", "logits"): BEFORE,
    ("log_softmax", "probabilities"): f"its outputs are logarithms; declare kind 'logits' ({_TAKEN})",
    ("log_softmax", "sigmoid"): f"declare kind 'logits' ({_TAKEN})",
    ("sigmoid", "logits"): f"declare kind 'sigmoid' (one independent logit per class; {_TAKEN})",
    ("sigmoid", "sigmoid"): BEFORE,
    ("sigmoid", "probabilities"): f"declare kind 'sigmoid' ({_TAKEN}): such outputs do not sum to 1",
    ("log_sigmoid", "logits"): f"declare kind 'sigmoid' ({_TAKEN})",
    ("log_sigmoid", "sigmoid"): BEFORE,
    ("log_sigmoid", "probabilities"): f"its outputs are logarithms; declare kind 'sigmoid' ({_TAKEN})",
}
"""What is done with an ending, by the kind that was declared: taken off, left, or else refused with the way out."""

SINGLE: Final[Mapping[tuple[str, OutputKind], str]] = {
    ("softmax", "sigmoid"): _SINGLE,
    ("softmax", "probabilities"): _SINGLE,
    ("log_softmax", "sigmoid"): _SINGLE,
    ("log_softmax", "probabilities"): _SINGLE,
    ("sigmoid", "probabilities"): AS_IT_IS,
}
"""Where that is otherwise for a model with one output."""

ALIKE: Final = 1e-3
"""How far probabilities may be from the model's own when its ending is taken off: rounding, not meaning."""

SUM: Final = 1e-4
CHANGE: Final = 1e-3
"""Outputs that change less than this among all probes say nothing of their range."""

PLAIN: Final = 3
STRONG: Final = (30.0, -30.0, 1e6, -1e6)


def take_off(found: Found, output: OutputSpec, where: str = "") -> bool:
    """Whether an ending is set aside, so that the outputs are what stands before it.

    Args:
        found: how the model ends.
        output: what was declared.
        where: the layer that has it, for people; empty for an operation outside of layers.

    Raises:
        ModelError: the ending contradicts what was declared.
    """
    what = (found, output.kind)
    way = (SINGLE.get(what) if len(output.class_names) == 1 else None) or TABLE.get(what, AS_IT_IS)
    if way == AS_IT_IS:
        return False
    if way != BEFORE:
        raise ModelError(f"the model ends in {found}{where}, but {output.kind!r} was declared: {way}").of(
            "kind", asked=output.kind, found=found
        )
    if output.temperature != 1:
        raise ModelError(
            f"the model ends in {found}{where}, and a temperature of {output.temperature:g} was declared beside it, "
            "which would be applied a second time; leave the temperature out, or wrap the model without its ending"
        ).of("temperature", asked=output.temperature, found=found)
    return True


def take_off_seen(found: Found, output: OutputSpec, *, taken: bool) -> None:
    """Raise ModelError for an ending that is to be set aside, and that a graph shows where nothing can be taken off.

    A scripted or exported model is like that.
    """
    if not taken and found != "linear" and take_off(found, output):
        raise ModelError(
            f"the model ends in {found}, inside of what is compiled, so that nothing before it can be taken; wrap the "
            "model without it"
        ).of("ending", found=found)


def words(found: Found, where: str = "") -> str:
    """What was set aside, for people."""
    return f"the model ends in {found}{where}; its logits are taken from before it"


def check_taken_off(found: Found, given: Array, before: Array, output: OutputSpec, unit: float = 0.0) -> None:
    """Raise ModelError unless what stands before an ending says the same as the outputs that the model gives.

    A softmax over the batch, or over another axis than the classes, does not. `unit` is that of the precision in which
    the model computes.
    """
    own = np.exp(given.astype(np.float64)) if found.startswith("log") else given.astype(np.float64)
    if not np.isfinite(before).all() or np.allclose(output.probabilities(before), own, atol=ALIKE + 2 * unit):
        return
    raise ModelError(
        f"the model ends in {found}, but not one over the classes of each image alone: it gives {own[0][:5]} where "
        f"its logits say {output.probabilities(before)[0][:5]}. Say over which axis: softmax(dim=1) in PyTorch, axis=-1"
    ).of("axis", found=found)


def check_meaning(model: Model) -> None:
    """Raise ModelError where the outputs for noise contradict the kind that was declared.

    Raises:
        ModelError: with what was found, and what to declare instead.
    """
    kind, single = model.output.kind, len(model.output.class_names) == 1
    if kind == "scores":
        return
    outputs = _outputs(model)
    allowed = SUM + 2 * unit_of(model)
    bounded, sums = _bounded(outputs), not single and bool(np.allclose(outputs.sum(axis=1), 1, atol=allowed))
    if kind == "probabilities":
        _check_probabilities(outputs, bounded=bounded, sums=sums or single)
    elif bounded and sums:
        raise ModelError(
            f"{_declared(kind)} were declared, but the outputs are positive and sum to 1: the model ends in softmax. "
            "Declare kind 'probabilities' (--output-spec probabilities), or wrap the model without it"
        ).of("kind", asked=kind, found="softmax")
    elif bounded and _ending(model) != "linear" and float(np.ptp(outputs)) > CHANGE and outputs[:PLAIN].all():
        # A sigmoid is 0 exactly for no image; what is, was cut off at 0, and is a score like any other.
        raise ModelError(
            f"{_declared(kind)} were declared, but the outputs lie between 0 and 1 ({outputs.min():.3g} to "
            f"{outputs.max():.3g}) for all that was tried, noise a million times as strong as an image among it: the "
            f"model seems to end in a sigmoid. Wrap it without that, with kind 'sigmoid'{_instead(single=single)}"
        ).of("kind", asked=kind, found="sigmoid")


def _check_probabilities(outputs: Array, *, bounded: bool, sums: bool) -> None:
    if bounded and sums:
        return
    wrong = outputs[int(np.abs(outputs - 0.5).max(axis=1).argmax())] if not bounded else outputs[0]
    raise ModelError(
        f"probabilities were declared, but the outputs for a random image are {wrong[:5]} and sum to "
        f"{wrong.sum():.4g}; declare kind 'logits', 'sigmoid' or 'scores'"
    ).of("kind", asked="probabilities", found=float(wrong.sum()))


def _declared(kind: OutputKind) -> str:
    return "logits" if kind == "logits" else "logits of sigmoids (kind 'sigmoid')"


def _instead(*, single: bool) -> str:
    return (
        ", or declare kind 'probabilities'" if single else "; or declare kind 'scores', of which no probability is read"
    )


def _ending(model: Model) -> str:
    """What the adapter saw of the last operation, where its framework shows it."""
    return str(getattr(model, "ending", ""))


def _bounded(outputs: Array) -> bool:
    return bool((outputs >= -SUM).all() and (outputs <= 1 + SUM).all())


def _outputs(model: Model) -> Array:
    """Outputs for noise as strong as an image, and much stronger as far as the model bears it."""
    random = np.random.default_rng(0)
    plain = random.random((PLAIN, *model.input.shape)).astype(model.dtype)
    found = [model.forward(plain).outputs]
    for factor in STRONG:
        found += _strong(model, plain[:1] * model.dtype.type(factor))
    return np.concatenate(found)


def _strong(model: Model, images: Images) -> list[Array]:
    """What is far from any image may be refused, or overflow: then it says nothing."""
    try:
        outputs = model.forward(images).outputs
    except ModelError:
        return []
    return [outputs] if np.isfinite(outputs).all() else []
