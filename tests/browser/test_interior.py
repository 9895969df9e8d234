"""One slider moves image, gradient, contribution and sum together, from the baseline to the map."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import Page, expect

from browser.driving import Known, assert_same_colours, canvas, limit_of, numbers, painted, show

FIGURES = ".interior .quartet canvas[role=img]"

ONE_STEP = """async () => {
  const look = () => [...document.querySelectorAll('.interior .quartet canvas[role=img]')].map(c => c.toDataURL())
    .concat([document.querySelector('.interior .answer').innerText])
    .concat([...document.querySelectorAll('.interior .plot .cursor')].map(l => l.getAttribute('x1')));
  const before = look();
  const slider = document.querySelector('.interior input[type=range]');
  slider.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true, cancelable: true}));
  await new Promise(requestAnimationFrame);
  return look().map((after, i) => after !== before[i]);
}"""


def test_the_slider_walks_by_keys_and_says_where_it_is(page: Page, prepared: Known) -> None:
    show(page, "#/interior", FIGURES)
    slider = page.get_by_role("slider", name="alpha")
    stops = prepared.ask("path", target=prepared.predicted()).arrays["alphas"]
    slider.focus()
    for key, value in (("Home", 0), ("PageDown", 0), ("PageUp", 10), ("ArrowRight", 11), ("End", len(stops) - 1)):
        page.keyboard.press(key)
        expect(slider).to_have_value(str(value))
    said = slider.get_attribute("aria-valuetext") or ""
    name = prepared.classes[prepared.predicted()]
    expect(page.locator(".interior [data-verdict]")).to_contain_text(re.compile("Not judged|This map"))
    page.keyboard.press("Home")
    expect(page.locator(".interior [data-verdict]")).to_have_count(0)  # another image, of which there is no truth
    found = re.fullmatch(rf"alpha 1, logit [\d.]+, predicts {name}, (\d+) percent", said)
    assert found is not None
    subject = prepared.ask("subject").arrays
    assert abs(float(found.group(1)) - 100 * subject["probabilities"][prepared.predicted()]) < 0.51


def test_one_step_changes_every_canvas_and_cursor_in_one_frame(page: Page, prepared: Known) -> None:
    show(page, "#/interior?a=0.4", FIGURES)
    changed = page.evaluate(ONE_STEP)
    assert len(changed) == 4 + 1 + 3  # canvases, what it says, cursors
    assert all(changed)


def test_it_begins_with_the_baseline_and_ends_with_the_image_and_the_map(page: Page, prepared: Known) -> None:
    show(page, "#/interior?a=0", FIGURES)
    first = page.locator(FIGURES).first
    image = prepared.ask("subject").arrays["image"]
    assert (canvas(first) == prepared.ask("path", target=prepared.predicted()).arrays["baseline"]).all()
    page.get_by_role("slider", name="alpha").press("End")
    assert (canvas(first) == image).all()
    path = prepared.ask("path", target=prepared.predicted()).arrays
    found = numbers(path, "cumulative")[-1]
    whole = numbers(prepared.ask("map", target=prepared.predicted()).arrays, "heatmap")
    # Bytes of square roots: a step is at most 2/127 of the value's root times the scale's.
    step = np.sqrt(np.abs(whole) * np.abs(whole).max()) / 127 + np.abs(whole).max() / 127**2
    assert (np.abs(found - whole) <= 1.01 * step).all()
    show(page, "#/interior?a=1&o=map", FIGURES)
    assert_same_colours(canvas(page.locator(FIGURES).nth(3)), painted(found, limit_of(page, -1), "evidence"))


def test_axes_stand_still_while_alpha_moves(page: Page, prepared: Known) -> None:
    show(page, "#/interior?a=0", FIGURES)
    slider = page.get_by_role("slider", name="alpha")
    seen = set()
    for key in ("Home", "PageUp", "PageUp", "End"):
        slider.press(key)
        seen.add(tuple(page.locator(".interior .plot text").all_inner_texts()))
    assert len(seen) == 1
    assert len(seen.pop()) > 6


def test_a_pinned_pixel_is_outlined_at_the_same_place_in_all_four(page: Page, prepared: Known) -> None:
    show(page, "#/interior?px=12,7", FIGURES)
    squares = page.locator(".interior .quartet .square.pinned")
    expect(squares).to_have_count(4)
    for square in squares.all():
        there = square.evaluate(
            """one => {
              const [at, all] = [one, one.parentElement].map(each => each.getBoundingClientRect());
              return [(at.y - all.y) / all.height, (at.x - all.x) / all.width, at.width / all.width];
            }"""
        )
        assert np.allclose(there, [12 / 32, 7 / 32, 1 / 32], atol=0.002)
