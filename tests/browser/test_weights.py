"""Every weight is counted once at every checkpoint, and what is taken home is what was sent."""

from __future__ import annotations

import csv

import numpy as np
from playwright.sync_api import Page, expect

from browser.driving import Known, expect_link, show

CARD = ".weights .card"


def test_all_weights_are_in_a_bin_or_named_as_outside(page: Page, known: Known) -> None:
    show(page, "#/weights?ep=0", CARD)
    run = known.hello["runs"][0]["id"]
    payload = known.ask("weights", run=run)
    names = payload.json("layers")
    expect(page.locator(CARD)).to_have_count(len(names))
    slider = page.get_by_role("slider", name="Epoch")
    checkpoints = len(payload.arrays["steps"])
    for at in (0, checkpoints // 2, checkpoints - 1):
        slider.fill(str(at))
        page.locator("details[data-table]").evaluate("table => { table.open = true; }")
        for place, name in enumerate(names):
            row = page.get_by_role("row", name=name).get_by_role("cell")
            outside = [int(payload.arrays[key][at, place]) for key in ("under", "over", "nan", "infinite")]
            total = int(payload.arrays[f"counts/{place}"][at].sum()) + sum(outside)
            expect(row.nth(1)).to_have_text(f"{total:,}")
            assert [row.nth(6 + i).inner_text() for i in range(4)] == [f"{many:,}" for many in outside]


def test_log_changes_the_axis_and_the_bin_reads_out_by_keys(page: Page, known: Known) -> None:
    show(page, "#/weights?wo=model", CARD)
    card = page.locator(CARD).first
    expect(card.locator(".axis-title").last).to_have_text("weight")
    titles = card.locator(".axis-title")
    expect(titles.first).to_contain_text("height: count")
    page.get_by_label("Count").select_option("log")
    expect(titles.first).to_contain_text("log(1 + count)")
    page.get_by_role("radio", name="before and after").check()
    expect(titles.first).to_have_text("weights, log(1 + n)")
    payload = known.ask("weights", run=known.hello["runs"][0]["id"])
    counts = payload.arrays["counts/0"][-1]
    slider = card.get_by_role("slider", name="bin")
    slider.press("Home")
    for _ in range(3):
        slider.press("PageUp")
    expect(slider).to_have_value("30")
    expect(card.locator("[data-bin]")).to_contain_text(f"{counts[30]:,} (")


def test_the_csv_equals_the_array_and_a_png_comes_too(page: Page, known: Known) -> None:
    show(page, "#/weights", CARD)
    with page.expect_download() as download:
        page.get_by_role("button", name="as CSV").click()
    with download.value.path().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    payload = known.ask("weights", run=known.hello["runs"][0]["id"])
    for place, name in enumerate(payload.json("layers")):
        mine = [
            row
            for row in rows
            if row["layer"] == name and "inf" not in row["low"] + row["high"] and row["low"] != "nan"
        ]
        counts = payload.arrays[f"counts/{place}"]
        assert [int(row["count"]) for row in mine] == counts.ravel().tolist()
        assert np.allclose(
            [float(row["low"]) for row in mine[: counts.shape[1]]], payload.arrays[f"edges/{place}"][:-1]
        )
    page.get_by_role("radio", name="heat map").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="as PNG").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def test_what_moved_most_stands_first_and_an_axis_may_be_shared(page: Page, known: Known) -> None:
    show(page, "#/weights", CARD)
    payload = known.ask("weights", run=known.hello["runs"][0]["id"])
    distance, names = payload.arrays["distance"], payload.json("layers")
    order = np.argsort(-distance[0], kind="stable")
    heads = page.locator(f"{CARD} h2")
    assert [one.split()[0] for one in heads.all_inner_texts()] == [names[place] for place in order]
    said = page.locator("[data-moved]")
    expect(said).to_contain_text(f"{names[order[0]].removesuffix('.weight')} moved by {100 * distance[0].max():.0f} %")
    expect(said).to_contain_text(f"{names[order[-1]].removesuffix('.weight')} by {100 * distance[0].min():.1f} %")
    page.get_by_role("radio", name="as in the model").check()
    assert [one.split()[0] for one in heads.all_inner_texts()] == names
    ticks = page.locator(CARD).nth(1).locator("text[text-anchor=middle]:not(.axis-title)")
    before = ticks.all_text_contents()
    page.get_by_role("radio", name="one for all").check()
    first = page.locator(CARD).first.locator("text[text-anchor=middle]:not(.axis-title)")
    assert ticks.all_text_contents() == first.all_text_contents() != before
    expect_link(page, "wo", "model")
    expect_link(page, "wa", "1")
