"""The page of channels: searched by class, layer and number, whole images on request, no request to anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from innerview.viewer.atlas_page import Entry, Part, Tile, atlas_page, picture

SIDE = 16


def entry(channel: int, *classes: tuple[str, float]) -> Entry:
    tiles = tuple(Tile(one, 2, 3, 5, 4, cut=one == 1, words=f"{one}.png: 1; rows 3 to 6") for one in (0, 1))
    return Entry(channel, ("fires in 3% of the images", "most selective for frog: 0.9"), classes, tiles * 4, tiles)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    random = np.random.default_rng(0)
    images = {one: picture(random.random((SIDE, SIDE, 3)).astype(np.float32)) for one in (0, 1)}
    parts = [
        Part("conv1", "It sees 3 × 3 pixels.", (entry(0, ("bird", 0.6)), entry(1), entry(12, ("frog", 0.7)))),
        Part("conv2", "It sees 8 × 8 pixels.", (entry(0, ("tree frog", 0.8)), entry(1, ("frog", 0.9), ("bird", 0.8)))),
    ]
    file = Path(tmp_path_factory.mktemp("atlas")) / "page.html"
    file.write_text(atlas_page("Channels", ["Words."], parts, images, (SIDE, SIDE), [("Model", "one")]), "utf-8")
    return file.as_uri()


@pytest.fixture(params=[390, 1280])
def page(browser: Browser, written: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": request.param, "height": 844})
    asked: list[str] = []
    failed: list[str] = []
    opened.on("request", lambda one: asked.append(one.url))
    opened.on("pageerror", lambda one: failed.append(str(one)))
    opened.on("console", lambda one: failed.append(one.text))
    opened.goto(written)
    yield opened
    assert {one for one in asked if not one.startswith("data:")} == {written}
    assert failed == []
    assert opened.evaluate("document.documentElement.scrollWidth") == request.param
    opened.close()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["conv1 0", "conv1 1", "conv1 12", "conv2 0", "conv2 1"]),
        ("frog", ["conv2 1", "conv2 0", "conv1 12"]),
        ("Tree frog", ["conv2 0"]),
        ("bird", ["conv2 1", "conv1 0"]),
        ("1", ["conv1 1", "conv2 1"]),
        ("conv2 1", ["conv2 1"]),
        ("conv1", ["conv1 0", "conv1 1", "conv1 12"]),
        ("cow", []),
    ],
)
def test_channels_are_found_by_class_layer_and_number(page: Page, asked: str, found: list[str]) -> None:
    page.get_by_label("Class, layer or channel").fill(asked)
    count = "5 channels" if not asked else f"{len(found)} of 5 channels"
    expect(page.locator("output")).to_have_text(count)
    shown = page.locator("article:visible").evaluate_all(
        "all => all.map(one => [one.getBoundingClientRect().top,"
        " `${one.closest('section').dataset.layer} ${one.dataset.channel}`]).sort((a, b) => a[0] - b[0]).map(a => a[1])"
    )
    assert shown == found


def test_a_crop_shows_its_window_and_the_whole_image_on_request(page: Page) -> None:
    tile = page.locator(".tiles svg").first
    assert tile.get_attribute("viewBox") == "2 3 5 4"
    assert tile.evaluate("one => one.clientWidth / one.clientHeight") == pytest.approx(5 / 4, abs=0.03)
    page.get_by_label("Whole images").check()
    assert tile.get_attribute("viewBox") == f"0 0 {SIDE} {SIDE}"
    expect(tile.locator("rect")).to_be_visible()
    page.get_by_label("Whole images").uncheck()
    assert tile.get_attribute("viewBox") == "2 3 5 4"
    expect(tile.locator("rect")).to_be_hidden()


def test_without_a_script_everything_is_shown(browser: Browser, written: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(written)
    assert page.locator("article:visible").count() == 5
    expect(page.locator("form")).to_be_hidden()
    context.close()
