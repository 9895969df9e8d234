"""Which axis of a layer's output is what: found out by changing parts of an image, and by nothing else.

One band of an image at a time, across its rows and down its columns, is replaced by other noise. Where along an axis
the output then changes says what the axis is: along a height axis the change moves with the band of rows and does not
care for the band of columns; along a width axis it is the other way round; along an axis of channels it moves with
neither; tokens of a grid move with both, in the order in which a grid is read. Nothing is taken from the name of a
class or from a shape, so it holds behind a permute, for channels in front or behind, and where all axes are as long.

What the changes don't decide stays unknown: attention that looks everywhere alike, tensors by head, a layer that
answers no change at all. Such a layer has values, but no positions.

Cost: nine noise images (of those smaller than 256 × 256 more, up to eight times nine), forward, once for each
model, when its layers are first asked for.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from innerview.adapters.changes import NOWHERE, Bands, Changes, Evidence
from innerview.model import CHANNELS, IMAGE_AXES, TOKENS, Layer, TokenGrid
from innerview.types import Array

Order: TypeAlias = tuple[int, ...]
"""Axes of a model's own value behind the batch, in the order that they have at the waist."""

COLOURS: Final = frozenset({1, 3, 4})

QUIET: Final = 1e-10
"""Below this part of a layer's largest squared change a change is rounding."""

LEAST: Final = 0.02
"""Spread of the centres of change along an axis, in sides of the image, below which nothing is said."""

FLAT: Final = 0.35
"""Largest spread of rows along a width axis, or of columns along a height axis, as part of the largest spread."""

CHANCE: Final = 0.6
"""The same along channels, of which each answers by chance more here or there; positions there would spread as far."""

STRAIGHT: Final = 0.8
"""Correlation of the centres with the axis's own order, at least."""

UNSORTED: Final = 0.4
"""Correlation with the order up to which channels may scatter: they are in no order, however far each one is off."""

FITTING: Final = 0.6
"""Part of the tokens' scatter that a grid must explain."""

BEHIND: Final = 0.01
"""How far the next best grid must be behind."""

EXTRA: Final = 16
"""Tokens beside the grid (class, distilled, registers), at most, and at most a third of all.

They stand in front of it or behind it.
"""


@dataclass(frozen=True)
class Layout:
    """What is known of a layer's output behind the batch.

    Attributes:
        axes: as in `Layer.axes`.
        order: how the model's own axes are turned to have that order.
        tokens: where the tokens are, if there are any.
    """

    axes: str
    order: Order
    tokens: TokenGrid | None = None

    def shape(self, own: tuple[int, ...]) -> tuple[int, ...]:
        """The shape at the waist of one that is `own` in the model, both behind the batch."""
        return tuple(own[axis] for axis in self.order)


def decide(own: tuple[int, ...], changes: Changes | None, bands: Bands) -> Layout:
    """Say what the axes of a layer's output are.

    Args:
        own: its shape behind the batch, in the model's own axis order.
        changes: how it answers; None if that could not be found out.
        bands: of the images.
    """
    as_it_is = tuple(range(len(own)))
    if len(own) == 1:
        return Layout(CHANNELS, as_it_is)
    if changes is None or changes.shape != own or len(own) not in DECIDERS:
        return Layout("", as_it_is)
    axes = [_Axis.of(rows, columns, bands) for rows, columns in zip(changes.rows, changes.columns, strict=True)]
    return DECIDERS[len(own)](axes) or Layout("", as_it_is)


@dataclass(frozen=True)
class _Axis:
    """Centres of change along one axis.

    Attributes:
        rows: for each index the mean row of the bands that it answers; columns: the mean column.
        strength: how much each index answers at all.
    """

    rows: Array
    columns: Array
    strength: Array

    @staticmethod
    def of(rows: Array, columns: Array, bands: Bands) -> _Axis:
        strength = np.sqrt(rows.sum(axis=0) + columns.sum(axis=0))
        return _Axis(_centre(rows, bands.rows), _centre(columns, bands.columns), strength)

    @property
    def length(self) -> int:
        return len(self.rows)

    def is_channels(self, scale: float) -> bool:
        """Whether neither rows nor columns go along this axis, against the spread along those that do.

        A channel that is nearly dead answers at one position alone, so each counts as much as it answers.
        """
        return all(
            _spread(centres, self.strength) <= CHANCE * scale or abs(_correlation(centres)) <= UNSORTED
            for centres in (self.rows, self.columns)
        )


def _image(axes: list[_Axis]) -> Layout | None:
    """Height, width and channels in whatever order; those that models usually have are tried first."""
    for order in ((0, 1, 2), (1, 2, 0), *itertools.permutations(range(3))):
        height, width, channels = (axes[axis] for axis in order)
        scale = max(_spread(height.rows), _spread(width.columns))
        if height.length == width.length == 1:  # one position, whatever it answers
            return Layout(IMAGE_AXES, order)
        if (
            (height.length == 1 or _goes_along(height.rows, height.columns, scale))
            and (width.length == 1 or _goes_along(width.columns, width.rows, scale))
            and channels.is_channels(scale)
        ):
            return Layout(IMAGE_AXES, order)
    return None


def _goes_along(own: Array, other: Array, scale: float) -> bool:
    """Whether centres rise with the index, and those of the other side of the image stay where they are."""
    return _spread(own) >= LEAST and _correlation(own) >= STRAIGHT and _spread(other) <= FLAT * scale


def _tokens(axes: list[_Axis]) -> Layout | None:
    """Tokens and channels, whichever stand in front."""
    for order in ((0, 1), (1, 0)):
        tokens, channels = (axes[axis] for axis in order)
        grid = _grid(tokens.rows, tokens.columns)
        if grid is not None and channels.is_channels(max(_spread(tokens.rows), _spread(tokens.columns))):
            return Layout(TOKENS, order, grid)
    return None


DECIDERS: Final[Mapping[int, Callable[[list[_Axis]], Layout | None]]] = {2: _tokens, 3: _image}
"""By the number of axes behind the batch; with more of them nothing is said."""


def _grid(rows: Array, columns: Array) -> TokenGrid | None:
    """The grid that explains the centres of all tokens best, if one does and no other does nearly as well."""
    scatter = float(((rows - rows.mean()) ** 2).sum() + ((columns - columns.mean()) ** 2).sum())
    if scatter <= len(rows) * LEAST**2:
        return None
    found = sorted(
        ((_explained(rows, columns, grid) / scatter, number, grid) for number, grid in enumerate(_grids(len(rows)))),
        reverse=True,
    )
    (best, _, grid), *others = found or [(0.0, 0, None)]
    if grid is None or best < FITTING or (others and others[0][0] > best - BEHIND):
        return None
    return grid


def _grids(count: int) -> Iterator[TokenGrid]:
    """All ways to read `count` tokens as a grid with some tokens in front of it or behind it."""
    for extra in range(min(EXTRA, count // 3) + 1):
        inner = count - extra
        for height in (one for one in range(1, inner + 1) if inner % one == 0):
            yield TokenGrid(count, extra, height, inner // height)
            if extra:
                yield TokenGrid(count, 0, height, inner // height)


def _explained(rows: Array, columns: Array, grid: TokenGrid) -> float:
    """How much of the tokens' scatter goes when each is put on its line of the grid; less than nothing if it isn't one.

    Tokens beside the grid are expected where the mean of all of them is.
    """
    total = 0.0
    down, across = (
        value[grid.start : grid.start + grid.height * grid.width].reshape(grid.height, grid.width)
        for value in (rows, columns)
    )
    for value, all_of_them, lines in ((down, rows, grid.height), (across.T, columns, grid.width)):
        middle = all_of_them.mean()
        if lines == 1:  # all of them are on one line, so nothing is explained by it
            continue
        place = np.arange(lines) - (lines - 1) / 2
        along = value.mean(axis=1)
        slope = float(place @ along / (place @ place))
        if slope <= 0 or _correlation(along) < STRAIGHT:
            return -np.inf
        on_its_line = (middle + slope * place)[:, None]
        total += float(((value - middle) ** 2).sum() - ((value - on_its_line) ** 2).sum())
    return total


def _centre(changes: Array, places: Array) -> Array:
    """For each index where in the image the bands lie that it answers; the middle for one that answers none."""
    total = changes.sum(axis=0)
    answers = total > QUIET * total.max(initial=0.0)
    return np.where(answers, places @ changes / np.where(answers, total, 1), 0.5)


def _spread(centres: Array, strength: Array | None = None) -> float:
    """Standard deviation, weighted by `strength` where that is given and not 0 everywhere."""
    if strength is None or not strength.any():
        return float(centres.std())
    middle = np.average(centres, weights=strength)
    return float(np.sqrt(np.average((centres - middle) ** 2, weights=strength)))


def _correlation(centres: Array) -> float:
    """With the index, in [-1, 1]; 0 where there is nothing to go along."""
    places = np.arange(len(centres)) - (len(centres) - 1) / 2
    values = centres - centres.mean()
    scale = float(np.sqrt((places**2).sum() * (values**2).sum()))
    return float(places @ values) / scale if scale > 0 else 0.0


def channels_in_front(shape: tuple[int, ...]) -> bool:
    """Whether a batch of images of which nobody says more than its shape is taken to have its channels in front.

    That is so unless only the last axis is as long as images have channels. The model was run on it as it is.
    """
    return not (shape[-1] in COLOURS and shape[1] not in COLOURS)


@dataclass(frozen=True)
class Placed:
    """Layers with their axes.

    Attributes:
        layers: with axes, and shapes in the order of the waist.
        orders: by name, how each value is turned to come into that order.
    """

    layers: tuple[Layer, ...]
    orders: Mapping[str, Order]


def place(layers: Sequence[Layer], evidence: Evidence | None, declared: Mapping[str, Layout] | None = None) -> Placed:
    """Give layers, whose shapes are the model's own, the axes that the evidence says; none if there is no evidence.

    What is `declared` of a layer holds where the evidence does not decide.
    """
    placed, orders = list[Layer](), dict[str, Order]()
    known, bands = (evidence.changes, evidence.bands) if evidence else ({}, NOWHERE)
    layouts = _agreed({layer.name: decide(layer.shape, known.get(layer.name), bands) for layer in layers})
    for layer in layers:
        layout = layouts[layer.name]
        if not layout.axes and declared and layer.name in declared:
            layout = declared[layer.name]
        placed.append(replace(layer, axes=layout.axes, shape=layout.shape(layer.shape), tokens=layout.tokens))
        orders[layer.name] = layout.order
    return Placed(tuple(placed), orders)


def _agreed(layouts: dict[str, Layout]) -> dict[str, Layout]:
    """Let one grid stand for all layers of one number of tokens: one that is at odds with most others is not known."""
    grids = Counter(layout.tokens for layout in layouts.values() if layout.tokens is not None)
    usual = dict[int, TokenGrid]()
    for grid, _ in grids.most_common():
        usual.setdefault(grid.count, grid)
    return {
        name: layout
        if layout.tokens is None or layout.tokens == usual[layout.tokens.count]
        else Layout("", tuple(range(len(layout.order))))
        for name, layout in layouts.items()
    }


def place_by_last_axis(layers: Iterable[Layer]) -> Placed:
    """Take each layer's last axis for its channels, where what enters is no image that could be changed in bands."""
    named = [replace(layer, axes=" ".join([*("token" for _ in layer.shape[1:]), CHANNELS])) for layer in layers]
    return Placed(tuple(named), {layer.name: tuple(range(len(layer.shape))) for layer in named})
