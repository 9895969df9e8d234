"""The layers of a model: what is known of each, which belong together, and which one people mean.

A layer is one *call* of a part of a model. Its axes and its wiring are what was found out about it, or unknown; a
number counts convolutions and dense layers from 1 in the order of the calls, everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from innerview.errors import UnknownLayer, UsageError
from innerview.reprs import short
from innerview.types import Array

WEIGHTED: Final = frozenset({"convolution", "dense"})
FOLLOWING: Final = frozenset({"activation", "normalisation", "dropout"})

IMAGE_AXES: Final = "height width channel"
TOKENS: Final = "token channel"
CHANNELS: Final = "channel"

INPUT: Final = "input"
"""What stands for the image among the sources of a layer."""


@dataclass(frozen=True)
class TokenGrid:
    """Which token is where: those from `start` on are the positions of a grid, read row by row; the others are nowhere.

    Attributes:
        count: of all tokens.
        start: the first token of the grid; class and register tokens stand in front of it or behind it.
        height: rows of the grid, from the top of the image to its bottom.
        width: columns of the grid.
    """

    count: int
    start: int
    height: int
    width: int

    def positions(self, values: Array) -> Array:
        """Tokens × … as height × width × …, without the tokens that are nowhere."""
        return values[self.start : self.start + self.height * self.width].reshape(
            self.height, self.width, *values.shape[1:]
        )


@dataclass(frozen=True)
class Window:
    """Which positions of its input a layer's position is made from: `size` of them, `dilation` apart, for each axis.

    Attributes:
        size: rows and columns.
        stride: from one position to the next one's.
        before: how many positions above the first row, and left of the first column, the first window begins; None
            where the input is padded so that nothing but the stride makes it smaller ("same"), the larger part below
            and to the right.
        dilation: from one row or column of the window to the next.
    """

    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    before: tuple[int, int] | None = (0, 0)
    dilation: tuple[int, int] = (1, 1)

    def reach(self, axis: int) -> int:
        """Positions from the first to the last of a window along an axis, both counted."""
        return (self.size[axis] - 1) * self.dilation[axis] + 1

    def above(self, axis: int, taken: int) -> int:
        """How many positions before the first the first window begins, where the input has `taken` along this axis."""
        if self.before is not None:
            return self.before[axis]
        given = -(-taken // self.stride[axis])
        return max((given - 1) * self.stride[axis] + self.reach(axis) - taken, 0) // 2


POINTWISE: Final = Window((1, 1))
"""Of layers whose positions are each made from the one at the same place."""


@short
@dataclass(frozen=True)
class Layer:
    """One *call* of a part of the model: a module that is used twice is two layers.

    Attributes:
        name: unique; a second call of the same module carries its number ("relu#2").
        kind: "convolution", "dense", "activation", "normalisation", "dropout", "pooling", "mean" or "other".
        parameters: names of the weights it uses, as in ``Model.weights()``.
        axes: of its output behind the batch: "height width channel", "token channel" (then `tokens` says which is
            where), "channel", or "" where what the model does doesn't tell.
        shape: of its output behind the batch, in the order of `axes`; () if it is not known beforehand.
        tokens: the grid of the tokens; None for other axes.
        sources: the layers (and INPUT) whose outputs reach this one through what is no layer itself, in the order of
            the calls; None where the wiring is not known.
        follows: the layer whose output it takes as it is, and alone; empty for none, or where the wiring is not known.
        window: which positions of what it takes each of its positions is made from; None where that is not known, or
            where it is all of them.
    """

    name: str
    kind: str
    parameters: tuple[str, ...] = ()
    axes: str = IMAGE_AXES
    shape: tuple[int, ...] = ()
    tokens: TokenGrid | None = None
    sources: tuple[str, ...] | None = None
    follows: str = ""
    window: Window | None = None

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of its positions in the image; (0, 0) where it has none."""
        if self.tokens is not None:
            return self.tokens.height, self.tokens.width
        if self.axes != IMAGE_AXES:
            return 0, 0
        return (self.shape[0], self.shape[1]) if self.shape else (1, 1)

    def positions(self, values: Array) -> Array | None:
        """Its output for one image as height × width × channel; None where it has no positions."""
        if self.tokens is not None:
            return self.tokens.positions(values)
        return values if self.axes == IMAGE_AXES else None


def belonging(layers: Sequence[Layer], position: int) -> list[Layer]:
    """What follows a weighted layer and belongs to it: its normalisation, activation and dropout, one behind the other.

    By the wiring where anything is known of it: each takes the output of the one before as it is, and nothing else
    takes that. Otherwise by the order of the calls.
    """
    found, last = list[Layer](), layers[position]
    wired = any(layer.sources is not None for layer in layers)
    for layer in layers[position + 1 :]:
        if wired and layer.follows != last.name:
            continue
        if layer.kind not in FOLLOWING:
            break
        found.append(layer)
        last = layer
    return found


def numbered(layers: Sequence[Layer]) -> list[tuple[int, Layer]]:
    """The layers that have numbers, with the place of each among all: convolutions and dense layers, from 1."""
    return [(position, layer) for position, layer in enumerate(layers) if layer.kind in WEIGHTED]


def ends(layers: Sequence[Layer]) -> list[Layer]:
    """For each number, from 1, the layer that is meant by "after" it."""
    return [[layer, *belonging(layers, position)][-1] for position, layer in numbered(layers)]


NUMBER: Final = "number:"
NAME: Final = "name:"


def by_name(name: str) -> str:
    """How to ask for the layer of exactly this name, whatever it looks like."""
    return f"{NAME}{name}" if name.strip().removeprefix(NUMBER).isdecimal() else name


def as_said(layer: Layer) -> str:
    """A layer's name as it finds this layer and no other."""
    return by_name(layer.name)


def find_layer(layers: Sequence[Layer], asked: str | int) -> Layer:
    """Find a layer by its name, or by its number as people count.

    Numbers count convolutions and dense layers from 1 in the order of the calls, and "after layer 3" means after
    whatever belongs to it: the normalisation, activation and dropout that take its output, and before any pooling.
    A whole number in Python is always such a number. Text that is both a number and the name of another layer (as in a
    torch.nn.Sequential, whose modules are called "0", "1", …) is refused; "number:1" and "name:1" say which is meant.

    Raises:
        UnknownLayer: lists what there is.
        UsageError: both readings have a meaning, and not the same.
    """
    named = {layer.name: layer for layer in layers}
    text = str(asked).strip()
    if isinstance(asked, str) and text.startswith(NAME) and text not in named:
        text = text.removeprefix(NAME)
        if text in named:
            return named[text]
        raise UnknownLayer(text, named)
    counted = ends(layers)
    digits = text.removeprefix(NUMBER)
    by_number = counted[int(digits) - 1] if digits.isdecimal() and 1 <= int(digits) <= len(counted) else None
    by_name = named.get(asked) if isinstance(asked, str) else None
    if by_name is not None and by_number is not None and by_name is not by_number:
        raise UsageError(
            f"layer {text!r} can be two: the one of this name, and number {text}, counted in convolutions and dense "
            f"layers from 1, which ends at layer {by_number.name!r}. Say {NAME}{text} or {NUMBER}{text}"
        ).of("layer", asked=text, found=by_number.name)
    found = by_name or by_number
    if found is None:
        raise UnknownLayer(asked, [*(f"1 to {len(counted)}" for _ in counted[:1]), *named])
    return found


def require_layers(layers: Sequence[Layer], asked: Iterable[str]) -> None:
    """Raise UnknownLayer for the first of `asked` that is not the name of one of `layers`."""
    names = [layer.name for layer in layers]
    for name in asked:
        if name not in names:
            raise UnknownLayer(name, names)
