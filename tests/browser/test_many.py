"""A file of five hundred images shows thumbnails a page at a time."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, expect

from browser.conftest import Heard
from browser.driving import PATIENCE
from browser.stub import SHAPE, made
from innerview.data.baselines import DEFAULT_BASELINE
from innerview.data.fitting import preprocess
from innerview.data.image import Image as Loaded
from innerview.methods import predict
from innerview.methods.registry import map_methods
from innerview.session.query import Query
from innerview.viewer.hello import describe_model, describe_photo, hello
from innerview.viewer.one_file import pack, write_page
from innerview.viewer.payloads.subject import Photo, subject_payload
from models import MODELS, numpy_model


def test_a_file_of_five_hundred_images_shows_thumbnails_a_page_at_a_time(
    browser: Browser, heard: Heard, tmp_path: Path
) -> None:
    model = MODELS["mixed"]
    network = numpy_model(model, model.weights(), np.float32)
    listed, packed, said = [], [], []
    for at in range(500):
        pixels = np.random.default_rng(at).random((*SHAPE, 3), dtype=np.float32)
        photo = Photo.of(preprocess(Loaded(f"no. {at}", pixels), network.input), "data")
        predicted = predict(network, photo.image[None])[0]
        listed.append(describe_photo(photo, predicted))
        said.append(f"{predicted.class_names[predicted.index]} {100 * predicted.confidence:.1f} %")
        packed.append(pack(subject_payload(photo, predicted, network.fingerprint)))
        query = Query(kind="map", model=network.fingerprint, image=photo.image_hash, target=0)
        values = np.full(SHAPE, at + 1, np.float32)
        packed.append(
            pack(made(query, values, 0.001, "done", 9, []), target=None, versus=None, baseline=DEFAULT_BASELINE)
        )
    page_text = write_page("500", hello([describe_model(network, "small", map_methods(network))], listed), packed)
    path = tmp_path / "many.html"
    path.write_text(page_text, encoding="utf-8")
    page = browser.new_context(offline=True, viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE)
    heard.listen(page)
    page.goto(f"{path.as_uri()}#/attribution")
    expect(page.get_by_role("img", name="Image: no. 0")).to_be_visible()
    expect(page.locator(".few img")).to_have_count(6)
    assert page.locator(".thumbnails img").count() == 24
    page.locator(".samples summary").click()
    expect(page.locator(".samples")).to_contain_text("1–24 of 500")
    page.get_by_role("button", name="More").click()
    expect(page.locator(".samples")).to_contain_text("25–48 of 500")
    page.get_by_role("button", name="no. 30", exact=True).click()
    expect(page.get_by_role("img", name="Image: no. 30")).to_be_visible()
    expect(page.locator("[data-summary]")).to_contain_text(re.compile("For: \\+"))
    page.locator(".samples summary").click()
    page.get_by_label("Search images").fill("no. 499")
    expect(page.locator(".thumbnails li")).to_have_count(1)
    page.evaluate("() => { location.hash = '#/why'; }")
    overview = page.locator(".overview")
    expect(overview.locator("summary")).to_have_text("500 images")
    expect(overview.locator("li")).to_have_count(24)
    expect(overview.locator("li").nth(7)).to_contain_text(said[7])
    overview.get_by_role("button", name="24 of 500 ↓").click()
    expect(overview.locator("li")).to_have_count(48)
    overview.locator("li button").nth(40).click()
    expect(overview.locator("li button").nth(40)).to_have_attribute("aria-pressed", "true")
    page.context.close()
