"""What the network is shown is what the page draws, by share or painted by mouse, tap and keys alike."""

from __future__ import annotations

import base64

import numpy as np
from playwright.sync_api import Page, expect

from browser.driving import Known, canvas, link_value, numbers, settle, show

SEEN = ".keep .seen-by-network canvas[role=img]"


def test_a_share_shows_that_many_pixels_and_the_ends_are_picture_and_fill(page: Page, prepared: Known) -> None:
    show(page, "#/keep?k=20", SEEN)
    target = prepared.predicted()
    keep = prepared.ask("keep", target=target)
    picture, fill = prepared.ask("subject").arrays["picture"], keep.arrays["fill"]
    order = keep.json("orders").index("highest")
    ranking = keep.arrays["rankings"][["strongest", "highest", "lowest"].index("highest")].astype(int)
    kept = ranking < round(20 * 1024 / 100)
    assert kept.sum() == 205
    assert (canvas(page.locator(SEEN)) == np.where(kept[..., None], picture, fill)).all()
    expect(page.locator(".seen-by-network")).to_contain_text("205 of 1,024 pixels")
    slider = page.get_by_role("slider", name="Share shown")
    slider.press("End")
    assert (canvas(page.locator(SEEN)) == picture).all()
    whole = numbers(keep.arrays, "logits")[order, -1][np.argsort(keep.arrays["classes"])]
    assert np.allclose(whole, prepared.ask("subject").arrays["logits"], atol=1e-4)
    slider.press("Home")
    assert (canvas(page.locator(SEEN)) == fill).all()


def test_mouse_keys_and_tap_paint_the_same_mask(page: Page, prepared: Known) -> None:
    masks = []
    for way in ("mouse", "keys"):
        show(page, "#/keep?k=0", SEEN)
        page.get_by_role("radio", name="keep", exact=True).check()
        brush = page.get_by_role("application", name="Brush")
        if way == "mouse":
            box = page.locator(SEEN).bounding_box()
            assert box is not None
            page.mouse.click(box["x"] + 5.5 * box["width"] / 32, box["y"] + 4.5 * box["height"] / 32)
        else:
            brush.focus()
            for key, times in (("ArrowUp", 32), ("ArrowDown", 4), ("Home", 1), ("ArrowRight", 5)):
                for _ in range(times):
                    page.keyboard.press(key)
            page.keyboard.press("Enter")
        settle(page)
        page.wait_for_timeout(500)
        masks.append(link_value(page, "mk"))
    assert masks[0] == masks[1]
    assert masks[0]
    bits = np.unpackbits(np.frombuffer(base64.urlsafe_b64decode(masks[0] + "=" * (-len(masks[0]) % 4)), np.uint8))
    assert np.flatnonzero(bits).tolist() == [4 * 32 + 5]
    kept = prepared.ask("kept", mask=masks[0], cells=[32, 32], fill="black").arrays
    expect(page.locator("[data-says] li").first).to_contain_text(prepared.classes[int(np.argmax(kept["logits"]))])
