"""Every view in both themes on a phone and a session: axe finds nothing, nothing is cut off, and an image is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.driving import PATIENCE, READY, VIEWS, Known, choose_theme, let_draw, let_rest, show

AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
NARROWEST, NARROW, WIDE, WIDEST = 320, 390, 1280, 2560

TOO_WIDE = """() => {
  const wide = document.documentElement.clientWidth;
  const scrolls = element => element
    && (/(auto|scroll)/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const page = document.documentElement.scrollWidth;
  return [...document.querySelectorAll('.innerview *')]
    .filter(element => element.getBoundingClientRect().right > wide + 1 && !scrolls(element))
    .filter(element => !element.closest('.hidden, .skip, svg'))
    .map(element => element.outerHTML.slice(0, 120)).slice(0, 5)
    .concat(page > wide ? [`the page is ${page} wide`] : []);
}"""


def violations(page: Page) -> list[str]:
    found: Any = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {json.dumps([node['html'][:160] for node in one['nodes'][:3]])}"
        for one in found["violations"]
    ]


@pytest.fixture(scope="module")
def looked_at(browser: Browser, server: str, prepared: Known) -> Page:
    """A page with axe in it; views change by the link, so that what is known is not asked again."""
    made = browser.new_context(viewport={"width": WIDE, "height": 900}, color_scheme="light", reduced_motion="reduce")
    made.set_default_timeout(PATIENCE)
    page = made.new_page()
    page.goto(f"{server}#/attribution")
    expect(page.locator("[data-certificate]")).to_be_visible(timeout=PATIENCE)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return page


@pytest.mark.parametrize("view", [name for name, _ in VIEWS.values()])
def test_a_view_is_for_everyone(looked_at: Page, artefacts: Path, view: str) -> None:
    page = looked_at
    wrong: list[str] = []
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 900})
        show(page, f"#/{view}", READY[view])
        for theme in ("light", "dark"):
            choose_theme(page, theme)
            let_rest(page)
            page.screenshot(path=artefacts / f"{view}-{theme}-{width}.png", full_page=True)
            wrong += [f"{theme} {width}: {one}" for one in violations(page)]
        wrong += [f"{width}: {one}" for one in page.evaluate(TOO_WIDE)]
    if "`" in page.locator("body").inner_text():
        wrong.append("a message shows its backticks")
    for width in (WIDEST, NARROWEST):
        page.set_viewport_size({"width": width, "height": 1440})
        let_draw(page)
        page.screenshot(path=artefacts / f"{view}-{theme}-{width}.png", full_page=True)
        wrong += [f"{width}: {one}" for one in page.evaluate(TOO_WIDE)]
    assert wrong == []


def test_opened_tables_and_explanations_are_for_everyone_too(looked_at: Page) -> None:
    page = looked_at
    page.set_viewport_size({"width": WIDE, "height": 900})
    wrong: list[str] = []
    for view in ("attribution", "weights", "compare"):
        show(page, f"#/{view}", READY[view])
        page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true; })")
        let_rest(page)
        wrong += [f"{view}: {one}" for one in violations(page)]
    page.get_by_role("button", name="Help and keys").click()
    wrong += violations(page)
    page.keyboard.press("Escape")
    assert wrong == []


def test_with_reduced_motion_nothing_moves(looked_at: Page) -> None:
    show(looked_at, "#/attribution", READY["attribution"])
    moving = looked_at.evaluate(
        "() => [...document.querySelectorAll('.innerview *')].filter(one => {"
        " const s = getComputedStyle(one);"
        " return s.transitionDuration !== '0s' || s.animationName !== 'none'; }).length"
    )
    assert moving == 0
    assert looked_at.evaluate("document.getAnimations().length") == 0
