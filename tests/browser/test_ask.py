"""Asking about a part in the viewer: marked by mouse, keys or numbers, answered in numbers, every try counted."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from browser.driving import Known, expect_link, expect_no_link, settle, show
from innerview.session.query import read_query

READY = ".why .photo canvas"
TOGGLE = "Ask about a part"
BUTTON = "What does it do?"


@pytest.fixture
def why(page: Page, prepared: Known) -> Page:
    show(page, "#/why", READY)
    page.get_by_role("button", name=TOGGLE).click()
    return page


def drag(page: Page, start: tuple[int, int], end: tuple[int, int]) -> None:
    """From one pixel of the model's image to another, row and column."""
    page.locator(READY).first.scroll_into_view_if_needed()
    box = page.locator(".why .photo").bounding_box()
    assert box is not None
    places = [
        (box["x"] + (column + 0.5) * box["width"] / 32, box["y"] + (row + 0.5) * box["height"] / 32)
        for row, column in (start, end)
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=8)
    page.mouse.up()


def answered(page: Page) -> None:
    expect(page.locator(".asked .plot")).to_be_visible()
    settle(page)


def test_a_part_that_is_marked_with_the_mouse_is_asked_about_when_the_button_is_pressed(
    why: Page, known: Known
) -> None:
    drag(why, (2, 4), (11, 15))
    expect(why.get_by_label("left", exact=True)).to_have_value("4")
    expect(why.get_by_label("height", exact=True)).to_have_value("10")
    expect(why.locator(".asked")).to_have_count(0)
    tries = len(
        known.session.tries.others(read_query({"kind": "effects", "model": known.network, "image": known.image()}))
    )
    why.get_by_role("button", name=BUTTON).click()
    answered(why)
    expect_link(why, "rg", "4,2,12,10")
    found = known.ask("effects", target=known.predicted(), region=[4, 2, 12, 10])
    for said in found.json("says").values():
        expect(why.locator(".asked")).to_contain_text(said)
    assert found.json("tries") == tries + 2
    expect(why.locator(".asked")).to_contain_text(f"{tries + 2} tries on this image so far")
    described = why.locator(".asked svg desc").text_content() or ""
    assert f"{found.arrays['removed'].mean():+.3g}".replace("-", "−") in described


def test_keys_numbers_and_mouse_mark_the_same_box(why: Page) -> None:
    brush = why.get_by_role("application", name="Brush")
    brush.focus()
    for key, times in (
        ("ArrowUp", 32),
        ("Home", 1),
        ("ArrowDown", 2),
        ("ArrowRight", 4),
        ("Enter", 1),
        ("ArrowDown", 9),
    ):
        for _ in range(times):
            why.keyboard.press(key)
    for _ in range(11):
        why.keyboard.press("ArrowRight")
    why.keyboard.press("Enter")
    path = why.locator(".photo .outline path").first
    expect(path).to_have_attribute("d", "M4 2h12v10h-12z")
    why.get_by_role("button", name="Clear").click()
    expect(path).to_have_count(0)
    for name, value in (("left", 4), ("top", 2), ("width", 12), ("height", 10)):
        why.get_by_label(name, exact=True).fill(str(value))
    expect(path).to_have_attribute("d", "M4 2h12v10h-12z")
    why.get_by_role("button", name="Undo").click()
    expect(path).to_have_attribute("d", "M4 2h12v10h-12z")


def test_paint_is_a_mask_and_undo_takes_strokes_back(why: Page, known: Known) -> None:
    why.get_by_role("radio", name="paint").check()
    why.get_by_role("combobox", name="size").select_option("1")
    drag(why, (5, 5), (5, 9))
    drag(why, (5, 9), (8, 9))
    bits = np.zeros((32, 32), bool)
    bits[5, 5:10] = bits[5:9, 9] = True
    mask = base64.urlsafe_b64encode(np.packbits(bits).tobytes()).decode().rstrip("=")
    why.get_by_role("button", name=BUTTON).click()
    answered(why)
    expect_link(why, "rg", mask)
    expect(why.locator(".asked")).to_contain_text("Without the region of 8 pixels")
    why.get_by_role("button", name="Undo").click()
    expect(why.get_by_label("width", exact=True)).to_have_value("5")
    expect_link(why, "rg", mask)  # what was asked about stays until something else is


def test_what_cannot_be_asked_is_said_in_place(why: Page) -> None:
    button, asked = why.get_by_role("button", name=BUTTON), why.locator(".asked")
    button.click()
    expect(asked).to_contain_text("a region without a pixel was given; give one that has some")
    drag(why, (0, 0), (31, 31))
    button.click()
    expect(asked).to_contain_text("a region that is the whole image was given")
    for name, value, says in (("left", 30, "keep it inside"), ("top", -3, "region is -3; give a whole number from 0")):
        why.get_by_label(name, exact=True).fill(str(value))
        button.click()
        expect(asked).to_contain_text(says)
    expect(asked.locator(".plot")).to_have_count(0)


def test_another_image_has_another_region_and_its_own_tries(why: Page, known: Known) -> None:
    drag(why, (2, 4), (11, 15))
    why.get_by_role("button", name=BUTTON).click()
    answered(why)
    why.keyboard.press("]")
    expect(why.locator(".asked")).to_have_count(0)
    expect(why.locator(".photo .outline")).to_have_count(0)
    expect_no_link(why, "rg")


def test_a_link_with_a_region_answers_when_it_is_opened(page: Page, prepared: Known) -> None:
    show(page, "#/why?rg=4,2,12,10", READY)
    answered(page)
    expect(page.get_by_role("button", name=TOGGLE)).to_have_attribute("aria-expanded", "true")


def test_one_tool_stays_open_while_another_has_left_something(why: Page, known: Known) -> None:
    hide, ask = (why.get_by_role("button", name=name) for name in ("Hide something yourself", TOGGLE))
    hide.click()
    drag(why, (25, 5), (25, 9))
    expect(why.locator(".why .now")).to_contain_text("Without")
    ask.click()
    drag(why, (2, 4), (11, 15))
    why.get_by_role("button", name=BUTTON).click()
    answered(why)
    expect(ask).to_have_attribute("aria-expanded", "true")
    hide.click()
    why.get_by_role("button", name="Show all").click()
    expect(why.locator(".why .now")).to_contain_text("Paint on the photo")
    expect(hide).to_have_attribute("aria-expanded", "true")
