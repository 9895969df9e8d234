"""Each map says how far it agrees with taking regions away: at once where that is known, else when it is asked for."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from browser.driving import Known, settle, show
from innerview.data.baselines import DEFAULT_BASELINE

LINE = "[data-verdict]"


def test_a_map_is_judged_when_somebody_asks_and_others_of_the_class_with_it(page: Page, prepared: Known) -> None:
    show(page, "#/attribution", "[data-certificate]")
    line = page.locator(LINE)
    expect(line).to_contain_text("Not judged: 1,534 forward passes")
    page.get_by_role("button", name="Judge it").click()
    truth = prepared.ask("truth", target=prepared.predicted(), baseline=DEFAULT_BASELINE, method="integrated-gradients")
    verdict = truth.json("verdicts")["integrated-gradients"]
    expect(line).to_contain_text(f"This map {verdict['says']}.")
    expect(line).to_have_attribute("data-verdict", verdict["kind"])
    page.get_by_role("combobox", name="Method").select_option("gradient-input")
    settle(page)
    other = prepared.ask("truth", target=prepared.predicted(), baseline=DEFAULT_BASELINE, method="gradient-input")
    expect(line).to_contain_text(other.json("verdicts")["gradient-input"]["says"])


def test_what_the_first_screen_knows_every_map_says(page: Page, prepared: Known) -> None:
    show(page, "#/why", ".why .photo canvas")
    expect(page.locator(".why .verdicts li").first).to_be_attached()
    show(page, "#/attribution", "[data-certificate]")
    expect(page.locator(LINE)).to_contain_text("This map ")
    show(page, "#/compare?cx=method", ".compare [data-side] canvas")
    expect(page.locator(LINE)).to_have_count(2)
    expect(page.locator(LINE).first).to_contain_text("This map ")
