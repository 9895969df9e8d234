"""What must be seen together is on one screen, from a phone to 2,560 pixels, and what must line up does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browser.conftest import Heard
from browser.driving import PATIENCE, READY, Known, let_draw, show

WIDEST = 2560


@pytest.fixture(params=[1280])
def tab(request: pytest.FixtureRequest, browser: Browser, server: str, heard: Heard, prepared: Known) -> Iterator[Page]:
    """A page as wide as asked for; the narrowest is a phone with touch."""
    width: int = request.param
    phone = width < 600
    made = browser.new_context(
        viewport={"width": width, "height": 844 if phone else 900 if width < WIDEST else 1440},
        color_scheme="light",
        has_touch=phone,
        is_mobile=phone,
    )
    made.set_default_timeout(PATIENCE)
    page = made.new_page()
    heard.listen(page)
    page.goto(f"{server}#/attribution")
    expect(page.locator("[data-certificate]")).to_be_visible()
    yield page
    made.close()


def box(locator: Locator) -> dict[str, float]:
    let_draw(locator.page)
    found: Any = locator.evaluate(
        "e => { const {left, right, top, bottom} = e.getBoundingClientRect(); return {left, right, top, bottom}; }"
    )
    return found


@pytest.mark.parametrize("tab", [390, 1280, WIDEST], indirect=True)
def test_the_alpha_slider_stands_over_the_plots_axis(tab: Page) -> None:
    """The thumb's middle is over the cursor of the plots, at both ends and between."""
    show(tab, "#/interior", READY["interior"])
    slider = tab.get_by_role("slider", name="alpha")
    thumb = 16
    for key in ("Home", "PageUp", "End"):
        slider.press(key)
        track, at, last = box(slider), float(slider.input_value()), float(slider.get_attribute("max") or 0)
        middle = track["left"] + thumb / 2 + at / last * (track["right"] - track["left"] - thumb)
        cursors = [box(one) for one in tab.locator(".interior .plot .cursor").all()]
        assert len(cursors) >= 3
        assert all(abs((one["left"] + one["right"]) / 2 - middle) < 1.5 for one in cursors)


@pytest.mark.parametrize("tab", [390], indirect=True)
def test_on_a_phone_a_tapped_pixel_and_its_numbers_are_seen_together(tab: Page) -> None:
    image = tab.get_by_role("img", name="Integrated gradients for").first
    image.scroll_into_view_if_needed()
    tab.evaluate("scrollTo(0, document.querySelector('.main-map').getBoundingClientRect().top + scrollY - 64)")
    place = box(image)
    cell = (place["right"] - place["left"]) / 32
    tab.touchscreen.tap(place["left"] + 20.5 * cell, place["top"] + 5.5 * cell)
    readout = tab.locator(".readout")
    expect(readout.get_by_label("Row")).to_have_value("6")
    expect(readout.get_by_label("column")).to_have_value("21")
    value = box(readout.locator(".value"))
    assert box(image)["top"] >= 0
    assert value["bottom"] <= 844


@pytest.mark.parametrize("tab", [390, 1280, WIDEST], indirect=True)
def test_a_chosen_channel_is_enlarged_where_its_tile_is_still_seen(tab: Page) -> None:
    show(tab, "#/layers?l=elu1", READY["layers"])
    expect(tab.locator("[data-shown]")).to_have_text("128 of 128 channels")
    last = tab.locator(".tiles").get_by_role("option").last
    last.scroll_into_view_if_needed()
    last.click()
    expect(last).to_have_attribute("aria-selected", "true")
    tile, enlarged = box(last), box(tab.locator(".enlarged canvas").first)
    assert enlarged["top"] - tile["top"] < 450
    assert tab.evaluate("document.querySelector('.tiles').scrollWidth <= document.querySelector('.tiles').clientWidth")


@pytest.mark.parametrize("tab", [1280, WIDEST], indirect=True)
def test_the_film_is_one_row(tab: Page) -> None:
    show(tab, "#/training", READY["training"])
    figures = tab.locator(".now > *")
    expect(figures).to_have_count(6)
    assert len({box(one)["top"] for one in figures.all()}) == 1


@pytest.mark.parametrize("view", ["attribution", "interior", "compare"])
@pytest.mark.parametrize("tab", [390, 1300, WIDEST], indirect=True)
def test_a_legend_is_as_wide_as_its_map(tab: Page, view: str) -> None:
    show(tab, f"#/{view}", READY[view])
    figures = tab.locator("main figure").filter(has=tab.locator(".legend")).all()
    assert figures
    for figure in figures:
        image, strip = box(figure.locator("canvas[role=img]").first), box(figure.locator(".strip"))
        assert abs(strip["left"] - image["left"]) < 0.1
        assert abs(strip["right"] - image["right"]) < 0.1


@pytest.mark.parametrize("tab", [WIDEST], indirect=True)
def test_the_largest_screen_is_used(tab: Page) -> None:
    """A map is drawn larger than on a session, in whole device pixels, and nothing is torn apart."""
    image = box(tab.get_by_role("img", name="Integrated gradients for").first)
    assert image["right"] - image["left"] == 32 * 28
    assert image["bottom"] <= 1440
    show(tab, "#/masking", READY["masking"])
    seen = box(tab.locator(".seen-by-model canvas").first)
    says = box(tab.get_by_role("list", name="Prediction from these pixels"))
    kept = box(tab.get_by_role("img", name="These pixels hold"))
    assert seen["right"] - seen["left"] == 640
    assert 0 < says["left"] - seen["right"] < 60
    assert 0 < kept["left"] - says["right"] < 160
    show(tab, "#/compare", READY["compare"])
    for pane in tab.locator(".compare [data-side]").all():
        image = box(pane.locator("canvas").first)
        assert image["right"] - image["left"] == 640
        assert abs(box(pane.locator(".strip"))["right"] - image["right"]) <= 1


@pytest.mark.parametrize("tab", [390], indirect=True)
def test_a_phone_that_is_turned_shows_both_sides_unless_something_was_picked(tab: Page) -> None:
    show(tab, "#/compare", READY["compare"])
    expect(tab.get_by_role("radio", name="one at a time")).to_be_checked()
    expect(tab.locator(".compare [data-side]")).to_have_count(1)
    tab.set_viewport_size({"width": 844, "height": 390})
    expect(tab.locator(".compare [data-side]")).to_have_count(3)
    tab.get_by_role("radio", name="swipe").check()
    tab.set_viewport_size({"width": 390, "height": 844})
    expect(tab.get_by_role("radio", name="swipe")).to_be_checked()
