"""Images that people bring, and questions that are overtaken by the next one."""

from __future__ import annotations

import io
import threading

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from browser.conftest import Heard
from browser.driving import PATIENCE, canvas, link_value
from browser.stub import SHAPE
from innerview.data.image import Image as Loaded
from innerview.session.jobs import Ticket
from innerview.session.session import OpenedModel, Session
from innerview.web.app import make_app
from innerview.web.guard import Access
from innerview.web.server import running
from web.test_socket import Gated


def png(side: int = 32) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(3).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_uploaded_image_is_shown_and_linked(page: Page) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Drop, paste or choose an image").click()
    assert chooser.value.is_multiple()
    chooser.value.set_files({"name": "mine.png", "mimeType": "image/png", "buffer": png()})
    shown = page.get_by_role("img", name="Image: mine")
    expect(shown).to_be_visible()
    assert (canvas(shown) == np.array(Image.open(io.BytesIO(png())))).all()
    assert link_value(page, "p")


def test_a_closed_tab_stops_its_work(context: BrowserContext, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    network, let_go = Gated(), threading.Event()
    old = Ticket.give_back

    def give_back(ticket: Ticket) -> None:
        old(ticket)
        let_go.set()

    monkeypatch.setattr(Ticket, "give_back", give_back)
    session = Session([OpenedModel("gated", network)])  # type: ignore[arg-type]
    session.add(Loaded("first", np.random.default_rng(5).random((*SHAPE, 3), dtype=np.float32)), "sample")
    with running(make_app(session, Access())) as url:
        page, question = context.new_page(), "?c=0&t=0.0001"
        heard.listen(page)
        page.goto(f"{url}#/attribution{question}")
        assert network.begun.wait(PATIENCE / 1000)
        let_go.clear()
        page.close()
        assert let_go.wait(PATIENCE / 1000)
        network.gate.set()
        other = context.new_page()
        heard.listen(other)
        other.goto(f"{url}#/layers{question}")
        expect(other.locator("[role=option]").first).to_be_visible()
        assert network.passes == 1
        # The same question of somebody who stays takes more than one.
        other.keyboard.press("1")
        expect(other.locator("[data-certificate]")).to_contain_text("evaluations")
        assert network.passes > 2
        other.close()
