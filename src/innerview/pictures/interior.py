"""Interior gradients as figures: a strip over alpha, several images side by side, and an animation.

At each alpha stand the image that the model saw, what is shown of its gradient, and the prediction beside the
truth. Three quantities can be shown:

    sum          the gradient's sum over the channels: green where more brightness raises the score, purple where it
                 lowers it
    colours      the gradient's three channels at once, as red, green and blue about mid-grey
    attribution  gradient × (input − baseline), summed over the channels: what integrated gradients add up along
                 the path; blue for, red against
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np
from PIL import Image as Pillow

from innerview.errors import UsageError
from innerview.pictures import canvas, tokens, words
from innerview.pictures.animation import Animation
from innerview.pictures.canvas import Line, Tile, note
from innerview.pictures.captions import Subject, one_each, said_lines
from innerview.pictures.legend import Entries, colours_entries, legend, style_entries
from innerview.pictures.overlay import overlay, style_scales
from innerview.pictures.pixels import show_bytes, show_colours, show_image
from innerview.pictures.ramps import RampName
from innerview.pictures.scale import Scale, ScaleChoice, choose_scales
from innerview.pictures.taking import taking_tensors
from innerview.results import InteriorGradients
from innerview.targets import label
from innerview.types import Array

STRIP_TILE: Final = 128
SHEET_TILE: Final = 96
FRAME_TILE: Final = 192
MILLISECONDS: Final = 700


@dataclass(frozen=True)
class Quantity:
    """One thing to show of the gradients: alpha × height × width (× channel), in which unit and colours."""

    title: str
    values: Callable[[InteriorGradients], Array]
    unit: str
    ramp: RampName
    ends: tuple[str, str] = ("", "")


def _attribution(result: InteriorGradients) -> Array:
    return (result.gradients * (result.image - result.baseline)).sum(axis=3, dtype=np.float64)


QUANTITIES: Final[Mapping[str, Quantity]] = MappingProxyType(
    {
        "sum": Quantity(
            "gradient, sum of the channels",
            lambda result: result.gradients.sum(axis=3, dtype=np.float64),
            "{unit} per unit of pixel value",
            "value",
        ),
        "colours": Quantity(
            "gradient in red, green, blue",
            lambda result: np.repeat(result.gradients, 3 // result.gradients.shape[3], axis=3),
            "{unit} per unit of pixel value, each colour",
            "value",
        ),
        "attribution": Quantity(
            "gradient × (input − baseline)", _attribution, "{unit}", "evidence", ("against", "for")
        ),
    }
)
"""What can be shown of interior gradients, by name."""


@dataclass(frozen=True)
class Drawing:
    """How one call draws: quantity, style and one scale for each result and alpha."""

    results: Sequence[InteriorGradients]
    values: Sequence[Array]
    quantity: Quantity
    show: str
    style: str
    scales: Sequence[Sequence[Scale]]

    def tile(self, row: int, index: int, size: int) -> Pillow.Image:
        """Show the quantity of one image at one alpha."""
        values, scale = self.values[row][index], self.scales[row][index]
        if self.show == "colours":
            return canvas.framed(show_colours(values, scale, size))
        colours = overlay(
            self.results[row].points[index], values, scale.limit, style=self.style, name=self.quantity.ramp
        )
        return canvas.framed(show_bytes(colours, ~np.isfinite(values), size))

    @property
    def entries(self) -> Entries:
        """Colours of the legend."""
        return colours_entries() if self.show == "colours" else style_entries(self.style, self.quantity.ramp)

    @property
    def separate(self) -> bool:
        """Whether there is more than one limit."""
        return len({scale.limit for row in self.scales for scale in row}) > 1

    def legend(self, width: int) -> Pillow.Image:
        """Draw the legend of everything drawn."""
        unit = self.quantity.unit.format(unit=self.results[0].unit)
        return legend(
            self.values,
            self.scales[0][0],
            unit,
            self.entries,
            ends=self.quantity.ends,
            width=width,
            separate=self.separate,
        )

    def limit_line(self, row: int, index: int) -> tuple[Line, ...]:
        """State the limit of one tile where the legend can't."""
        return (note(f"S = {words.limit(self.scales[row][index].limit)}"),) if self.separate else ()


def prepare(results: Sequence[InteriorGradients], show: str, style: str, scale: ScaleChoice) -> Drawing:
    """Work out what will be drawn of several images, and on which scales.

    Raises:
        UsageError: no result, results that do not go together, an unknown quantity, style or scale.
    """
    if not results:
        raise UsageError("no interior gradients were given; give those of at least one image").of("results", found=0)
    if show not in QUANTITIES:
        raise UsageError(f"there is no quantity {show!r}; choose {', '.join(QUANTITIES)}").of(
            "show", asked=show, known=QUANTITIES
        )
    alphas = results[0].alphas
    if any(not np.array_equal(result.alphas, alphas) or result.unit != results[0].unit for result in results):
        raise UsageError("the images were taken at different alphas or units; draw them apart").of("units")
    values = [QUANTITIES[show].values(result) for result in results]
    flat = [each for stack in values for each in stack]
    chosen = choose_scales(flat, scale) if show == "colours" else style_scales(flat, scale, style)
    count = len(alphas)
    rows = [chosen[start : start + count] for start in range(0, len(chosen), count)]
    return Drawing(results, values, QUANTITIES[show], show, style, rows)


def _head(result: InteriorGradients, subject: Subject) -> list[Line | Pillow.Image]:
    source = result.provenance
    baseline = f"baseline {source.baseline}" if source.baseline else ""
    asked = " · ".join(part for part in (source.target, baseline) if part)
    return [note(text) for text in (asked, subject.named_truth(result.class_names)) if text]


def _said(result: InteriorGradients, index: int, truth: int | None, size: int, *, narrow: bool) -> tuple[Line, ...]:
    return said_lines(result.prediction(index), truth, result.target, size, narrow=narrow)


def _alpha(alpha: float) -> str:
    return f"α = {words.place(alpha)}"


@taking_tensors
def interior_strip(
    result: InteriorGradients,
    *,
    subject: Subject | None = None,
    show: str = "sum",
    style: str = "map",
    scale: ScaleChoice = "per-image",
    columns: int = 5,
) -> Pillow.Image:
    """Draw, for each alpha, the image that the model saw, its gradient, and the prediction beside the truth.

    Args:
        result: of one image.
        subject: its name and truth, as far as they are known.
        show: one of QUANTITIES.
        style: one of STYLES; with "tint" the values lie over the image at that alpha.
        scale: "per-image" for each alpha (stated there), "shared" along the path (shows the fading), or a number.
        columns: alphas in a row; 2 suits a phone.

    Raises:
        UsageError: an unknown quantity, style or scale.
    """
    drawing = prepare([result], show, style, scale)
    who = subject or Subject()
    tiles: list[Tile] = []
    for index, (alpha, point) in enumerate(zip(result.alphas, result.points, strict=True)):
        pair = canvas.below([canvas.framed(show_image(point, STRIP_TILE)), drawing.tile(0, index, STRIP_TILE)], 4)
        said = _said(result, index, who.label, tokens.SMALL_SIZE, narrow=True)
        above = (Line(_alpha(float(alpha)), bold=True),)
        tiles.append(Tile(pair, above, (*drawing.limit_line(0, index), *said)))
    body = canvas.grid(tiles, columns)
    about = note(f"Above the image at alpha, below the {drawing.quantity.title}.")
    title = "From the baseline to the image"
    return canvas.page(title, [*_head(result, who), about, body, drawing.legend(body.width)])


@taking_tensors
def interior_sheet(
    results: Sequence[InteriorGradients],
    *,
    subjects: Sequence[Subject] = (),
    show: str = "sum",
    style: str = "map",
    scale: ScaleChoice = "per-image",
) -> Pillow.Image:
    """Draw several images below each other, one column per alpha.

    Args:
        results: at the same alphas and in the same unit.
        subjects: one per result, or none.
        show: one of QUANTITIES.
        style: one of STYLES.
        scale: "per-image" for each image and alpha (stated there), "shared" by all, or a number.

    Raises:
        UsageError: no result, results that do not go together, an unknown quantity, style or scale.
    """
    drawing = prepare(results, show, style, scale)
    tiles: list[Tile] = []
    for row, (result, subject) in enumerate(zip(results, one_each(subjects, len(results)), strict=True)):
        truth = f"label {label(subject.label, result.class_names)}" if subject.label is not None else ""
        titles = ("image", *(_alpha(float(alpha)) for alpha in result.alphas)) if row == 0 else ()
        heads = [(Line(title, bold=True),) for title in titles] or [()] * (1 + len(result.alphas))
        named = tuple(Line(text, size=12) for text in (subject.name, truth) if text)
        tiles.append(Tile(canvas.framed(show_image(result.image, SHEET_TILE)), heads[0], named))
        for index in range(len(result.alphas)):
            said = [
                replace(line, text=line.text.removeprefix("predicts "))
                for line in _said(result, index, subject.label, 12, narrow=True)[:2]
            ]
            below = (*said, *drawing.limit_line(row, index))
            tiles.append(Tile(drawing.tile(row, index, SHEET_TILE), heads[1 + index], below))
    body = canvas.grid(tiles, 1 + len(results[0].alphas), 8)
    title = f"From the baseline to the image: {drawing.quantity.title}"
    about = note("Below each: what the model predicts there, and its probability; bold where correct.")
    return canvas.page(title, [about, body, drawing.legend(body.width)])


@taking_tensors
def interior_animation(
    results: InteriorGradients | Sequence[InteriorGradients],
    *,
    subjects: Sequence[Subject] = (),
    show: str = "sum",
    style: str = "map",
    scale: ScaleChoice = "per-image",
    columns: int = 3,
    milliseconds: int = MILLISECONDS,
) -> Animation:
    """Show one alpha per frame, for one image or several side by side; the last frame stands three times as long.

    Args:
        results: of one image or of several, at the same alphas and in the same unit.
        subjects: one per image, or none.
        show: one of QUANTITIES.
        style: one of STYLES.
        scale: "per-image" for each image and alpha (stated there), "shared" by all, or a number.
        columns: images in a row.
        milliseconds: for which a frame stands.

    Raises:
        UsageError: no result, results that do not go together, an unknown quantity, style or scale.
    """
    several = [results] if isinstance(results, InteriorGradients) else list(results)
    drawing = prepare(several, show, style, scale)
    named = one_each(subjects, len(several))
    alone = len(several) == 1
    size = FRAME_TILE if alone else SHEET_TILE
    head = _head(several[0], named[0]) if alone else []
    about = note(f"Left the image at alpha, right the {drawing.quantity.title}.")
    frames: list[Pillow.Image] = []
    for index, alpha in enumerate(several[0].alphas):
        tiles: list[Tile] = []
        for row, (result, subject) in enumerate(zip(several, named, strict=True)):
            seen = canvas.framed(show_image(result.points[index], size))
            pair = canvas.beside([seen, drawing.tile(row, index, size)], 4)
            above = (Line(subject.name, bold=True),) if subject.name and not alone else ()
            letters = tokens.TEXT_SIZE if alone else tokens.SMALL_SIZE
            said = _said(result, index, subject.label, letters, narrow=False)
            tiles.append(Tile(pair, above, (*said, *drawing.limit_line(row, index))))
        body = canvas.grid(tiles, columns)
        track = canvas.track(len(several[0].alphas), index, body.width)
        frames.append(canvas.page(_alpha(float(alpha)), [*head, about, body, track, drawing.legend(body.width)]))
    return Animation(canvas.same_size(frames), [milliseconds] * (len(frames) - 1) + [3 * milliseconds])
