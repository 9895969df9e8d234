"""What is compared: every method of the registry from each baseline, and the controls; and what is asked of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from innerview.data.baselines import parse_baseline
from innerview.errors import ModelError, UsageError
from innerview.methods.method import Chosen, Method
from innerview.methods.registry import CLASS_EVIDENCE, map_methods, read_method, registry
from innerview.methods.sampled_shapley import DEFAULT_SAMPLED, count_pilot
from innerview.model import Model
from innerview.spec import OutputSpec
from innerview.targets import Target, named_target, usual_kind, usual_of_regions
from innerview.workbench.compare.of_captum import CAPTUM, METHODS, entrant_of, text_of

BASELINES: Final = ("black", "mean", "blurred")

TRUTH: Final = "shapley"
"""The method that is the measure of the others: it enters by its values under the other fills, at no cost."""

OF_TRUTH: Final = frozenset({TRUTH, "removed-and-alone"})
"""Methods that enter as parts of the truth, whose passes hold theirs: not by themselves as well."""

SUMS_OUTPUTS: Final = frozenset({CLASS_EVIDENCE})
"""Methods that explain sums of outputs alone; they are asked about the contrast."""

SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "integrated-gradients": "n_steps=16",
        "expected-gradients": "n_samples=32",
        "smooth-grad": "n_samples=25",
        "var-grad": "n_samples=25",
        "rise": "n_samples=400",
        "sampled-shapley": f"max_evaluations={count_pilot(DEFAULT_SAMPLED)}",
    }
)
"""Options with which a method enters if nobody says others: sums over regions need fewer passes than pixels do."""


OF_DATA: Final = " from images of the data"
"""Behind the name of a method whose baselines are images of the data set."""

ABSOLUTE: Final = ", absolute"
"""Behind the name of a method whose map is taken without its signs."""


@dataclass(frozen=True, eq=False)
class Entrant:
    """A method with its options and baselines.

    Attributes:
        name: in tables: "integrated-gradients from black".
        text: how it is asked for: "integrated-gradients:n_steps=16".
        chosen: the method, settled for the model.
        baselines: by name, in order; empty where it takes none.
        of_data: its baselines are images of the data set.
        absolute: the map's sizes are taken, without their signs.
    """

    name: str
    text: str
    chosen: Chosen
    baselines: tuple[str, ...] = ()
    of_data: bool = False
    absolute: bool = False

    @property
    def method(self) -> Method:
        """Its row in the registry."""
        return self.chosen.method


@dataclass(frozen=True)
class Entered:
    """Who takes part, and who does not, with the reason in a sentence."""

    entrants: tuple[Entrant, ...]
    left_out: tuple[str, ...] = field(default=())

    @property
    def fills_by_data(self) -> bool:
        """Whether one of them takes another image of the data set for a fill."""
        return any(one.chosen.fills_by_data for one in self.entrants)


def enter(
    model: Model, methods: Sequence[str] = (), baselines: Sequence[str] = BASELINES, *, captum: bool = False
) -> Entered:
    """List the methods that take part.

    Args:
        model: the model.
        methods: as on a command line, "occlusion:window=8,stride=4" or "captum:DeepLift"; all of the registry that give
            a map if none.
        baselines: by name; each method that takes one enters once with each, integrated gradients also with all.
        captum: Captum's methods as well (`of_captum.METHODS`); of those the model can't have, it is told why.

    Raises:
        MissingExtra: Captum was asked for, and is not installed.
        UsageError: an unknown method, option or baseline; a method that was named and has no meaning for this model.
    """
    for one in baselines:
        parse_baseline(one)
    if not baselines:
        raise UsageError(f"no baseline was given; name at least one, such as {', '.join(BASELINES)}").of(
            "baselines", found=0, known=BASELINES
        )
    found, refused = list[Entrant](), list[str]()
    of_captum = [f"{CAPTUM}{name}" for name in METHODS if captum and f"{CAPTUM}{name}" not in methods]
    for text in (*(methods or _all(model)), *of_captum):
        of_outputs = choose_objectives(model.output).of_outputs
        is_captum = text.startswith(CAPTUM)
        try:
            chosen = entrant_of(model, text, of_outputs) if is_captum else read_method(text).settled(model)
        except (UsageError, ModelError) as problem:
            if text in methods or (not is_captum and isinstance(problem, ModelError)):
                raise
            refused.append(f"{text if is_captum else text.partition(':')[0]} is left out: {problem}")
            continue
        name = text if methods else chosen.method.name
        found += _with_baselines(name, text_of(text) if is_captum else text, chosen, tuple(baselines))
    if captum and not any(one.text.startswith(CAPTUM) for one in found):
        entrant_of(model, f"{CAPTUM}Saliency", choose_objectives(model.output).of_outputs)  # says why there is none
    return Entered(tuple(found), tuple(refused))


def is_drawn_elsewhere(name: str, text: str) -> bool:
    """Whether an entrant is a map that can be asked for by a method and baselines, as everything else draws it."""
    if name.startswith(CAPTUM) or name.endswith((OF_DATA, ABSOLUTE)):
        return False
    return not read_method(text).fills_by_data


def _all(model: Model) -> Iterator[str]:
    """Every method that gives a map, with the settings of a comparison; also those that the model can't have.

    But what is for another kind of model (attention, of a convolutional one) is not told of as left out.
    """
    for name, row in registry().methods.items():
        if name not in map_methods() or name in OF_TRUTH or (row.suits and not row.suits(model)):
            continue
        if name == "occlusion":
            side = min(model.input.height, model.input.width)
            yield f"{name}:window={max(side // 4, 1)},stride={max(side // 8, 1)}"
        else:
            yield f"{name}:{SETTINGS[name]}" if name in SETTINGS else name


def _with_baselines(name: str, text: str, chosen: Chosen, baselines: tuple[str, ...]) -> Iterator[Entrant]:
    supplies = chosen.method.supplies
    if "baselines" in supplies:  # a whole set, not a few
        yield Entrant(f"{name}{OF_DATA}", text, chosen, of_data=True)
    elif chosen.method.uses_baselines:
        word = "over" if "fill" in supplies else "from"
        for one in baselines:
            yield Entrant(f"{name} {word} {one}", text, chosen, (one,))
        if "baselines" in supplies.values() and len(baselines) > 1:
            yield Entrant(f"{name} from {', '.join(baselines)}", text, chosen, baselines)
    else:
        yield Entrant(name, text, chosen)
        if name == "gradient":
            yield Entrant(f"{name}{ABSOLUTE}", text, chosen, absolute=True)


@dataclass(frozen=True)
class Objectives:
    """What is explained of a model: of a score that is shared out, and of sums of outputs where a method needs one."""

    score: Target
    of_outputs: Target

    def of(self, method: Method) -> Target:
        """What this method is asked."""
        linear = method.name in SUMS_OUTPUTS or method.name.startswith(CAPTUM)
        return self.of_outputs if linear else self.score


def choose_objectives(output: OutputSpec) -> Objectives:
    """The log-odds of the predicted class among exclusive ones; the probability, or the output itself, elsewhere."""
    return Objectives(named_target(usual_of_regions(output), None), named_target(usual_kind(output), None))


def resolve(asked: Objectives, outputs: Any, output: OutputSpec) -> Objectives:
    """The same about the class that wins at an image."""
    return Objectives(asked.score.resolve(outputs, output), asked.of_outputs.resolve(outputs, output))
