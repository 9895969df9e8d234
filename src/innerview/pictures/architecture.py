"""The network drawn: a block per layer with its shape, kernel and number of weights, and the pooling between them.

What directly belongs to a weighted layer (its activation, normalisation, dropout) stands in its block, as "after
layer 3" is understood everywhere. A block's face grows with the logarithm of height and width and its depth with
that of the channels. Any list of layers can be drawn; the rows wrap.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from PIL import Image as Pillow
from PIL import ImageDraw

from innerview.network import FOLLOWING, WEIGHTED, InputSpec, Layer, OutputSpec
from innerview.pictures import canvas, tokens, words
from innerview.pictures.canvas import Line, Tile, note
from innerview.targets import label
from innerview.types import Array

CELL: Final = 148
DRAWING: Final = 96
LISTED: Final = 20

VERBS: Final = {
    "convolution": "convolution",
    "dense": "dense",
    "pooling": "pooling",
    "mean": "mean over all places",
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
    blocks: list[Block] = []
    for layer in layers:
        if layer.kind in FOLLOWING and blocks and blocks[-1].number:
            blocks[-1].following.append(layer.name)
            blocks[-1].shape = layer.shape or blocks[-1].shape
            continue
        number = 1 + max((block.number for block in blocks), default=0) if layer.kind in WEIGHTED else 0
        blocks.append(Block(layer, number, shape=layer.shape))
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


def architecture_picture(
    layers: Sequence[Layer],
    weights: Mapping[str, Array] | None = None,
    *,
    input: InputSpec | None = None,  # noqa: A002 the waist's name for it
    output: OutputSpec | None = None,
    columns: int = 5,
) -> Pillow.Image:
    """Draw a network.

    Args:
        layers: in the order of the calls; shapes that are not known are left out.
        weights: by name, for kernels and numbers of weights.
        input: what the network takes, drawn in front.
        output: what it gives; its classes are listed with their numbers.
        columns: blocks in a row; 2 suits a phone.
    """
    known = weights or {}
    cells: list[tuple[str, list[str], tuple[int, ...], bool]] = []
    if input is not None:
        cells.append(("input", ["pixels from 0 to 1", words.shape(input.shape)], input.shape, True))
    cells += [(*_describe(block, known), block.shape, not block.number) for block in blocks_of(layers)]
    cells = cells or [("no layers", [], (), True)]
    tiles = [
        Tile(_cuboid(shape, plain=plain, arrow=number < len(cells)), (), (Line(title, bold=True), *map(note, lines)))
        for number, (title, lines, shape, plain) in enumerate(cells, start=1)
    ]
    body = canvas.grid(tiles, columns, 8)
    counted = sum(value.size for value in known.values())
    numbered = sum(layer.kind in WEIGHTED for layer in layers)
    facts = [f"{words.count(numbered)} layers with weights"] + ([f"{words.count(counted)} weights"] if known else [])
    parts: list[Line | Pillow.Image] = [note(" · ".join(facts)), body]
    if output is not None:
        parts.append(note(_classes(output)))
    return canvas.page("The network", parts)


def _classes(output: OutputSpec) -> str:
    names = output.class_names
    listed = [words.brief(label(index, names), 40) for index in range(min(len(names), LISTED))]
    listed = listed if len(names) <= LISTED else listed[: LISTED // 4]
    more = f" and {words.count(len(names) - len(listed))} more" if len(names) > len(listed) else ""
    number = "1 class" if len(names) == 1 else f"{words.count(len(names))} classes"
    return f"{number}: {', '.join(listed)}{more}"


def _describe(block: Block, weights: Mapping[str, Array]) -> tuple[str, list[str]]:
    layer = block.layer
    held = [weights[name] for name in layer.parameters if name in weights]
    verb = VERBS.get(layer.kind, layer.kind)
    kernel = None
    if layer.kind == "convolution" and held and block.shape:
        kernel = kernel_of(held[0].shape, block.shape[-1])
    lines = [f"{words.shape(kernel)} {verb}" if kernel else verb]
    lines += [f"then {', '.join(block.following)}"] if block.following else []
    lines += [words.shape(block.shape)] if block.shape else []
    lines += [f"{words.count(sum(value.size for value in held))} weights"] if held else []
    title = f"{block.number} · {layer.name}" if block.number else layer.name
    return title, [line for line in lines if line]


def _cuboid(shape: Sequence[int], *, plain: bool, arrow: bool) -> Pillow.Image:
    """Draw a block in oblique projection, with an arrow to the next one; finely, then made smaller."""
    fine = 3
    picture = canvas.blank(CELL * fine, DRAWING * fine)
    draw = ImageDraw.Draw(picture)
    places, channels = (math.sqrt(math.prod(shape[:-1])), shape[-1]) if shape else (1.0, 1)
    face = round(fine * min(68, 8 + 54 * (math.log2(max(1.0, places)) / 5) ** 1.3))
    deep = round(fine * min(44, 4 + 5 * math.log2(max(1, channels))))
    across, up = deep, round(deep * 0.4)
    left, bottom = 0, (DRAWING - 6) * fine
    front = (left, bottom - face, left + face, bottom)
    top = [front[:2], (front[0] + across, front[1] - up), (front[2] + across, front[1] - up), (front[2], front[1])]
    side = [(front[2], front[1]), (front[2] + across, front[1] - up), (front[2] + across, front[3] - up), front[2:]]
    fills = (tokens.PAGE, tokens.PAGE, tokens.PAGE) if plain else (tokens.PANEL, "#E8EAEE", tokens.RULE)
    for corners, fill in ((top, fills[1]), (side, fills[2])):
        draw.polygon(corners, fill=fill, outline=tokens.BORDER, width=fine)
    draw.rectangle(front, fill=fills[0], outline=tokens.BORDER, width=fine)
    middle, tip = round(bottom - face / 2 - up / 2), (CELL - 2) * fine
    start = front[2] + across + 6 * fine
    if arrow and tip - start > 10 * fine:
        draw.line((start, middle, tip, middle), fill=tokens.BORDER, width=fine)
        draw.polygon(
            [(tip, middle), (tip - 6 * fine, middle - 4 * fine), (tip - 6 * fine, middle + 4 * fine)],
            fill=tokens.BORDER,
        )
    return picture.resize((CELL, DRAWING), Pillow.Resampling.LANCZOS)
