"""One page in plain HTML: no script, nothing loaded from elsewhere, readable at 390 and 1280 pixels, dark and light.

It knows titles, words and files, and no result: who calls it has put the results into words already.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import quote

from innerview.viewer.explanations import Explanation

NARROW_SCREEN: Final = 699
"""Pixels of the widest page that shows the narrow figures."""

STYLE: Final = """
:root { color-scheme: light dark; --page: #fff; --panel: #f5f6f8; --ink: #1a1d23; --second: #505765; --rule: #d8dce3; }
@media (prefers-color-scheme: dark) {
  :root { --page: #121417; --panel: #1b1d21; --ink: #eceef2; --second: #a9b0bd; --rule: #343942; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 24px 16px 64px; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 8px; }
h2 { font-size: 1.2rem; margin: 0; }
header p, section > p { max-width: 46rem; }
.second { color: var(--second); }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 12px 0; border-bottom: 1px solid var(--rule); }
nav a, footer a, td a { color: inherit; min-height: 24px; }
section { padding: 24px 0; border-bottom: 1px solid var(--rule); }
.figures { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; }
figure { margin: 0; max-width: 100%; }
/* Pictures carry the paper they were drawn on, so in the dark they stand on a card of it. */
figure img { display: block; max-width: 100%; height: auto; border-radius: 4px; background: #fff; }
figcaption { color: var(--second); font-size: .87rem; padding-top: 4px; max-width: 46rem; }
.answers { display: grid; grid-template-columns: minmax(7rem, auto) minmax(4rem, 16rem) auto; gap: 4px 12px;
  align-items: center; justify-content: start; margin: 16px 0; }
.answers .bar { height: 12px; background: var(--panel); border: 1px solid var(--rule); border-radius: 2px; }
.answers .bar span { display: block; height: 100%; background: var(--second); }
code { font-family: ui-monospace, monospace; font-size: .93em; display: inline-block; max-width: 100%; }
summary { cursor: pointer; padding: 4px 0; color: var(--second); }
details p { max-width: 46rem; margin: 4px 0 8px; }
table { border-collapse: collapse; } td, th { text-align: left; padding: 2px 16px 2px 0; vertical-align: top; }
footer { padding-top: 24px; font-size: .87rem; color: var(--second); overflow-wrap: anywhere; }
footer th { overflow-wrap: break-word; }
:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px; }
"""


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
    """One view: its meaning in general, what is seen in this case, and its pictures."""

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


def picture_page(
    title: str,
    lead: Sequence[str],
    answers: Sequence[Answer],
    sections: Sequence[Section],
    facts: Sequence[tuple[str, str]],
    back: str = "",
    view: str = "",
) -> str:
    """Write the page of one picture.

    Args:
        title: the page's title and first heading.
        lead: paragraphs under the title.
        answers: the classes to list with a bar each.
        sections: the views, in order.
        facts: pairs of name and value: where the numbers come from.
        back: link to the overview of several pictures; empty for none.
        view: link to the same with sliders; empty for none.
    """
    bars = "".join(
        f'<span>{escape(one.name)}</span><span class="bar" aria-hidden="true"><span style="width:{_percent(one)}%">'
        f"</span></span><span>{escape(one.written)}</span>"
        for one in answers
    )
    overview = f'<a href="{escape(view)}"><strong>Open with sliders</strong></a>' if view else ""
    overview += f'<a href="{escape(back)}">All pictures</a>' if back else ""
    body = (
        f"<header><h1>{escape(title)}</h1>{paragraphs(lead)}"
        f'<div class="answers">{bars}</div></header>'
        f'<nav aria-label="Views">{overview}{links_to(sections)}</nav>'
        f"<main>{''.join(_section(one) for one in sections)}</main>"
        f"<footer>{facts_table(facts)}</footer>"
    )
    return document(title, body)


def overview_page(
    title: str, lead: Sequence[str], figures: Sequence[Figure], rows: Sequence[tuple[str, str, str]]
) -> str:
    """Write the page that leads to several pictures: rows of (link, name, what the network says)."""
    lines = "".join(
        f'<tr><td><a href="{escape(link)}">{escape(name)}</a></td><td>{escape(words)}</td></tr>'
        for link, name, words in rows
    )
    body = (
        f"<header><h1>{escape(title)}</h1>{paragraphs(lead)}</header>"
        f"<main><table>{lines}</table>{_figures(figures)}</main>"
    )
    return document(title, body)


def document(title: str, body: str) -> str:
    """Put a body into a whole document."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def worded(text: str) -> str:
    """Write a text as HTML, with what stands between backticks as code: the same rule as the viewer's."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def section_around(section: Section, seen: str) -> str:
    """Put what is seen, as HTML, between a view's question and its meaning."""
    meaning = section.explanation
    return (
        f'<section id="{section.key}"><h2>{escape(meaning.title)}</h2>'
        f'<p class="second">{escape(meaning.question)}</p>{seen}'
        f"<details><summary>What am I looking at?</summary><p>{escape(meaning.text)}</p>"
        f'<p class="second">{escape(meaning.source)}</p></details></section>'
    )


def links_to(sections: Sequence[Section]) -> str:
    """A link to each view of the page."""
    return "".join(f'<a href="#{one.key}">{escape(one.explanation.title)}</a>' for one in sections)


def paragraphs(texts: Sequence[str]) -> str:
    """A paragraph for each text."""
    return "".join(f"<p>{worded(text)}</p>" for text in texts)


def facts_table(facts: Sequence[tuple[str, str]]) -> str:
    """Pairs of name and value: where the numbers come from."""
    rows = "".join(f"<tr><th scope='row'>{escape(name)}</th><td>{worded(value)}</td></tr>" for name, value in facts)
    return f"<table>{rows}</table>"


def figure_of(figure: Figure) -> str:
    """A picture, or the one for narrow screens, with its caption; what moves waits to be asked."""
    caption = f"<figcaption>{worded(figure.caption)}</figcaption>" if figure.caption else ""
    small = figure.narrow
    source = (
        f'<source media="(max-width: {NARROW_SCREEN}px)" srcset="{escape(quote(small.file))} {small.density}x" '
        f'width="{small.width}" height="{small.height}">'
        if small
        else ""
    )
    shown = (
        f'<figure><a href="{escape(figure.file)}"><picture>{source}<img src="{escape(figure.file)}" '
        f'alt="{escape(figure.words)}" width="{figure.width}" height="{figure.height}" loading="lazy"></picture></a>'
        f"{caption}</figure>"
    )
    return f"<details><summary>Play: {escape(figure.words)}</summary>{shown}</details>" if figure.moving else shown


def _section(section: Section) -> str:
    return section_around(section, f"{_figures(section.figures)}<p>{worded(section.words)}</p>")


def _figures(figures: Sequence[Figure]) -> str:
    still = "".join(figure_of(one) for one in figures if not one.moving)
    return f'<div class="figures">{still}</div>' + "".join(figure_of(one) for one in figures if one.moving)


def _percent(answer: Answer) -> float:
    return round(100 * answer.probability, 1) if answer.probability == answer.probability else 0.0
