"""What any screen must do: never an old map on a new photo, order on a phone, room for long names, forced colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from browser.conftest import Heard
from browser.driving import PATIENCE, READY, Known, canvas, fragment, let_draw, limit_of, numbers, settle, show
from browser.test_access import AXE, TOO_WIDE, violations
from innerview.adapters import FunctionModel
from innerview.data.image import Image as Loaded
from innerview.model import InputSpec, OutputSpec
from innerview.session.session import OpenedModel, Session
from innerview.types import Array
from innerview.web.app import make_app
from innerview.web.guard import Access
from innerview.web.server import running

FRAMES = """() => {
  window.frames_seen = [];
  const look = () => {
    const text = selector => document.querySelector(`.why ${selector}`)?.textContent ?? null;
    window.frames_seen.push({
      image: text('.more .facts'), says: text('h1'), because: text('[data-because] strong'), check: text('.parts')
    });
    if (!window.frames_end) requestAnimationFrame(look);
  };
  look();
}"""


def test_nothing_of_the_old_image_stands_on_a_new_one(page: Page, prepared: Known) -> None:
    show(page, "#/why", ".why [data-check]")
    page.evaluate(FRAMES)
    page.get_by_role("button", name="moose").click()
    expect(page.locator(".why .more .facts").first).to_contain_text("moose")
    expect(page.locator(".why [data-check]")).to_be_visible(timeout=PATIENCE)
    settle(page)
    page.evaluate("() => { window.frames_end = true; }")
    seen: list[dict[str, Any]] = page.evaluate("window.frames_seen")
    old, new = seen[0], seen[-1]
    assert (old["says"], new["says"]) != (new["says"], old["says"])
    for one in seen:
        if one["image"] is None or "cat" not in one["image"]:
            assert one["says"] != old["says"]
            assert one["check"] is None or one["check"] != old["check"]
        if one["says"] == new["says"]:  # the prediction is there before its reasons
            assert one["because"] in {None, new["because"]}


@pytest.fixture
def phone(browser: Browser, server: str, heard: Heard, prepared: Known) -> Iterator[Page]:
    made = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    made.set_default_timeout(PATIENCE)
    page = made.new_page()
    heard.listen(page)
    page.goto(f"{server}#/why")
    expect(page.locator(".why [data-check]")).to_be_visible()
    settle(page)
    yield page
    made.close()


def test_a_phone_shows_photo_prediction_and_check_in_this_order(phone: Page) -> None:
    tops = [
        phone.locator(f".why {one}").first.evaluate("e => e.getBoundingClientRect().top + scrollY")
        for one in (".photo", "h1", ".test", ".choices", ".classes")
    ]
    assert tops == sorted(tops)
    assert tops[1] <= 600
    bottom = phone.locator(".why .photo").evaluate("e => e.getBoundingClientRect().bottom + scrollY")
    assert bottom <= 500


def test_back_takes_one_choice_back(page: Page, prepared: Known) -> None:
    show(page, "#/why", ".why .class")
    page.locator(".why .class").nth(1).click()
    expect(page.locator(".why .class").nth(1)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("radio", name="photo").check()
    assert "w=photo" in fragment(page)
    page.go_back()
    expect(page.get_by_role("radio", name="evidence")).to_be_checked()
    page.go_back()
    expect(page.locator(".why .class").first).to_have_attribute("aria-pressed", "true")


OVERLAPPING = """() => {
  const clipped = (text, element) => {  // what can be seen of a text: within all that cut it off
    const range = document.createRange();
    range.selectNodeContents(text);
    let {left, top, right, bottom} = range.getBoundingClientRect();
    for (let e = element; e; e = e.parentElement) {
      if (getComputedStyle(e).overflowX === 'visible') continue;
      const box = e.getBoundingClientRect();
      [left, top, right, bottom] = [
        Math.max(left, box.left), Math.max(top, box.top), Math.min(right, box.right), Math.min(bottom, box.bottom)
      ];
    }
    return {left, top, right, bottom, says: text.textContent.trim().slice(0, 40), element};
  };
  const walker = document.createTreeWalker(document.querySelector('.innerview'), NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest('.hidden, .skip, .rail, svg, option, .photo')) continue;
    found.push(clipped(walker.currentNode, element));
  }
  const seen = found.filter(({left, top, right, bottom}) => right - left > 1 && bottom - top > 1);
  const lines = ({top, bottom}) => bottom - top;
  return seen.flatMap((a, i) => seen.slice(i + 1).filter(b =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5
    && a.element.closest('p, h1, h2, li, figcaption, summary, label, td') !==
       b.element.closest('p, h1, h2, li, figcaption, summary, label, td')
  ).map(b => `${a.says} | ${b.says}`)).slice(0, 5);
}"""
"""Texts that lie over each other; those of one paragraph flow round each other."""

SCRIPTS = (
    "supercalifragilistic",
    "a few words with spaces ",
    "сверхъестественное",
    "とても長い名前です",
    "اسم طويل جدا ",
)
OFTEN = SCRIPTS[:3] + SCRIPTS[4:]
SHOWN = {*range(10), *range(980, 1000)}
"""Classes that screens show have every script; without a font for Japanese, a list of it takes seconds to lay out."""

LONG = tuple(
    f"{number:04d} " + ((SCRIPTS[number % 5] if number in SHOWN else OFTEN[number % 4]) * 8)[:55]
    for number in range(1000)
)


def forward(images: Array) -> Array:
    """Class 0 wins by the red of the left half; the others hardly differ."""
    red = images[:, :, : images.shape[2] // 2, 0].mean(axis=(1, 2))
    return np.concatenate([20 * red[:, None], np.tile(np.linspace(0, 1, 999), (len(images), 1))], axis=1)


@pytest.fixture(scope="module")
def thousand(_bundle: None) -> Iterator[str]:
    """A model with 1,000 classes of 60 characters each, in five scripts."""
    model = FunctionModel(lambda images: forward(images).astype(np.float32), InputSpec(12, 12, 3), OutputSpec(LONG))
    session = Session([OpenedModel("a-model-whose-name-has-sixty-characters-and-no-place-to-break", model)])
    for number in range(9):
        pixels = np.random.default_rng(number).random((12, 12, 3), dtype=np.float32)
        session.add(Loaded(f"an image with a rather long name, number {number}", pixels), "data")
    with running(make_app(session, Access())) as url:
        yield url


@pytest.mark.parametrize("view", ["why", "attribution", "masking", "compare"])
def test_long_names_and_a_thousand_classes_have_room(
    context: BrowserContext, heard: Heard, thousand: str, view: str
) -> None:
    page = context.new_page()
    heard.listen(page)
    before = page.viewport_size
    page.goto(f"{thousand}#/{view}")
    expect(page.locator(READY[view]).first).to_be_visible(timeout=PATIENCE)
    settle(page)
    wrong: list[str] = []
    for width in (320, 390, 640, 1024, 1280, 3440):  # 640: a screen of 1280 at 200 %
        page.set_viewport_size({"width": width, "height": 900})
        let_draw(page)
        wrong += [f"{width}: {one}" for one in page.evaluate(TOO_WIDE) + page.evaluate(OVERLAPPING)]
    if before is not None:
        page.set_viewport_size(before)
    page.close()
    assert wrong == []


def test_a_class_of_a_thousand_is_found_by_typing(context: BrowserContext, heard: Heard, thousand: str) -> None:
    page = context.new_page()
    heard.listen(page)
    page.goto(f"{thousand}#/attribution")
    expect(page.locator(READY["attribution"])).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("c")
    field = page.get_by_label("Search classes: Explain")
    expect(field).to_be_focused()
    field.fill("0417")
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("0417")
    page.close()


def test_forced_colours_hide_nothing(browser: Browser, server: str, prepared: Known) -> None:
    made = browser.new_context(viewport={"width": 1280, "height": 900}, forced_colors="active")
    made.set_default_timeout(PATIENCE)
    page = made.new_page()
    page.goto(f"{server}#/why")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    wrong: list[str] = []
    for view in ("why", "attribution", "mistakes"):
        show(page, f"#/{view}", READY[view])
        wrong += [f"{view}: {one}" for one in violations(page)]
    # What speaks against is told by a pattern too, and so it is without colours.
    show(page, "#/attribution?o=map", READY["attribution"])
    expect(page.get_by_label("Hatch what speaks against")).to_be_checked()
    heatmap = numbers(prepared.ask("map", target=prepared.predicted()).arrays, "heatmap")
    marks = canvas(page.locator("main .marks").first, alpha=True)[..., 3]
    side = marks.shape[0] // 32
    hatched = marks.reshape(32, side, 32, side).any(axis=(1, 3))
    assert hatched.any()
    assert (heatmap[hatched] < 0).all()
    assert (heatmap[~hatched] > -0.1 * limit_of(page)).all()
    page.get_by_label("Hatch what speaks against").uncheck()
    expect(page.locator("main .marks")).to_have_count(0)
    made.close()
    assert wrong == []
