"""The attribution view shows the numbers that the server sent, to the pixel, on the scale that its legend states."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from browser.driving import (
    Known,
    assert_same_colours,
    canvas,
    choose_theme,
    expect_link,
    fragment,
    limit_of,
    link_value,
    numbers,
    painted,
    settle,
    show,
)

CERTIFICATE = "[data-certificate]"


def shown_map(page: Page, name: str = "Integrated gradients for") -> np.ndarray:
    return canvas(page.get_by_role("img", name=name).first)


@pytest.mark.parametrize(("theme", "zero"), [("light", "#F7F7F7"), ("dark", "#1B1D21")])
def test_the_canvas_holds_the_ramp_of_every_value(page: Page, known: Known, theme: str, zero: str) -> None:
    show(page, "#/attribution?o=map", CERTIFICATE)
    choose_theme(page, theme)
    values = numbers(known.ask("map", target=known.predicted()).arrays, "heatmap")
    assert_same_colours(shown_map(page), painted(values, limit_of(page), "evidence", theme))
    assert painted(np.zeros(1), 1, "evidence", theme)[0].tolist() == [int(zero[i : i + 2], 16) for i in (1, 3, 5)]
    choose_theme(page, "light")


def test_the_legend_counts_what_lies_beyond_and_names_the_unit(page: Page, known: Known) -> None:
    show(page, "#/attribution?s=0.1", CERTIFICATE)
    values = numbers(known.ask("map", target=known.predicted()).arrays, "heatmap")
    legend = page.locator(".legend").first
    expect(legend).to_contain_text("logit · pinned scale")
    beyond = f"{100 * float((np.abs(values) > 0.1).mean()):.1f}".removesuffix(".0")
    expect(legend).to_contain_text(f"{beyond} % of pixels beyond")
    expect(legend.locator(".numbers span")).to_have_text(["−0.1", "0", "+0.1"])


def test_a_pinned_scale_colours_the_next_image_and_survives_views_and_reloads(page: Page, known: Known) -> None:
    show(page, "#/attribution?o=map", CERTIFICATE)
    limit = limit_of(page)
    page.keyboard.press("s")
    assert float(link_value(page, "s")) == limit
    page.keyboard.press("]")
    expect(page.locator(".facts").filter(has_text="moose").first).to_be_visible()
    expect(page.locator(CERTIFICATE)).to_contain_text("✓")
    settle(page)
    moose = known.image("moose")
    values = numbers(known.ask("map", image=moose, target=known.predicted("moose")).arrays, "heatmap")
    assert_same_colours(shown_map(page), painted(values, limit, "evidence"))
    page.keyboard.press("7")
    page.keyboard.press("1")
    page.reload()
    expect(page.get_by_role("button", name="Unpin the scale").first).to_be_visible()
    assert limit_of(page) == limit


def test_the_readout_is_the_array_by_mouse_keys_and_fields(page: Page, known: Known) -> None:
    show(page, "#/attribution", CERTIFICATE)
    arrays = known.ask("map", target=known.predicted()).arrays
    values, errors = numbers(arrays, "heatmap"), numbers(arrays, "pixel_error")
    order = np.argsort(-np.abs(values), axis=None, kind="stable")
    row, column = 12, 7
    rank = int(np.flatnonzero(order == row * 32 + column)[0]) + 1
    value = f"{values[row, column]:+#.3g}".replace("-", "−")

    def assert_told() -> None:
        expect(page.get_by_role("group", name="Pixel")).to_contain_text(f"rank {rank:,} of 1,024")
        told = page.locator("[data-readout]").first
        expect(told).to_contain_text(f"{value} logit ± ")
        error = float(told.inner_text().split(" ± ")[1].replace("−", "-"))
        assert errors[row, column] <= error <= 1.11 * errors[row, column]  # rounded up, to two digits

    box = page.get_by_role("img", name="Integrated gradients for").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + (column + 0.5) * box["width"] / 32, box["y"] + (row + 0.5) * box["height"] / 32)
    assert_told()
    page.mouse.move(0, 0)
    page.keyboard.press("m")
    cursor = page.get_by_role("application", name="Pixel cursor")
    expect(cursor).to_be_focused()
    for key, times in (("ArrowUp", 4), ("Home", 1), ("ArrowRight", 7)):
        for _ in range(times):
            page.keyboard.press(key)
    assert_told()
    page.keyboard.press("Enter")
    expect_link(page, "px", "12,7")
    page.keyboard.press("Escape")
    cursor.blur()
    page.get_by_role("spinbutton", name="Row").fill("13")  # on the page they count from 1
    page.get_by_role("spinbutton", name="column").fill("8")
    assert_told()


def test_class_0_is_a_class_like_any_other(page: Page, known: Known) -> None:
    show(page, "#/attribution", CERTIFICATE)
    page.keyboard.press("c")
    expect(page.get_by_label("Explain")).to_be_focused()
    page.keyboard.type(f"0 {known.classes[0]}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(known.classes[0])
    expect(page.get_by_role("img", name=f"Integrated gradients for {known.classes[0]}").first).to_be_visible()
    settle(page)
    values = numbers(known.ask("map", target=0).arrays, "heatmap")
    page.get_by_label("Overlay").select_option("map")
    assert_same_colours(shown_map(page), painted(values, limit_of(page), "evidence"))
    expect_link(page, "c", f"0-{known.classes[0]}")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text(known.classes[0])


def test_cat_not_dog_is_the_difference_of_both(page: Page, known: Known) -> None:
    cat, dog = known.classes.index("cat"), known.classes.index("dog")
    show(page, f"#/attribution?c={cat}&v={dog}&o=map", CERTIFICATE)
    one, other = (known.ask("map", target=index).arrays for index in (cat, dog))
    both = known.ask("map", target=cat, versus=dog).arrays
    # A contrast is a logit minus the mean of the others': two of them differ by n / (n - 1) times the margin.
    factor = 1 - 1 / len(known.classes)
    apart = np.abs(numbers(both, "heatmap") - factor * (numbers(one, "heatmap") - numbers(other, "heatmap")))
    errors = sum(numbers(arrays, "pixel_error") for arrays in (one, other, both))
    assert apart.sum() <= errors.sum()
    assert_same_colours(shown_map(page), painted(numbers(both, "heatmap"), limit_of(page), "evidence"))
    legend = page.locator(".legend .ends").first
    expect(legend.locator("span").first).to_have_text("for dog")
    expect(legend.locator("span").last).to_have_text("for cat")


def test_no_error_is_shown_smaller_than_it_is(page: Page, known: Known) -> None:
    show(page, "#/attribution", CERTIFICATE)
    line = page.locator(CERTIFICATE).inner_text()
    found = re.search(r"Error ≤ ([\d.]+) %", line)
    assert found is not None
    estimated = float(known.ask("map", target=known.predicted()).metadata["error"])
    assert float(found.group(1)) / 100 >= estimated > 0


def test_keys_show_the_error_the_bare_image_and_the_tables(page: Page, known: Known) -> None:
    show(page, "#/attribution", CERTIFICATE)
    page.keyboard.press("e")
    expect(page.get_by_role("img", name="Estimated error of each pixel")).to_be_visible()
    page.keyboard.press("e")
    page.keyboard.press("p")
    image = known.ask("subject").arrays["image"]
    assert (shown_map(page) == image).all()
    page.keyboard.press("p")
    page.keyboard.press("t")
    expect(page.get_by_role("table").first).to_be_visible()
    assert fragment(page).startswith("#/attribution")
