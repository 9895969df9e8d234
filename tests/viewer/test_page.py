"""Pages are whole, ask for nothing from elsewhere, and can't be broken by a name."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from innerview.viewer.explanations import EXPLANATIONS
from innerview.viewer.page import Answer, Figure, Section, image_page, overview_page

VOID = {"meta", "img", "link", "br"}


class Checker(HTMLParser):
    """Insists that every tag is closed in order, and takes down what matters."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.images: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.links += [named[key] or "" for key in ("href", "src") if key in named]
        if tag == "img":
            self.images.append(named)
        if re.fullmatch(r"h\d", tag):
            self.headings.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def checked(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    return checker


NASTY = '<script>alert("1")</script>&amp; \'"'


def page() -> str:
    figure = Figure("a.png", NASTY, 10, 20, caption=NASTY)
    sections = [Section(key, one, NASTY, (figure,)) for key, one in EXPLANATIONS.items()]
    answers = [Answer(NASTY, 0.25, "25.0 %"), Answer("b", float("nan"), "–")]
    return image_page(NASTY, [NASTY], answers, sections, [(NASTY, NASTY)], back="../index.html")


def test_a_page_is_well_formed_with_one_title_and_a_heading_for_each_view() -> None:
    found = checked(page())
    assert found.headings == ["h1"] + ["h2"] * len(EXPLANATIONS)
    assert all(f"#{key}" in found.links for key in EXPLANATIONS)
    assert "../index.html" in found.links
    for image in found.images:
        assert image["alt"] == NASTY
        assert (image["width"], image["height"]) == ("10", "20")


def test_names_are_never_markup() -> None:
    assert "<script" not in page()
    assert "<script" not in overview_page(NASTY, [NASTY], [], [(NASTY, NASTY, NASTY)])


def test_what_stands_between_backticks_is_code_and_still_no_markup() -> None:
    text = overview_page("t", ["Start `innerview explain <b>`, or ` alone."], [], [])
    checked(text)
    assert "<p>Start <code>innerview explain &lt;b&gt;</code>, or ` alone.</p>" in text


def test_what_moves_waits_to_be_asked() -> None:
    still, moving = Figure("a.png", "still", 1, 1), Figure("b.webp", "moving", 1, 1, moving=True)
    section = Section("masking", EXPLANATIONS["masking"], "words", (moving, still))
    text = image_page("t", [], [], [section], [])
    checked(text)
    before = text[: text.index('src="b.webp"')]
    assert before.count("<details>") == before.count("</details>") + 1
    assert "Play: moving" in text
    before = text[: text.index('src="a.png"')]
    assert before.count("<details>") == before.count("</details>")


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert not re.search(r"https?://|url\(|@import|<link|<script", page())


@pytest.mark.parametrize("sheets", [[], [Figure("sheet.png", "all", 3, 4)]])
def test_the_overview_leads_to_each_picture(sheets: list[Figure]) -> None:
    found = checked(
        overview_page("All", [], sheets, [("cat/index.html", "cat", "says 3 cat"), ("b/index.html", "b", "")])
    )
    assert {"cat/index.html", "b/index.html"} <= set(found.links)
    assert len(found.images) == len(sheets)


def test_a_long_page_is_a_summary_whose_views_open() -> None:
    sections = [Section(key, EXPLANATIONS[key], f"{key} in a sentence.\nMore.", ()) for key in ("why", "layers")]
    text = image_page("t", [], [], sections, [])
    checked(text)
    assert re.findall(r'<details class="view"( open)?>', text) == [" open", ""]
    # A link leads to what is inside a view, so that the browser opens it.
    for key in ("why", "layers"):
        before = text[: text.index(f'<div id="{key}">')]
        assert before.count("<details") == before.count("</details>") + 1
    assert '<span class="gist">layers in a sentence.</span>' in text
    assert '<span class="gist">why' not in text
