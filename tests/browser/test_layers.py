"""Every channel has its tile, the strongest first, on the scale that is written; a tile shows the layer's numbers."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import Page, expect

from browser.driving import Known, assert_same_colours, canvas, expect_link, limit_of, painted, settle, show

TILE = "[role=option]"


def test_a_layer_shows_all_its_channels_from_the_strongest_to_the_weakest(page: Page, known: Known) -> None:
    show(page, "#/layers?l=conv3", TILE)
    tiles = page.get_by_role("listbox", name="Channels of conv3").get_by_role("option")
    expect(tiles).to_have_count(128)
    expect(page.locator("[data-shown]")).to_have_text("128 of 128 channels")
    expect(page.locator(".legend").first).to_contain_text("one scale for the layer")
    payload = known.ask("layers", layer="conv3")
    place = next(i for i, layer in enumerate(payload.json("layers")) if layer["name"] == "conv3")
    scales = payload.arrays[f"activation/{place}/scale"].astype(np.float64)
    q = payload.arrays[f"activation/{place}"].astype(np.float64)
    values = scales * np.sign(q) * (q / 127) ** 2
    strength = np.abs(values).mean(axis=(0, 1))
    assert (np.diff(strength) <= 0.02 * strength.max()).all()
    limit = limit_of(page)
    for at in (0, 5, 127):
        assert_same_colours(canvas(tiles.nth(at).locator("canvas")), painted(values[..., at], limit, "value"))
    for at in (0, 127):
        expect(tiles.nth(at)).to_contain_text(str(payload.arrays[f"channels/{place}"][at]))


def test_arrows_walk_the_tiles_and_enter_the_link(page: Page) -> None:
    show(page, "#/layers?l=pool3", TILE)
    settle(page)
    first = page.get_by_role("listbox").get_by_role("option", selected=True)
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    chosen = page.get_by_role("listbox").get_by_role("option", selected=True)
    expect(chosen).to_be_focused()
    number = chosen.locator("span").inner_text().split()[0]
    expect_link(page, "ch", number)
    expect(page.get_by_role("heading", name=f"Channel {number} of pool3")).to_be_visible()
    expect(page.get_by_role("listbox").get_by_role("option", selected=True)).to_have_count(1)


def test_layers_are_searched_and_how_tiles_stand_is_in_the_address(page: Page) -> None:
    show(page, "#/layers?so=number&ls=per-channel", "[role=option]")
    expect(page.get_by_role("combobox", name="Sort by")).to_have_value("number")
    expect(page.get_by_role("radio", name="per channel")).to_be_checked()
    expect(page.locator("[role=option]").first).to_have_attribute("aria-label", re.compile("^channel 0:"))
    page.get_by_label("Search layers").fill("ELU7")
    layers = page.get_by_role("list", name="Layers of the model").get_by_role("button")
    expect(layers).to_have_count(1)
    layers.first.click()
    expect_link(page, "l", "elu7")
    page.get_by_role("radio", name="three as RGB").check()
    expect_link(page, "l3", "1")
    page.go_back()
    expect(page.get_by_role("radio", name="one channel")).to_be_checked()


def test_the_cursor_sits_on_the_covering_cell(page: Page) -> None:
    show(page, "#/layers?l=pool6&px=12,7", TILE)
    map_box = page.locator(".enlarged .pixels").first.bounding_box()
    square = page.locator(".enlarged .square.pinned").bounding_box()
    assert map_box is not None
    assert square is not None
    # 32 × 32 pixels in 8 × 8 cells: row 12 is in cell 3, column 7 in cell 1.
    assert abs((square["y"] - map_box["y"]) / map_box["height"] - 3 / 8) < 0.01
    assert abs((square["x"] - map_box["x"]) / map_box["width"] - 1 / 8) < 0.01
    assert abs(square["width"] / map_box["width"] - 1 / 8) < 0.02


def test_the_way_in_plays_layer_after_layer_and_only_when_asked(page: Page, known: Known) -> None:
    page.clock.install()
    show(page, "#/layers", TILE)
    names = [layer["name"] for layer in known.ask("layers").json("layers")]
    heading = page.locator(".layer h2").first
    expect(heading).to_contain_text(names[0])
    page.clock.run_for(5000)
    expect(heading).to_contain_text(names[0])
    page.get_by_role("button", name="Play", exact=True).click()
    # Looked at in every frame: it stays there for less than a second.
    page.wait_for_function("name => document.querySelector('.layer h2')?.textContent.includes(name)", arg=names[2])
    page.get_by_role("button", name="Pause").click()


def test_constant_channels_are_counted_for_every_layer(page: Page, known: Known) -> None:
    show(page, "#/layers", TILE)
    for layer in known.ask("layers").json("layers"):
        button = page.get_by_role("list", name="Layers of the model").get_by_role("button", name=layer["name"]).first
        if layer["constant"]:
            expect(button).to_contain_text(f"{layer['constant']} constant")
        else:
            expect(button).not_to_contain_text("constant")


def test_channels_that_are_classes_have_their_names(page: Page, known: Known) -> None:
    show(page, "#/layers?l=elu9", ".tiles [role=option]")
    names = [
        one.split(",")[0]
        for one in page.locator(".tiles [role=option]").evaluate_all(
            "all => all.map(one => one.getAttribute('aria-label'))"
        )
    ]
    assert sorted(names) == sorted(known.classes)
    show(page, "#/layers?l=elu8", ".tiles [role=option]")
    expect(page.locator(".tiles [role=option]").first).to_have_attribute("aria-label", re.compile("^channel "))


def test_single_numbers_are_bars_with_their_names(page: Page, known: Known) -> None:
    show(page, "#/layers?l=mean", ".values [role=option]")
    bars = page.get_by_role("listbox", name="Values of mean").get_by_role("option")
    expect(bars).to_have_count(len(known.classes))
    logits = known.ask("subject").arrays["logits"]
    order = np.argsort(-np.abs(logits), kind="stable")
    assert [one.split("\n")[0] for one in bars.all_inner_texts()] == [known.classes[place] for place in order]
    low = min(0.0, float(logits.min()))
    span = max(0.0, float(logits.max())) - low
    for at in (0, 3, 9):
        value = float(logits[order[at]])
        track = bars.nth(at).locator(".way-of-sum").bounding_box()
        bar = bars.nth(at).locator(".up, .down").bounding_box()
        assert track is not None
        assert bar is not None
        assert abs(bar["width"] / track["width"] - abs(value) / span) < 0.02
        assert abs((bar["x"] - track["x"]) / track["width"] - (min(value, 0) - low) / span) < 0.02
    expect(page.locator(".enlarged")).to_have_count(0)
    bars.first.focus()
    page.keyboard.press("ArrowDown")
    expect(bars.nth(1)).to_be_focused()
    expect_link(page, "ch", str(order[1]))


def test_tiles_say_how_many_are_seen_and_lead_to_the_others(page: Page) -> None:
    show(page, "#/layers?l=conv3", TILE)
    more = page.locator("[data-below]")
    expect(more).to_have_text(re.compile(r"^\d+ of 128 ↓$"))
    before = int(more.inner_text().split()[0])
    seen = page.locator(".tiles").evaluate(
        """box => { const end = box.getBoundingClientRect().bottom;
          return [...box.children].filter(one => {
            const {top, bottom} = one.getBoundingClientRect(); return (top + bottom) / 2 <= end; }).length; }"""
    )
    assert before == seen < 128
    more.click()
    expect(more).not_to_have_text(f"{before} of 128 ↓")
    page.locator(".tiles").evaluate("box => { box.scrollTop = box.scrollHeight; }")
    expect(more).to_have_count(0)


def test_one_number_of_a_convolution_is_taken_apart_step_by_step(page: Page, known: Known) -> None:
    show(page, "#/layers?l=elu2&ch=5&px=0,31", TILE)
    page.get_by_role("button", name="Take one position apart").click()
    section = page.get_by_role("region", name="One number, step by step")
    said = section.locator("[data-step]")
    expect(said).to_contain_text("adds")
    expect_link(page, "cv", "0")
    payload = known.ask("convolution", layer="elu2", channel=5, position=[0, 31])
    layer = known.ask("layers", layer="conv2")
    place = next(i for i, one in enumerate(layer.json("layers")) if one["name"] == "conv2")
    at = list(layer.arrays[f"channels/{place}"]).index(5)
    shown = layer.values(f"activation/{place}")[0, 31, at]
    rest, bias, total, given = payload.arrays["sums"].tolist()
    # What is shown adds up to the layer's own number: to the rounding of float32, and of bytes in the tile.
    assert abs(float(payload.arrays["parts"].sum()) + rest + bias - total) < 1e-4
    assert abs(total - given) < 1e-4
    assert abs(given - shown) <= 0.02 * float(np.abs(layer.values(f"activation/{place}")[..., at]).max())
    products = payload.arrays["patch"] * payload.arrays["kernel"]
    assert np.abs(products - payload.arrays["products"]).max() < 1e-5
    expect(section.locator(".terms li:not(.later)")).to_have_count(1)
    grid = section.locator(".terms li").first.get_by_role("img")
    expect(grid).to_have_count(3)
    # The corner at the upper right: five of nine cells lie beyond the border.
    expect(grid.first.locator(".beyond")).to_have_count(5)
    slider = section.get_by_role("slider", name="Step")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(section.locator(".terms li:not(.later)")).to_have_count(2)
    expect_link(page, "cv", "1")
    page.keyboard.press("End")
    expect(section.locator(".terms li.later")).to_have_count(0)
    expect(said).to_contain_text("elu2 makes of it")
    section.get_by_role("button", name="Close").click()
    expect(section.locator(".terms")).to_have_count(0)


def test_what_is_no_convolution_has_no_kernel_to_show(page: Page) -> None:
    show(page, "#/layers?l=pool3&cv=2", TILE)
    expect(page.get_by_role("region", name="One number, step by step")).to_have_count(0)
