"""Several looks on one page: their maps on one scale, their way from the baseline side by side, a link to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from innerview import pictures
from innerview.files.atomic import write
from innerview.pictures import Subject
from innerview.results import Explained, InteriorGradients, Verdict
from innerview.session.query import Query
from innerview.viewer import sentences
from innerview.viewer.page import Figure, overview_page

SHEET: Final = 60
"""Images on the contact sheet, at most: more can't be told apart on a screen."""

SIDE_BY_SIDE: Final = 9
"""Images whose way from the baseline is shown side by side, as in the 2018 tutorial."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What the overview needs of a look: its folder, who is in it, what was said, and two results.

    Of a model without gradients there is no `interior`.
    """

    folder: str
    subject: Subject
    words: str
    map: Explained
    interior: InteriorGradients | None
    verdict: Verdict | None = None


def write_overview(folder: Path, seen: Sequence[Seen], query: Query) -> None:
    """Write index.html, contact-sheet.png, interior-sheet.png and interior-sheet.webp into `folder`.

    Raises:
        OutputError: a file can't be written.
    """
    drawn = seen[:SHEET]
    sheet = pictures.contact_sheet(
        [one.map for one in drawn],
        [one.subject for one in drawn],
        style=query.overlay,
        verdicts=[sentences.brief_verdict(one.verdict) for one in drawn],
    )
    pictures.save(sheet, folder / "contact-sheet.png")
    figures = [Figure("contact-sheet.png", "Each image beside its map, all on one scale.", *sheet.size)]
    figures += _interior(folder, seen[:SIDE_BY_SIDE])
    lead = [f"{len(seen)} images. Open one for its layers, gradients, attributions and what is left of it."]
    if len(seen) > SIDE_BY_SIDE:
        lead.append(
            f"The sheet shows the first {min(SHEET, len(seen))}, the gradients the first {SIDE_BY_SIDE} of them."
        )
    rows = [(f"{one.folder}/index.html", one.subject.name, one.words) for one in seen]
    page = overview_page("What the model saw in them", lead, figures, rows)
    write(folder / "index.html", page.encode("utf-8", "backslashreplace"))


def _interior(folder: Path, seen: Sequence[Seen]) -> list[Figure]:
    """Draw the way from the baseline side by side; nothing where there are no gradients."""
    known = [(one.interior, one.subject) for one in seen if one.interior is not None]
    if not known:
        return []
    interior, subjects = [one for one, _ in known], [subject for _, subject in known]
    strip = pictures.interior_sheet(interior, subjects=subjects)
    moving = pictures.interior_animation(interior, subjects=subjects)
    pictures.save(strip, folder / "interior-sheet.png")
    pictures.save(moving, folder / "interior-sheet.webp")
    return [
        Figure("interior-sheet.png", "The gradients of the images on their way from the baseline.", *strip.size),
        Figure("interior-sheet.webp", "the gradients at rising alpha", *moving.frames[0].size, moving=True),
    ]
