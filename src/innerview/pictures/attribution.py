"""Attribution maps as figures: one map, its two signs apart, its place on the photo, its error, many on one scale.

Each figure says what was explained, on which scale, how exact it is and what it cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Final, NamedTuple

import numpy as np
from PIL import Image as Pillow

from innerview.errors import UsageError
from innerview.pictures import canvas, tokens, words
from innerview.pictures.canvas import Line, Tile, note
from innerview.pictures.captions import Subject, one_each
from innerview.pictures.legend import legend, ramp_entries, style_entries
from innerview.pictures.overlay import STYLE_WORDS, overlay, style_scales
from innerview.pictures.pixels import LARGE, enlarge, show_bytes, show_image, show_map
from innerview.pictures.ramps import RampName
from innerview.pictures.scale import Scale, ScaleChoice, own_limit
from innerview.pictures.taking import taking_tensors
from innerview.results import (
    Attention,
    Attribution,
    ClassEvidence,
    Explained,
    Gradient,
    IntegratedGradients,
    Meaning,
    Provenance,
    ShapleyValues,
    Status,
    as_attribution,
)
from innerview.types import Image, Map

TILE: Final = 192

ENDS: Final[dict[str, tuple[str, str]]] = {"evidence": ("against", "for"), "value": ("", "")}


class Drawable(NamedTuple):
    """What all maps that are laid over an image have."""

    title: str
    image: Image
    values: Map
    unit: str
    ramp: RampName
    facts: tuple[str, ...]
    provenance: Provenance
    error: Map | None = None


@singledispatch
def drawable(result: object) -> Drawable:
    """Say how a result is drawn as a map over its image."""
    raise UsageError(
        f"a {type(result).__name__} is not a map; Gradient, IntegratedGradients and Attribution are: what the methods "
        "that explain an image return"
    ).of("result", found=type(result).__name__)


@drawable.register
def _(result: IntegratedGradients) -> Drawable:
    return Drawable(
        "Integrated gradients",
        result.image,
        result.heatmap,
        result.unit,
        "evidence",
        (certificate(result), doubtful(result), *result.notes),
        result.provenance,
        result.pixel_error,
    )


@drawable.register
def _(result: Gradient) -> Drawable:
    unit = f"{result.unit} per unit of pixel value"
    return Drawable("Gradient", result.image, result.heatmap, unit, "value", (), result.provenance)


RAMPS: Final[dict[Meaning, RampName]] = {"contribution": "evidence", "sensitivity": "value", "spread": "value"}


@drawable.register
def _(result: Attribution) -> Drawable:
    cost = f"{words.count(result.n_evaluations)} evaluations" if result.n_evaluations > 1 else ""
    facts = (cost, doubtful(result), *result.notes)
    ramp = RAMPS[result.meaning]
    return Drawable(
        result.method, result.image, result.heatmap, result.unit, ramp, facts, result.provenance, result.pixel_error
    )


@drawable.register(ShapleyValues)
@drawable.register(ClassEvidence)
@drawable.register(Attention)
def _(result: ShapleyValues | ClassEvidence | Attention) -> Drawable:
    return drawable(as_attribution(result))


def method_title(result: Explained) -> str:
    """Name the method of a map, with what it was given: "Occlusion, window 8 × 8, stride 4 × 4"."""
    return drawable(result).title


def certificate(result: IntegratedGradients) -> str:
    """Say in one line how exact a map is and what it cost: error, what was asked, evaluations, convergence delta."""
    gap = result.relative_convergence_delta
    missing = (
        f"convergence delta {words.error(gap)}"
        if np.isfinite(gap)
        else f"convergence delta {words.number(result.convergence_delta)} {result.unit}"
    )
    missing = "convergence delta not known" if np.isnan(result.convergence_delta) else missing
    cost = f"{words.count(result.n_evaluations)} evaluations ({result.rule})"
    if result.status is Status.NO_GRADIENT:
        return f"! error not known: the gradients do not account for the score · {cost} · {missing}"
    if result.tolerance is None:
        return f"{cost} · {missing}{' of the map' if np.isfinite(gap) else ''}"
    estimate = result.error
    known = estimate is not None and np.isfinite(estimate)
    error = f"{words.error(float(estimate or 0))} of the map (estimate)" if known else "not known"
    asked = f"asked {words.limit(100 * result.tolerance)} %"
    if result.status is Status.CONVERGED:
        return f"✓ error ≤ {error} · {asked} · {cost} · {missing}"
    if result.status is Status.ROUNDED:
        return f"! error {error}, {asked}, and the model's precision allows no more: {cost} · {missing}"
    return f"! error {error}, {asked}: {cost} spent · {missing}"


def doubtful(result: IntegratedGradients | Attribution) -> str:
    """Count the pixels that can't be told from zero; empty where no error per pixel is known."""
    if result.pixel_error is None:
        return ""
    found = int((np.abs(result.heatmap) < result.pixel_error).sum())
    return f"{words.count(found)} of {words.count(result.heatmap.size)} pixels are smaller than their own error"


def balance(result: Drawable) -> str:
    """Say what the map adds up to: "for +2.91, against −0.80, together +2.11 logit"."""
    finite = result.values[np.isfinite(result.values)].astype(np.float64)
    up, down = finite[finite > 0].sum(), finite[finite < 0].sum()
    parts = ((f"{word} {words.number(float(value), signed=True)}") for word, value in (("for", up), ("against", down)))
    return f"{', '.join(parts)}, together {words.number(float(up + down), signed=True)} {result.unit}"


def _painted(result: Drawable, scale: Scale, style: str, show: str, size: int) -> Pillow.Image:
    colours = overlay(result.image, result.values, scale.limit, style=style, show=show, name=result.ramp)
    return show_bytes(colours, ~np.isfinite(result.values), size)


def _head(result: Drawable, subject: Subject) -> list[Line | Pillow.Image]:
    source = result.provenance
    asked = f"{source.target}{f' · baseline {source.baseline}' if source.baseline else ''}"
    return [note(text) for text in (asked, subject.sentence) if text]


def _foot(result: Drawable, style: str, verdict: str = "") -> list[Line | Pillow.Image]:
    sums = balance(result) if result.ramp == "evidence" else ""
    return [note(text) for text in (STYLE_WORDS[style], verdict, sums, *result.facts) if text]


def _legend(
    results: Sequence[Drawable], scale: Scale, style: str, width: int, *, separate: bool = False
) -> Pillow.Image:
    first = results[0]
    values = [result.values for result in results]
    if style == "image":  # no value is shown
        return canvas.blank(width, 1)
    entries = style_entries(style, first.ramp)
    return legend(values, scale, first.unit, entries, ends=ENDS[first.ramp], width=width, separate=separate)


@taking_tensors
def attribution_figure(
    result: Explained,
    *,
    subject: Subject | None = None,
    style: str = "tint",
    show: str = "both",
    scale: ScaleChoice = "per-image",
    size: int = LARGE,
    verdict: str = "",
) -> Pillow.Image:
    """Draw one map large, over its image; beside it its error per pixel, small, where that is known.

    Args:
        result: integrated gradients (blue for, red against) or a gradient (green above, purple below zero).
        subject: name, prediction and truth of the image.
        style: one of STYLES.
        show: "both" signs, only "for" or only "against".
        scale: "per-image", or the value with the full colour, in the unit of the map.
        size: of the longer side, in pixels, at least.
        verdict: how far it agrees with what taking parts away does, in words; empty for nothing.

    Raises:
        UsageError: an unknown style, sign or scale.
    """
    found = drawable(result)
    chosen = style_scales([found.values], scale, style)[0]
    image = canvas.framed(_painted(found, chosen, style, show, size))
    title = found.title + {"both": "", "for": ", for only", "against": ", against only"}[show]
    bar = _legend([found], chosen, style, image.width)
    body = image if found.error is None else canvas.beside([image, _error_tile(found.error, found.unit)])
    return canvas.page(title, [*_head(found, subject or Subject()), body, bar, *_foot(found, style, verdict)])


def _error_tile(error: Map, unit: str) -> Pillow.Image:
    """Draw the error per pixel small, with a scale of its own: on the map's scale nothing would be seen."""
    scale = Scale(own_limit(error), "per-image")
    image = canvas.framed(show_map(error, scale, "amount", LARGE // 2))
    bar = legend([error], scale, unit, ramp_entries("amount"), signed=False, width=image.width)
    return canvas.below([canvas.draw_tile(Tile(image, (note("error of each pixel"),))), bar], 8)


@taking_tensors
def attribution_views(
    result: Explained,
    *,
    subject: Subject | None = None,
    style: str = "tint",
    scale: ScaleChoice = "per-image",
    columns: int = 2,
    verdict: str = "",
) -> Pillow.Image:
    """Draw four views of one map on one scale, the image, both signs, only for, only against; and its error if known.

    Args:
        result: as for `attribution_figure`.
        subject: name, prediction and truth of the image.
        style: one of STYLES.
        scale: "per-image", or the value with the full colour.
        columns: views in a row; the views are smaller in rows of more than two.
        verdict: how far it agrees with what taking parts away does, in words; empty for nothing.

    Raises:
        UsageError: an unknown style or scale.
    """
    found = drawable(result)
    chosen = style_scales([found.values], scale, style)[0]
    words_of = ENDS[found.ramp] if found.ramp == "evidence" else ("below zero", "above zero")
    views: tuple[tuple[str, str], ...] = (
        ("for and against" if found.ramp == "evidence" else "both signs", "both"),
        (f"{words_of[1]} only", "for"),
        (f"{words_of[0]} only", "against"),
    )
    size = LARGE if columns <= 2 else TILE
    tiles = [Tile(canvas.framed(show_image(found.image, size)), (Line("image"),))]
    tiles += [Tile(canvas.framed(_painted(found, chosen, style, show, size)), (Line(title),)) for title, show in views]
    body = canvas.grid(tiles, columns)
    bar = _legend([found], chosen, style, body.width if found.error is None else size)
    bar = bar if found.error is None else canvas.beside([bar, _error_tile(found.error, found.unit)])
    return canvas.page(found.title, [*_head(found, subject or Subject()), body, bar, *_foot(found, style, verdict)])


@taking_tensors
def attribution_on_image(
    result: Explained,
    photo: Pillow.Image,
    box: tuple[int, int, int, int],
    *,
    subject: Subject | None = None,
    style: str = "tint",
    show: str = "both",
    scale: ScaleChoice = "per-image",
    verdict: str = "",
) -> Pillow.Image:
    """Draw the map in its place on the photo that the model's image was cut from.

    The photo is resized so that one cell of the map is a whole number of its pixels; the cells are not smoothed. Of
    the photo, at most the crop's own size is shown on each side of it.

    Args:
        result: as for `attribution_figure`.
        photo: as it was read, upright.
        box: left, top, right and bottom of the crop in the photo's pixels.
        subject: name, prediction and truth of the image.
        style: one of STYLES.
        show: "both" signs, only "for" or only "against".
        scale: "per-image", or the value with the full colour.
        verdict: how far it agrees with what taking parts away does, in words; empty for nothing.

    Raises:
        UsageError: the box is empty or reaches beyond the photo; an unknown style, sign or scale.
    """
    left, top, right, bottom = box
    if not (0 <= left < right <= photo.width and 0 <= top < bottom <= photo.height):
        raise UsageError(f"the crop {box} does not lie within the photo of {photo.width} × {photo.height}").of(
            "crop", asked=box, found=(photo.height, photo.width)
        )
    found = drawable(result)
    chosen = style_scales([found.values], scale, style)[0]
    height, width = found.values.shape
    factor = max(1, round(LARGE / max(height, width)))
    window = _surroundings(box, photo.size)
    across, down = factor * width / (right - left), factor * height / (bottom - top)
    resized = photo.convert("RGB").resize(
        (round((window[2] - window[0]) * across), round((window[3] - window[1]) * down)),
        Pillow.Resampling.BILINEAR,
        window,
    )
    faded = Pillow.blend(resized, canvas.blank(*resized.size), 0.35)
    colours = overlay(found.image, found.values, chosen.limit, style=style, show=show, name=found.ramp)
    cells = canvas.framed(enlarge(colours, factor, ~np.isfinite(found.values)), 2, tokens.INK)
    faded.paste(cells, (round((left - window[0]) * across), round((top - window[1]) * down)))
    bar = _legend([found], chosen, style, faded.width)
    part = "" if window == (0, 0, *photo.size) else " Not all of the photo is shown."
    seen = note(f"The frame is what the model sees: {words.shape((height, width))} cells.{part}")
    return canvas.page(
        f"{found.title}, on the photo",
        [*_head(found, subject or Subject()), faded, bar, seen, *_foot(found, style, verdict)],
        width=LARGE,
    )


def _surroundings(box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Widen a crop by its own size on each side, within the photo: a small crop of a large photo stays readable."""
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    return max(0, left - wide), max(0, top - high), min(size[0], right + wide), min(size[1], bottom + high)


@taking_tensors
def error_figure(error: Map, unit: str, *, title: str = "Estimated error", notes: Sequence[str] = ()) -> Pillow.Image:
    """Draw the error of a map per pixel, or its spread over several baselines, in greys: darker is more.

    Args:
        error: height × width, at least 0, in units of the map.
        unit: of the error.
        title: what kind of error it is.
        notes: sentences to put below it.
    """
    scale = Scale(own_limit(error), "per-image")
    image = canvas.framed(show_map(error, scale, "amount"))
    bar = legend([error], scale, unit, ramp_entries("amount"), signed=False, width=image.width)
    return canvas.page(title, [image, bar, *(note(text) for text in notes)])


@taking_tensors
def contact_sheet(
    results: Sequence[Explained],
    subjects: Sequence[Subject] = (),
    *,
    style: str = "tint",
    show: str = "both",
    scale: ScaleChoice = "shared",
    columns: int = 3,
    title: str = "",
    verdicts: Sequence[str] = (),
) -> Pillow.Image:
    """Draw the maps of several images, each beside its image, on one scale.

    Args:
        results: one or more, all of one kind and unit.
        subjects: one per result, or none.
        style: one of STYLES.
        show: "both" signs, only "for" or only "against".
        scale: "shared", "per-image" (each limit is stated) or a number.
        columns: pairs in a row.
        title: what images these are; the method and their number follow it.
        verdicts: how far each map agrees with what taking parts away does, in words; one per result, or none.

    Raises:
        UsageError: no result, results of several kinds or units, another number of subjects or verdicts than of
            results, an unknown style, sign or scale.
    """
    if not results:
        raise UsageError("a contact sheet of no images was asked for; give at least one result").of("results", found=0)
    named = one_each(subjects, len(results))
    if len(verdicts) not in {0, len(results)}:
        raise UsageError(
            f"{len(verdicts)} verdicts were given for {len(results)} results; give one for each, or none"
        ).of("verdicts", asked=len(results), found=len(verdicts))
    judged = list(verdicts) or [""] * len(results)
    found = [drawable(result) for result in results]
    if len({(each.unit, each.title) for each in found}) > 1:
        raise UsageError("results of several kinds or units can't share a sheet; draw one sheet for each").of("units")
    chosen = style_scales([each.values for each in found], scale, style)
    separate = scale == "per-image" and len({each.limit for each in chosen}) > 1
    tiles: list[Tile] = []
    for each, subject, its, verdict in zip(found, named, chosen, judged, strict=True):
        pair = canvas.beside([show_image(each.image, TILE // 2), _painted(each, its, style, show, TILE // 2)], 4)
        explained = note(each.provenance.target)
        stated = (note(f"S = {words.limit(its.limit)}"),) if separate else ()
        told = (*stated, note(verdict)) if verdict else stated
        tiles.append(Tile(canvas.framed(pair), (), (*subject.lines(tokens.SMALL_SIZE), explained, *told)))
    body = canvas.grid(tiles, columns)
    bar = _legend(found, chosen[0], style, max(body.width, LARGE), separate=separate)
    images = "1 image" if len(found) == 1 else f"{words.count(len(found))} images"
    about = f"{found[0].title}, {images}"
    return canvas.page(f"{title}: {about[0].lower()}{about[1:]}" if title else about, [body, bar])
