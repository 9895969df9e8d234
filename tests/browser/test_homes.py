"""The live app and the one-file page in a real browser: few requests, none elsewhere, and nothing on the console."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.driving import PATIENCE
from innerview.allcnn import load_pretrained
from innerview.data.fitting import preprocess
from innerview.data.samples import example_image
from innerview.methods.registry import map_methods
from innerview.session.compute.explanation import examine
from innerview.session.query import Query
from innerview.session.session import OpenedModel, Session
from innerview.viewer.hello import describe_model, describe_photo, hello
from innerview.viewer.one_file import write_page
from innerview.viewer.payloads.subject import Photo
from innerview.workbench.page.one_page import Sizes, payloads_of

NASTY = "</script><script>window.broken = 1</script><!-- cat"


def listened(page: Page) -> tuple[list[str], list[str]]:
    """What the page asks for and what it says on the console, filled as it goes."""
    requests: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda problem: said.append(str(problem)))
    return requests, said


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    network = load_pretrained()
    item = replace(preprocess(example_image("cat"), network.input), name=NASTY, class_number=3)
    photo = Photo.of(item, "sample")
    found = examine(
        Session([OpenedModel("", network)]),
        item,
        Query(tolerance=0.05, max_alphas=12, curve_fractions=(0.0, 0.2, 1.0), n_random=1),
    )
    packed = payloads_of(network, found, photo, "black", Sizes(), network.weights())
    page = write_page(
        NASTY, hello([describe_model(network, "allcnn", map_methods(network))], [describe_photo(photo)]), packed
    )
    path = tmp_path_factory.mktemp("file") / "view.html"
    path.write_text(page, encoding="utf-8")
    return path


def test_the_live_page_loads_with_few_requests_all_of_them_here(page: Page, server: str) -> None:
    requests, said = listened(page)
    page.goto(server)
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE)
    page.wait_for_selector("canvas", timeout=PATIENCE)
    assert len(requests) <= 5
    assert all(one.startswith(server.replace("http", scheme, 1)) for one in requests for scheme in ["http"])
    assert said == []


def test_one_file_opens_offline_with_one_request_and_its_names_break_nothing(browser: Browser, file: Path) -> None:
    page = browser.new_context(offline=True).new_page()
    requests, said = listened(page)
    page.goto(file.as_uri())
    page.wait_for_selector("canvas", timeout=PATIENCE)
    assert page.evaluate("window.broken") is None
    lacking = page.locator("nav a.lacks")
    expect(lacking).to_have_text([re.compile("How it learnt"), re.compile("Its mistakes"), re.compile("Data set")])
    for link in lacking.all():
        expect(link).to_have_attribute("title", re.compile("Get it with: innerview "))
        link.click()
        expect(page.locator("main .empty")).to_contain_text("innerview serve")
    assert requests == [file.as_uri()]
    assert said == []
    page.context.close()
