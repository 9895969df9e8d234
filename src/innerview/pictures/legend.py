"""The legend that every figure of numbers carries: colours, −S, 0, +S, the unit, the scale's rule, what exceeds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from innerview.pictures import canvas, tokens, words
from innerview.pictures.overlay import overlay
from innerview.pictures.ramps import ENTRIES, MIDDLE, RampName, ramp
from innerview.pictures.scale import Scale
from innerview.types import Array

BAR_HEIGHT: Final = 16
BAR_WIDTH: Final = 320

Entries: TypeAlias = UInt8[np.ndarray, "255 3"]


def ramp_entries(name: RampName = "evidence") -> Entries:
    """Colours of a legend for values painted with a ramp."""
    return ramp(name)


def style_entries(style: str, name: RampName = "evidence") -> Entries:
    """Colours of a legend for values laid over an image: what the style makes of a middle grey (lit: of white)."""
    ground = np.full((1, ENTRIES, 1), 1.0 if style == "tutorial2018" else 0.5)
    values = (np.arange(ENTRIES, dtype=np.float64)[None] - MIDDLE) / MIDDLE
    return overlay(ground, values, 1.0, style=style, name=name)[0]


def colours_entries() -> Entries:
    """Colours of a legend for three signed channels at once, about mid-grey (shown for all three being equal)."""
    return np.repeat((np.arange(ENTRIES) + 1).astype(np.uint8)[:, None], 3, axis=1)


def colour_bar(entries: Entries, width: int) -> Image.Image:
    """Draw all entries from left to right."""
    places = np.rint(np.linspace(0, ENTRIES - 1, width)).astype(int)
    return Image.fromarray(np.ascontiguousarray(np.repeat(entries[places][None], BAR_HEIGHT, axis=0)))


def describe_scale(values: Sequence[Array], scale: Scale, unit: str) -> str:
    """Say unit, rule, fraction beyond and holes: "logit · shared scale · 1 % of values beyond · 3 NaN or infinite"."""
    flat = np.concatenate([array.ravel() for array in values])
    holes = int((~np.isfinite(flat)).sum())
    facts = [unit, f"{scale.mode} scale", f"{words.share(scale.beyond(flat))} of values beyond"]
    if holes:
        facts.append(f"{words.count(holes)} NaN or infinite (hatched)")
    if not flat[np.isfinite(flat)].any():
        facts.append("zero everywhere")
    return " · ".join(facts)


def legend(
    values: Sequence[Array],
    scale: Scale,
    unit: str,
    entries: Entries,
    *,
    signed: bool = True,
    ends: tuple[str, str] = ("", ""),
    width: int = BAR_WIDTH,
    separate: bool = False,
) -> Image.Image:
    """Draw the colour bar with its numbers and, below it, what must be known about the scale.

    Args:
        values: all arrays that were drawn on this scale.
        scale: from −limit to limit, or from 0 to limit if not `signed`.
        unit: of the values.
        entries: the colours, from the lowest value to the highest.
        signed: whether the bar reaches below zero.
        ends: what the left and the right end mean, for instance ("against", "for").
        width: of the whole, in pixels; the text is wrapped.
        separate: every image has its own limit, stated with it, so the bar says −S and +S.
    """
    size, small = tokens.SMALL_SIZE, round(tokens.SMALL_SIZE * 1.35)
    top = "S" if separate else words.limit(scale.limit)
    about = f"{unit} · per-image scales: S is stated with each" if separate else describe_scale(values, scale, unit)
    bar_width = min(width, BAR_WIDTH)
    rows = canvas.wrap(about, size, width)
    result = canvas.blank(width, BAR_HEIGHT + 6 + small * (1 + len(rows)))
    result.paste(canvas.framed(colour_bar(entries, bar_width)), (0, 0))
    draw = ImageDraw.Draw(result)
    typeface = canvas.font(size)
    marks = [(0, f"{ends[0]} {words.MINUS if signed else ''}{top if signed else '0'}", "la")]
    marks += [(bar_width // 2, "0", "ma")] if signed else []
    marks += [(bar_width, f"{'+' if signed else ''}{top} {ends[1]}", "ra")]
    for place, text, anchor in marks:
        draw.text((place, BAR_HEIGHT + 6), text.strip(), fill=tokens.INK, font=typeface, anchor=anchor)
    if signed:
        draw.line((bar_width // 2, BAR_HEIGHT, bar_width // 2, BAR_HEIGHT + 4), fill=tokens.INK)
    for number, row in enumerate(rows, start=1):
        place = BAR_HEIGHT + 6 + small * number
        draw.text((0, place), row, fill=tokens.SECOND, font=typeface, anchor="la")
    return result
