"""The page as one file opens from the disk, offline, with one request and no word in the console; all views live."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser.conftest import Heard
from browser.driving import PATIENCE, READY, VIEWS, canvas, rough, settle
from innerview.workbench.page.report import report

LARGEST = 1_500_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, _bundle: None) -> Path:
    path = tmp_path_factory.mktemp("report") / "cat.html"
    report(("cat",), output=path, network=False)
    return path


def test_it_is_small_and_asks_for_nothing(browser: Browser, file: Path, heard: Heard) -> None:
    assert file.stat().st_size <= LARGEST
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    heard.listen(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    for key, (name, title) in VIEWS.items():
        page.keyboard.press(key)
        expect(page).to_have_title(f"{title} · innerview")
        expect(page.locator(READY[name]).first).to_be_visible(timeout=PATIENCE)
        settle(page)
    outside = [url for url in asked if not url.startswith(("data:", "blob:"))]
    assert outside == [file.as_uri()]
    context.close()


def test_its_sliders_work_and_what_needs_a_model_says_so(browser: Browser, file: Path, heard: Heard) -> None:
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    heard.listen(page)
    page.goto(f"{file.as_uri()}#/interior?a=0")
    first = page.locator(READY["interior"]).first
    expect(first).to_be_visible(timeout=PATIENCE)
    blurred = rough(canvas(first))
    page.get_by_role("slider", name="alpha").press("End")
    assert blurred < 0.5 * rough(canvas(first))
    expect(page.get_by_text("innerview serve").first).to_be_visible()
    page.keyboard.press("3")
    expect(page.get_by_text("Painting a mask needs the model")).to_be_visible()
    expect(page.get_by_role("button", name="choose an image")).to_have_count(0)
    page.keyboard.press("1")
    expect(page.get_by_text("Not judged: 1,534 forward passes. With innerview report --judge")).to_be_visible()
    page.keyboard.press("0")
    expect(page.get_by_text("Asking about a part that you mark needs the model")).to_be_visible()
    expect(page.get_by_role("button", name="Ask about a part")).to_have_count(0)
    page.keyboard.press("4")
    expect(page.locator("[data-shown]")).to_contain_text(" of 128 channels")
    context.close()
