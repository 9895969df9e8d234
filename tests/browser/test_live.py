"""Pictures that people bring, and questions that are overtaken by the next one."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from browser.driving import Known, canvas, link_value

FILE = "Picture file"


def png(side: int = 32) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(3).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_uploaded_picture_is_shown_and_linked(page: Page) -> None:
    page.get_by_label(FILE).set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": png()})
    shown = page.get_by_role("img", name="Picture: mine")
    expect(shown).to_be_visible()
    assert (canvas(shown) == np.array(Image.open(io.BytesIO(png())))).all()
    assert link_value(page, "p")


def test_of_ten_fast_choices_only_the_last_is_drawn(page: Page, known: Known) -> None:
    last = known.classes.index("dog")
    known.ask("map", target=last)
    chooser = page.get_by_label("Explain")
    for index in [0, 1, 2, 4, 6, 7, 8, 9, 0, last]:
        chooser.select_option(str(index))
    expect(page.get_by_role("img", name="Integrated gradients for dog").first).to_be_visible()
    expect(page.locator("[data-stale]")).to_have_count(0)
    page.wait_for_timeout(1000)
    expect(page.get_by_role("img", name="Integrated gradients for dog").first).to_be_visible()
    assert link_value(page, "c") == f"{last}-dog"
