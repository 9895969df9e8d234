"""The attention of a transformer: a token that is pressed looks where the model's own weights say, head by head."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

import innerview
from adapters.test_torch_attention import ABC, COLUMNS, HEADS, MAKERS, ROWS, SPEC, Transformer
from browser.conftest import Heard
from browser.driving import Known, canvas, expect_link, settle
from innerview.data.image import Image as Loaded
from innerview.session.session import OpenedModel, Session
from innerview.web.app import make_app
from innerview.web.guard import Access
from innerview.web.server import running

pytestmark = pytest.mark.torch


@pytest.fixture
def looking(context: BrowserContext, heard: Heard, _bundle: None) -> Iterator[tuple[Page, Known]]:
    module = Transformer(MAKERS["fused"]).eval()
    for one in module.attns:
        one.qkv.weight.data *= 6  # so that no two tokens get nearly the same
    model = innerview.wrap(module, input=SPEC, output=ABC)
    session = Session([OpenedModel("small", model)])
    pixels = np.random.default_rng(5).random((SPEC.height, SPEC.width, 3), dtype=np.float32)
    session.add(Loaded("cat", pixels), "sample")
    with running(make_app(session, Access())) as url:
        page = context.new_page()
        heard.listen(page)
        page.goto(f"{url}#/attention")
        expect(page.locator(".attention canvas").first).to_be_visible()
        yield page, Known(session)
        page.close()


def test_a_token_that_is_pressed_looks_where_the_weights_say(looking: tuple[Page, Known]) -> None:
    page, known = looking
    settle(page)
    model, photo = known.session.models[known.network].model, known.ask("subject")
    image = photo.arrays["image"].astype(np.float32) / 255
    weights = innerview.attention(model, image).weights
    assert weights.shape[0] == HEADS
    says = page.locator("[data-looks]")

    def expect_row(row: np.ndarray, who: str) -> None:
        places = row[1:].reshape(ROWS, COLUMNS)
        at = np.unravel_index(int(places.argmax()), places.shape)
        expect(says).to_contain_text(who)
        expect(says).to_contain_text(f"looks most at row {at[0] + 1}, column {at[1] + 1} of {ROWS} × {COLUMNS}")
        # The weights are sent as bytes.
        (beside,) = re.findall(r"; (?:< )?([\d.]+) % goes to tokens that are nowhere", says.inner_text())
        assert float(beside) == pytest.approx(100 * row[0], abs=0.5)

    expect_row(weights.mean(axis=0)[0], "The class token")
    page.get_by_role("list", name="Heads").get_by_role("button", name="head 2").click()
    expect_link(page, "hd", "1")
    expect_row(weights[1, 0], "The class token")
    box = page.locator(".attention figure canvas").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 2.5 * box["width"] / COLUMNS, box["y"] + 1.5 * box["height"] / ROWS)
    token = 1 + COLUMNS + 2
    expect_link(page, "tk", str(token))
    expect_row(weights[1, token], "The token in row 2, column 3")
    page.get_by_role("list", name="Heads").get_by_role("button", name="rollout").click()
    expect_row(innerview.attention_rollout(model, image).weights[0, token], "The token in row 2, column 3")
    shown = canvas(page.locator(".attention figure canvas").first)
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) > ROWS * COLUMNS // 2


def test_of_a_model_without_attention_the_command_is_named(page: Page) -> None:
    page.evaluate("location.hash = '#/attention'")
    expect(page.locator(".attention .empty")).to_contain_text("allcnn has no attention that can be seen")
