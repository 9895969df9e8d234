"""The model drawn: a block per layer with its shape, kernel and number of weights, and how the blocks are wired.

What directly belongs to a weighted layer (its activation, normalisation, dropout) stands in its block, as "after
layer 3" is understood everywhere. A block's face grows with the logarithm of height and width and its depth with
that of the channels. Any list of layers can be drawn; the rows wrap.

Arrows are the wiring: from a block to the next one where that takes its output, over the blocks between where others
do (branches, skip connections, several heads); a dot where several come together. Where the wiring is not known the
blocks stand in the order of the calls, without arrows, and the drawing says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from PIL import Image as Pillow
from PIL import ImageDraw

from innerview.model import WEIGHTED, InputSpec, Layer, OutputSpec, belonging
from innerview.pictures import canvas, tokens, words
from innerview.pictures.canvas import Line, Tile, note
from innerview.pictures.wires import Takes, Wire, takes, wires
from innerview.targets import label
from innerview.types import Array

CELL: Final = 148
DRAWING: Final = 96
LISTED: Final = 20

WIRED: Final = "arrows show what each layer takes"
UNWIRED: Final = "in the order of the calls: how the layers are wired is not known"

LANE: Final = 8
"""Pixels from one line over the blocks to the next."""

NAMED: Final = 3
"""Blocks, at most, that a block is said to take."""

LONGEST: Final = 18
"""Letters of a layer's name."""

VERBS: Final = {
    "convolution": "convolution",
    "dense": "dense",
    "pooling": "pooling",
    "mean": "mean over all positions",
    "activation": "activation",
    "normalisation": "normalisation",
    "dropout": "dropout",
    "other": "",
}


@dataclass
class Block:
    """A weighted layer with what follows it directly, or any other layer alone."""

    layer: Layer
    number: int = 0
    following: list[str] = field(default_factory=list)
    shape: tuple[int, ...] = ()


def blocks_of(layers: Sequence[Layer]) -> list[Block]:
    """Join layers into blocks; weighted ones are numbered from 1."""
    blocks, inside = list[Block](), dict[str, Block]()
    number = 0
    for position, layer in enumerate(layers):
        if layer.name in inside:
            block = inside[layer.name]
            block.following.append(layer.name)
            block.shape = layer.shape or block.shape
            continue
        number += layer.kind in WEIGHTED
        block = Block(layer, number if layer.kind in WEIGHTED else 0, shape=layer.shape)
        blocks.append(block)
        if block.number:
            inside |= {one.name: block for one in belonging(layers, position)}
    return blocks


def kernel_of(shape: Sequence[int], outputs: int) -> tuple[int, int] | None:
    """Find a convolution's kernel in its weights' shape, whether outputs stand first or last; None if neither fits."""
    if len(shape) != 4:
        return None
    if shape[0] == outputs and shape[3] != outputs:
        return shape[2], shape[3]
    if shape[3] == outputs and shape[0] != outputs:
        return shape[0], shape[1]
    if outputs in (shape[0], shape[3]):  # both fit: kernels are smaller than layers
        return (shape[2], shape[3]) if shape[2] * shape[3] <= shape[0] * shape[1] else (shape[0], shape[1])
    return None


def architecture_figure(
    layers: Sequence[Layer],
    weights: Mapping[str, Array] | None = None,
    *,
    input: InputSpec | None = None,  # noqa: A002 the waist's name for it
    output: OutputSpec | None = None,
    columns: int = 5,
) -> Pillow.Image:
    """Draw a model.

    Args:
        layers: in the order of the calls; shapes that are not known are left out.
        weights: by name, for kernels and numbers of weights.
        input: what the model takes, drawn in front.
        output: what it gives; its classes are listed with their numbers.
        columns: blocks in a row; 2 suits a phone.
    """
    known = weights or {}
    blocks = blocks_of(layers)
    names = {name: number for number, block in enumerate(blocks) for name in (block.layer.name, *block.following)}
    taken = takes([block.layer for block in blocks], names) if blocks else None
    cells = [
        _Cell(*_describe(block, known, _taken_words(number, blocks, taken)), block.shape, plain=not block.number)
        for number, block in enumerate(blocks)
    ]
    if input is not None:
        cells.insert(0, _Cell("input", ["pixels from 0 to 1", words.shape(input.shape)], input.shape, plain=True))
    cells = cells or [_Cell("no layers", [], (), plain=True)]
    tiles = [
        Tile(image, (), (Line(cell.title, bold=True), *map(note, cell.lines)))
        for image, cell in zip(_draw_all(cells, taken, shift=int(input is not None)), cells, strict=True)
    ]
    body = canvas.grid(tiles, columns, 0)
    counted = sum(value.size for value in known.values())
    numbered = sum(layer.kind in WEIGHTED for layer in layers)
    facts = [f"{words.count(numbered)} layers with weights"] + ([f"{words.count(counted)} weights"] if known else [])
    facts += [WIRED if taken is not None else UNWIRED] if blocks else []
    parts: list[Line | Pillow.Image] = [note(" · ".join(facts)), body]
    if output is not None:
        parts.append(note(_classes(output)))
    return canvas.page("The model", parts)


def _classes(output: OutputSpec) -> str:
    names = output.class_names
    listed = [words.brief(label(index, names), 40) for index in range(min(len(names), LISTED))]
    listed = listed if len(names) <= LISTED else listed[: LISTED // 4]
    more = f" and {words.count(len(names) - len(listed))} more" if len(names) > len(listed) else ""
    number = "1 class" if len(names) == 1 else f"{words.count(len(names))} classes"
    return f"{number}: {', '.join(listed)}{more}"


def _taken_words(number: int, blocks: Sequence[Block], taken: Sequence[Takes] | None) -> list[str]:
    """What a block takes, where that is not just the output of the block in front of it."""
    if taken is None or taken[number].only(number - 1):
        return []
    one = taken[number]
    parts = [_title(blocks[block]) if block >= 0 else "the input" for block in one.blocks]
    parts = parts if len(parts) <= NAMED else [*parts[: NAMED - 1], f"{len(parts) - NAMED + 1} more"]
    shared = [] if one.shared is None else [f"the input of {_title(blocks[one.shared])}"]
    return [f"{'and' if place else 'takes'} {part}" for place, part in enumerate([*shared, *parts])]


def _title(block: Block) -> str:
    """Number and name; of a long name the end, which tells it from its neighbours."""
    name = block.layer.name
    name = name if len(name) <= LONGEST else f"…{name[1 - LONGEST :].lstrip('.')}"
    return f"{block.number} · {name}" if block.number else name


def _describe(block: Block, weights: Mapping[str, Array], taken: Sequence[str]) -> tuple[str, list[str]]:
    layer = block.layer
    held = [weights[name] for name in layer.parameters if name in weights]
    verb = VERBS.get(layer.kind, layer.kind)
    kernel = None
    if layer.kind == "convolution" and held and block.shape and layer.axes:
        kernel = kernel_of(held[0].shape, block.shape[-1])
    lines = [f"{words.shape(kernel)} {verb}" if kernel else verb]
    lines += [f"then {', '.join(block.following)}"] if block.following else []
    lines += [words.shape(block.shape)] if block.shape else []
    lines += [f"{words.count(sum(value.size for value in held))} weights"] if held else []
    lines += taken
    return _title(block), [line for line in lines if line]


@dataclass(frozen=True)
class _Cell:
    """What stands in one place of the drawing."""

    title: str
    lines: list[str]
    shape: tuple[int, ...]
    plain: bool = field(kw_only=True)


def _draw_all(cells: Sequence[_Cell], taken: Sequence[Takes] | None, shift: int) -> list[Pillow.Image]:
    """Draw the blocks with what leads to them and past them; the first `shift` cells are the image's."""
    every = [*((Takes(),) * shift), *(taken or ())]
    every = [
        Takes(tuple(block + shift for block in one.blocks), None if one.shared is None else one.shared + shift)
        if number >= shift
        else one
        for number, one in enumerate(every)
    ]
    laid = wires(every) if taken is not None else []
    lanes = max((wire.lane + 1 for wire in laid), default=0)
    return [
        _draw_cell(
            cell,
            lanes,
            leaves=number + 1 < len(every) and number in every[number + 1].blocks,
            enters=taken is not None and number > 0 and number - 1 in every[number].blocks,
            several=taken is not None and len(every[number].blocks) + (every[number].shared is not None) > 1,
            here=[wire for wire in laid if wire.start <= number <= wire.end],
            number=number,
        )
        for number, cell in enumerate(cells)
    ]


FINE: Final = 3
EDGE: Final = 12
"""Pixels in front of a block, for what leads to it."""


def _draw_cell(
    cell: _Cell, lanes: int, *, leaves: bool, enters: bool, several: bool, here: Sequence[Wire], number: int
) -> Pillow.Image:
    """Draw a block in oblique projection with its lines; finely, then made smaller."""
    width, above = CELL + 8, lanes * LANE
    image = canvas.blank(width * FINE, (DRAWING + above) * FINE)
    draw = ImageDraw.Draw(image)
    middle = (above + DRAWING // 2) * FINE
    behind = _cuboid(draw, cell.shape, middle, plain=cell.plain)

    def line(*corners: tuple[float, float]) -> None:
        draw.line(corners, fill=tokens.BORDER, width=FINE)

    if leaves:
        line((behind, middle), (width * FINE, middle))
    front = (EDGE - 2) * FINE
    if enters or any(wire.end == number for wire in here):
        line((0 if enters else front / 2, middle), (front, middle))
        tip = 5 * FINE
        draw.polygon(
            [(front, middle), (front - tip, middle - tip * 0.7), (front - tip, middle + tip * 0.7)], tokens.BORDER
        )
    for wire in here:
        high = (wire.lane * LANE + LANE // 2) * FINE
        left, right = 0.0, float(width * FINE)
        if wire.start == number:
            left = front / 3 if wire.in_front else behind + 6 * FINE
            line((left, high), (left, middle), (behind, middle) if not wire.in_front else (left, middle))
        if wire.end == number:
            right = front / 2
            line((right, high), (right, middle))
        line((left, high), (right, high))
    if several:
        radius = 3 * FINE
        draw.ellipse((front / 2 - radius, middle - radius, front / 2 + radius, middle + radius), fill=tokens.SECOND)
    return image.resize((width, DRAWING + above), Pillow.Resampling.LANCZOS)


def _cuboid(draw: ImageDraw.ImageDraw, shape: Sequence[int], middle: int, *, plain: bool) -> float:
    """Draw a block about the height `middle`; gives where it ends on the right."""
    places, channels = (math.sqrt(math.prod(shape[:-1])), shape[-1]) if shape else (1.0, 1)
    face = round(FINE * min(68, 8 + 54 * (math.log2(max(1.0, places)) / 5) ** 1.3))
    deep = round(FINE * min(44, 4 + 5 * math.log2(max(1, channels))))
    across, up = deep, round(deep * 0.4)
    left, bottom = EDGE * FINE, middle + (face + up) // 2
    front = (left, bottom - face, left + face, bottom)
    top = [front[:2], (front[0] + across, front[1] - up), (front[2] + across, front[1] - up), (front[2], front[1])]
    side = [(front[2], front[1]), (front[2] + across, front[1] - up), (front[2] + across, front[3] - up), front[2:]]
    fills = (tokens.PAGE, tokens.PAGE, tokens.PAGE) if plain else (tokens.PANEL, "#E8EAEE", tokens.RULE)
    for corners, fill in ((top, fills[1]), (side, fills[2])):
        draw.polygon(corners, fill=fill, outline=tokens.BORDER, width=FINE)
    draw.rectangle(front, fill=fills[0], outline=tokens.BORDER, width=FINE)
    return float(front[2] + across)
