"""What people bring that is broken, too large, too many or from elsewhere: one clear alert, and the page lives."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from browser.conftest import Heard
from browser.driving import link_value
from browser.stub import SHAPE, Stub, stubbed
from innerview.data.image import Image as Loaded
from innerview.session.session import OpenedModel, Session
from innerview.web.app import make_app
from innerview.web.guard import Access
from innerview.web.server import running
from models import MODELS, numpy_model
from web.conftest import image_bytes
from web.test_uploads import BROKEN

FILE = "Image file"
LEVELS = [(np.ones(SHAPE, np.float32), 0.001, "done", 9)]


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stub, str]]:
    with stubbed(monkeypatch) as (found, url):
        found.levels = LEVELS
        yield found, url


@pytest.fixture
def tab(context: BrowserContext, heard: Heard, stub: tuple[Stub, str]) -> Iterator[Page]:
    opened = context.new_page()
    heard.listen(opened)
    opened.goto(f"{stub[1]}#/attribution")
    expect(opened.locator("[data-certificate]")).to_be_visible()
    yield opened
    opened.close()


def alarm(page: Page) -> Locator:
    return page.get_by_role("alert").filter(has_text="!")


def forgive(heard: Heard) -> None:
    """The browser itself notes a refusal."""
    assert all("Failed to load resource" in said for said in heard.said)
    heard.said.clear()


def test_every_broken_file_raises_one_alert_that_says_what_it_is(tab: Page, heard: Heard) -> None:
    for kind, (content, said) in BROKEN.items():
        tab.get_by_label(FILE).set_input_files({"name": "thing.png", "mimeType": "image/png", "buffer": content})
        expect(alarm(tab), kind).to_have_count(1)
        expect(alarm(tab), kind).to_contain_text(said)
        expect(alarm(tab), kind).to_contain_text("thing.png")
        alarm(tab).get_by_role("button", name="Dismiss").click()
        expect(alarm(tab)).to_have_count(0)
    expect(tab.get_by_role("img", name="Image: first")).to_be_visible()
    tab.get_by_label(FILE).set_input_files({"name": "fine.png", "mimeType": "image/png", "buffer": image_bytes()})
    expect(tab.get_by_role("img", name="Image: fine")).to_be_visible()
    forgive(heard)


def test_a_file_that_is_too_long_is_refused(tab: Page, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("innerview.web.uploads.MOST_BYTES", 1000)
    tab.get_by_label(FILE).set_input_files({"name": "long.png", "mimeType": "image/png", "buffer": image_bytes()})
    expect(alarm(tab)).to_contain_text("the most is 1,000: make it smaller")
    forgive(heard)


def test_twenty_at_once_are_all_taken_and_those_that_can_not_be_are_told(tab: Page, heard: Heard) -> None:
    files = [{"name": f"mine {at}.png", "mimeType": "image/png", "buffer": image_bytes(at)} for at in range(18)]
    files[3:3] = [{"name": f"bad {at}.png", "mimeType": "image/png", "buffer": b"no image"} for at in range(2)]
    tab.get_by_label(FILE).set_input_files(files)
    expect(tab.get_by_role("img", name="Image: mine 17")).to_be_visible()
    expect(alarm(tab)).to_contain_text("2 of 20 were not taken.")
    expect(alarm(tab)).to_contain_text("bad 0.png")
    expect(alarm(tab)).to_contain_text("bad 1.png")
    expect(tab.locator(".samples summary")).to_contain_text("19")
    assert link_value(tab, "p")
    forgive(heard)


def test_a_server_that_has_gone_is_told_and_the_page_lives(
    context: BrowserContext, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = context.new_page()
    with stubbed(monkeypatch) as (found, url):
        found.levels = LEVELS
        page.goto(f"{url}#/attribution")
        expect(page.locator("[data-certificate]")).to_be_visible()
    expect(page.get_by_text("Connection lost.")).to_be_visible()
    page.get_by_label(FILE).set_input_files({"name": "fine.png", "mimeType": "image/png", "buffer": image_bytes()})
    expect(alarm(page)).to_contain_text("the server does not answer")
    expect(page.get_by_role("img", name="Integrated gradients for").first).to_be_visible()
    page.close()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's own word on the overflow
def test_a_model_that_raises_is_told_with_its_layer(context: BrowserContext, heard: Heard) -> None:
    model = MODELS["mixed"]
    weights = model.weights()
    weights["conv2.weight"] = np.full_like(weights["conv2.weight"], 3e38)  # overflows
    session = Session([OpenedModel("broken", numpy_model(model, weights, np.float32))])
    session.add(Loaded("first", np.full((*SHAPE, 3), 0.5, np.float32)), "sample")
    page = context.new_page()
    heard.listen(page)
    with running(make_app(session, Access())) as url:
        page.goto(url)
        expect(page.locator(".remark").first).to_contain_text("conv2")
        page.keyboard.press("5")
        expect(page.locator(".weights .card").first).to_contain_text("conv1")
    page.close()


def test_a_page_of_another_site_reaches_nothing(context: BrowserContext, stub: tuple[Stub, str]) -> None:
    found, url = stub
    page = context.new_page()
    page.route(
        "http://elsewhere.test/**", lambda route: route.fulfill(body="<h1>Elsewhere</h1>", content_type="text/html")
    )
    page.goto("http://elsewhere.test/")
    reached = page.evaluate(
        """async ({url, bytes}) => {
          const posted = await fetch(url + 'images', {method: 'POST', body: Uint8Array.from(bytes)})
            .then(reply => reply.status, () => 'refused');
          const socket = new WebSocket(url.replace('http', 'ws') + 'socket');
          const heard = await new Promise(done => {
            socket.onmessage = () => done('heard'); socket.onerror = socket.onclose = () => done('refused');
          });
          return [posted, heard];
        }""",
        {"url": url, "bytes": list(image_bytes())},
    )
    assert reached == ["refused", "refused"]
    assert len(found.session._guests) == 0
    page.close()
