"""An answer that failed: what stands beside the error is about the same image, class and run, or nothing does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from browser.conftest import Heard
from browser.driving import assert_same_colours, canvas, limit_of, painted, settle
from browser.stub import SHAPE, Stub, stubbed
from innerview.data.image import Image as Loaded
from innerview.errors import ModelError
from innerview.session.query import Query
from innerview.types import Array

VALUES = np.random.default_rng(3).normal(0, 0.4, SHAPE).astype(np.float32)
GOOD, BAD = 0, 1
"""Classes: the map of the second can't be had, nor any of the first to 0.1 %, nor from white."""


@pytest.fixture
def tab(context: BrowserContext, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Page, Stub]]:
    with stubbed(monkeypatch) as (stub, url):
        pixels = np.random.default_rng(6).random((*SHAPE, 3), dtype=np.float32)
        stub.session.add(Loaded("second", pixels, label="ant"), "sample")

        def values(query: Query) -> list[tuple[Array, float, str, int]]:
            if query.target == BAD or query.tolerance == 0.001 or query.baselines == ("white",):
                raise ModelError("made to fail at conv2")
            return [(VALUES, 0.004, "done", 9)]

        stub.values = values  # type: ignore[method-assign]
        page = context.new_page()
        heard.listen(page)
        page.goto(f"{url}#/attribution?o=map&c={GOOD}")
        expect(page.locator("[data-certificate]")).to_contain_text("✓")
        yield page, stub
        page.close()


def drawn(page: Page) -> Locator:
    return page.get_by_role("img", name="Integrated gradients for")


def error(page: Page) -> Locator:
    return page.locator("main .remark").filter(has_text="made to fail at conv2")


def opacity(figure: Locator) -> float:
    """Once it has faded: at once, the transition may be half way."""
    ended = "f => Promise.all(f.getAnimations().map(one => one.finished)).then(() => getComputedStyle(f).opacity)"
    return float(figure.evaluate(ended))


def test_no_map_of_another_class_or_image_stands_beside_an_error(tab: tuple[Page, Stub]) -> None:
    page, stub = tab
    page.evaluate(f"location.hash = '#/attribution?o=map&c={BAD}'")
    expect(error(page)).to_have_count(1)
    expect(drawn(page)).to_have_count(0)
    expect(page.locator("[data-certificate]")).to_have_count(0)
    page.get_by_label("Explain").select_option(str(GOOD))
    expect(drawn(page).first).to_be_visible()
    expect(error(page)).to_have_count(0)
    # Another image, of which the same class fails; and back.
    good = stub.values
    stub.values = lambda query: good(Query(kind="map", target=BAD))  # type: ignore[method-assign]
    page.keyboard.press("]")
    expect(page.get_by_role("img", name="Image: second")).to_be_visible()
    expect(error(page)).to_have_count(1)
    expect(drawn(page)).to_have_count(0)
    stub.values = good  # type: ignore[method-assign]
    page.keyboard.press("[")
    expect(drawn(page).first).to_be_visible()
    expect(error(page)).to_have_count(0)


@pytest.mark.parametrize("how", ["tolerance", "baseline"])
def test_what_could_not_be_refined_stays_dimmed_beside_its_error(tab: tuple[Page, Stub], how: str) -> None:
    page, _ = tab
    before = canvas(drawn(page).first)
    if how == "tolerance":
        page.get_by_role("radio", name="0.1 %").check()
    else:
        page.get_by_label("Baseline").select_option("white")
    expect(error(page)).to_have_count(1)
    expect(page.locator("main [data-stale]")).to_have_count(1)
    expect(page.locator("[data-stale] .tag")).to_have_text("previous")
    expect(page.locator("[data-certificate]")).to_contain_text("previous: ")
    assert opacity(page.locator("[data-stale] > .main-map")) < 0.6
    assert (canvas(drawn(page).first) == before).all()
    if how == "tolerance":
        page.get_by_role("radio", name="1 %", exact=True).check()
    else:
        page.get_by_label("Baseline").select_option("black")
    settle(page)
    expect(error(page)).to_have_count(0)
    assert_same_colours(canvas(drawn(page).first), painted(VALUES, limit_of(page), "evidence"))


def test_a_level_whose_refinement_failed_is_dimmed(tab: tuple[Page, Stub]) -> None:
    page, stub = tab

    class Ending(list[tuple[Array, float, str, int]]):
        """Its first level is sent, then it fails."""

        def __getitem__(self, at: object) -> tuple[Array, float, str, int]:  # type: ignore[override]
            raise ModelError("made to fail at conv2")

    stub.values = lambda query: Ending([(VALUES, 0.2, "refining", 5), (VALUES, 0.001, "done", 9)])  # type: ignore[method-assign]
    page.get_by_label("Explain").select_option("2")
    expect(error(page)).to_have_count(1)
    expect(page.get_by_role("img", name="Integrated gradients for cow").first).to_be_visible()
    expect(page.locator("main [data-stale]")).to_have_count(1)


def test_compare_shows_no_pair_when_one_of_the_two_failed(tab: tuple[Page, Stub]) -> None:
    page, _ = tab
    page.evaluate(f"location.hash = '#/compare?o=map&c={GOOD}&q=2'")
    panes = page.locator(".compare [data-side]")
    expect(panes).to_have_count(3)
    page.get_by_role("combobox", name="B", exact=True).select_option(str(BAD))
    expect(error(page)).to_have_count(1)
    expect(panes).to_have_count(0)
    page.get_by_role("combobox", name="B", exact=True).select_option("2")
    expect(panes).to_have_count(3)
