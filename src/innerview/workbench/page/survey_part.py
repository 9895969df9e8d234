"""A surveyed data set as a part of one page: rows, map, images small, and images as the network inside sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from innerview.data.records import Source
from innerview.errors import ImageError, UsageError
from innerview.session.answers import OpenedModel
from innerview.session.progress import Report, silent
from innerview.viewer.one_file import Packed, pack
from innerview.viewer.payloads.dataset import embedding_payload, tile_of, tiles_payload
from innerview.workbench.network import packed_pixels
from innerview.workbench.survey.embedding import embed
from innerview.workbench.survey.shown import ShownSurvey, open_survey, rows_payload

MOST: Final = 2_000
"""Images of a survey in one file."""

MOST_NUMBERS: Final = 8_000_000
"""Numbers of pixels that the network inside can be asked about: 2,000 images of 32 × 32 × 3 are 6 million."""


@dataclass(frozen=True, eq=False)
class SurveyPart:
    """What a page holds of a survey.

    Attributes:
        facts: for the page's first message.
        payloads: rows, map and small images.
        images: by which the network inside is asked, each with its name and the number of its label; none where it
            can't be.
        lines: what is in the page, in sentences.
    """

    facts: dict[str, Any]
    payloads: tuple[Packed, ...]
    images: Mapping[str, tuple[str, str, int | None]]
    lines: tuple[str, ...] = field(default=())


def survey_part(
    survey: str | Path, data: Source | None, opened: OpenedModel, *, network: bool, progress: Report
) -> SurveyPart:
    """Gather what a page holds of a survey.

    Args:
        survey: folder that `innerview.survey` wrote.
        data: the data set that was surveyed; None for a page without images.
        opened: the model that was surveyed.
        network: it is in the page, and is to be asked about the images.
        progress: told how many images are read; raising in it stops the work.

    Raises:
        UsageError: there are too many rows for one file; the model or the data set is another.
        DataError: the rows or the data set can't be read.
    """
    shown = open_survey(survey, {opened.fingerprint: opened}, data)
    rows = shown.rows
    count = len(rows.index)
    if count > MOST:
        raise UsageError(
            f"the survey in {rows.folder} has {count:,} images; one file holds {MOST:,} at most: survey a part "
            f"(innerview survey --sample {MOST}), or open all with innerview serve --survey"
        ).of("rows", path=rows.folder, asked=count, limit=MOST)
    payloads = [pack(rows_payload(shown, ("pca",)))]
    if rows.has_features:
        found = embed(rows, "pca", silent)
        placed = embedding_payload(
            found.points, opened.fingerprint, method=found.method, titles=found.titles, words=found.words
        )
        payloads.append(pack(placed))
    spec = opened.model.input
    asked = network and data is not None and count * spec.height * spec.width * spec.channels <= MOST_NUMBERS
    tiles, problems, images = _images(shown, asked=asked, progress=progress) if data is not None else ([], {}, {})
    if data is not None:
        payloads.append(pack(tiles_payload(rows.index.tolist(), tiles, opened.fingerprint, problems)))
    lines = [f"{count:,} surveyed images are in the page."]
    if network and data is not None and not asked:
        lines.append(
            f"They are too large ({spec.height} × {spec.width}) for the network inside to be asked about all of them: "
            "innerview serve --survey opens each."
        )
    held = [int(name.removeprefix("data-")) for name in images]
    return SurveyPart({**shown.facts(), "held": held}, tuple(payloads), images, tuple(lines))


Images = tuple[list[bytes], dict[int, str], dict[str, tuple[str, str, int | None]]]


def _images(shown: ShownSurvey, *, asked: bool, progress: Report) -> Images:
    """Small images, why some are none, and the images as the network sees them."""
    rows, tiles, problems = shown.rows, list[bytes](), dict[int, str]()
    images: dict[str, tuple[str, str, int | None]] = {}
    numbers: Sequence[int] = rows.index.tolist()
    for at, number in enumerate(numbers):
        progress(at, len(numbers), rows.names[at])
        try:
            seen = shown.seen(number)
        except ImageError as problem:
            tiles.append(b"")
            problems[number] = str(problem)
            continue
        tiles.append(tile_of(seen))
        if asked:
            label = int(rows.labels[at])
            images[f"data-{number}"] = (packed_pixels(seen.pixels), rows.names[at], None if label < 0 else label)
    progress(len(numbers), len(numbers), "")
    return tiles, problems, images
