"""What the network is shown is what the page draws, by share or painted by mouse, tap and keys alike."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Heard
from browser.driving import PATIENCE, Known, canvas, expect_link, numbers, settle, show
from innerview.data.baselines import DEFAULT_BASELINE

SEEN = ".masking .seen-by-model canvas[role=img]"


def test_a_share_shows_that_many_pixels_and_the_ends_are_image_and_fill(page: Page, prepared: Known) -> None:
    show(page, "#/masking?k=20", SEEN)
    target = prepared.predicted()
    keep = prepared.ask("masking", target=target)
    image, fill = prepared.ask("subject").arrays["image"], keep.arrays["fill"]
    order = keep.json("orders").index("highest")
    ranking = keep.arrays["rankings"][["strongest", "highest", "lowest"].index("highest")].astype(int)
    kept = ranking < round(20 * 1024 / 100)
    assert kept.sum() == 205
    assert (canvas(page.locator(SEEN)) == np.where(kept[..., None], image, fill)).all()
    expect(page.locator(".seen-by-model")).to_contain_text("205 of 1,024 pixels")
    slider = page.get_by_role("slider", name="Fraction shown")
    slider.press("End")
    assert (canvas(page.locator(SEEN)) == image).all()
    whole = numbers(keep.arrays, "logits")[order, -1][np.argsort(keep.arrays["classes"])]
    assert np.allclose(whole, prepared.ask("subject").arrays["logits"], atol=1e-4)
    slider.press("Home")
    assert (canvas(page.locator(SEEN)) == fill).all()
    nothing = base64.urlsafe_b64encode(bytes(128)).decode().rstrip("=")
    without = prepared.ask("mask", mask=nothing, cells=[32, 32], fill=DEFAULT_BASELINE).arrays["logits"]
    assert np.allclose(numbers(keep.arrays, "logits")[order, 0][np.argsort(keep.arrays["classes"])], without, atol=1e-4)
    first = page.get_by_role("list", name="Prediction from these pixels").locator("li").first
    expect(first).to_contain_text(prepared.classes[int(np.argmax(without))])


def test_a_chart_is_saved_as_svg_with_image_prediction_and_class(page: Page, prepared: Known, tmp_path: Path) -> None:
    show(page, "#/masking?k=20", SEEN)
    page.locator(".share summary").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="cat by fraction of pixels shown").click()
    saved.value.save_as(tmp_path / saved.value.suggested_filename)
    chart = ET.parse(tmp_path / "cat-by-fraction-of-pixels-shown.svg")  # noqa: S314 written by our own page
    words = [text for one in chart.iter("{http://www.w3.org/2000/svg}text") for text in one.itertext()]
    for part in ("pixels shown, %", "random", "highest first"):
        assert part in words
    assert any("prediction cat" in one and "explained: cat" in one for one in words)
    (image,) = chart.iter("{http://www.w3.org/2000/svg}image")
    with Image.open(io.BytesIO(base64.b64decode(image.attrib["href"].partition(",")[2]))) as seen:
        assert (np.asarray(seen.convert("RGB")) == prepared.ask("subject").arrays["image"]).all()
    colours = {fill for one in chart.iter() for fill in re.findall(r"stroke: (rgb[^;]*)", one.attrib.get("style", ""))}
    assert "rgb(26, 29, 35)" in colours  # of the light theme, without a stylesheet


@pytest.fixture
def touched(browser: Browser, heard: Heard, server: str) -> Iterator[Page]:
    """A page on a screen that can be touched, beside a mouse and keys."""
    made = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light", has_touch=True)
    made.set_default_timeout(PATIENCE)
    page = made.new_page()
    heard.listen(page)
    page.goto(f"{server}#/attribution")
    yield page
    made.close()


def test_drag_layer_and_keys_paint_the_same_mask(touched: Page, prepared: Known) -> None:
    page, row, columns = touched, 4, range(5, 9)
    bits = np.isin(np.arange(32 * 32), [row * 32 + column for column in columns])
    mask = base64.urlsafe_b64encode(np.packbits(bits).tobytes()).decode().rstrip("=")
    for way in ("drag", "tap", "keys"):
        show(page, "#/masking?k=0", SEEN)
        page.get_by_role("radio", name="show", exact=True).check()
        page.get_by_role("combobox", name="size").select_option("1")  # a drag paints with it; a tap changes one cell
        brush = page.get_by_role("application", name="Brush")
        page.locator(SEEN).scroll_into_view_if_needed()
        box = page.locator(SEEN).bounding_box()
        assert box is not None
        places = [
            (box["x"] + (c + 0.5) * box["width"] / 32, box["y"] + (row + 0.5) * box["height"] / 32) for c in columns
        ]
        if way == "drag":
            page.mouse.move(*places[0])
            page.mouse.down()
            page.mouse.move(*places[-1], steps=12)
            page.mouse.up()
        elif way == "tap":
            for place in places:
                page.touchscreen.tap(*place)
        else:
            brush.focus()
            steps = (("ArrowUp", 32), ("ArrowDown", row), ("Home", 1), ("ArrowRight", columns[0]))
            for key, times in (*steps, *[("Enter", 1), ("ArrowRight", 1)] * len(columns)):
                for _ in range(times):
                    page.keyboard.press(key)
        settle(page)
        expect_link(page, "mk", mask)
    kept = prepared.ask("mask", mask=mask, cells=[32, 32], fill=DEFAULT_BASELINE).arrays
    expect(page.locator("[data-says] li").first).to_contain_text(prepared.classes[int(np.argmax(kept["logits"]))])
