"""One image through a training: what each checkpoint predicts for it, its map, and what layers make of it.

A strip has a column for each checkpoint, an animation a frame. Maps have own scales, stated under each: early ones are
small, and the question is where they lie. A layer's scale is one over all checkpoints, so that it is seen to wake up.
Its channels are the same at every checkpoint: those that vary most over the image at the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from innerview.errors import UsageError
from innerview.pictures import canvas, tokens, words
from innerview.pictures.animation import Animation
from innerview.pictures.canvas import Line, Tile, note
from innerview.pictures.captions import said_lines
from innerview.pictures.legend import legend, style_entries
from innerview.pictures.overlay import overlay
from innerview.pictures.pixels import show_bytes, show_image, show_map
from innerview.pictures.scale import Scale, choose_scales
from innerview.results import Prediction
from innerview.targets import label
from innerview.types import Array, Image, Map

STRIP_TILE: Final = 128
FRAME_TILE: Final = 192
MILLISECONDS: Final = 900
SHOWN: Final = 4
"""Channels of a layer, as two by two."""


MAP_WORDS: Final = "The map: blue for the class, red against it, from −S to S; each step has its own S."
LAYERS_WORDS: Final = "Layers: green above zero, purple below, on one scale over all steps."


@dataclass(frozen=True, eq=False)
class Frame:
    """One checkpoint's view of the image.

    Attributes:
        step: updates that the weights have had.
        prediction: what it says.
        map: integrated gradients of the class that the timeline is about, height × width, in the timeline's unit.
        layers: by title: height × width × channel, all or some of a layer's channels; a layer that was not kept at
            this step is missing.
    """

    step: int
    prediction: Prediction
    map: Map
    layers: Mapping[str, Array]


@dataclass(frozen=True)
class KeptChannels:
    """Which channels of a layer a timeline has, where it has not all: their numbers from 0, and how many there are."""

    numbers: tuple[int, ...]
    of: int


@dataclass(frozen=True, eq=False)
class Timeline:
    """One image at several checkpoints.

    Attributes:
        name: of the image.
        image: as the model saw it, height × width × channel in [0, 1].
        label: number of its true class; None if it is not known.
        target: number of the class that the maps explain.
        frames: one or more, by rising step; the last has every layer that any has.
        unit: of the maps.
        about: what the maps are: target, baseline, evaluations.
        kept: by title, which channels the frames hold of layers of which they don't hold all.
    """

    name: str
    image: Image
    label: int | None
    target: int
    frames: tuple[Frame, ...]
    unit: str = "logit"
    about: str = ""
    kept: Mapping[str, KeptChannels] = field(default_factory=dict[str, KeptChannels])

    def __post_init__(self) -> None:
        if not self.frames:
            raise UsageError(f"a timeline of {self.name} without any checkpoint was asked for; give at least one").of(
                "checkpoints", asked=self.name, found=0
            )

    def number(self, title: str, place: int) -> int:
        """The number, from 0, of the channel that stands at a place among those that the frames hold of a layer."""
        return self.kept[title].numbers[place] if title in self.kept else place


def liveliest(values: Array, count: int = SHOWN) -> list[int]:
    """Numbers, from 0, of the channels that vary most over the places of height × width × channel, rising."""
    spread = values.astype(np.float64).std(axis=(0, 1))
    return sorted(int(channel) for channel in np.argsort(-spread, kind="stable")[:count])


@dataclass(frozen=True)
class _Row:
    """One layer of a timeline: which channels are shown, on which scale, and how this is said."""

    title: str
    channels: list[int]
    scale: Scale
    words: str


def _rows(timeline: Timeline) -> list[_Row]:
    names = timeline.frames[-1].prediction.class_names
    rows: list[_Row] = []
    for title, last in timeline.frames[-1].layers.items():
        classes = last.shape[2] == len(names) and title not in timeline.kept
        channels = [timeline.target] if classes else liveliest(last)
        shown = np.stack([frame.layers[title][:, :, channels] for frame in timeline.frames if title in frame.layers])
        scale = choose_scales([shown], "shared")[0]
        which = (
            f"channel of {label(timeline.target, names)}; its mean is the logit"
            if classes
            else f"channels {', '.join(str(timeline.number(title, channel)) for channel in channels)}"
        )
        rows.append(_Row(title, channels, scale, f"After {title}: {which}. ±{words.limit(scale.limit)}"))
    return rows


def _mosaic(frame: Frame, row: _Row, size: int) -> Pillow.Image:
    """Show one channel large, or four two by two; words where the layer was not kept."""
    values = frame.layers.get(row.title)
    if values is None:
        return _label(f"not recorded at step {words.count(frame.step)}", size)
    if len(row.channels) == 1:
        return canvas.framed(show_map(values[:, :, row.channels[0]], row.scale, "value", size))
    tiles = [
        Tile(canvas.framed(show_map(values[:, :, channel], row.scale, "value", size // 2))) for channel in row.channels
    ]
    return canvas.grid(tiles, 2, gap=0)


def _label(text: str, size: int) -> Pillow.Image:
    """Write a text into a square, from the top."""
    result = canvas.blank(size, size)
    draw = ImageDraw.Draw(result)
    place = 0
    for row in canvas.wrap(text, tokens.SMALL_SIZE, size):
        line = Line(row, size=tokens.SMALL_SIZE, colour=tokens.SECOND)
        canvas.draw_line(draw, line, 0, place, size)
        place += line.height
    return result


def _map(timeline: Timeline, frame: Frame, scale: Scale, size: int) -> Pillow.Image:
    values = frame.map
    return canvas.framed(show_bytes(overlay(timeline.image, values, scale.limit), ~np.isfinite(values), size))


def timeline_strip(timeline: Timeline, *, columns: int = 7) -> Pillow.Image:
    """Draw all checkpoints side by side: map and answer on top, layers below, the image before them all.

    Args:
        timeline: of one image.
        columns: checkpoints in a row.
    """
    rows = _rows(timeline)
    scales = [choose_scales([frame.map], "per-image")[0] for frame in timeline.frames]
    parts: list[Line | Pillow.Image] = [note(timeline.about)] if timeline.about else []
    image = Tile(canvas.framed(show_image(timeline.image, STRIP_TILE)), (Line("image", size=tokens.SMALL_SIZE),))
    for start in range(0, len(timeline.frames), columns):
        shown = timeline.frames[start : start + columns]
        tiles = [
            Tile(
                _map(timeline, frame, scale, STRIP_TILE),
                (Line(f"step {words.count(frame.step)}", size=tokens.SMALL_SIZE, bold=True),),
                (*_said(timeline, frame, narrow=True), note(f"S = {words.limit(scale.limit)}")),
            )
            for frame, scale in zip(shown, scales[start : start + columns], strict=True)
        ]
        parts.append(canvas.grid([image, *tiles], columns + 1))
        for row in rows:
            mosaics = [Tile(_mosaic(frame, row, STRIP_TILE)) for frame in shown]
            parts.append(canvas.grid([Tile(_label(row.words, STRIP_TILE)), *mosaics], columns + 1))
    maps = [frame.map for frame in timeline.frames]
    width = max(part.width for part in parts if isinstance(part, Pillow.Image))
    parts.append(
        legend(
            maps,
            scales[0],
            timeline.unit,
            style_entries("tint", "evidence"),
            ends=("against", "for"),
            width=width,
            separate=True,
        )
    )
    if rows:
        parts.append(note(LAYERS_WORDS))
    return canvas.page(f"{timeline.name}, while the model learned", parts)


def timeline_animation(timeline: Timeline, *, columns: int = 0) -> Animation:
    """Draw one frame for each checkpoint: the image, the map, the layers, and the answer below them.

    Args:
        timeline: of one image.
        columns: tiles in a row; 0 for all of them.
    """
    rows = _rows(timeline)
    frames: list[Pillow.Image] = []
    for place, frame in enumerate(timeline.frames):
        scale = choose_scales([frame.map], "per-image")[0]
        tiles = [
            Tile(canvas.framed(show_image(timeline.image, FRAME_TILE)), (Line("image", size=tokens.SMALL_SIZE),)),
            Tile(
                _map(timeline, frame, scale, FRAME_TILE),
                (Line("map", f"S = {words.limit(scale.limit)}", tokens.SMALL_SIZE),),
                _said(timeline, frame, narrow=False),
            ),
            *(Tile(_mosaic(frame, row, FRAME_TILE), (Line(row.title, size=tokens.SMALL_SIZE),)) for row in rows),
        ]
        body = canvas.grid(tiles, columns or len(tiles))
        told = [note(MAP_WORDS), *(note(row.words) for row in rows), *([note(LAYERS_WORDS)] if rows else [])]
        title = f"{timeline.name}, after {words.count(frame.step)} steps"
        frames.append(canvas.page(title, [canvas.track(len(timeline.frames), place, body.width), body, *told]))
    milliseconds = [MILLISECONDS] * len(frames)
    milliseconds[-1] *= 3
    return Animation(canvas.same_size(frames), milliseconds)


def _said(timeline: Timeline, frame: Frame, *, narrow: bool) -> tuple[Line, ...]:
    return said_lines(frame.prediction, timeline.label, timeline.target, tokens.SMALL_SIZE, narrow=narrow)
