"""What is declared of a model: the image that it takes, and what its outputs mean.

Everything is checked where it is given, so that a mistake is met at the declaration and not in a number. What has one
clear meaning is taken in any form (an array or one number for mean and std, a list or a table of class names, a number
of classes); what has none is refused with the choices.

A single output is one question, so it is never read with softmax, which would answer 1 to everything: one logit is
read with the sigmoid. It has two answers, its class and "not" that class. Several outputs have their classes; where
each is a question of its own (kind "sigmoid") there is one more answer, that it is none of them. `decide` alone says
which answer is given; everything that is shown or counted comes from there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias, cast, get_args

import numpy as np
from jaxtyping import Int

from innerview import renames
from innerview.errors import ImageError, ModelError
from innerview.reprs import cut, short
from innerview.types import Array, LogitRow, Logits

OutputKind: TypeAlias = Literal["logits", "probabilities", "sigmoid", "scores"]

KINDS: Final[tuple[OutputKind, ...]] = get_args(OutputKind)
LAYOUTS: Final = ("HWC", "CHW")
CHANNEL_ORDERS: Final = ("RGB", "BGR")

Interpolation: TypeAlias = Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]

INTERPOLATIONS: Final[tuple[Interpolation, ...]] = get_args(Interpolation)

PerChannel: TypeAlias = "float | Sequence[float] | Array"
"""A number for each channel, or one for all of them."""

ClassNames: TypeAlias = "Iterable[str] | Mapping[int, str] | Mapping[str, int] | int"
"""Names in the order of the output, a table between numbers and names (either way round), or how many there are."""

MEANT: Final[Mapping[str, str]] = {"softmax": "logits", "logit": "logits", "multilabel": "sigmoid", "none": "scores"}
"""What some would write for a kind."""


NONE: Final = "none of them"
"""What several independent outputs say of an image where none of them is more likely than not."""


@dataclass(frozen=True)
class Resize:
    """How a photo is brought to a model's size, as the library does it that the model was trained with.

    Pillow resizes levels of 0 to 255, as timm, torchvision and transformers do; the middle is then cut out.

    Attributes:
        short_side: pixels of the shorter side after resizing, at least the model's; None squeezes all of the photo to
            exactly the model's size, whatever its proportions.
        interpolation: one of `INTERPOLATIONS`, in Pillow's words.
        odd: where the middle begins if an odd number of pixels is cut off: "round" to even halves, as torchvision and
            timm do, or "floor", as transformers.
    """

    short_side: int | None = None
    interpolation: Interpolation = "bilinear"
    odd: Literal["round", "floor"] = "round"

    def __post_init__(self) -> None:
        if self.interpolation not in INTERPOLATIONS:
            raise ModelError(
                f"interpolation {self.interpolation!r} was declared; it is one of {', '.join(INTERPOLATIONS)}"
            ).of("interpolation", asked=self.interpolation, known=INTERPOLATIONS)
        if self.odd not in {"round", "floor"}:
            raise ModelError(f"odd={self.odd!r} was declared; it is 'round' or 'floor'").of(
                "odd", asked=self.odd, known=("round", "floor")
            )
        if self.short_side is not None and (_whole(self.short_side) is None or self.short_side < 1):
            raise ModelError(
                f"a shorter side of {self.short_side!r} was declared; give whole pixels, or None to squeeze the image"
            ).of("resize", asked=self.short_side)


@renames.arguments(low="value_range", high="value_range")
@short
@dataclass(frozen=True, init=False)
class InputSpec:
    """The image that a model takes, and how its pixels become the model's input.

    With ``low, high = value_range`` the model sees ``(low + (high - low) * pixel - mean) / std``, channel by channel,
    in its own axis order and its own order of channels.

    Attributes:
        height: of the image, in pixels.
        width: of the image, in pixels.
        channels: 3 for red, green, blue; 1 for grey.
        mean: per channel, in units of ``value_range``; one number stands for all channels.
        std: per channel, in units of ``value_range``; above 0; one number stands for all channels.
        value_range: the model's values for a black and for a white pixel, before mean and std.
        layout: the model's axis order, "HWC" or "CHW", batch in front.
        channel_order: "RGB", or "BGR" of a model that takes blue first; ``mean`` and ``std`` stay red first.
        resize: how a photo is brought to the model's size; None for ours, area averaging of the largest middle part.
        source: who says all this ("timm's pretrained_cfg"); empty where it was declared. It makes no other spec.
    """

    height: int
    width: int
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    value_range: tuple[float, float]
    layout: Literal["HWC", "CHW"]
    channel_order: Literal["RGB", "BGR"] = "RGB"
    resize: Resize | None = None
    source: str = field(default="", compare=False, repr=False)

    def __init__(
        self,
        height: int,
        width: int,
        channels: int = 3,
        mean: PerChannel = (),
        std: PerChannel = (),
        value_range: Sequence[float] = (0.0, 1.0),
        layout: Literal["HWC", "CHW"] = "HWC",
        channel_order: Literal["RGB", "BGR"] = "RGB",
        resize: Resize | None = None,
        source: str = "",
    ) -> None:
        sides = [_whole(value) for value in (height, width, channels)]
        if None in sides or sides[2] not in {1, 3} or min(cast("list[int]", sides[:2])) < 1:
            raise ModelError(
                f"an image of {height} × {width} × {channels} was declared; "
                "height and width are at least 1, and channels are 1 (grey) or 3 (red, green, blue)"
            ).of("size", asked=(height, width, channels))
        if layout not in LAYOUTS:
            raise ModelError(
                f"layout {layout!r} was declared; it is 'HWC' (height, width, channels, as in Keras) or 'CHW' "
                "(channels in front, as in PyTorch)"
            ).of("layout", asked=layout, known=("HWC", "CHW"))
        count = sides[2]
        if channel_order not in CHANNEL_ORDERS or (channel_order == "BGR" and count == 1):
            raise ModelError(
                f"channel_order {channel_order!r} was declared for {count} channel{'s' * (count != 1)}; it is "
                "'RGB', or 'BGR' (blue first) of three channels"
            ).of("channel_order", asked=channel_order, found=count, known=("RGB", "BGR"))
        if resize is not None and (resize.short_side or math.inf) < min(cast("list[int]", sides[:2])):
            raise ModelError(
                f"a shorter side of {resize.short_side} pixels was declared, and the model takes {height} × {width}: "
                "the middle that is cut out would be larger than the image"
            ).of("resize", asked=resize.short_side, limit=min(cast("list[int]", sides[:2])))
        values = {
            "height": sides[0],
            "width": sides[1],
            "channels": count,
            "mean": _per_channel("mean", mean, count, 0.0),
            "std": _per_channel("std", std, count, 1.0),
            "value_range": _range(value_range),
            "layout": layout,
            "channel_order": channel_order,
            "resize": resize,
            "source": source,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        self._check_numbers()

    def described(self) -> dict[str, Any]:
        """What a model is known by (`fingerprint_of`): all but the source; what is as usual is left out."""
        told = asdict(self)
        usual = {"channel_order": "RGB", "resize": None, "source": told["source"]}
        return {name: value for name, value in told.items() if name not in usual or value != usual[name]}

    def at(self, height: int, width: int) -> InputSpec:
        """The same for images of another size, which are brought to it in our way."""
        return replace(self, height=height, width=width, resize=None)

    @property
    def low(self) -> float:
        """The model's value for a black pixel, before mean and std."""
        return self.value_range[0]

    @property
    def high(self) -> float:
        """The model's value for a white pixel, before mean and std."""
        return self.value_range[1]

    def _check_numbers(self) -> None:
        if not np.isfinite((self.low, self.high, *self.mean, *self.std)).all() or self.low == self.high:
            raise ModelError(
                f"value_range {self.value_range}, mean {self.mean} and std {self.std} were declared; give finite "
                "numbers, and another one for white than for black"
            ).of("value_range", asked=(self.value_range, self.mean, self.std))
        if len(self.mean) != self.channels or len(self.std) != self.channels or min(self.std) <= 0:
            raise ModelError(
                f"mean {self.mean} and std {self.std} were declared for {self.channels} channels; "
                "give one number per channel, and std above 0"
            ).of("mean", asked=(self.mean, self.std), found=self.channels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return self.height, self.width, self.channels

    @property
    def scale(self) -> Array:
        """d input / d pixel, one float64 per channel."""
        return (self.high - self.low) / np.asarray(self.std, dtype=np.float64)

    @property
    def offset(self) -> Array:
        """The model's input for a black pixel, one float64 per channel."""
        return (self.low - np.asarray(self.mean, dtype=np.float64)) / np.asarray(self.std, dtype=np.float64)

    def check(self, images: Array) -> None:
        """Raise ModelError unless `images` is a batch of images of this shape; ImageError if it is no array."""
        require_array(images)
        if images.ndim != 4 or images.shape[1:] != self.shape:
            raise ModelError(
                f"the model takes a batch of {self.height} × {self.width} × {self.channels} images "
                f"(batch, height, width, channel); an array of shape {images.shape} was given"
            ).of("images", found=images.shape, asked=(self.height, self.width, self.channels))


@renames.attributes(key="output")
@renames.arguments(key="output")
@dataclass(frozen=True, init=False)
class OutputSpec:
    """What a model's output means.

    Attributes:
        class_names: one name per class, in the order of the output. A list, an array, a table {0: "cat"} or
            {"cat": 0} is taken too, and a number for classes that are called by their numbers.
        kind: "logits" (softmax turns them into probabilities), "probabilities", "sigmoid" (one independent
            logit per class) or "scores" (no probability can be read from them). A single logit is "sigmoid".
        temperature: T in softmax(logits / T), as fixed in training; above 0.
        output: which of several outputs, where the model returns a dict or a tuple.
        source: who says all this ("timm's pretrained_cfg"); empty where it was declared. It makes no other spec.
    """

    class_names: tuple[str, ...]
    kind: OutputKind
    temperature: float
    output: str | int | None
    source: str = field(default="", compare=False, repr=False)

    def __init__(
        self,
        class_names: ClassNames,
        kind: OutputKind = "logits",
        temperature: float = 1.0,
        output: str | int | None = None,
        source: str = "",
    ) -> None:
        names = _class_names(class_names)
        if kind not in KINDS:
            meant = MEANT.get(str(kind).lower())
            said = f": for {kind!r} say {meant!r}" if meant else ""
            raise ModelError(f"outputs of kind {kind!r} were declared; a kind is one of {', '.join(KINDS)}{said}").of(
                "kind", asked=kind, known=KINDS
            )
        heat = _number("temperature", temperature)
        if len(names) < 1 or not 0 < heat < math.inf:
            raise ModelError(
                f"{len(names)} classes at temperature {temperature} were declared; "
                "a classifier has at least one class and a temperature above 0"
            ).of("classes", asked=len(names), found=temperature)
        values = {
            "class_names": names,
            "kind": "sigmoid" if len(names) == 1 and kind == "logits" else kind,
            "temperature": heat,
            "output": _key(output),
            "source": source,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def described(self) -> dict[str, Any]:
        """What a model is known by (`fingerprint_of`): all but the source."""
        return {name: value for name, value in asdict(self).items() if name != "source"}

    @property
    def answers(self) -> tuple[str, ...]:
        """What the model can say of an image: its classes, and "not" a single one, or none of independent ones."""
        return possible_answers(self.class_names, self.kind)

    def output_of(self, answer: int, outputs: LogitRow) -> int:
        """Number of the output that an answer is about: its own; where it is no class, that of the highest output.

        Args:
            answer: see `answers`.
            outputs: of the image, one for each class.
        """
        return answer if answer < len(self.class_names) else int(outputs.argmax())

    def probabilities(self, outputs: Logits) -> Logits:
        """Turn outputs (batch × class) into probabilities in [0, 1], in float64; NaN where there are none."""
        values = outputs.astype(np.float64)
        match self.kind:
            case "logits":
                shifted = np.exp((values - values.max(axis=1, keepdims=True)) / self.temperature)
                return shifted / shifted.sum(axis=1, keepdims=True)
            case "sigmoid":
                return 0.5 * (1 + np.tanh(values / (2 * self.temperature)))
            case "probabilities":
                return values
            case "scores":
                return np.full_like(values, np.nan)

    def decide(self, outputs: Logits) -> Int[np.ndarray, " batch"]:
        """Number of the answer (see `answers`) to each row of outputs.

        Raises:
            ModelError: one score without a meaning, from which no answer can be read.
        """
        if not decides(self):
            raise ModelError(
                f"the model gives one score for {self.class_names[0]}, and from which value on that means yes was "
                "not declared; declare kind 'sigmoid' (a logit: above 0) or 'probabilities' (above 0.5)"
            ).of("kind", found=self.class_names[0])
        return decide(outputs, self.probabilities(outputs), self.kind)

    def __repr__(self) -> str:
        names = self.class_names
        listed = ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])}, … {names[-1]}"
        more = [f"temperature={self.temperature:g}"] * (self.temperature != 1)
        more += [f"output={self.output!r}"] * (self.output is not None)
        return cut(f"OutputSpec({len(names)} classes ({listed}), {', '.join([f'kind={self.kind!r}', *more])})")


def possible_answers(class_names: Sequence[str], kind: OutputKind = "logits") -> tuple[str, ...]:
    """What can be said of an image, where each of these classes has an output of this kind."""
    if len(class_names) == 1:
        return (class_names[0], f"not {class_names[0]}")
    return (*class_names, NONE) if kind == "sigmoid" else tuple(class_names)


def kind_of(told: object) -> OutputKind:
    """The kind that a file tells, as far as there is one of this name."""
    return told if told in KINDS else "logits"


def answer_name(answer: int, class_names: Sequence[str]) -> str:
    """The bare name of an answer: of a class, or of the one that is no class."""
    if answer < len(class_names):
        return class_names[answer]
    return possible_answers(class_names, "sigmoid")[-1]


def decides(output: OutputSpec) -> bool:
    """Whether an answer can be read from outputs: from one score alone none can."""
    return output.kind != "scores" or len(output.class_names) > 1


def decide(outputs: Logits, probabilities: Logits, kind: OutputKind = "logits") -> Int[np.ndarray, " batch"]:
    """Number of the answer to each row: the highest output; an independent one only where it is more than even.

    Outputs are independent if there is a single one, or if their kind is "sigmoid"; the answer that they have beside
    their classes has the number behind them. A single output without a probability (NaN) counts as its class: there is
    no other answer to give.
    """
    classes = outputs.shape[1]
    highest = outputs.argmax(axis=1).astype(np.int64)
    if classes > 1 and kind != "sigmoid":
        return highest
    chances: Array = np.take_along_axis(probabilities, highest[:, None], axis=1)[:, 0]
    highest[chances <= 0.5] = classes
    return highest


def require_array(given: object) -> None:
    """Raise ImageError for images that are no NumPy array: what comes from a framework is in its own axis order."""
    if not isinstance(given, np.ndarray):
        kind = f"{type(given).__module__.partition('.')[0]}.{type(given).__name__}"
        raise ImageError(
            f"images are NumPy arrays, height × width × channel, 0 black and 1 white; a {kind} was given. What "
            "`import innerview` itself has (innerview.gradient, …) takes tensors; here, of a PyTorch tensor with "
            "channels in front, before any normalisation, give tensor.permute(1, 2, 0).numpy()"
        ).of("image", found=kind)


def _whole(value: object) -> int | None:
    """A whole number of Python or NumPy; None for anything else."""
    if isinstance(value, np.integer):
        return int(cast("np.integer[Any]", value))
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(what: str, value: object) -> float:
    try:
        return float(cast("float", value))
    except (TypeError, ValueError):
        raise ModelError(f"{what} {value!r} was declared; give one number").of(what, asked=value) from None


def _range(given: object) -> tuple[float, float]:
    """Black and white."""
    try:
        low, high = cast("Sequence[float]", given)
    except (TypeError, ValueError):
        raise ModelError(
            f"value_range {given!r} was declared; give the model's values for black and for white, such as (0, 1)"
        ).of("value_range", asked=given) from None
    return _number("value_range", low), _number("value_range", high)


def _per_channel(what: str, given: object, channels: int, usual: float) -> tuple[float, ...]:
    """One float for each channel, from a number, a sequence or any framework's array; () means the usual."""
    try:
        found = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError):
        raise ModelError(f"{what} {given!r} was declared; give a number, or one for each of {channels} channels").of(
            what, asked=given, found=channels
        ) from None
    values: list[float] = found.reshape(-1).tolist()
    if given is None or not values:
        return (usual,) * channels
    return tuple(values) * channels if found.ndim == 0 else tuple(values)


def _class_names(given: object) -> tuple[str, ...]:
    """The names in the order of the output, from whatever form they come in."""
    count = _whole(given)
    match given:
        case _ if count is not None:
            return tuple(str(number) for number in range(count))
        case str() | bytes():
            raise ModelError(
                f"class_names={given!r} is one text; give a list of names, [{given!r}] for a model with one output"
            ).of("class_names", asked=given, found="a text")
        case Mapping():
            return _from_table(cast("Mapping[object, object]", given))
        case set() | frozenset():
            raise ModelError("class_names is a set, which has no order; give a list, in the order of the outputs").of(
                "class_names", found="a set"
            )
        case Iterable():
            return tuple(_name(one) for one in cast("Iterable[object]", given))
        case _:
            raise ModelError(f"class_names={given!r} was declared; give a list of names, or their number").of(
                "class_names", asked=given
            )


def _from_table(table: Mapping[object, object]) -> tuple[str, ...]:
    """Names by number, or numbers by name, as libraries write them; every number from 0 on has one name."""
    for ordered in (dict(table), {value: key for key, value in table.items()} if _hashable(table) else {}):
        by_number = {_class_number(key): value for key, value in ordered.items()}
        if sorted(number for number in by_number if number is not None) == list(range(len(table))):
            return tuple(_name(by_number[number]) for number in range(len(table)))
    raise ModelError(
        f"class_names is a table of {len(table)} entries whose numbers are not 0 to {len(table) - 1}; give a name for "
        "each output, {0: 'cat', 1: 'dog'}, or a list"
    ).of("class_names", found=len(table))


def _hashable(table: Mapping[object, object]) -> bool:
    return all(isinstance(value, str | int | np.integer) for value in table.values())


def _class_number(key: object) -> int | None:
    return int(key) if isinstance(key, str) and key.isdecimal() else _whole(key)


def _name(given: object) -> str:
    number = _whole(given)
    if not isinstance(given, str) and number is None:
        raise ModelError(f"a class is called {given!r}; give names as text").of(
            "class_names", asked=given, found="no text"
        )
    return str(given) if number is None else str(number)


def _key(given: object) -> str | int | None:
    number = _whole(given)
    if given is None or isinstance(given, str) or number is not None:
        return number if number is not None else cast("str | None", given)
    raise ModelError(f"output={given!r} was declared; it is the name or the number of the output that is meant").of(
        "output", asked=given
    )
