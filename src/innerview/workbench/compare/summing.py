"""From rows to a comparison: medians, paired differences with intervals and tests, and what follows in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np
from jaxtyping import Float

from innerview.errors import ModelError
from innerview.methods.agreement import spearman
from innerview.methods.controls import CONTROLS
from innerview.methods.orders import worth
from innerview.methods.paired import drawn_anew, holm, mean_interval, median_interval, signed_rank
from innerview.results.comparison import Comparison, family
from innerview.types import Array
from innerview.viewer.comparison_sentences import advise
from innerview.workbench.compare.judging import OTHERS, Subject
from innerview.workbench.compare.rows import Row

LEVEL: Final = 0.05
"""Of the corrected tests."""

PARTS: Final = (("removed", "without"), ("alone", "alone"))
"""What two passes say of a region, by the words in an entrant's name and in a row."""


EVERY: Final = "every fill"
"""In an entrant's name: the mean over the fills."""


@dataclass(frozen=True)
class Measured:
    """All rows in arrays: metric × entrant × image."""

    metrics: tuple[str, ...]
    entrants: tuple[str, ...]
    kinds: tuple[str, ...]
    images: tuple[str, ...]
    values: Float[np.ndarray, "metric entrant image"]


def measured(subject: Subject, rows: Sequence[Row]) -> Measured:
    """Read what rows say.

    Args:
        subject: what was measured.
        rows: of images and mosaics, those with a problem left out.
    """
    several = [OTHERS] if len(subject.fills) > 1 else []
    parts = [
        f"region {word}, {fill}"
        for word in ("removed", "alone", "removed and alone")
        for fill in (*subject.fills, *([EVERY] if len(subject.fills) > 1 else []))
    ]
    entrants = [*(name for name, _, _ in subject.entrants), *several, *parts, *CONTROLS]
    kinds = ["method"] * len(subject.entrants) + ["regions"] * len([*several, *parts]) + ["control"] * len(CONTROLS)
    metrics = [
        "truth", *(f"truth, {fill}" for fill in subject.fills), "deletion", "deletion, placed", "stability",
        "shuffled weights", "pointing",
    ]  # fmt: skip
    names = [str(row.get("image") or row["mosaic"]) for row in rows]
    values = np.full((len(metrics), len(entrants), len(rows)), np.nan)
    for place, row in enumerate(rows):
        for number, entrant in enumerate(entrants):
            if "mosaic" in row:
                values[-1, number, place] = row["found"].get(entrant, np.nan)
            else:
                values[:-1, number, place] = _of_image(subject, row, entrant)
    there = [not number or bool(np.isfinite(table).any()) for number, table in enumerate(values)]
    return Measured(
        tuple(one for one, known in zip(metrics, there, strict=True) if known), tuple(entrants), tuple(kinds),
        tuple(names), values[there],
    )  # fmt: skip


def _of_image(subject: Subject, row: Row, entrant: str) -> list[float]:
    """Each metric but the last, of an entrant on an image."""
    fills: Mapping[str, Row] = row["truth"]["fills"]
    found: Row = row["found"].get(entrant, {})
    agreed = [
        spearman(sums, np.array(fills[fill]["values"]))
        if fills[fill]["judged"] and (sums := _sums(row, entrant, fill)) is not None
        else np.nan
        for fill in subject.fills
    ]
    known = [one for one in agreed if np.isfinite(one)]
    order = worth(found["order"]) if "order" in found else np.nan
    elsewhere = worth(found["elsewhere"]) if "elsewhere" in found else np.nan
    return [
        float(np.mean(known)) if known else np.nan, *agreed, order, order - elsewhere,
        found.get("stable", np.nan), found.get("rise", np.nan),
    ]  # fmt: skip


def _sums(row: Row, entrant: str, fill: str) -> Array | None:
    """What an entrant says of each region where it is judged under this fill."""
    fills: Mapping[str, Row] = row["truth"]["fills"]
    if entrant == OTHERS:
        others = [one["values"] for name, one in fills.items() if name != fill and one["judged"]]
        return np.mean(others, axis=0) if others else None
    if entrant in row["found"]:
        sums = row["found"][entrant].get("sums")
        return None if sums is None else np.array(sums)
    if not entrant.startswith("region "):
        return None
    word, _, under = entrant.removeprefix("region ").partition(", ")
    chosen = [key for part, key in PARTS if part in word]
    return np.mean([fills[one][key] for one in (fills if under == EVERY else [under]) for key in chosen], axis=0)


def compared(subject: Subject, rows: Sequence[Row], left_out: Sequence[str] = ()) -> Comparison:
    """Make the comparison of its rows.

    Raises:
        ModelError: the model can't be judged, and why.
    """
    good = [row for row in rows if "problem" not in row]
    _require_judged(rows, good)
    found = measured(subject, good)
    count, size = len(found.entrants), len(found.metrics)
    medians, lows, highs = (np.full((size, count), np.nan) for _ in range(3))
    differences, below, above, p = (np.full((size, count, count), np.nan) for _ in range(4))
    for number, values in enumerate(found.values):
        random = np.random.default_rng([subject.provenance.seed or 0, number])
        for entrant in range(count):
            ends = median_interval(values[entrant], random)
            medians[number, entrant], lows[number, entrant], highs[number, entrant] = ends
        for table, pairs in zip((differences, below, above, p), _pairs(values, found.kinds, random), strict=True):
            table[number] = pairs
    best = _best(found, medians)
    costs = [_cost(good, entrant) for entrant in found.entrants]
    given = {name: (text, baselines) for name, text, baselines in subject.entrants}
    made = Comparison(
        entrants=found.entrants,
        kinds=found.kinds,
        texts=tuple(given[one][0] if one in given else "" for one in found.entrants),
        starts=tuple(given[one][1] if one in given else () for one in found.entrants),
        metrics=found.metrics,
        images=found.images,
        values=found.values,
        medians=medians,
        lows=lows,
        highs=highs,
        differences=differences,
        difference_lows=below,
        difference_highs=above,
        p=p,
        evaluations=np.array([one for one, _ in costs]),
        seconds=np.array([one for _, one in costs]),
        telling=np.zeros(size, bool),
        fills=subject.fills,
        regions=subject.regions,
        best=best,
        advice="",
        provenance=subject.provenance,
        left_out=tuple(left_out),
        notes=tuple(_problems(rows, subject.classes)),
    )
    return advise(replace(made, telling=_telling(made)))


def _pairs(
    values: Float[np.ndarray, "entrant image"], kinds: Sequence[str], random: np.random.Generator
) -> tuple[Array, Array, Array, Array]:
    """Mean paired differences, their intervals, and Holm-corrected p-values, each entrant × entrant.

    Three questions are three families of tests: whether methods beat controls, which of them beat each other, and how
    near a few passes of the truth come to it.
    """
    count = len(values)
    measured_in = [number for number in range(count) if np.isfinite(values[number]).any()]
    listed = list(combinations(measured_in, 2))
    tables = tuple(np.full((count, count), np.nan) for _ in range(4))
    if not listed:
        return tables  # type: ignore[return-value]
    first, second = (np.array(one) for one in zip(*listed, strict=True))
    rows = values[first] - values[second]
    with np.errstate(invalid="ignore"):
        there = np.isfinite(rows)
        means = np.where(there, rows, 0).sum(axis=1) / np.where(there.any(axis=1), there.sum(axis=1), np.nan)
    low, high = mean_interval(rows, drawn_anew(values.shape[1], random))
    tested = np.array([signed_rank(row) if np.isfinite(row).any() else np.nan for row in rows])
    families = np.array([family(kinds[one], kinds[other]) for one, other in listed])
    for one in np.unique(families):
        tested[families == one] = holm(tested[families == one])
    difference, below, above, p = tables
    difference[first, second], difference[second, first] = means, -means
    below[first, second], below[second, first] = low, -high
    above[first, second], above[second, first] = high, -low
    p[first, second] = p[second, first] = tested
    return difference, below, above, p


def _best(found: Measured, medians: Array) -> str:
    """The method with the highest median agreement with the truth, of those that were asked on half of the images."""
    counts = np.isfinite(found.values[0]).sum(axis=1)
    enough = [
        number for number, kind in enumerate(found.kinds) if kind == "method" and 2 * counts[number] >= max(counts)
    ]
    rows = [number for number in enough if np.isfinite(medians[0, number])]
    return found.entrants[max(rows, key=lambda number: float(medians[0, number]))] if rows else ""


def _telling(found: Comparison) -> Array:
    """Of each metric whether what is nearest to the truth beats every control in it."""
    controls = [name for name, kind in zip(found.entrants, found.kinds, strict=True) if kind == "control"]
    told = [
        bool(near := found.reference(metric))
        and all(found.beats(near, one, metric, LEVEL) for one in controls if found.count(metric, one))
        for metric in found.metrics
    ]
    return np.array(told, bool)


def _cost(rows: Sequence[Row], entrant: str) -> tuple[float, float]:
    """Mean passes and median seconds of an entrant; NaN where they are not its own."""
    found = [row["found"][entrant] for row in rows if "image" in row and "passes" in row["found"].get(entrant, {})]
    if not found:
        return float("nan"), float("nan")
    return float(np.mean([one["passes"] for one in found])), float(np.median([one["seconds"] for one in found]))


def _require_judged(rows: Sequence[Row], good: Sequence[Row]) -> None:
    if not any("image" in row for row in good):
        first = next((row["problem"] for row in rows if "problem" in row), "no image was measured")
        raise ModelError(f"none of {len(rows)} images could be judged; the first: {first}").of(
            "images", found=0, asked=len(rows)
        )
    if not any(fill["judged"] for row in good if "truth" in row for fill in row["truth"]["fills"].values()):
        raise ModelError(
            "the model cannot be judged: its score is the same whichever regions of an image are shown, on every image "
            "and under every fill. It does not look at the images, or gives one answer to all; check its weights, and "
            "the range of its input"
        ).of("outputs", found="the same for all regions")


def _problems(rows: Sequence[Row], classes: int) -> list[str]:
    """Images, fills and methods that could not be measured, and what the data lacks."""
    told = [f"{row['image']} is left out: {row['problem']}" for row in rows if "problem" in row]
    images = [row for row in rows if "truth" in row]
    unjudged = [
        f"{row['image']} under {fill}"
        for row in images
        for fill, one in row["truth"]["fills"].items()
        if not one["judged"]
    ]
    if unjudged:
        told.append(
            f"{', '.join(unjudged[:3])}{', …' * (len(unjudged) > 3)}: not judged, the score is always the same."
        )
    failed: dict[str, list[str]] = {}
    for row in images:
        for entrant, one in row["found"].items():
            if "problem" in one:
                failed.setdefault(entrant, []).append(f"{row['image']} ({one['problem']})")
    told += [f"{entrant} failed on {len(where)} images, first on {where[0]}." for entrant, where in failed.items()]
    said = {row["class"] for row in images}
    if len(said) == 1 and classes > 1:
        told.append("All images got one and the same answer: nothing is known of the model's other answers.")
    return told
