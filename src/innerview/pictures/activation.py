"""What layers keep of an image: grids of channels, three at a time in colour or one by one, and the way through.

A grid shows the first channels of a layer on one scale (of many classes, those with the largest values) and says how
many it leaves out. Each channel is labelled by the colour of the image that it follows most closely ("R .81":
correlation with red), and the layer's best channel for each colour is named, out of all of them. Channels are counted
from 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image as Pillow

from innerview.errors import UnknownLayer, UsageError
from innerview.model import Layer, ends
from innerview.pictures import canvas, tokens, words
from innerview.pictures.animation import Animation
from innerview.pictures.canvas import Line, Tile, note
from innerview.pictures.captions import Subject, top_lines
from innerview.pictures.legend import colours_entries, legend, ramp_entries
from innerview.pictures.pixels import show_colours, show_image, show_map
from innerview.pictures.scale import Scale, ScaleChoice, choose_scales
from innerview.pictures.taking import taking_tensors
from innerview.results import Activations
from innerview.targets import label
from innerview.types import Array

COLOURS: Final = ("red", "green", "blue")
COLOUR_TILE: Final = 192
SINGLE_TILE: Final = 128
FRAME_TILE: Final = 160
PLACELESS_TILE: Final = 72
MILLISECONDS: Final = 1600


def channels_of(result: Activations, layer: str) -> Array:
    """Give a layer's values as height × width × channel: tokens in their grid, one place for a layer without places.

    Raises:
        UnknownLayer: the result does not have this layer.
        UsageError: it is not known which of the layer's axes are which.
    """
    if layer not in result.layers:
        raise UnknownLayer(layer, result.layers)
    values = result.positions(layer)
    if values is None:
        raise UsageError(
            f"layer {layer} has the shape {result.layers[layer].shape}, and which of its axes are positions in the "
            "image can't be told from what it does; layers with positions, or with channels only, can be drawn"
        ).of("shape", layer=layer, found=result.layers[layer].shape)
    return values


def follows(correlations: Array) -> str:
    """Name the colour that a channel follows most closely: "R .81", "B −.44"; empty where there is none."""
    if not np.isfinite(correlations).any():
        return ""
    best = int(np.nanargmax(np.abs(correlations)))
    return f"{COLOURS[best][0].upper()} {_two(float(correlations[best]))}"


def _two(correlation: float) -> str:
    """Write a correlation with two decimals and no leading zero."""
    size = f"{abs(correlation):.2f}".removeprefix("0")
    return f"{words.MINUS}{size}" if correlation < 0 else size


def best_channels(correlations: Array) -> str:
    """Name the channel that follows each colour best: "red: channel 12 (.81), green: …"; empty where there is none."""
    parts: list[str] = []
    for index, colour in enumerate(COLOURS):
        column = correlations[:, index]
        if np.isfinite(column).any():
            best = int(np.nanargmax(column))
            parts.append(f"{colour}: channel {best} ({_two(float(column[best]))})")
    return ", ".join(parts)


@dataclass(frozen=True)
class _Grid:
    """Tiles of one layer and what goes with them."""

    body: Pillow.Image
    notes: list[Line | Pillow.Image]


def classes_of(result: Activations, layer: str, layers: Sequence[Layer]) -> tuple[str, ...]:
    """Name the channels of the last weighted layer by the classes whose outputs they become; () for other layers."""
    names = result.prediction.class_names
    last = ends(layers)[-1:]
    if not last or last[0].name != layer or channels_of(result, layer).shape[2] != len(names):
        return ()
    return tuple(label(index, names) for index in range(len(names)))


def _labels(correlations: Array, first: int, count: int, classes: Sequence[str]) -> tuple[Line, ...]:
    names = [follows(correlations[channel]) for channel in range(first, first + count)]
    numbers = f"channel {first}" if count == 1 else f"channels {first} to {first + count - 1}"
    if classes and count == 1:
        numbers = classes[first]
    found = " · ".join(name or words.UNKNOWN for name in names) if any(names) else ""
    if count == 1:
        return (Line(numbers, found, tokens.SMALL_SIZE),)
    return (Line(numbers, size=tokens.SMALL_SIZE), *((note(found),) if found else ()))


def _draw(
    result: Activations,
    layer: str,
    count: int,
    scale: ScaleChoice,
    size: int,
    columns: int,
    step: int,
    classes: Sequence[str],
) -> _Grid:
    values = channels_of(result, layer).astype(np.float64)
    total = values.shape[2]
    shown = min(count, total) // step * step
    correlations = result.colours.get(layer, np.full((total, 3), np.nan))
    firsts = largest_channels(values, shown) if classes and step == 1 else list(range(0, shown, step))
    pieces = [values[..., first : first + step] for first in firsts]
    scales = choose_scales(pieces, scale)
    separate = len({each.limit for each in scales}) > 1
    tiles: list[Tile] = []
    for first, piece, its in zip(firsts, pieces, scales, strict=True):
        stated = (note(f"S = {words.limit(its.limit)}"),) if separate else ()
        image = _paint(piece, its, size)
        tiles.append(Tile(canvas.framed(image), (), (*_labels(correlations, first, step, classes), *stated)))
    body = canvas.grid(tiles, columns)
    entries = colours_entries() if step == 3 else ramp_entries("value")
    width = max(body.width, 320)
    bar = legend(pieces, scales[0], "activation", entries, width=width, separate=separate)
    how = "Three channels at once, as red, green and blue about mid-grey. " if step == 3 else ""
    by_class = "one for each class" if shown == total else "the classes with the largest values"
    named = by_class if classes and step == 1 else "counted from 0"
    left_out = f"{words.count(shown)} of {words.count(total)} channels, {named}."
    best = best_channels(correlations)
    facts = [f"{how}{left_out}", f"Closest to the image's own colours, {best}." if best else ""]
    return _Grid(body, [bar, *(note(fact) for fact in facts if fact)])


def largest_channels(values: Array, count: int) -> list[int]:
    """The channels with the largest means, in their own order where all of them are shown."""
    means = values.mean(axis=(0, 1))
    return list(range(count)) if count == len(means) else np.argsort(-means, kind="stable")[:count].tolist()


def _paint(piece: Array, scale: Scale, size: int) -> Pillow.Image:
    if piece.shape[2] == 3:
        return show_colours(piece, scale, size)
    return show_map(piece[..., 0], scale, "value", size)


def _step(result: Activations, layer: str, count: int, *, in_colour: bool | None) -> int:
    total = min(count, channels_of(result, layer).shape[2])
    if count < 1:
        raise UsageError(f"{count} channels were asked for; ask for at least one").of(
            "max_channels", asked=count, limit=1
        )
    if channels_of(result, layer).shape[:2] == (1, 1):
        return 1
    if in_colour is None:
        return 3 if total >= 18 else 1
    return 3 if in_colour and total >= 3 else 1


@taking_tensors
def activation_grid(
    result: Activations,
    layer: str,
    *,
    channels: int = 27,
    in_colour: bool | None = None,
    scale: ScaleChoice = "shared",
    layers: Sequence[Layer] = (),
    subject: Subject | None = None,
    columns: int = 0,
) -> Pillow.Image:
    """Draw the first channels of a layer.

    Args:
        result: activations of one image.
        layer: name of the layer.
        channels: how many; what is left out is said.
        in_colour: three channels in each image, as red, green and blue; one by one if false; if None, in colour
            where at least 18 are shown.
        scale: "shared" by all channels shown, "per-image" for each image (stated there), or a number.
        layers: those of the model, so that the layer's number can be said.
        subject: name, prediction and truth of the image.
        columns: images in a row; 0 for 3, or for 5 of single channels where there are more than nine.

    Raises:
        UnknownLayer: the result does not have this layer.
        UsageError: fewer than one channel, an unknown scale.
    """
    step = _step(result, layer, channels, in_colour=in_colour)
    height, width, total = channels_of(result, layer).shape
    few = step == 3 or min(channels, total) <= 10
    size, across = (COLOUR_TILE, 3) if few else (SINGLE_TILE, 5)
    if height == width == 1:
        size, across = PLACELESS_TILE, 8
    grid = _draw(result, layer, channels, scale, size, columns or across, step, classes_of(result, layer, layers))
    return canvas.page(_title(layer, layers), [*_head(result, layer, subject), grid.body, *grid.notes])


def _title(layer: str, layers: Sequence[Layer]) -> str:
    return f"After {words.layer_title(layer, layers)}"


def _head(result: Activations, layer: str, subject: Subject | None) -> list[Line | Pillow.Image]:
    who = Subject(prediction=result.prediction) if subject is None else subject
    size = _size(result, layer)
    return [note(text) for text in (size, who.sentence) if text]


def _size(result: Activations, layer: str) -> str:
    shape, known = result.layers[layer].shape, result.about.get(layer)
    if known is not None and known.tokens is not None:
        grid = known.tokens
        beside = grid.count - grid.height * grid.width
        more = f"; {beside} more, which stand for no position in the image, left out" if beside else ""
        return f"{words.shape(shape)} (token × channel): {grid.height} × {grid.width} tokens{more}"
    return f"{words.shape(shape)} (height × width × channel)" if len(shape) > 1 else f"{shape[0]} channels, no position"


@taking_tensors
def activation_animation(
    result: Activations,
    *,
    layers: Sequence[Layer] = (),
    channels: Mapping[str, int] | int = 27,
    scale: ScaleChoice = "shared",
    subject: Subject | None = None,
    milliseconds: int = MILLISECONDS,
) -> Animation:
    """Show the way of an image into the model: the image, then the channels of one layer after the other.

    Args:
        result: activations of one image, its layers in their order.
        layers: those of the model, so that the layers' numbers can be said.
        channels: how many of each layer, or by name; at most nine images are drawn of each.
        scale: as for `activation_grid`, for each layer.
        subject: name, prediction and truth of the image.
        milliseconds: for which a frame stands.

    Raises:
        UsageError: there is no layer, or the scale is unknown.
    """
    if not result.layers:
        raise UsageError("activations without any layer were given; name at least one layer").of("layers", found=0)
    size, gap = FRAME_TILE, 8
    side = 3 * size + 2 * gap
    seen = canvas.framed(show_image(result.image, side - side % max(result.image.shape[:2])))
    shown = [note(f"As the model sees it: {words.shape(result.image.shape)} (height × width × channel). Prediction:")]
    shown += top_lines(result.prediction)
    steps: list[tuple[str, Pillow.Image, list[Line | Pillow.Image]]] = [("The image", seen, [*shown])]
    for layer in result.layers:
        wanted = channels if isinstance(channels, int) else channels.get(layer, 27)
        step = _step(result, layer, wanted, in_colour=None)
        grid = _draw(result, layer, min(wanted, 9 * step), scale, size, 3, step, classes_of(result, layer, layers))
        steps.append((_title(layer, layers), grid.body, grid.notes))
    frames: list[Pillow.Image] = []
    who = Subject(prediction=result.prediction) if subject is None else subject
    for index, (title, body, notes) in enumerate(steps):
        track = canvas.track(len(steps), index, side)
        frames.append(canvas.page(title, [note(who.sentence), track, body, *notes], width=side))
    return Animation(canvas.same_size(frames), [milliseconds] * len(frames))
