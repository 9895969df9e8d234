"""The frame around every view: what stands there at once, links, keys, history."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.driving import VIEWS, Known, canvas, fragment, settle


def test_without_a_fragment_there_are_picture_prediction_and_map(page: Page, known: Known) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("img", name="Picture: cat")).to_be_visible()
    expect(page.locator(".says")).to_contain_text(known.classes[known.predicted()])
    expect(page.get_by_role("img", name="Integrated gradients for cat").first).to_be_visible()
    assert (canvas(page.get_by_role("img", name="Picture: cat")) == known.ask("subject").arrays["picture"]).all()


def test_every_link_changes_fragment_title_and_heading_and_back_undoes_it(page: Page) -> None:
    for name, title in list(VIEWS.values())[1:]:
        page.get_by_role("navigation", name="Views").get_by_role("link", name=title).click()
        assert fragment(page).startswith(f"#/{name}")
        expect(page).to_have_title(f"{title} · innerview")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        expect(page.locator("nav a[aria-current=page]")).to_contain_text(title)
    page.go_back()
    assert fragment(page).startswith("#/training")
    expect(page).to_have_title("Training · innerview")


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


@pytest.mark.parametrize("broken", ["c=nothing", "p=xyz", "s=-3", "o=glow", "px=9", "zz=1", "k=200"])
def test_a_wrong_link_gives_the_default_and_says_so(page: Page, server: str, broken: str) -> None:
    page.goto("about:blank")
    page.goto(f"{server}#/attribution?{broken}")
    expect(page.locator("main div[role=status]")).not_to_be_empty()
    expect(page.locator("[data-certificate]")).to_be_visible()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("c", "5-dog"),
        ("v", "5-dog"),
        ("s", "0.05"),
        ("o", "map"),
        ("th", "20"),
        ("sh", "for"),
        ("px", "12,7"),
        ("t", "0.05"),
    ],
)
def test_a_link_survives_a_reload(page: Page, server: str, key: str, value: str) -> None:
    page.goto("about:blank")
    page.goto(f"{server}#/attribution?{key}={value}")
    expect(page.locator("[data-certificate]")).to_be_visible()
    page.reload()
    expect(page.locator("[data-certificate]")).to_be_visible()
    assert f"{key}={value}" in fragment(page)
    expect(page.locator("main div[role=status]")).to_be_empty()


def test_sixty_slider_steps_write_the_link_at_most_nine_times(page: Page) -> None:
    expect(page.locator("[data-certificate]")).to_be_visible()
    page.evaluate(
        """() => {
          window.writes = 0;
          const old = history.replaceState.bind(history);
          history.replaceState = (...all) => { window.writes++; old(...all); };
        }"""
    )
    slider = page.get_by_role("slider", name="Strongest")
    slider.focus()
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(30)
    expect(slider).to_have_value("40")
    page.wait_for_timeout(500)
    assert 1 <= page.evaluate("window.writes") <= 9
