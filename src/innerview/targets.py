"""What is explained: one number per image, made from the model's outputs.

A target gives the score and its derivative by the outputs (the grad_output); it never sees an image or a
model. A class that is left open is fixed once, at the image that is explained, by `resolve`: along a path
towards a baseline the winning class changes, and an explanation that changed its question on the way would add
up to nothing.

Anyone can write another one: the protocol has six members.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Protocol, runtime_checkable

import numpy as np

from innerview.errors import AmbiguousClass, UnknownClass, UsageError
from innerview.model import GradOutputs, Model, OutputKind, OutputSpec
from innerview.names import comparable, readable
from innerview.spec import answer_name, possible_answers
from innerview.types import Array, Image, LogitRow, Logits, Scores


@runtime_checkable
class Target(Protocol):
    """One number per image, with its derivative by the outputs."""

    @property
    def unit(self) -> str:
        """Unit of the score: "logit", "probability", …."""
        ...

    @property
    def index(self) -> int | None:
        """Number of the class that the target speaks for; None while it is open, or if there is no such class."""
        ...

    def resolve(self, outputs: LogitRow, output: OutputSpec) -> Target:
        """Fix what was left open (the class, the temperature), given the outputs at the image."""
        ...

    def score(self, outputs: Logits) -> Scores:
        """The number that is explained, one per row."""
        ...

    def grad_output(self, outputs: Logits) -> Logits:
        """d score / d outputs, batch × class."""
        ...

    def describe(self, class_names: Sequence[str]) -> str:
        """Name the target for people, with class numbers and names: "logit of 7 horse"."""
        ...


def label(index: int, class_names: Sequence[str]) -> str:
    """Write an answer as everywhere in innerview: its number and its name, "7 horse"; or "not dog", "none of them".

    The names may be those of all answers, as counts have them; the one that is no class has no number there either.
    """
    last = len(class_names) - 1
    if index > last or (index == last > 0 and class_names[last] == possible_answers(class_names[:last], "sigmoid")[-1]):
        return answer_name(index, class_names)
    return f"{index} {class_names[index]}" if class_names[index] != str(index) else str(index)


def find_class(asked: str | int, class_names: Sequence[str]) -> int:
    """Find a class by its number, counted from 0, by its name (whatever the case) or by both ("7 horse").

    Text is a name first: where classes are called "0", "1", "10", "2", as folders are sorted, "2" is the last of them.
    A name that is spelt exactly as asked goes before one of another case; composed and decomposed letters are the same.

    Raises:
        AmbiguousClass: several classes have this name (ImageNet has two that are called "crane"); lists their numbers.
        UnknownClass: lists what there is.
    """
    if isinstance(asked, str):
        for same in (readable, comparable, _wordnet_number):
            wanted = same(asked.strip())
            found = [index for index, name in enumerate(class_names) if wanted and same(name.strip()) == wanted]
            if len(found) > 1:
                raise AmbiguousClass(asked, [(index, class_names[index]) for index in found])
            if found:
                return found[0]
    number, _, name = comparable(str(asked)).partition(" ")
    index = _number(number, len(class_names))
    if index is None or (name and comparable(name) != comparable(class_names[index])):
        raise UnknownClass(asked, class_names)
    return index


def _wordnet_number(name: str) -> str:
    """ImageNet's number, alone or in front of a name ("n01440764 tench"); nothing where there is none."""
    first = name.partition(" ")[0]
    return first if first[:1] == "n" and first[1:].isdecimal() and len(first) == 9 else ""


def _number(text: str, count: int) -> int | None:
    """A class number from text, zeros in front of it or not ("00012", as GTSRB's folders are called)."""
    digits = text.lstrip("0") or "0"
    known = text.isascii() and text.isdecimal() and len(digits) <= len(str(count))
    return int(digits) if known and int(digits) < count else None


def _fix(index: int | None, outputs: LogitRow, output: OutputSpec) -> int:
    """Take the winning class if none was given; refuse one that the model does not have."""
    if index is None:
        return int(outputs.argmax())
    if not 0 <= index < outputs.shape[0]:
        raise UnknownClass(index, output.class_names)
    return index


def _fixed(index: int | None) -> int:
    """The class of a target that was resolved; one that was not has none yet."""
    if index is None:
        raise UsageError("the target leaves its class open; call resolve(outputs at the image) first").of(
            "target", found="open"
        )
    return index


@dataclass(frozen=True)
class Logit:
    """The output of one class as it is."""

    index: int | None = None
    unit: str = field(default="logit", init=False)

    def resolve(self, outputs: LogitRow, output: OutputSpec) -> Logit:
        """Take the winning class if none was given; refuse probabilities, which are none."""
        _refuse_probabilities("logit", output)
        return replace(self, index=_fix(self.index, outputs, output))

    def score(self, outputs: Logits) -> Scores:
        """z_c."""
        return outputs[:, _fixed(self.index)]

    def grad_output(self, outputs: Logits) -> Logits:
        """1 for the class, 0 elsewhere."""
        factors = np.zeros_like(outputs)
        factors[:, _fixed(self.index)] = 1
        return factors

    def describe(self, class_names: Sequence[str]) -> str:
        """Logit of 7 horse."""
        return f"logit of {label(_fixed(self.index), class_names)}"


@dataclass(frozen=True)
class Contrast:
    """The output of one class minus the mean of all others: what speaks for this class and not for any.

    Adding a constant to all outputs changes no decision and does not change this score either.
    """

    index: int | None = None
    unit: str = field(default="logit", init=False)

    def resolve(self, outputs: LogitRow, output: OutputSpec) -> Contrast:
        """Take the winning class if none was given; refuse probabilities, as for a logit."""
        _refuse_probabilities("contrast of logits", output)
        return replace(self, index=_fix(self.index, outputs, output))

    def score(self, outputs: Logits) -> Scores:
        """z_c − mean of z_k over k ≠ c."""
        return (outputs * self.grad_output(outputs)).sum(axis=1)

    def grad_output(self, outputs: Logits) -> Logits:
        """1 for the class, −1/(classes − 1) for each other one."""
        others = max(outputs.shape[1] - 1, 1)
        factors = np.full_like(outputs, -1 / others)
        factors[:, _fixed(self.index)] = 1
        return factors

    def describe(self, class_names: Sequence[str]) -> str:
        """Logit of 7 horse minus the mean of the others."""
        return f"logit of {label(_fixed(self.index), class_names)} minus the mean of the others"


@dataclass(frozen=True)
class Probability:
    """The softmax probability of one class, at the model's own temperature.

    Sharper than a logit: near 0 and 1 it hardly changes, so its path needs more evaluations.
    """

    index: int | None = None
    temperature: float = 1.0
    given: bool = False  # the outputs are probabilities already
    unit: str = field(default="probability", init=False)

    def resolve(self, outputs: LogitRow, output: OutputSpec) -> Probability:
        """Take class and temperature; refuse outputs that softmax has no meaning for."""
        if output.kind == "probabilities":
            return replace(self, index=_fix(self.index, outputs, output), given=True)
        if output.kind != "logits":
            raise UsageError(
                f"a probability was asked of a model whose output is {output.kind!r}; "
                "softmax has a meaning for logits only: explain the output itself (Logit)"
            ).of("target", asked="probability", found=output.kind)
        return replace(self, index=_fix(self.index, outputs, output), temperature=output.temperature)

    def score(self, outputs: Logits) -> Scores:
        """p_c = softmax(z / T)_c."""
        return self._softmax(outputs)[:, _fixed(self.index)]

    def grad_output(self, outputs: Logits) -> Logits:
        """p_c (δ_ck − p_k) / T; 1 for the class where the outputs are probabilities already."""
        if self.given:
            return Logit(self.index).grad_output(outputs)
        probabilities = self._softmax(outputs)
        mine = probabilities[:, [_fixed(self.index)]]
        factors = -mine * probabilities
        factors[:, [_fixed(self.index)]] += mine
        return factors / np.asarray(self.temperature, dtype=outputs.dtype)

    def _softmax(self, outputs: Logits) -> Logits:
        if self.given:
            return outputs
        shifted = (outputs - outputs.max(axis=1, keepdims=True)) / np.asarray(self.temperature, outputs.dtype)
        powers = np.exp(shifted)
        return powers / powers.sum(axis=1, keepdims=True)

    def describe(self, class_names: Sequence[str]) -> str:
        """Probability of 7 horse."""
        return f"probability of {label(_fixed(self.index), class_names)}"


@dataclass(frozen=True)
class Margin:
    """The output of one class minus that of another: why this one and not that one.

    For logits this is the difference of the log-probabilities, times the temperature; for probabilities it is that
    difference itself, where one that rounds to 0 counts as the smallest number there is.
    """

    index: int | None
    other: int
    logarithms: bool = False  # the outputs are probabilities
    unit: str = field(default="logit", init=False)

    def resolve(self, outputs: LogitRow, output: OutputSpec) -> Margin:
        """Take the winning class if none was given; refuse unknown classes and a class against itself."""
        chosen = _fix(self.index, outputs, output)
        if chosen == _fix(self.other, outputs, output):
            raise UsageError(
                f"{label(chosen, output.class_names)} was to be explained against itself; name another class"
            ).of("target", asked=label(chosen, output.class_names), found="itself")
        return replace(self, index=chosen, logarithms=output.kind == "probabilities")

    def score(self, outputs: Logits) -> Scores:
        """z_a − z_b, or log p_a − log p_b."""
        values = np.log(_above_zero(outputs)) if self.logarithms else outputs
        return values[:, _fixed(self.index)] - values[:, self.other]

    def grad_output(self, outputs: Logits) -> Logits:
        """1 for a, −1 for b; divided by the probability where the outputs are probabilities."""
        factors = self._signs(outputs)
        return factors / _above_zero(outputs) if self.logarithms else factors

    def _signs(self, outputs: Logits) -> Logits:
        factors = np.zeros_like(outputs)
        factors[:, _fixed(self.index)] = 1
        factors[:, self.other] = -1
        return factors

    def describe(self, class_names: Sequence[str]) -> str:
        """Logit of 7 horse minus logit of 5 dog."""
        what = "log-probability" if self.logarithms else "logit"
        return f"{what} of {label(_fixed(self.index), class_names)} minus {what} of {label(self.other, class_names)}"


@dataclass(frozen=True)
class LogOdds:
    """How sure the model is of one class against all others together: the logarithm of p / (1 − p).

    Unlike a probability it does not level off near 0 and 1, and unlike a logit it does not change with a constant in
    all outputs. The model's own temperature is in it.
    """

    index: int | None = None
    temperature: float = 1.0
    unit: str = field(default="log-odds", init=False)

    def resolve(self, outputs: LogitRow, output: OutputSpec) -> LogOdds:
        """Take class and temperature; refuse outputs that are no logits of classes that exclude each other."""
        if output.kind != "logits" or len(outputs) < 2:
            raise UsageError(
                f"the log-odds of a class were asked of a model whose output is {output.kind!r} with {len(outputs)} "
                "values; they have a meaning for the logits of several classes: explain the output itself (Logit)"
            ).of("target", asked="log-odds", found=output.kind)
        return replace(self, index=_fix(self.index, outputs, output), temperature=output.temperature)

    def score(self, outputs: Logits) -> Scores:
        """z_c / T − log Σ over k ≠ c of exp(z_k / T)."""
        scaled, others = self._scaled(outputs)
        most = others.max(axis=1, keepdims=True)
        all_others = most[:, 0] + np.log(np.exp(others - most).sum(axis=1))
        return scaled[:, _fixed(self.index)] - all_others

    def grad_output(self, outputs: Logits) -> Logits:
        """1 / T for the class; for the others less what softmax without the class gives them."""
        _, others = self._scaled(outputs)
        powers = np.exp(others - others.max(axis=1, keepdims=True))
        factors = -powers / powers.sum(axis=1, keepdims=True)
        factors[:, _fixed(self.index)] = 1
        return factors / np.asarray(self.temperature, dtype=outputs.dtype)

    def _scaled(self, outputs: Logits) -> tuple[Logits, Logits]:
        """Outputs over the temperature, and the same with nothing for the class."""
        scaled = outputs / np.asarray(self.temperature, outputs.dtype)
        others = scaled.copy()
        others[:, _fixed(self.index)] = -np.inf
        return scaled, others

    def describe(self, class_names: Sequence[str]) -> str:
        """Log-odds of 7 horse."""
        return f"log-odds of {label(_fixed(self.index), class_names)}"


@dataclass(frozen=True)
class Similarity:
    """The cosine of the angle between the outputs and those of another image: why are these two alike?

    For models whose outputs are an embedding; `Similarity.to(model, other)` makes one.

    Attributes:
        reference: outputs for the other image.
    """

    reference: tuple[float, ...] = field(repr=False)
    unit: str = field(default="cosine", init=False)
    index: None = field(default=None, init=False)

    @classmethod
    def to(cls, model: Model, image: Image) -> Similarity:
        """Ask `model` about the other image (pixels in [0, 1], height × width × channel).

        Raises:
            ModelError: the image does not fit the model.
            UsageError: all outputs are 0 for it, or one is not finite: it has no direction.
        """
        made = cls(tuple(float(value) for value in model.forward(image[None]).outputs[0]))
        _require_direction(np.asarray(made.reference), "other image")
        return made

    def resolve(self, outputs: LogitRow, output: OutputSpec) -> Similarity:
        """Nothing was left open; refuse outputs of another length, or without a direction."""
        if len(outputs) != len(self.reference):
            raise UsageError(
                f"similarity to an image with {len(self.reference)} outputs was asked of a model that gives "
                f"{len(output.class_names)}; make it with the same model: Similarity.to(model, other)"
            ).of("target", asked=len(self.reference), found=len(output.class_names))
        _require_direction(outputs, "image")
        return self

    def score(self, outputs: Logits) -> Scores:
        """z · r / (|z| |r|)."""
        return (self._unit(outputs) @ self._reference(outputs)).astype(outputs.dtype)

    def grad_output(self, outputs: Logits) -> Logits:
        """(r / |r| − cos z / |z|) / |z|."""
        directions, reference = self._unit(outputs), self._reference(outputs)
        along = (directions @ reference)[:, None] * directions
        return ((reference - along) / _lengths(outputs)).astype(outputs.dtype)

    def _reference(self, outputs: Logits) -> Array:
        return self._unit(np.asarray([self.reference], outputs.dtype))[0]

    def _unit(self, outputs: Logits) -> Logits:
        return outputs / _lengths(outputs)

    def describe(self, class_names: Sequence[str]) -> str:  # noqa: ARG002 as of every target
        """Cosine similarity to another image, and which that was."""
        known = hashlib.sha256(np.asarray(self.reference, np.float32).tobytes()).hexdigest()[:8]
        return f"cosine similarity to another image (its outputs' hash {known})"


def _lengths(outputs: Logits) -> Array:
    return np.maximum(np.sqrt((outputs**2).sum(axis=1, keepdims=True)), np.finfo(outputs.dtype).tiny)


def _require_direction(outputs: Array, what: str) -> None:
    if not np.isfinite(outputs).all() or not outputs.any():
        raise UsageError(
            f"similarity was asked for, and the outputs for the {what} are all 0 or not finite: they have no direction"
        ).of("target", asked=what, found="no direction")


def _above_zero(probabilities: Logits) -> Logits:
    return np.maximum(probabilities, np.finfo(probabilities.dtype).tiny)


def _refuse_probabilities(what: str, output: OutputSpec) -> None:
    if output.kind == "probabilities":
        raise UsageError(
            f"a {what} was asked of a model that gives probabilities; explain the probability or a margin between "
            "two classes, or declare kind 'logits' and give the outputs from before the softmax"
        ).of("target", asked=what, found="probabilities")


USUAL: Final[Mapping[OutputKind, str]] = MappingProxyType(
    {"logits": "contrast", "probabilities": "probability", "sigmoid": "logit", "scores": "logit"}
)
"""What is explained of a model's outputs if nobody says: among logits a class against all others, since the winning
logit alone falls as often as it rises on the way from black (docs/decisions/target.md)."""


OBJECTIVES: Final = MappingProxyType[str, Callable[[int | None], Target]](
    {"log-odds": LogOdds, "logit": Logit, "contrast": Contrast, "probability": Probability}
)
"""What can be explained of a class, by the names that people type."""


def named_target(objective: str, index: int | None) -> Target:
    """What is explained of a class (of the one that wins, if None), by the objective's name.

    Raises:
        UsageError: there is no such objective; lists those that there are.
    """
    if objective not in OBJECTIVES:
        raise UsageError(f"there is no objective {objective!r}; objectives are {', '.join(OBJECTIVES)}").of(
            "objective", asked=objective, known=OBJECTIVES
        )
    return OBJECTIVES[objective](index)


def usual_kind(output: OutputSpec) -> str:
    """The target where none was named: "contrast", "probability" or "logit"; a single output has nothing beside it."""
    return USUAL[output.kind] if len(output.class_names) > 1 or output.kind == "probabilities" else "logit"


def usual_of_regions(output: OutputSpec) -> str:
    """What taking parts away is measured on: log-odds, which neither level off nor move with all outputs, or as usual.

    There are log-odds of classes that exclude each other, where the outputs are logits.
    """
    return "log-odds" if output.kind == "logits" and len(output.class_names) > 1 else usual_kind(output)


def together(targets: Sequence[Target]) -> GradOutputs:
    """Make one grad_output that serves several targets of every image with one forward pass."""

    def grad_output(outputs: Array) -> Array:
        return np.stack([target.grad_output(outputs) for target in targets])

    return grad_output


def row_by_row(targets: Sequence[Target]) -> GradOutputs:
    """Make a grad_output with another target for every row of the batch (one target axis)."""

    def grad_output(outputs: Array) -> Array:
        rows = [target.grad_output(outputs[[row]])[0] for row, target in enumerate(targets)]
        return np.stack(rows)[None]

    return grad_output
