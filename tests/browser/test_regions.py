"""Regions that people choose (superpixels, painted parts), and what parts alone say: as the session has it."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Heard
from browser.driving import Known, expect_link, expect_no_link, settle, show
from browser.stub import SHAPE, Stub, stubbed
from browser.test_ask import drag
from innerview.adapters.numpy.operations import Convolution, Dense, GlobalMean, ReLU
from innerview.data.baselines import DEFAULT_BASELINE
from innerview.data.image import Image
from innerview.model import InputSpec
from innerview.session import session as sessions
from innerview.session.progress import Listener
from innerview.session.session import Session
from innerview.viewer.payload import Payload
from innerview.workbench import Query
from innerview.workbench.page.report import report
from models import MODELS, ModelSpec, numpy_model
from patience import PATIENCE

READY = ".why .photo canvas"
ASKED = {"baseline": DEFAULT_BASELINE, "method": "integrated-gradients"}
PAINT, ALL = "parts that I paint", "Show every combination"
QUESTION = "What do its parts say alone?"
LARGE = ModelSpec(
    InputSpec(20, 65),
    {"conv.weight": (4, 3, 3, 3), "dense.weight": (3, 4), "dense.bias": (3,)},
    (Convolution("conv"), ReLU("relu"), GlobalMean("mean"), Dense("dense")),
)
"""Its images are one pixel too wide to be asked about their parts unasked."""


@pytest.fixture
def why(page: Page, prepared: Known) -> Page:
    show(page, "#/why", READY)
    page.get_by_role("button", name="Choose the regions").click()
    return page


def bits(*boxes: tuple[slice, slice]) -> list[np.ndarray]:
    found = []
    for box in boxes:
        cells = np.zeros((32, 32), bool)
        cells[box] = True
        found.append(cells)
    return found


def text_of(cells: np.ndarray) -> str:
    return base64.urlsafe_b64encode(np.packbits(cells).tobytes()).decode().rstrip("=")


def test_superpixels_are_regions_with_names_that_are_on_the_photo(why: Page, known: Known) -> None:
    why.get_by_role("radio", name="superpixels").check()
    expect_link(why, "cu", "superpixels")
    settle(why)
    truth = known.ask("truth", target=known.predicted(), regions="superpixels", **ASKED)
    for line in truth.json("lines"):
        expect(why.locator(".why .how")).to_contain_text(line)
    names = truth.json("names")
    shown = why.locator(".why .photo > .region")
    expect(shown).to_have_count(len(names))
    for name, text in zip(names, shown.all_inner_texts(), strict=True):
        number = name.partition(" (")[2]
        assert not number or text.startswith(f"({number}")
    why.get_by_role("radio", name="cells of a grid").check()
    expect_no_link(why, "cu")


def test_painted_parts_are_regions_and_what_the_second_takes_the_first_loses(why: Page, known: Known) -> None:
    why.get_by_role("radio", name=PAINT).check()
    why.get_by_role("radio", name="box").check()
    drag(why, (4, 4), (15, 15))
    why.get_by_role("button", name="Another part").click()
    drag(why, (12, 12), (20, 24))
    first, second = bits((slice(4, 16), slice(4, 16)), (slice(12, 21), slice(12, 25)))
    expect(why.locator(".why .photo > .region")).to_have_text(["1", "2"])
    expect_no_link(why, "cu")  # nothing is asked before the button is pressed
    why.get_by_role("button", name=ALL).click()
    marks = [text_of(first & ~second), text_of(second)]
    expect_link(why, "cu", ".".join(marks))
    settle(why)
    truth = known.ask("truth", target=known.predicted(), marks=marks, cells=[32, 32], **ASKED)
    assert truth.json("names") == ["first part", "second part", "rest"]
    for line in truth.json("lines"):
        expect(why.locator(".why .how")).to_contain_text(line)
    expect(why.locator(".why .how")).to_contain_text("Maps are not judged by fewer than 4 regions.")
    label = why.locator(READY).first.get_attribute("aria-label") or ""
    assert "first part" in label
    expect(why.locator(".why .photo > .region").last).to_contain_text("rest")
    why.get_by_role("button", name="Undo").click()  # the second part goes, and the first has all of its cells again
    expect(why.locator(".why .photo > .region")).to_have_text(["1"])
    why.get_by_role("button", name=ALL).click()
    expect_link(why, "cu", text_of(first))
    why.keyboard.press("]")
    expect_no_link(why, "cu")  # what was painted belongs to one image


def test_what_cannot_be_regions_is_said_in_place(why: Page) -> None:
    why.get_by_role("radio", name=PAINT).check()
    remark = why.locator(".why .how .remark")
    why.get_by_role("button", name=ALL).click()
    expect(remark).to_contain_text(
        "the first part that was marked has no pixel; paint it on the image, or leave it out"
    )
    why.get_by_role("radio", name="box").check()
    drag(why, (0, 0), (31, 31))
    why.get_by_role("button", name=ALL).click()
    expect(remark).to_contain_text("the part that was marked is the whole image")
    expect(remark).to_be_visible()
    overlapping = ".".join(map(text_of, bits((slice(0, 9), slice(0, 9)), (slice(5, 20), slice(5, 20)))))
    why.evaluate("link => { location.hash = link; }", f"#/why?cu={overlapping}")
    expect(remark).to_contain_text("the first and the second part that were marked overlap")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stub, str]]:
    """A network of images that are too large to be asked about their parts unasked."""
    with stubbed(monkeypatch, LARGE) as (stub, url):
        stub.levels = [(np.ones(LARGE.input.shape[:2], np.float32), 0.001, "done", 9)]
        yield stub, url


def test_what_parts_of_a_small_image_say_is_told_unasked_when_all_else_is_there(
    browser: Browser, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[str]()
    with stubbed(monkeypatch) as (stub, url):
        stub.levels = [(np.ones(SHAPE, np.float32), 0.001, "done", 9)]
        page = browser.new_page()
        heard.listen(page)
        page.on(
            "websocket", lambda socket: socket.on("framesent", lambda frame: asked.append(json.loads(frame)["kind"]))
        )
        page.goto(f"{url}#/why")
        expect(page.locator(".why .say .parts-told")).to_be_visible()
        assert asked.index("check") < asked.index("truth") < asked.index("parts")
        page.close()


def test_a_question_about_parts_can_be_stopped(
    page: Page, large: tuple[Stub, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, url = large
    held, answer = threading.Event(), sessions.ANSWERS["parts"]

    def waiting(asked: Session, query: Query, listener: Listener) -> Payload:
        assert held.wait(PATIENCE)
        return answer(asked, query, listener)

    monkeypatch.setattr(sessions, "ANSWERS", {**sessions.ANSWERS, "parts": waiting})
    page.goto(f"{url}#/why")
    asking = page.get_by_role("button", name=QUESTION)
    asking.click()
    page.locator(".why .say").get_by_role("button", name="Stop").click()
    expect(asking).to_be_visible()  # and nobody waits for it any more
    held.set()


def test_what_parts_say_is_shown_when_it_was_asked_for(page: Page, large: tuple[Stub, str]) -> None:
    stub, url = large
    pixels = np.random.default_rng(0).random(LARGE.input.shape).astype(np.float32)
    name = stub.session.add(Image("cat", pixels), "sample").image_hash
    page.goto(f"{url}#/why?p={name}")
    told = page.locator(".why .say .parts-told")
    page.get_by_role("button", name=QUESTION).click()
    expect(told).to_be_visible()
    found = Known(stub.session).ask("parts")
    for line in found.json("says").values():
        expect(page.locator(".why .say")).to_contain_text(line)
    figures = told.locator("figure")
    expect(figures).to_have_count(1 + len(found.json("kinds")))
    for at, (said, window) in enumerate(zip(found.json("said"), found.arrays["windows"].tolist(), strict=True), 1):
        expect(figures.nth(at)).to_contain_text(said)
        assert figures.nth(at).locator("canvas").evaluate("c => [c.width, c.height]") == window[2:]
    page.keyboard.press("[")
    expect(page.get_by_role("button", name=QUESTION)).to_be_visible()  # of another image it is another question
    page.keyboard.press("]")
    expect(told).to_be_visible()  # what is known is shown


def test_without_scikit_image_the_command_that_installs_it_is_said(
    browser: Browser, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("innerview.methods.superpixels.find_spec", lambda _: None)
    with stubbed(monkeypatch) as (found, url):
        found.levels = [(np.ones(SHAPE, np.float32), 0.001, "done", 9)]
        page = browser.new_page()
        heard.listen(page)
        page.goto(f"{url}#/why")
        page.get_by_role("button", name="Choose the regions").click()
        expect(page.get_by_role("radio", name="superpixels")).to_be_disabled()
        expect(page.locator(".why .ask")).to_contain_text("They need pip install 'innerview[superpixels]'.")
        page.close()


def test_a_page_holds_what_parts_say_where_it_was_asked_for(browser: Browser, heard: Heard, tmp_path: Path) -> None:
    model = MODELS["mixed"]
    network = numpy_model(model, model.weights(), np.float32)
    asked = Query(parts=True, n_steps=2, alphas=(0.5,), fractions=(1.0,), judge=True, regions=3)
    report(["cat"], asked, model=network, output=tmp_path / "page.html", network=False)
    made = browser.new_context(offline=True)
    page = made.new_page()
    heard.listen(page)
    page.goto((tmp_path / "page.html").as_uri())
    expect(page.locator(".why .say .parts-told figure").nth(1)).to_be_visible()
    expect(page.get_by_role("button", name="Choose the regions")).to_have_count(0)  # it can answer no other regions
    page.evaluate("location.hash = '#/why?cu=superpixels'")
    expect(page.locator(".why .how")).to_contain_text("3 cells of about one area")  # not taken for what was asked
    made.close()
