"""Which pixels a position of a layer can depend on: its receptive field, worked out of the windows, or measured.

    from one layer to the next, along an axis:   first' = first − before · step,   step' = step · stride,
                                                 size'  = size + (window − 1) · dilation · step

The first position begins at pixel `first` (below 0: in the padding), the next one `step` pixels on, and each sees
`size` pixels; where several layers come together it is the smallest field that holds theirs (Araujo, Norris and Sim
2019, Distill, "Computing receptive fields of convolutional neural networks"). That is exact, if windows and wiring
say all that happens. So the gradient is asked as well: at the first, second, middle and last positions no pixel
outside may have one. Where one has, or a window is not known, the field is what the gradient sees at these positions
if they agree with one step and one size, and the whole image if they do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

import numpy as np
from jaxtyping import Bool

from innerview.layers import INPUT
from innerview.methods.passes import batches
from innerview.model import DifferentiableModel, Layer, Model, has_gradients
from innerview.types import Array, Images

FAINT: Final = 1e-6
"""Gradient beside the largest below which a pixel is not seen: what tiles of a convolution leave by rounding."""

IMAGES: Final = 8
"""Images of noise by which a field is measured: behind an activation not every pixel shows in one of them."""

How: TypeAlias = Literal["worked out", "measured", "whole image"]
"""How a field was found; "whole image" where a position may see all of it, as far as is known."""


@dataclass(frozen=True)
class Reach:
    """The field along one axis.

    Attributes:
        first: pixel at which the first position's begins; below 0 in the padding.
        step: pixels from one position's to the next one's.
        size: pixels of each, those outside of the image counted.
        length: of the image.
    """

    first: int
    step: int
    size: int
    length: int

    def span(self, position: int) -> tuple[int, int]:
        """First pixel of a position's field and the one behind its last; outside of the image where it is."""
        start = self.first + position * self.step
        return start, start + self.size

    @property
    def seen(self) -> int:
        """Pixels that a position sees, at most the image's."""
        return min(self.size, self.length)


@dataclass(frozen=True)
class Box:
    """The part of an image that a position sees.

    Attributes:
        top, left: first row and column, from 0; `bottom`, `right`: those behind the last.
        clipped: a part of the field lies outside of the image.
    """

    top: int
    left: int
    bottom: int
    right: int
    clipped: bool


@dataclass(frozen=True)
class ReceptiveField:
    """What the positions of a layer see.

    Attributes:
        rows, columns: along each axis.
        width: positions in a row of the layer; 1 where it has none.
        how: it was found.
    """

    rows: Reach
    columns: Reach
    width: int
    how: How

    @property
    def seen(self) -> tuple[int, int]:
        """Rows and columns of pixels that a position sees, at most the image's."""
        return self.rows.seen, self.columns.seen

    def box(self, position: int) -> Box:
        """The part of the image that a position (row × width + column) sees."""
        row, column = divmod(position, self.width)
        (top, bottom), (left, right) = self.rows.span(row), self.columns.span(column)
        height, width = self.rows.length, self.columns.length
        clipped = min(top, left) < 0 or bottom > height or right > width
        return Box(max(top, 0), max(left, 0), min(bottom, height), min(right, width), clipped)


def receptive_field(model: Model, layer: Layer, images: Images | None = None) -> ReceptiveField:
    """Find what each position of a layer sees.

    Args:
        model: whose layer it is.
        layer: one of `model.layers`.
        images: pixels (batch × height × width × channel) by which a field that the windows tell is checked; None for
            noise, by which one that they do not tell is measured.

    Raises:
        ModelError: the model fails on them.
    """
    lengths = model.input.height, model.input.width
    rows, columns = layer.grid
    down, across = (Reach(0, 0, one, one) for one in lengths)
    whole = ReceptiveField(down, across, max(columns, 1), "whole image")
    if rows * columns <= 1 and layer.shape:
        return whole
    known = worked_out(model, layer)
    if not has_gradients(model):
        return known or whole
    model = cast("DifferentiableModel", model)
    if known is not None:
        checked = _measure(model, layer, _noise(model) if images is None else images)
        if checked is None or all(
            _holds(reach, *axis) for reach, axis in zip((known.rows, known.columns), checked.axes, strict=True)
        ):
            return known
    found = _measure(model, layer, _noise(model))
    if found is None:
        return whole
    fitted = [_fit(length, *axis) for length, axis in zip(lengths, found.axes, strict=True)]
    if all(one.size >= one.length for one in fitted):
        return whole
    return ReceptiveField(fitted[0], fitted[1], found.width, "measured")


def worked_out(model: Model, layer: Layer) -> ReceptiveField | None:
    """The field by the windows on the way from the image to a layer; None where one of them is not known."""
    given = {one.name: one for one in model.layers}
    lengths = model.input.height, model.input.width
    fields: dict[str, tuple[Reach, Reach] | None] = {
        INPUT: (Reach(0, 1, 1, lengths[0]), Reach(0, 1, 1, lengths[1])),
    }
    for one in model.layers:
        fields[one.name] = _through(one, given, fields, lengths)
        if one.name == layer.name:
            break
    found = fields.get(layer.name)
    return None if found is None else ReceptiveField(*found, layer.grid[1], "worked out")


def _through(
    layer: Layer,
    given: dict[str, Layer],
    fields: dict[str, tuple[Reach, Reach] | None],
    lengths: tuple[int, int],
) -> tuple[Reach, Reach] | None:
    """What a layer's positions see, by what those of its sources do."""
    window = layer.window
    if window is None or not layer.sources or not all(layer.grid):
        return None
    found = list[tuple[Reach, Reach]]()
    for name in layer.sources:
        before = fields.get(name)
        if before is None:
            return None
        taken = lengths if name == INPUT else given[name].grid
        rows, columns = (
            Reach(
                reach.first - window.above(axis, taken[axis]) * reach.step,
                reach.step * window.stride[axis],
                reach.size + (window.reach(axis) - 1) * reach.step,
                reach.length,
            )
            for axis, reach in enumerate(before)
        )
        found.append((rows, columns))
    rows, columns = (_around([one[axis] for one in found]) for axis in (0, 1))
    return None if rows is None or columns is None else (rows, columns)


def _around(reaches: Sequence[Reach]) -> Reach | None:
    """The smallest reach that holds all of these; None of several steps."""
    first = reaches[0]
    if any(one.step != first.step for one in reaches):
        return None
    start, end = min(one.first for one in reaches), max(one.first + one.size for one in reaches)
    return Reach(start, first.step, end - start, first.length)


Spans: TypeAlias = tuple[tuple[int, ...], tuple[tuple[int, int], ...]]
"""Positions along an axis, and the first pixel that each was seen to depend on with the one behind the last."""


@dataclass(frozen=True)
class _Measured:
    axes: tuple[Spans, Spans]
    width: int


def _noise(model: Model) -> Images:
    return np.random.default_rng(0).random((IMAGES, *model.input.shape)).astype(model.dtype)


def _measure(model: DifferentiableModel, layer: Layer, images: Images) -> _Measured | None:
    """Which pixels have a gradient at five positions, first to last; None where one of them sees nothing."""
    seen: Bool[np.ndarray, "5 height width"] | None = None
    grid = (1, 1)

    def probes(values: Array) -> Array:
        nonlocal grid
        factors = np.zeros((5, *values.shape), values.dtype)
        for number, rows in enumerate(factors):
            for image, row in enumerate(rows):
                positions = layer.positions(row)
                assert positions is not None  # noqa: S101 only layers with positions are asked
                grid = positions.shape[0], positions.shape[1]
                at = [_places(length)[number] for length in grid]
                # A view of the factors: what is set in it is set in them.
                positions[at[0], at[1]] = np.random.default_rng(1 + image).normal(size=positions.shape[2])
        return factors

    for part in batches(len(images), max(model.batch_size, 1)):
        answer = model.vjp(images[part], {layer.name: probes})
        sizes = np.abs(answer.input_gradients).max(axis=4)
        found = (sizes > FAINT * sizes.max(axis=(2, 3), keepdims=True)).any(axis=1)
        seen = found if seen is None else seen | found
    if seen is None or not seen.any(axis=(1, 2)).all():
        return None
    axes = tuple(
        (_places(length), tuple(_ends(np.asarray(seen.any(axis=other)))))
        for length, other in zip(grid, (2, 1), strict=True)
    )
    return _Measured((axes[0], axes[1]), grid[1])


def _places(length: int) -> tuple[int, int, int, int, int]:
    """The first, second, middle, last but one and last of so many positions."""
    return 0, min(1, length - 1), length // 2, max(length - 2, 0), length - 1


def _ends(seen: Bool[np.ndarray, "5 pixel"]) -> Iterator[tuple[int, int]]:
    for row in seen:
        first, last = np.flatnonzero(row)[[0, -1]].tolist()
        yield first, last + 1


def _holds(reach: Reach, places: Sequence[int], spans: Sequence[tuple[int, int]]) -> bool:
    """Whether nothing was seen outside of a field."""
    fields = [reach.span(place) for place in places]
    return all(start <= first and last <= end for (start, end), (first, last) in zip(fields, spans, strict=True))


def _fit(length: int, places: Sequence[int], spans: Sequence[tuple[int, int]]) -> Reach:
    """One step and one size for what was seen; the whole length where there is none.

    The first position says how far on it sees, the last how far back, and their neighbours how far it is from one to
    the next: in the middle a large field would be cut off at both borders.
    """
    whole = Reach(0, 0, length, length)
    (_, end), (_, next_end), _, (last_start, _), (start, _) = spans
    if end == length or start == 0:
        return whole
    step = max(next_end - end, start - last_start)
    first = start - places[-1] * step
    found = Reach(first, step, end - first, length)
    return found if found.size > 0 and _holds(found, places, spans) else whole
