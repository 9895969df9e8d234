"""The first screen: the photo in colour where the evidence lies, the classes, and the test by taking regions away."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from browser.driving import Known, canvas, fragment, settle
from innerview.data.baselines import DEFAULT_BASELINE

READY = ".why .photo canvas"


@pytest.fixture
def why(page: Page, prepared: Known) -> Page:
    page.evaluate("location.hash = '#/why'")
    expect(page.locator(READY)).to_be_visible()
    expect(page.locator(".why .classes .pixels canvas").first).to_be_visible()
    return page


def colour(page: Page) -> np.ndarray:
    """How far each pixel of the photo is from grey."""
    settle(page)
    pixels = canvas(page.locator(READY)).astype(np.float64)[..., :3]
    return pixels.max(axis=2) - pixels.min(axis=2)


def test_it_is_what_opens_without_a_fragment(page: Page, server: str, prepared: Known) -> None:
    page.goto("about:blank")
    page.goto(server)
    expect(page).to_have_title("Why this answer · innerview")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Why “cat”"))
    expect(page.locator(READY)).to_be_visible()


def test_colour_lies_where_the_evidence_is_and_the_photo_has_all_of_it(why: Page, known: Known) -> None:
    found = known.ask("evidence")
    evidence = found.arrays["evidence"][list(found.arrays["classes"]).index(known.predicted())]
    shown = colour(why)
    rows, columns = (np.arange(side) * cells // side for side, cells in zip(shown.shape, evidence.shape, strict=True))
    weight = evidence[np.ix_(rows, columns)]
    why.get_by_role("radio", name="photo").check()
    whole = colour(why)
    kept = shown[whole > 40] / whole[whole > 40]
    strong = weight[whole > 40] > np.percentile(evidence, 80)
    weak = weight[whole > 40] <= 0
    assert whole.mean() > shown.mean()
    assert kept[strong].mean() > 0.6
    assert kept[weak].mean() < 0.35


def test_a_class_that_is_chosen_is_explained(why: Page, known: Known) -> None:
    rows = why.locator(".why .classes button")
    expect(rows).to_have_count(3)
    expect(rows.first).to_have_attribute("aria-pressed", "true")
    second = rows.nth(1).locator(".name").inner_text()
    rows.nth(1).click()
    expect(why.get_by_role("heading", level=1)).to_have_text(re.compile(f"Why “{second}”"))
    assert f"c={known.classes.index(second)}" in fragment(why)


def test_the_scores_are_the_models_own(why: Page, known: Known) -> None:
    logits = known.ask("subject").arrays["logits"]
    best = float(np.sort(logits)[-1])
    expect(why.locator(".why .classes .score").first).to_have_text(f"+{best:.2f}")


def test_the_test_says_what_the_truth_says(why: Page, known: Known) -> None:
    truth = known.ask("truth", target=known.predicted(), baseline=DEFAULT_BASELINE, method="integrated-gradients")
    test = why.locator(".why .test")
    for line in truth.json("lines"):
        expect(test).to_contain_text(line)
    for verdict in truth.json("verdicts").values():
        expect(test).to_contain_text(verdict["says"])
    for part in truth.json("parts"):
        expect(test.locator(".parts")).to_contain_text(part["says"])


def test_regions_carry_their_numbers(why: Page, known: Known) -> None:
    why.get_by_role("radio", name="regions").check()
    truth = known.ask("truth", target=known.predicted(), baseline=DEFAULT_BASELINE, method="integrated-gradients")
    expect(why.locator(".why .region")).to_have_count(len(truth.json("names")))
    label = why.locator(READY).get_attribute("aria-label") or ""
    assert all(name in label for name in truth.json("names"))
