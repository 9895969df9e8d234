"""Plots drawn by Pillow: what `plots` describes as a finished image, in milliseconds and without matplotlib.

Lines are drawn FINER times as large and averaged down, which smooths them; text is set at its own size, and what stands
straight (axes, grid, ticks) lies on whole pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from innerview.pictures import canvas, tokens
from innerview.pictures.charts.paper import TEXT, TITLE, apart
from innerview.pictures.charts.plots import AxisSpec, LineSpec, PlotSpec
from innerview.types import Array

DPI: Final = 110
"""Pixels of an inch, as `saving.to_pillow` takes them."""

FINER: Final = 4
"""How many times as large lines are drawn as they are shown."""

REACH: Final = 6
"""Pixels around a plot in which dots and thick lines may lie."""

EDGE: Final = 11
"""Pixels between the image's edge and what is written."""

TICK: Final = 4
"""Length of a tick in pixels."""

SAMPLE: Final = 36
"""Length in pixels of the line before a name in the legend."""

RIM: Final = 1.0
"""Points by which a dot is drawn larger: matplotlib's have a rim of as much."""

APART: Final = 45
"""Pixels between the ticks of a vertical axis, at least; of a horizontal one twice as many."""


def _pixels(points: float) -> int:
    return round(points * DPI / 72)


HEAD: Final = _pixels(TITLE)
TYPE: Final = _pixels(TEXT)
NUMBERS: Final = _pixels(TEXT - 1)
NAMES: Final = _pixels(TEXT + 1)
UPRIGHT: Final = round(TYPE * 1.2)
"""Pixels from one row of a vertical axis's name to the next."""


@dataclass(frozen=True)
class _Place:
    """Where a plot's axes lie in the image, in pixels."""

    left: int
    top: int
    width: int
    height: int


def draw_plots(
    plots: Sequence[PlotSpec], title: str, about: str, size: tuple[float, float], *, one_x: bool = False
) -> Image.Image:
    """Draw plots one below the other.

    Args:
        plots: from above.
        title: of all.
        about: words below them, wrapped.
        size: width and height in inches.
        one_x: write the horizontal axis under the last plot alone, as all of them have the same.
    """
    width, height = round(size[0] * DPI), round(size[1] * DPI)
    result = canvas.blank(width, height)
    draw = ImageDraw.Draw(result)
    top, bottom = _around(draw, title, about, width, height)
    across, up = (width - 100) // (2 * APART), (bottom - top) // len(plots) // APART
    plots = [plot.fixed(across, max(up, 2)) for plot in plots]
    quiet = [one_x and plot is not plots[-1] for plot in plots]
    over = [_over(plot) for plot in plots]
    under = [_under(plot, quiet=still) for plot, still in zip(plots, quiet, strict=True)]
    each = max((bottom - top - sum(over) - sum(under)) // len(plots), 20)
    left = EDGE + max(_beside(plot, each) for plot in plots)
    right = width - max(EDGE, *(_behind(plot) for plot in plots))
    for plot, still, above, below in zip(plots, quiet, over, under, strict=True):
        place = _Place(left, top + above, max(right - left, 20), each)
        _lines(result, plot, place)
        _write(result, draw, plot, place, quiet=still)
        top += above + each + below
    return result


def _around(draw: ImageDraw.ImageDraw, title: str, about: str, width: int, height: int) -> tuple[int, int]:
    """Write the title and what stands below; give the rows between them."""
    top, inside = EDGE - 4, width - 2 * EDGE
    for row in canvas.wrap(title, HEAD, inside, bold=True):
        draw.text((EDGE, top), row, fill=tokens.INK, font=canvas.font(HEAD, bold=True), anchor="la")
        top += round(HEAD * canvas.LEADING)
    rows = canvas.wrap(about, TYPE, inside) if about else []
    bottom = height - EDGE - round(TYPE * canvas.LEADING) * len(rows)
    for number, row in enumerate(rows):
        middle = bottom + 6 + round(TYPE * canvas.LEADING * (number + 0.5))
        draw.text((EDGE, middle), row, fill=tokens.SECOND, font=canvas.font(TYPE), anchor="lm")
    return top, bottom


def _legend(plot: PlotSpec) -> list[LineSpec]:
    return [line for line in plot.lines if line.name]


def _over(plot: PlotSpec) -> int:
    """Pixels above the axes."""
    named = round(NAMES * canvas.LEADING) * bool(plot.title)
    return 8 + named + round(TYPE * 1.5) * len(_legend(plot))


def _under(plot: PlotSpec, *, quiet: bool) -> int:
    """Pixels below the axes."""
    name = round(TYPE * canvas.LEADING) if plot.x.name and not quiet else 0
    return TICK + 6 + (0 if quiet else round(NUMBERS * 1.2)) + name


def _beside(plot: PlotSpec, height: int) -> int:
    """Pixels at the left of the axes, without the edge."""
    return TICK + 4 + _numbers(plot) + 4 + UPRIGHT * len(_rows(plot.y.name, height))


def _numbers(plot: PlotSpec) -> int:
    """Pixels that the numbers of the vertical axis take."""
    return max((canvas.text_width(text, NUMBERS) for _, text in plot.y.ticks or ()), default=0)


def _behind(plot: PlotSpec) -> int:
    """Pixels at the right of the axes."""
    ends = max((canvas.text_width(line.end, TYPE) for line in plot.lines if line.end), default=0)
    last = max((canvas.text_width(text, NUMBERS) // 2 for _, text in (plot.x.ticks or ())[-1:]), default=0)
    return max(ends + 8 + EDGE * bool(ends), last + 3)


def _rows(name: str, height: int) -> list[str]:
    """The name of a vertical axis as rows that are not much longer than the axis."""
    return [row for part in name.split("\n") for row in canvas.wrap(part, TYPE, height + 30)] if name else []


def _lines(result: Image.Image, plot: PlotSpec, place: _Place) -> None:
    """Draw grid, lines and dots, and both axes over them."""
    right, low = place.width - 1, place.height - 1
    ground = canvas.blank((place.width + 2 * REACH) * FINER, (place.height + 2 * REACH) * FINER)
    draw = ImageDraw.Draw(ground)
    for at, _ in _steps(plot.x, right):
        _rule(draw, (at, 0), (at, low), tokens.RULE)
    for at, _ in _steps(plot.y, low):
        _rule(draw, (0, low - at), (right, low - at), tokens.RULE)
    if plot.zero:
        zero = low - round(float(np.clip(plot.y.places([0.0]), 0, 1)[0]) * low)
        _rule(draw, (0, zero), (right, zero), tokens.BORDER)
    for line in plot.lines:
        x, y = (np.clip(axis.places(given), 0, 1) for axis, given in ((plot.x, line.x), (plot.y, line.y)))
        _line(draw, np.stack([x * right, low - y * low], axis=1) + REACH + 0.5, line)
    result.paste(ground.reduce(FINER), (place.left - REACH, place.top - REACH))
    corner = (place.left, place.top + low)
    for end in ((place.left, place.top), (place.left + right, corner[1])):
        ImageDraw.Draw(result).line((corner, end), fill=tokens.BORDER)


def _steps(axis: AxisSpec, length: int) -> list[tuple[int, str]]:
    """How many pixels from the lower end each tick is, and what is written there; those beyond an end are left out."""
    ticks = axis.ticks or ()
    places = axis.places([at for at, _ in ticks]) if ticks else np.zeros(0)
    shown = zip(places.tolist(), ticks, strict=True)
    return [(round(place * length), text) for place, (_, text) in shown if -1e-6 <= place <= 1 + 1e-6]


def _rule(draw: ImageDraw.ImageDraw, start: tuple[int, int], end: tuple[int, int], colour: str) -> None:
    """Draw a straight line of one whole pixel, between places in the plot."""
    (left, top), (right, bottom) = ([(one + REACH) * FINER for one in place] for place in (start, end))
    draw.rectangle((left, top, right + FINER - 1, bottom + FINER - 1), fill=colour)


def _line(draw: ImageDraw.ImageDraw, corners: Array, line: LineSpec) -> None:
    """Draw a line through places in pixels, parted where one is not finite, and its dots."""
    wide = line.width * DPI / 72
    known = np.isfinite(corners).all(axis=1)
    parts = np.split(corners, np.flatnonzero(np.diff(known)) + 1)
    for part in parts:
        if not np.isfinite(part).all():
            continue
        joint = None if line.dash else "curve"  # dashes hardly ever turn, and joints take most of the time
        for piece in dashed(part, [wide * length for length in line.dash]):
            draw.line((piece * FINER).ravel().tolist(), fill=line.colour, width=round(wide * FINER), joint=joint)
        radius = (line.dots + RIM) * DPI / 72 / 2
        for x, y in (part if line.dots else part[:0]).tolist():
            box = ((x - radius) * FINER, (y - radius) * FINER, (x + radius) * FINER - 1, (y + radius) * FINER - 1)
            draw.ellipse(box, fill=line.colour)


def dashed(corners: Array, lengths: Sequence[float]) -> Iterator[Array]:
    """The pieces of a line that are drawn.

    Args:
        corners: of the line, point × 2.
        lengths: that are drawn and left out, in turn; none for the whole line.
    """
    way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    if not lengths or not way[-1]:
        yield corners
        return
    ends = np.cumsum(lengths)
    starts = np.arange(0, way[-1], ends[-1])
    for drawn, left in zip([0.0, *ends[1::2]], ends[::2], strict=False):
        for start in starts.tolist():
            begin, end = min(start + drawn, way[-1]), min(start + left, way[-1])
            inside = corners[(way > begin) & (way < end)]
            at = np.stack([np.interp([begin, end], way, one) for one in corners.T], axis=1)
            yield np.concatenate([at[:1], inside, at[1:]])


def _write(result: Image.Image, draw: ImageDraw.ImageDraw, plot: PlotSpec, place: _Place, *, quiet: bool) -> None:
    """Write everything around a plot, and draw its ticks."""
    right, low = place.left + place.width - 1, place.top + place.height - 1
    top = place.top - 4
    for line in reversed(_legend(plot)):
        middle = top - round(TYPE * 0.75)
        _sample(result, line, place.left + 2, middle)
        name = canvas.shorten(line.name, TYPE, right + REACH - place.left - SAMPLE - 12)
        draw.text((place.left + SAMPLE + 12, middle), name, line.colour, canvas.font(TYPE), anchor="lm")
        top -= round(TYPE * 1.5)
    if plot.title:
        title = canvas.shorten(plot.title, NAMES, result.width - EDGE - place.left)
        draw.text((place.left, top - 2), title, tokens.INK, canvas.font(NAMES), anchor="ls")
    for at, text in _steps(plot.x, place.width - 1):
        draw.line((place.left + at, low, place.left + at, low + TICK), fill=tokens.BORDER)
        if not quiet:
            draw.text((place.left + at, low + TICK + 4), text, tokens.SECOND, canvas.font(NUMBERS), anchor="mt")
    written = -NUMBERS
    for at, text in _steps(plot.y, place.height - 1):
        draw.line((place.left - TICK, low - at, place.left, low - at), fill=tokens.BORDER)
        if at - written >= NUMBERS:  # of two that would cover each other the lower one
            draw.text((place.left - TICK - 4, low - at), text, tokens.SECOND, canvas.font(NUMBERS), anchor="rm")
            written = at
    if plot.x.name and not quiet:
        under = low + TICK + 6 + round(NUMBERS * 1.2)
        draw.text(((place.left + right) // 2, under), plot.x.name, tokens.SECOND, canvas.font(TYPE), anchor="ma")
    _upright(result, _rows(plot.y.name, place.height), place, place.left - TICK - 4 - _numbers(plot) - 2)
    middle = (place.top + low) // 2
    if plot.says:
        draw.text(((place.left + right) // 2, middle), plot.says, tokens.SECOND, canvas.font(TYPE), anchor="mm")
    ends = [line for line in plot.lines if line.end]
    heights = [float(np.clip(plot.y.places(line.y[-1:]), 0, 1)[0]) for line in ends]
    for height, line in zip(apart(heights, plot.gap), ends, strict=True):
        at = (right + 8, low - height * (place.height - 1))
        draw.text(at, line.end, line.colour, canvas.font(TYPE), anchor="lm")


def _sample(result: Image.Image, line: LineSpec, left: int, middle: int) -> None:
    """Draw a piece of a line, for the legend."""
    ground = canvas.blank((SAMPLE + 4) * FINER, TYPE * FINER)
    at = np.array([[2.0, TYPE / 2], [SAMPLE + 2.0, TYPE / 2]])
    _line(ImageDraw.Draw(ground), at, replace(line, dots=0))
    result.paste(ground.reduce(FINER), (left, middle - TYPE // 2))


def _upright(result: Image.Image, rows: Sequence[str], place: _Place, right: int) -> None:
    """Write the name of a vertical axis, read from below, up to a place at its right."""
    if not rows:
        return
    length = max(canvas.text_width(row, TYPE) for row in rows)
    text = canvas.blank(length, UPRIGHT * len(rows))
    for number, row in enumerate(rows):
        at = (length // 2, round(UPRIGHT * (number + 0.5)))
        ImageDraw.Draw(text).text(at, row, tokens.SECOND, canvas.font(TYPE), anchor="mm")
    turned = text.transpose(Image.Transpose.ROTATE_90)
    result.paste(turned, (right - turned.width, max(place.top + (place.height - length) // 2, 0)))
