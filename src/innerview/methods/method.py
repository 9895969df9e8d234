"""One row of the registry of methods: what it is called, what it takes, what it costs, and how it is asked.

A row is data: the command line, the viewer and the documentation are made from it, and whoever has an image, a target
and baselines can run any row that gives a map without knowing which one it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, cast

from innerview.errors import UsageError
from innerview.fills import DATA, Fill
from innerview.methods.passes import Progress
from innerview.methods.regions import parse_regions
from innerview.model import Model, has_gradients, why_forward_only
from innerview.results import Explained
from innerview.targets import Target
from innerview.types import Image

OptionType: TypeAlias = Literal[
    "whole",
    "number",
    "numbers",
    "size",
    "regions",
    "yes or no",
    "choice",
    "choices",
    "layer",
    "attention",
    "head",
    "query",
]

Result: TypeAlias = Literal[
    "map", "regions", "effects", "parts", "distances", "curve", "path", "layers", "prediction", "histograms"
]
"""What a method gives: one value for each pixel; such values summed over regions; what
regions do, taken away and alone; what parts are predicted as; how far
images lie from others; predictions as pixels are taken away;
something along the path; what is inside the model. Only a map can be asked for by name beside the others."""

Supply: TypeAlias = Literal["baseline", "baselines", "progress"]
"""What whoever asks has for a method: the first baseline, all of them, whom to tell of the passes."""

Options: TypeAlias = Mapping[str, Any]


def _read_whole(text: str) -> object:
    return int(text)


def _read_number(text: str) -> object:
    return float(text)


def _read_numbers(text: str) -> object:
    return tuple(float(part) for part in text.split("+"))


def _read_size(text: str) -> object:
    sides = [int(part) for part in text.split("x")]
    if len(sides) > 2:
        raise ValueError(text)
    return sides[0] if len(sides) == 1 else (sides[0], sides[1])


def _read_words(text: str) -> object:
    return tuple(text.split("+"))


def _read_switch(text: str) -> object:
    return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}[text.lower()]


def _read_head(text: str) -> object:
    return text if text == "mean" else int(text)


def _read_query(text: str) -> object:
    if text in {"class", "mean"}:
        return text
    sides = [int(part) for part in text.split("x")]
    if len(sides) > 2:
        raise ValueError(text)
    return sides[0] if len(sides) == 1 else (sides[0], sides[1])


TYPES: Final[Mapping[OptionType, tuple[Callable[[str], object], str]]] = MappingProxyType(
    {
        "whole": (_read_whole, "a whole number"),
        "number": (_read_number, "a number"),
        "numbers": (_read_numbers, "numbers with + between them"),
        "size": (_read_size, "a whole number, or height and width such as 8x4"),
        "regions": (
            parse_regions,
            "a number, rows and columns such as 3x3, or superpixels (superpixels:8 for so many)",
        ),
        "yes or no": (_read_switch, "yes or no"),
        "choice": (str, "one of"),
        "choices": (_read_words, "with + between them, from"),
        "layer": (str, "a layer, by name or by number from 1"),
        "attention": (str, "an attention, by name or by number from 1"),
        "head": (_read_head, "mean, or a number from 0"),
        "query": (_read_query, "class, mean, a token's number from 0, or its row and column such as 3x5"),
    }
)
"""How each type of option is read from text, and what it is called."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """Something that a method can be told, beside the image, the target and the baselines.

    Attributes:
        name: of the function's keyword.
        type: one of TYPES.
        words: what it decides, in one line.
        default: what the function takes if nothing is said; None where that depends on the model or on other options.
        usual: the default in words, where the value alone does not say it.
        unit: of the value.
        low: the least value; `high`: the largest. Both are allowed.
        choices: of one choice or several, what the function is given for each word.
        spellings: of those words, beside the usual ones.
    """

    name: str
    type: OptionType
    words: str
    default: object = None
    usual: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: Mapping[str, object] = field(default_factory=dict[str, object])
    spellings: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def takes(self) -> str:
        """What may be given, in words: "a whole number from 2 to 10000"."""
        named = TYPES[self.type][1]
        unit = f" ({self.unit})" if self.unit else ""
        ends = ((" from ", self.low), (" to ", self.high))
        reach = "".join(f"{word}{value:.12g}" for word, value in ends if value is not None)
        return f"{named} {', '.join(self.choices)}" if self.choices else f"{named}{reach}{unit}"

    @property
    def default_words(self) -> str:
        """The default for people."""
        if self.usual:
            return self.usual
        known = [word for word, value in self.choices.items() if value is self.default]
        if isinstance(self.default, bool):
            return "yes" if self.default else "no"
        if isinstance(self.default, tuple):
            return "+".join(
                value if isinstance(value, str) else f"{value:g}"
                for value in cast("tuple[str | float, ...]", self.default)
            )
        return known[0] if known else str(self.default)

    def read(self, text: str, method: str) -> object:
        """Read a value.

        Raises:
            UsageError: it is none; says what may be given.
        """
        try:
            value = TYPES[self.type][0](text)
        except (ValueError, KeyError, UsageError):
            value = None
        if value is None or not self._within(value):
            raise UsageError(f"{method} was given {self.name}={text}; {self.name} is {self.takes}").of(
                self.name, asked=text, found=method
            )
        if self.type == "choices":
            words = cast("tuple[str, ...]", value)
            return tuple(self.choices[self.spellings.get(word, word)] for word in words)
        return self.choices[self.spellings.get(text, text)] if self.choices else value

    def _within(self, value: object) -> bool:
        parts = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
        if self.choices:
            return all(self.spellings.get(str(part), part) in self.choices for part in parts)
        low = float("-inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        return all(low <= part <= high for part in parts if isinstance(part, int | float))  # NaN is in no range


@dataclass(frozen=True, kw_only=True, eq=False)
class Method:
    """One method.

    Attributes:
        name: its key, in lower case with dashes: "grad-cam".
        title: for people: "Grad-CAM".
        function: takes model, image and target, the rest by keyword.
        result: what it gives.
        answers: the question that it answers: "which pixels made the score, to a stated accuracy".
        needs_gradients: it can't be asked of a model that only runs forward.
        suits: whether it can be asked of a model with the gradients that it needs; None for any.
        needs: what else it needs, in words; empty for nothing.
        supplies: keywords that whoever asks fills, and with what.
        options: in the order in which they are listed.
        settle: fills in what depends on the model or on other options and refuses what has no meaning, before
            anything is computed.
        cost: in passes of one image, in words.
        passes: how many they are for a model and its settled options; None where that shows only on the way.
        source: who introduced it.
    """

    name: str
    title: str
    function: Callable[..., Any]
    result: Result
    answers: str
    needs_gradients: bool
    cost: str
    source: str
    needs: str = ""
    suits: Callable[[Model], bool] | None = None
    supplies: Mapping[str, Supply] = field(default_factory=dict[str, Supply])
    options: tuple[Option, ...] = ()
    settle: Callable[[Any, Options], Options] | None = None
    passes: Callable[[Model, Options], int] | None = None

    @property
    def uses_baselines(self) -> bool:
        """The baseline is part of the question."""
        return bool({"baseline", "baselines"} & set(self.supplies.values()))

    def read(self, words: Sequence[str]) -> Options:
        """Read options written as "window=8".

        Raises:
            UsageError: an unknown option, one that is given twice, or a value that is none.
        """
        known = {one.name: one for one in self.options}
        found: dict[str, object] = {}
        for word in words:
            name, equals, text = (part.strip() for part in word.partition("="))
            if name not in known or not equals:
                listed = ", ".join(known) or "none"
                raise UsageError(
                    f"{self.name} was given {word.strip()!r}; options are written name=value, and its options are "
                    f"{listed}"
                ).of("options", asked=word.strip(), found=self.name)
            if name in found:
                raise UsageError(f"{self.name} was given {name} twice; say it once").of(
                    "options", asked=name, found="twice"
                )
            found[name] = known[name].read(text, self.name)
        return MappingProxyType(found)


@dataclass(frozen=True, eq=False)
class Chosen:
    """A method with the options that it is to have.

    Attributes:
        method: its row.
        options: those that were given; after `settled`, all that it runs with.
    """

    method: Method
    options: Options = field(default_factory=dict[str, Any])

    def settled(self, model: Model) -> Chosen:
        """Fix every option for this model.

        Raises:
            UsageError: the model lacks the gradients that the method needs, or an option has no meaning for it.
        """
        row = self.method
        if row.needs_gradients and not has_gradients(model):
            raise UsageError(
                f"{row.name} needs gradients, and this model can only be run forward{why_forward_only(model)}; ask for "
                "a method that needs none, or wrap the model itself instead of a function"
            ).of("gradients", asked=row.name, found="forward only")
        options = {one.name: one.default for one in row.options if one.default is not None} | dict(self.options)
        return replace(self, options=dict(row.settle(model, options)) if row.settle else options)

    @property
    def fills_by_data(self) -> bool:
        """Whether the fill "data" is among its options, which nobody but who has a data set can make."""
        return DATA in (self.options.get("fill"), *self.options.get("fills", ()))

    def filled(self, made: Callable[[], Fill]) -> Chosen:
        """With the fill "data" made."""
        if not self.fills_by_data:
            return self
        found = dict(self.options)
        for name in {"fill", "fills"} & set(found):
            value = found[name]
            found[name] = made() if value == DATA else value
            if name == "fills":
                found[name] = tuple(made() if one == DATA else one for one in value)
        return replace(self, options=found)

    def passes(self, model: Model) -> int | None:
        """How many passes it will take, after `settled`; None where nobody knows."""
        return self.method.passes(model, self.options) if self.method.passes else None

    def run(
        self, model: Any, image: Image, target: Target, *, baselines: Sequence[Image], progress: Progress | None
    ) -> Explained:
        """Work out the map; `settled` first if options depend on the model.

        Raises:
            UsageError, ImageError, ModelError: as the method's own function.
        """
        has: Mapping[Supply, object] = {"baseline": baselines[0], "baselines": list(baselines), "progress": progress}
        supplied = {keyword: has[what] for keyword, what in self.method.supplies.items()}
        return self.method.function(model, image, target, **supplied, **self.options)
