"""Why this answer: where its evidence lies on the photo, what each region does to it, and the test of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int
from PIL import Image as Pillow
from PIL import ImageDraw

from innerview.pictures import canvas, tokens, words
from innerview.pictures.overlay import in_colour, overlay, squeezed_grey
from innerview.pictures.pixels import LARGE, enlarge, to_bytes
from innerview.types import Array, Image, Map

DIM: Final = 0.55
"""Brightness of what has no evidence, beside the photo's own."""

SATURATES: Final = 90
"""Percentile of the positive evidence from which on the photo has all its colour."""


def evidence_on_image(photo: Image, evidence: Float[np.ndarray, "row column"], *, size: int = LARGE) -> Pillow.Image:
    """Keep a photo's colour where the evidence for a class lies, and let the rest go dim and grey.

    Args:
        photo: what the model saw a part of, sharp: height × width × channel, in [0, 1].
        evidence: by position; between positions it is drawn as a smooth passage. At and below 0 there is no colour.
        size: of the longer side, in pixels.
    """
    sharp = np.asarray(_sized(photo, size), np.float64) / 255
    strength = np.clip(evidence / _full(evidence), 0, 1).astype(np.float32)
    smooth = Pillow.fromarray(strength).resize((sharp.shape[1], sharp.shape[0]), Pillow.Resampling.BILINEAR)
    colour = np.asarray(smooth, np.float64)[..., None]
    return Pillow.fromarray(to_bytes(colour * sharp + (1 - colour) * DIM * squeezed_grey(sharp)))


def _full(evidence: Array) -> float:
    """The evidence from which on there is all colour; of none at all, a scale on which nothing shows."""
    positive = evidence[evidence > 0]
    return float(np.percentile(positive, SATURATES)) if positive.size else float("inf")


def _sized(photo: Image, size: int) -> Pillow.Image:
    """A photo in the size of a tile: cell by cell where it has fewer pixels, since nothing finer is known."""
    found = Pillow.fromarray(to_bytes(in_colour(photo).astype(np.float32)))
    factor = size / max(found.size)
    how = Pillow.Resampling.NEAREST if factor > 1 and max(found.size) <= size // 4 else Pillow.Resampling.BILINEAR
    return found.resize((max(1, round(found.width * factor)), max(1, round(found.height * factor))), how)


def regions_on_image(
    image: Image,
    labels: Int[np.ndarray, "height width"],
    values: Float[np.ndarray, " region"],
    unsure: Sequence[int] = (),
    *,
    size: int = LARGE,
) -> Pillow.Image:
    """Lay what each region adds over an image: in colour, with its number written in its middle.

    Args:
        image: as the model saw it.
        labels: of each pixel's region.
        values: of each region.
        unsure: regions whose sign depends on what is put in their place: "?" stands behind their number.
        size: of the longer side, in pixels, at least.
    """
    limit = float(np.abs(values).max()) or 1.0
    heat: Map = values[labels]
    factor = -(-size // max(labels.shape))
    large = enlarge(overlay(image, heat, limit, style="tint"), factor)
    edges = np.zeros((labels.shape[0] * factor, labels.shape[1] * factor), bool)
    wide = labels.repeat(factor, axis=0).repeat(factor, axis=1)
    edges[1:] |= wide[1:] != wide[:-1]
    edges[:, 1:] |= wide[:, 1:] != wide[:, :-1]
    pixels = np.array(large)
    pixels[edges] = 255
    drawn = Pillow.fromarray(pixels)
    draw = ImageDraw.Draw(drawn)
    typeface = canvas.font(tokens.TEXT_SIZE, bold=True)
    for number, value in enumerate(values.tolist()):
        middle = tuple((at + 0.5) * factor for at in _middle(labels == number))
        text = written(value, limit) + (" ?" if number in unsure else "")
        draw.text(middle, text, fill="#FFFFFF", font=typeface, anchor="mm", stroke_width=3, stroke_fill=tokens.INK)
    return drawn


def _middle(region: Bool[np.ndarray, "height width"]) -> tuple[float, float]:
    """Column and row of a region's middle, where it is as wide as anywhere; else of the widest place near by."""
    depth, left = np.zeros(region.shape, np.int64), np.pad(region, 1)
    while left.any():
        depth += left[1:-1, 1:-1]
        left[1:-1, 1:-1] &= left[:-2, 1:-1] & left[2:, 1:-1] & left[1:-1, :-2] & left[1:-1, 2:]
    middle = np.argwhere(region).mean(axis=0)
    if depth[tuple(middle.astype(np.int64))] < depth.max():
        widest = np.argwhere(depth == depth.max())
        middle = widest[((widest - middle) ** 2).sum(axis=1).argmin()]
    return float(middle[1]), float(middle[0])


def written(value: float, limit: float) -> str:
    """A region's value in as many digits as can be told apart beside the largest."""
    digits = max(0, 1 - int(np.floor(np.log10(limit)))) if limit > 0 else 1
    text = f"{abs(value):.{min(digits, 4)}f}"
    sign = "+" if value > 0 else words.MINUS
    return text if not float(text) else sign + text


def why_figure(title: str, tiles: Sequence[canvas.Tile], notes: Sequence[str]) -> Pillow.Image:
    """Set the tiles two in a row, with what must be known below them."""
    body = canvas.grid(list(tiles), 2)
    return canvas.page(title, [body, *(canvas.note(text) for text in notes)])
