"""The page of trainings is whole, warns first, leads to its figures and has others for small screens."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from innerview.methods.health import RULES
from innerview.viewer.explanations import RUN_EXPLANATIONS
from innerview.viewer.page import Figure, Narrow, Section
from innerview.viewer.run_page import run_page
from innerview.viewer.run_sentences import WORDS, Warned

NASTY = '<script>alert("1")</script>&amp; \'"'
VOID = {"meta", "img", "link", "br", "source"}


class Checker(HTMLParser):
    """Insists that every tag is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(warned: list[Warned], keys: tuple[str, ...] = tuple(RUN_EXPLANATIONS)) -> str:
    still = Figure("a.png", NASTY, 10, 20, caption=NASTY, narrow=Narrow("a b-narrow.png", 6, 40, 2))
    moving = Figure("b.webp", "moving", 10, 20, moving=True)
    sections = [Section(key, RUN_EXPLANATIONS[key], f"{NASTY}\nsecond", (still, moving)) for key in keys]
    return run_page(NASTY, [NASTY], warned, sections, [(NASTY, NASTY)], [NASTY])


def test_it_is_well_formed_and_names_are_never_markup() -> None:
    checker = Checker()
    text = page([Warned(NASTY, "curves")])
    checker.feed(text)
    assert checker.open == []
    assert checker.ids == [*RUN_EXPLANATIONS, "tables"]
    assert "<script" not in text
    assert not re.search(r"https?://|url\(|@import|<link", text)
    assert text.count("<style>") == 1


def test_warnings_come_first_and_lead_to_their_figures() -> None:
    text = page([Warned("the loss rose", "curves"), Warned("a channel is silent", "units")], ("curves",))
    assert text.index("2 warnings") < text.index("<nav")
    assert '<a href="#curves">See curves</a>' in text
    assert 'href="#units"' not in text
    assert "1 warning<" in page([Warned("one", "curves")])
    assert "No warnings." in page([])


def test_a_narrow_screen_has_figures_of_its_own_and_what_moves_waits() -> None:
    text = page([])
    narrow = '<source media="(max-width: 699px)" srcset="a%20b-narrow.png 2x" width="6" height="40">'
    assert text.count(f"<picture>{narrow}<img") == len(RUN_EXPLANATIONS)
    assert text.count("<picture><img") == len(RUN_EXPLANATIONS)
    before = text[: text.index('src="b.webp"')]
    assert before.count("<details>") == before.count("</details>") + 1


def test_every_finding_has_a_sentence_and_every_sentence_a_section() -> None:
    assert len(WORDS) == len(RULES)
    assert {section for section, _ in WORDS.values()} <= set(RUN_EXPLANATIONS)
