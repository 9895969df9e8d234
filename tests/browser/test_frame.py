"""The frame around every view: what stands there at once, links, keys, history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import unquote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser.conftest import Heard
from browser.driving import VIEWS, Known, canvas, expect_link, fragment, settle

QUESTIONS = ("Why", "Try it", "Inside", "How it learnt", "Its mistakes", "Data set", "Compare")

INTERVAL = 400
"""Milliseconds between two writes of the link (frontend/src/core/address.ts)."""


def test_the_attribution_has_image_prediction_and_map(page: Page, known: Known) -> None:
    expect(page).to_have_title("Attribution · innerview")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("img", name="Image: cat")).to_be_visible()
    expect(page.locator(".says")).to_contain_text(known.classes[known.predicted()])
    expect(page.get_by_role("img", name="Integrated gradients for cat").first).to_be_visible()
    assert (canvas(page.get_by_role("img", name="Image: cat")) == known.ask("subject").arrays["image"]).all()


def test_every_link_changes_fragment_title_and_heading_and_back_undoes_it(page: Page) -> None:
    heading, titles = page.get_by_role("heading", level=1), dict(VIEWS.values())
    visited, seen = ["attribution"], [heading.inner_text()]
    for question in QUESTIONS:
        named = re.compile(rf"^{question}( \(nothing yet: .*\))?$")  # a view without data says what gets it
        page.get_by_role("navigation", name="Views").get_by_role("link", name=named).click()
        here = page.locator("nav .parts-of a").evaluate_all("all => all.map(one => one.dataset.view)")
        for name in here or [str(page.locator("nav a[aria-current=page]").get_attribute("data-view"))]:
            if not fragment(page).startswith(f"#/{name}"):
                page.locator(f"nav a[data-view={name}]").last.click()
            assert fragment(page).startswith(f"#/{name}")
            expect(page).to_have_title(f"{titles[name]} · innerview")
            expect(heading).to_be_focused()
            expect(page.locator("nav a[aria-current=page]")).to_have_attribute("data-view", name)
            visited.append(name)
            seen.append(heading.inner_text())
    assert set(visited) == set(titles)
    page.go_back()
    expect(page).to_have_title(f"{titles[visited[-2]]} · innerview")
    assert fragment(page).startswith(f"#/{visited[-2]}")
    expect(heading).to_have_text(seen[-2])


def test_on_a_phone_the_list_of_views_is_scrolled_to_the_one_that_is_shown(page: Page) -> None:
    assert page.viewport_size is not None
    before = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    for key in "7153":
        page.keyboard.press(key)
        shown = page.locator("nav a[aria-current=page]")
        expect(shown).to_have_attribute("data-view", VIEWS[key][0])
        place = shown.bounding_box()
        assert place is not None
        assert 0 <= place["x"] < place["x"] + place["width"] <= 390
    page.set_viewport_size(before)


def test_single_keys_choose_views_unless_someone_types_or_they_are_off(page: Page) -> None:
    for key, (_, title) in VIEWS.items():
        page.keyboard.press(key)
        expect(page).to_have_title(f"{title} · innerview")
    page.keyboard.press("1")
    settle(page)
    page.get_by_role("spinbutton", name="Row").focus()
    page.keyboard.press("5")
    expect(page).to_have_title("Attribution · innerview")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Help and keys").click()
    switch = page.get_by_role("dialog").get_by_role("checkbox")
    switch.uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("4")
    expect(page).to_have_title("Attribution · innerview")
    page.get_by_role("button", name="Help and keys").click()
    switch.check()
    page.keyboard.press("Escape")


@pytest.fixture(scope="module")
def one_tab(context: BrowserContext) -> Iterator[tuple[Page, Heard]]:
    """A tab, and what it says."""
    opened, heard = context.new_page(), Heard()
    heard.listen(opened)
    yield opened, heard
    opened.close()


@pytest.fixture
def tab(one_tab: tuple[Page, Heard]) -> Iterator[Page]:
    """A tab with nothing in it, for a test that begins with a link of its own; it must stay silent."""
    opened, heard = one_tab
    opened.goto("about:blank")
    heard.said.clear()
    yield opened
    assert not heard.said


@pytest.mark.parametrize("broken", ["c=nothing", "p=xyz", "s=-3", "o=glow", "px=9", "zz=1", "k=200"])
def test_a_wrong_link_gives_the_default_and_says_so(tab: Page, server: str, broken: str) -> None:
    tab.goto(f"{server}#/attribution?{broken}")
    expect(tab.locator("main div[role=status]")).not_to_be_empty()
    expect(tab.locator("[data-certificate]")).to_be_visible()
    tab.keyboard.press("4")
    expect(tab).to_have_title("Layers · innerview")
    assert fragment(tab) == "#/layers"  # written from what the page holds: nothing but defaults


@pytest.mark.parametrize(
    "part",
    [
        *("n={network}", "p={image}", "c=5-dog", "v=5-dog", "m=gradient", "b=white", "t=0.05", "s=0.05", "a=0.4"),
        *("o=map", "o=tint:40", "th=20", "sh=for", "px=12,7", "k=40", "ko=random", "kf=grey", "mk=AAAB", "l=conv3"),
        *("ch=41", "ep=2", "r={run}", "cx=image", "q=5", "w=pixels"),
    ],
)
def test_a_link_survives_a_reload(tab: Page, server: str, known: Known, part: str) -> None:
    hello = known.hello
    run, network = hello["runs"][1]["id"], hello["models"][1]["id"]
    part = part.format(network=network, image=known.image("moose"), run=run)
    tab.goto(f"{server}#/weights?{part}")
    expect(tab.locator(".weights .card").first).to_be_visible()
    tab.reload()
    expect(tab.locator(".weights .card").first).to_be_visible()
    expect(tab.locator("main div[role=status]")).to_be_empty()
    # The address still has what was typed; going on writes it anew, from what the page holds.
    tab.keyboard.press("4")
    expect(tab).to_have_title("Layers · innerview")
    assert unquote(fragment(tab)) == f"#/layers?{part}"


def test_sixty_slider_steps_write_the_link_no_more_often_than_its_interval(page: Page) -> None:
    expect(page.locator("[data-certificate]")).to_be_visible()
    page.clock.install()
    page.evaluate(
        """() => {
          window.writes = [];
          const old = history.replaceState.bind(history);
          history.replaceState = (...all) => { window.writes.push(Date.now()); old(...all); };
        }"""
    )
    slider = page.get_by_role("slider", name="Top")
    slider.focus()
    begun = page.evaluate("Date.now()")
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
        page.clock.run_for(30)
    expect(slider).to_have_value("40")
    expect_link(page, "th", "40")
    writes, elapsed = page.evaluate("window.writes"), page.evaluate("Date.now()") - begun
    assert 1 <= len(writes) <= elapsed / INTERVAL + 1
    assert all(later - earlier >= INTERVAL - 1 for earlier, later in pairwise(writes)), writes
