"""One page in plain HTML: no script, nothing loaded from elsewhere, readable at 390 and 1280 pixels, dark and light.

It knows titles, words and files, and no result: who calls it has put the results into words already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from innerview.viewer.explanations import Explanation
from innerview.viewer.rendering import render


@dataclass(frozen=True)
class Narrow:
    """A figure drawn for a telephone: its file, its size in pixels, and how many of them make one of the page's."""

    file: str
    width: int
    height: int
    density: int


@dataclass(frozen=True)
class Figure:
    """A file beside the page, with what it shows for those who can't see it.

    Attributes:
        file: its name, relative to the page.
        words: what it shows; read aloud in its place.
        caption: stands under it; empty for none.
        moving: it plays, and so is shown only on request.
        width, height: in pixels, so that the page does not jump while it loads.
        narrow: what is shown in its place where there is no room for it; None for itself, smaller.
    """

    file: str
    words: str
    width: int
    height: int
    caption: str = ""
    moving: bool = False
    narrow: Narrow | None = None


@dataclass(frozen=True)
class Section:
    """One view: its meaning in general, what is seen in this case, and its figures."""

    key: str
    explanation: Explanation
    words: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Answer:
    """One class of the prediction: its name, its probability in [0, 1] (NaN for none) and how that is written."""

    name: str
    probability: float
    written: str

    @property
    def percent(self) -> float:
        """How long its bar is; NaN has none."""
        return round(100 * self.probability, 1) if self.probability == self.probability else 0.0


def image_page(
    title: str,
    lead: Sequence[str],
    answers: Sequence[Answer],
    sections: Sequence[Section],
    facts: Sequence[tuple[str, str]],
    back: str = "",
    view: str = "",
) -> str:
    """Write the page of one image.

    Args:
        title: the page's title and first heading.
        lead: paragraphs under the title.
        answers: the classes to list with a bar each.
        sections: the views, in order.
        facts: pairs of name and value: where the numbers come from.
        back: link to the overview of several images; empty for none.
        view: link to the same with sliders; empty for none.
    """
    return render(
        "image.html", title=title, lead=lead, answers=answers, sections=sections, facts=facts, back=back, view=view
    )


def overview_page(
    title: str, lead: Sequence[str], figures: Sequence[Figure], rows: Sequence[tuple[str, str, str]]
) -> str:
    """Write the page that leads to several images: rows of (link, name, what the network says)."""
    return render("overview.html", title=title, lead=lead, figures=figures, rows=rows)
