"""Text and layout of figures: lines, tiles and pages, with Pillow alone.

A page is a column of parts, each a line of text (wrapped) or an image; a tile is an image with lines above and
below it, and tiles stand in a grid. Nothing overlaps and nothing is cut: sizes are measured first, then drawn.
The font is DejaVu Sans from matplotlib's data folder, found without importing matplotlib: Pillow's own default
font lacks ×, −, α and ≤. Lines in a tile are first set smaller and then shortened with "…" when they don't fit.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from innerview.pictures import tokens

SMALLEST: Final = 12
LEADING: Final = 1.4


@dataclass(frozen=True)
class Line:
    """One line of text.

    Attributes:
        text: what it says, on the left.
        right: what stands at the right end of the line and is never shortened.
        size: of the type, in pixels.
        share: a bar behind the text of this share of the width, in [0, 1]; None for no bar.
    """

    text: str
    right: str = ""
    size: int = tokens.TEXT_SIZE
    bold: bool = False
    colour: str = tokens.INK
    share: float | None = None

    @property
    def height(self) -> int:
        """Of the line with its leading, in pixels."""
        return round(self.size * LEADING)


@dataclass(frozen=True)
class Tile:
    """An image with lines above and below it, as wide as the image."""

    image: Image.Image
    above: tuple[Line, ...] = ()
    below: tuple[Line, ...] = ()


@lru_cache
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Load the font in a size given in pixels."""
    found = importlib.util.find_spec("matplotlib")
    folder = Path(found.origin or "").parent / "mpl-data" / "fonts" / "ttf" if found else Path()
    return ImageFont.truetype(str(folder / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")), size)


@lru_cache(4096)
def text_width(text: str, size: int, *, bold: bool = False) -> int:
    """Measure a text, in pixels."""
    return round(font(size, bold=bold).getlength(text) + 0.5)


def wrap(text: str, size: int, width: int, *, bold: bool = False) -> list[str]:
    """Break a text between words so that each row fits `width` pixels; a longer word is broken anywhere."""
    rows: list[str] = []
    for word in text.replace(" %", "\u00a0%").split(" "):
        joined = f"{rows[-1]} {word}" if rows else word
        if rows and text_width(joined, size, bold=bold) <= width:
            rows[-1] = joined
            continue
        rest = word
        while text_width(rest, size, bold=bold) > width and len(rest) > 1:
            end = max(1, next(n for n in range(len(rest), -1, -1) if text_width(rest[:n], size, bold=bold) <= width))
            rows.append(rest[:end])
            rest = rest[end:]
        rows.append(rest)
    return rows


def shorten(text: str, size: int, width: int, *, bold: bool = False) -> str:
    """Cut a text with "…" so that it fits `width` pixels."""
    if text_width(text, size, bold=bold) <= width:
        return text
    end = len(text)
    while end and text_width(text[:end].rstrip() + "…", size, bold=bold) > width:
        end -= 1
    return text[:end].rstrip() + "…" if end else ""


def blank(width: int, height: int, colour: str = tokens.PAGE) -> Image.Image:
    """Give an empty image."""
    return Image.new("RGB", (max(1, width), max(1, height)), colour)


def draw_line(draw: ImageDraw.ImageDraw, line: Line, left: int, top: int, width: int) -> None:
    """Draw one line at a place, set smaller and then shortened until it fits `width`."""
    if line.share is not None:
        bar = round(max(0.0, min(1.0, line.share)) * (width - 1))
        draw.rectangle((left, top, left + width - 1, top + line.height - 2), fill=tokens.PANEL)
        draw.rectangle((left, top, left + bar, top + line.height - 2), fill=tokens.RULE)
    inset = 4 if line.share is not None else 0
    size = line.size

    def needed() -> int:
        both = text_width(line.text, size, bold=line.bold) + text_width(line.right, size, bold=line.bold)
        return both + 2 * inset + (6 if line.right else 0)

    while size > SMALLEST and needed() > width:
        size -= 1
    reserved = text_width(line.right, size, bold=line.bold) + 6 if line.right else 0
    middle = top + (line.height - 1) // 2
    typeface = font(size, bold=line.bold)
    text = shorten(line.text, size, width - reserved - 2 * inset, bold=line.bold)
    draw.text((left + inset, middle), text, fill=line.colour, font=typeface, anchor="lm")
    if line.right:
        draw.text((left + width - inset, middle), line.right, fill=line.colour, font=typeface, anchor="rm")


def draw_tile(tile: Tile) -> Image.Image:
    """Draw an image with its lines."""
    width, height = tile.image.size
    top = sum(line.height for line in tile.above)
    below = 4 * bool(tile.below) + sum(line.height for line in tile.below)
    result = blank(width, top + height + below)
    draw = ImageDraw.Draw(result)
    place = 0
    for line in tile.above:
        draw_line(draw, line, 0, place, width)
        place += line.height
    result.paste(tile.image, (0, place))
    place += height + 4
    for line in tile.below:
        draw_line(draw, line, 0, place, width)
        place += line.height
    return result


def grid(tiles: Sequence[Tile], columns: int, gap: int = tokens.GAP) -> Image.Image:
    """Stand tiles in rows of `columns`, each cell as wide as the widest tile and each row as high as its highest."""
    drawn = [draw_tile(tile) for tile in tiles]
    columns = max(1, min(columns, len(drawn)))
    rows = [drawn[start : start + columns] for start in range(0, len(drawn), columns)]
    width = max(image.width for image in drawn)
    heights = [max(image.height for image in row) for row in rows]
    result = blank(columns * (width + gap) - gap, sum(heights) + gap * (len(rows) - 1))
    top = 0
    for row, height in zip(rows, heights, strict=True):
        for column, image in enumerate(row):
            result.paste(image, (column * (width + gap), top))
        top += height + gap
    return result


def beside(images: Sequence[Image.Image], gap: int = tokens.GAP) -> Image.Image:
    """Stand images side by side, their tops aligned."""
    result = blank(sum(image.width + gap for image in images) - gap, max(image.height for image in images))
    left = 0
    for image in images:
        result.paste(image, (left, 0))
        left += image.width + gap
    return result


def below(images: Sequence[Image.Image], gap: int = tokens.GAP) -> Image.Image:
    """Stand images one below the other, their left edges aligned."""
    result = blank(max(image.width for image in images), sum(image.height + gap for image in images) - gap)
    top = 0
    for image in images:
        result.paste(image, (0, top))
        top += image.height + gap
    return result


def page(title: str, parts: Sequence[Line | Image.Image], *, width: int = 0) -> Image.Image:
    """Set a title and, under it, lines and images one below the other, with margins all around.

    Args:
        title: in bold; wrapped.
        parts: lines (wrapped to the width of the page; lines that follow each other stand close) and images.
        width: at least this wide inside the margins, in pixels.
    """
    inside = max([width, *(part.width for part in parts if isinstance(part, Image.Image))])
    inside = inside or min(640, max(text_width(title, tokens.TITLE_SIZE, bold=True), 320))
    flow: list[tuple[int, Line | Image.Image]] = []
    place = tokens.MARGIN
    before: Line | Image.Image | None = None
    for part in (Line(title, size=tokens.TITLE_SIZE, bold=True), *parts):
        close = isinstance(part, Line) and isinstance(before, Line)
        place += 0 if before is None else (2 if close else 12)
        rows = _rows(part, inside) if isinstance(part, Line) else [part]
        for row in rows:
            flow.append((place, row))
            place += row.height
        before = part
    result = blank(inside + 2 * tokens.MARGIN, place + tokens.MARGIN)
    draw = ImageDraw.Draw(result)
    for top, part in flow:
        if isinstance(part, Line):
            draw_line(draw, part, tokens.MARGIN, top, inside)
        else:
            result.paste(part, (tokens.MARGIN, top))
    return result


def _rows(line: Line, width: int) -> list[Line]:
    if line.right or line.share is not None:  # a row of a table: never wrapped
        return [line]
    texts = wrap(line.text, line.size, width, bold=line.bold)
    return [Line(text, size=line.size, bold=line.bold, colour=line.colour) for text in texts]


def note(text: str) -> Line:
    """Make a line of second rank."""
    return Line(text, size=tokens.SMALL_SIZE, colour=tokens.SECOND)


def framed(colours: Image.Image, width: int = 1, colour: str = tokens.BORDER) -> Image.Image:
    """Frame an image with a line inside its edge, so that white at the edge is seen as a part of it."""
    result = colours.copy()
    ImageDraw.Draw(result).rectangle((0, 0, colours.width - 1, colours.height - 1), outline=colour, width=width)
    return result


def same_size(images: Sequence[Image.Image]) -> list[Image.Image]:
    """Pad images at the right and at the bottom to the size of the largest, as frames of an animation need it."""
    width, height = max(image.width for image in images), max(image.height for image in images)
    padded = [blank(width, height) for _ in images]
    for ground, image in zip(padded, images, strict=True):
        ground.paste(image, (0, 0))
    return padded


def track(count: int, current: int, width: int) -> Image.Image:
    """Draw a mark per frame of an animation, the current one filled: where this frame stands among all."""
    result = blank(width, 12)
    draw = ImageDraw.Draw(result)
    step = min(20.0, (width - 10) / max(1, count - 1))
    for number in range(count):
        left = round(step * number)
        draw.rectangle((left, 1, left + 9, 10), fill=tokens.INK if number == current else tokens.RULE)
    return result
