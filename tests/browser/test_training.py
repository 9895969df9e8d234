"""One slider moves the timeline, and the cursor in every curve; a run that goes on is drawn again by itself."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import Page, expect

from browser.driving import READY, Known, assert_same_colours, canvas, expect_link, limit_of, painted, show
from innerview.pictures.scale import own_limit
from innerview.pictures.words import limit as limit_words

TIMELINE = ".timeline .now"


def test_the_epoch_slider_moves_cursor_prediction_map_and_layers_together(page: Page, known: Known) -> None:
    show(page, "#/training?o=map", TIMELINE)
    run = known.hello["runs"][0]["id"]
    timeline = known.ask("timeline", run=run)
    maps = timeline.values("heatmaps")
    names = [layer["name"] for layer in timeline.json("layers")]
    layers = [timeline.values(f"activation/{place}") for place in range(len(names))]
    slider = page.get_by_role("slider", name="Epoch")
    cursors = page.locator(".charts .cursor")
    seen = set()
    limit = limit_of(page)
    for at in (0, len(maps) // 2, len(maps) - 1):
        slider.fill(str(at))
        best = known.classes[int(np.argmax(timeline.arrays["logits"][at]))]
        expect(page.get_by_role("list", name="Prediction at this checkpoint").locator("li").first).to_contain_text(best)
        shown = page.get_by_role("img", name="Attribution for").first
        assert_same_colours(canvas(shown), painted(maps[at], limit, "evidence"))
        seen.add(tuple(cursor.get_attribute("x1") for cursor in cursors.all()))
        for name, values in zip(names, layers, strict=True):
            tiles = page.get_by_role("img", name=re.compile(f"^{re.escape(name)}, channel . of 4, "))
            expect(tiles).to_have_count(4)
            for channel, tile in enumerate(tiles.all()):
                kept = max(own_limit(one) for one in values[..., channel])
                expect(tile).to_have_accessible_name(f"{name}, channel {channel + 1} of 4, ±{limit_words(kept)}")
                assert_same_colours(canvas(tile), painted(values[at, ..., channel], kept, "value"))
        assert limit_of(page) == limit
    assert len(seen) == 3
    assert len(names) == 3
    assert all((values[0] != values[-1]).any() for values in layers)
    expect(page.get_by_role("list", name="All checkpoints").get_by_role("button")).to_have_count(len(maps))
    page.get_by_role("list", name="All checkpoints").get_by_role("button").first.click()
    expect(slider).to_have_value("0")


def test_another_run_is_laid_beside_the_first(page: Page, known: Known) -> None:
    show(page, "#/training", TIMELINE)
    other = known.hello["runs"][1]["name"]
    labels = page.locator(".charts .label")
    before = labels.count()
    page.get_by_role("checkbox", name=other).check()
    expect(labels.filter(has_text=other[:12]).first).to_be_visible()
    assert labels.count() > before
    page.get_by_role("radio", name="step").check()
    expect(page.locator(".charts .axis-title").filter(has_text="step").first).to_be_visible()
    # No two lines of a chart have one colour and one kind of dashes.
    drawn = page.locator(".charts svg").nth(1).locator("path[stroke]:not([stroke-width='1'])")
    kinds = drawn.evaluate_all(
        "all => all.map(one => [getComputedStyle(one).stroke, one.getAttribute('stroke-dasharray')].join())"
    )
    assert len(kinds) == len(set(kinds)) == 4
    expect(page.locator("[data-note]").first).to_contain_text("at the end all 10,000 were tested: 89.34 %")
    expect(page.locator("[data-note]").last).to_contain_text("label smoothing 0.1, which alone keeps it above 0.500")


def test_the_last_accuracy_is_the_one_that_was_logged(page: Page, known: Known) -> None:
    show(page, "#/training", TIMELINE)
    run = known.ask("run", run=known.hello["runs"][0]["id"])
    last = 100 * float(run.arrays["curve/test_accuracy/y"][-1])
    expect(page.locator(".charts figcaption").first).to_contain_text(f"test {last:.1f} %")


def test_what_it_takes_for_what_is_the_table_that_was_kept(page: Page, known: Known) -> None:
    show(page, "#/mistakes", READY["mistakes"])
    run = known.hello["runs"][0]["id"]
    table = known.ask("tested", run=run).arrays["confusion"].astype(int)
    right = 100 * np.trace(table) / table.sum()
    section = page.get_by_role("region", name="Confusion matrix")
    expect(section.get_by_role("heading")).to_contain_text(
        f"{right:.1f} % of {table.sum():,} test images correct".replace(".0 %", " %")
    )
    wrong = table - np.diag(np.diag(table))
    truth, said = np.unravel_index(wrong.argmax(), wrong.shape)
    words = f"{known.classes[truth]} predicted as {known.classes[said]}: {wrong.max()} of {table[truth].sum():,}"
    expect(section.get_by_role("listitem").filter(has_text=words)).to_be_visible()
    matrix = section.get_by_role("img", name="Confusion of 10 classes")
    low, high = section.locator(".ends span").all_inner_texts()
    assert low == "0 images"
    assert re.fullmatch(r"[\d,]+ and more", high)  # also where it is 1
    limit = float(high.split()[0].replace(",", ""))
    assert limit >= wrong.max()
    assert_same_colours(canvas(matrix), painted(table, limit, "amount"))
    columns = section.locator(".heads li")
    expect(columns).to_have_text(known.classes)
    widths = "e => { const {left, width} = e.getBoundingClientRect(); return left + width / 2; }"
    begin, cell = matrix.evaluate(
        "e => { const {left, width} = e.getBoundingClientRect(); return [left, width / 10]; }"
    )
    for at, column in enumerate(columns.all()):
        assert abs(column.evaluate(widths) - begin - (at + 0.5) * cell) < cell / 4
    matrix.scroll_into_view_if_needed()
    box = matrix.bounding_box()
    assert box is not None
    matrix.hover(position={"x": 5.5 * box["width"] / 10, "y": 3.5 * box["height"] / 10})
    expect(section.locator("[data-cell]")).to_contain_text(
        f"{known.classes[3]} predicted as {known.classes[5]}: {table[3, 5]}"
    )
    errors = page.get_by_role("region", name="Most confident errors")
    payload = known.ask("tested", run=run)
    some = int(payload.arrays["label"][0]), int(payload.arrays["predicted"][0])
    same = sum(some == one for one in zip(payload.arrays["label"], payload.arrays["predicted"], strict=True))
    matrix.click(position={"x": (some[1] + 0.5) * box["width"] / 10, "y": (some[0] + 0.5) * box["height"] / 10})
    expect(errors.locator("[data-picked]")).to_contain_text(f"{same} of these: {known.classes[some[0]]} predicted as")
    expect(errors.locator(".wrong li")).to_have_count(same)
    section.get_by_role("button", name=words).click()
    expect(errors.locator("[data-picked]")).to_contain_text(
        f"{known.classes[truth]} predicted as {known.classes[said]}"
    )
    expect_link(page, "mc", f"{truth},{said}")
    page.go_back()  # one choice back: the cell that was picked before
    expect_link(page, "mc", f"{some[0]},{some[1]}")
    expect(errors.locator(".wrong li")).to_have_count(same)
    commands = errors.get_by_role("code")
    expect(commands).to_have_text(["innerview serve --data FOLDER"])
