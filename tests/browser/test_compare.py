"""A and B on one scale with one choice varied; their difference, and what of it lies within the errors."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page, expect

from browser.driving import Known, assert_same_colours, canvas, expect_link, limit_of, numbers, painted, settle, show

PANES = '.compare [data-side="B"] canvas'


def both(known: Known) -> tuple[int, int]:
    """Cat and dog, their maps worked out."""
    numbers_of = known.classes.index("cat"), known.classes.index("dog")
    for index in numbers_of:
        known.ask("map", target=index)
    return numbers_of


def side(page: Page, letter: str) -> np.ndarray:
    return canvas(page.locator(f'[data-side="{letter}"] canvas[role=img]').first)


def test_two_classes_share_a_scale_and_their_difference_is_drawn(page: Page, known: Known) -> None:
    cat, dog = both(known)
    show(page, f"#/compare?c={cat}&q={dog}&o=map", PANES)
    one, other = (known.ask("map", target=index).arrays for index in (cat, dog))
    a, b = numbers(one, "heatmap"), numbers(other, "heatmap")
    assert limit_of(page, 0) == limit_of(page, 1)
    assert_same_colours(side(page, "A"), painted(a, limit_of(page, 0), "evidence"))
    assert_same_colours(side(page, "B"), painted(b, limit_of(page, 1), "evidence"))
    assert_same_colours(side(page, "A − B"), painted(a - b, limit_of(page, 2), "value"))
    within = np.abs(a - b) < numbers(one, "pixel_error") + numbers(other, "pixel_error")
    expect(page.locator("[data-within]")).to_contain_text(f"{int(within.sum()):,} of 1,024 cells")
    hatched = canvas(page.locator('[data-side="A − B"] canvas.hatch'), alpha=True)
    cell = hatched.shape[0] // 32
    assert ((hatched[cell // 2 :: cell, cell // 2 :: cell, 3] > 0) == within).all()


def test_x_swaps_and_exactly_one_choice_differs(page: Page, known: Known) -> None:
    cat, dog = both(known)
    show(page, f"#/compare?c={cat}&q={dog}&o=map", PANES)
    before = side(page, "A")
    page.keyboard.press("x")
    settle(page)
    expect(page.locator('[data-side="A"] h2')).to_have_text("A dog")
    assert (side(page, "B") == before).all()
    same = page.locator("[data-same]")
    for words in ("image cat", "model allcnn", "integrated gradients", "baseline blurred"):
        expect(same).to_contain_text(words)
    expect(same).not_to_contain_text("class")
    expect_link(page, "c", f"{dog}-dog")


def test_two_images_and_two_units_have_no_difference(page: Page, known: Known) -> None:
    known.ask("map", image=known.image("moose"), target=known.predicted())
    show(page, "#/compare?cx=image", PANES)
    expect(page.locator("[data-reason]")).to_contain_text("don't correspond")
    expect(page.locator('[data-side="A − B"]')).to_have_count(0)
    show(page, "#/compare?cx=method&q=gradient", PANES)
    expect(page.locator("[data-reason]")).to_contain_text("measure different things")


def test_two_models_and_two_epochs(page: Page, known: Known) -> None:
    other = known.hello["models"][1]
    known.ask("map", model=other["id"], target=known.predicted())
    show(page, "#/compare?cx=model", PANES)
    expect(page.locator('[data-side="B"] h2')).to_contain_text(other["name"])
    payload = known.ask("map", model=other["id"], target=known.predicted())
    shown = page.locator('[data-side="B"]')
    expect(shown).to_contain_text(f"{payload.metadata['n_evaluations']} evaluations")
    show(page, "#/compare?cx=epoch&q=0", PANES)
    expect(page.locator('[data-side="B"] h2')).to_contain_text("epoch 0")
    expect(page.locator("[data-within]")).to_contain_text("no error estimate")


def test_the_curtain_shows_a_on_its_left_and_b_on_its_right(page: Page, known: Known) -> None:
    cat, dog = both(known)
    show(page, f"#/compare?c={cat}&q={dog}&o=map", PANES)
    a, b = side(page, "A"), side(page, "B")
    page.get_by_role("radio", name="swipe").check()
    page.get_by_role("slider", name="Swipe").fill("10")
    found = canvas(page.locator(".single canvas[role=img]"))
    assert (found[:, :10] == a[:, :10]).all()
    assert (found[:, 10:] == b[:, 10:]).all()
    edge, box = page.locator(".edge").bounding_box(), page.locator(".single canvas[role=img]").bounding_box()
    assert edge is not None
    assert box is not None
    page.mouse.move(edge["x"] + edge["width"] / 2, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 24 / 32, box["y"] + 60, steps=4)
    page.mouse.up()
    expect(page.get_by_role("slider", name="Swipe")).to_have_value("24")
    found = canvas(page.locator(".single canvas[role=img]"))
    assert (found[:, :24] == a[:, :24]).all()
    assert (found[:, 24:] == b[:, 24:]).all()
    expect_link(page, "cw", "swipe")
