"""The first screen: the photo in colour where the evidence lies, the classes, and the test by taking regions away."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Heard
from browser.driving import Known, canvas, expect_link, fragment, link_value, settle
from browser.stub import SHAPE, stubbed
from innerview.data.baselines import DEFAULT_BASELINE
from innerview.viewer.payload import Payload

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
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("It says cat"))
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


def test_the_blocks_that_were_tested_are_lit_and_outlined(why: Page, known: Known) -> None:
    best = known.ask("check").arrays["best"].astype(bool)
    caption = why.locator(".shown-photo figcaption")
    expect(caption).to_contain_text(f"Bright: the best {round(100 * best.mean())} %")
    settle(why)
    shown = canvas(why.locator(READY))[..., :3].astype(np.int64)
    rows, columns = (np.arange(side) * cells // side for side, cells in zip(shown.shape, best.shape, strict=False))
    inside = best[np.ix_(rows, columns)]
    inside[[0, -1]] = inside[:, [0, -1]] = False
    changes = np.zeros(inside.shape, bool)
    changes[1:] |= inside[1:] != inside[:-1]
    changes[:, 1:] |= inside[:, 1:] != inside[:, :-1]
    assert (shown[changes] == 255).all()
    near = changes.copy()
    for _ in range(3):
        near |= np.roll(near, 1, 0) | np.roll(near, -1, 0) | np.roll(near, 1, 1) | np.roll(near, -1, 1)
    why.get_by_role("radio", name="photo").check()
    expect(caption).not_to_contain_text("Bright")
    settle(why)
    photo = canvas(why.locator(READY))[..., :3].astype(np.int64)
    np.testing.assert_array_equal(shown[inside & ~near], photo[inside & ~near])
    outside = shown[~inside & ~near]
    assert np.ptp(outside, axis=1).max() <= 1
    assert outside.mean() < 0.7 * photo[~inside & ~near].mean()
    why.get_by_role("radio", name="evidence").check()
    expect(caption).to_contain_text("Bright")
    why.get_by_role("button", name="Hide something yourself").click()
    expect(caption).not_to_contain_text("Bright")


def test_a_class_that_is_chosen_is_explained(why: Page, known: Known) -> None:
    rows = why.locator(".why .classes .class")
    expect(rows).to_have_count(3)
    expect(rows.first).to_have_attribute("aria-pressed", "true")
    second = rows.nth(1).locator(".name").inner_text()
    rows.nth(1).click()
    expect(why.get_by_role("heading", level=1)).to_have_text(re.compile("It says cat"))
    expect(why.locator(".because")).to_contain_text(f"“{second}” is supported by the ")
    assert f"c={known.classes.index(second)}" in fragment(why)
    expect(why.locator(".why .classes")).to_contain_text(f"Only the map of “{second}” is judged.")


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


def asked_again(known: Known, name: str = "cat") -> Payload:
    target, image = known.predicted(name), known.image(name)
    return known.ask("check", target=target, image=image, baseline=DEFAULT_BASELINE, method="integrated-gradients")


def test_the_answer_the_reason_and_the_verdict_are_those_of_the_check(why: Page, known: Known) -> None:
    check, subject = asked_again(known), known.ask("subject")
    chance = 100 * float(subject.arrays["probabilities"].max())
    expect(why.get_by_role("heading", level=1)).to_have_text(f"It says cat, {chance:.1f} %")
    line = why.locator(".why [data-check]")
    expect(line).to_have_attribute("data-check", check.metadata["verdict"])
    expect(line).to_contain_text(check.metadata["says"], ignore_case=True)
    for region in check.json("regions"):
        expect(why.locator(".because")).to_contain_text(f"the {region}")
    parts = why.locator(".why .parts figure")
    for at, key in enumerate(("only", "without")):
        for number in check.json("others")[key]:
            expect(parts.nth(at)).to_contain_text(number)
        expect(parts.nth(at)).to_contain_text(check.json("written")[key])
        shown = canvas(parts.nth(at).locator("canvas"))
        assert (shown == check.arrays["parts"][at]).all()


def test_a_sample_outside_the_classes_is_said_to_be(why: Page, known: Known) -> None:
    why.get_by_role("button", name="rocket").click()
    expect(why.locator("[data-because-of=outside]")).to_contain_text(
        "Don’t believe this answer: this sample shows a rocket"
    )
    # Its reason holds, but nothing green stands under it: that would be read as "believe it".
    expect(why.locator("[data-check]")).to_have_attribute("data-doubted", "true")
    why.get_by_role("button", name="cat (cat)").click()
    expect(why.locator("[data-because]")).to_be_visible()
    expect(why.locator("[data-belief]")).to_have_text("✓ The answer is right: the label is cat.")


def test_what_is_painted_away_moves_the_bars_and_can_be_taken_back(why: Page, known: Known) -> None:
    why.get_by_role("button", name="Hide something yourself").click()
    now, chance = why.locator(".why .now"), why.locator(".why .classes .chance").first
    whole = chance.inner_text()
    photo = why.locator(READY).first
    photo.scroll_into_view_if_needed()
    box = photo.bounding_box()
    assert box is not None
    why.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.7 * box["height"])
    why.mouse.down()
    why.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.7 * box["height"], steps=5)
    expect(now).to_contain_text("Without")  # while the brush is still down
    why.mouse.up()
    hidden = canvas(why.locator(".why .veil"), alpha=True)[8::16, 8::16, 3] > 0
    assert hidden.any(axis=1).sum() == 3  # as wide as the brush
    mask = base64.urlsafe_b64encode(np.packbits(~hidden).tobytes()).decode().rstrip("=")
    expect_link(why, "mk", mask)
    answer = known.ask("mask", mask=mask, cells=[32, 32], fill=DEFAULT_BASELINE).arrays["probabilities"]
    expect(chance).to_have_text(f"{100 * answer[known.predicted()]:.1f} %")
    expect(now).to_contain_text(known.classes[int(answer.argmax())])
    why.get_by_role("button", name="Undo").click()
    expect(chance).to_have_text(whole)
    why.keyboard.press("Control+Shift+z")
    expect_link(why, "mk", mask)
    why.get_by_role("button", name="Show all").click()
    expect(now).to_contain_text("Paint on the photo")


def test_two_classes_are_set_against_each_other(why: Page, known: Known) -> None:
    rows = why.locator(".why .row-of")
    second = rows.nth(1).locator(".name").inner_text()
    rows.nth(1).get_by_role("button", name="not this").click()
    expect(why.locator(".shown-photo figcaption")).to_contain_text(f"“cat, not {second}”")
    expect_link(why, "v", f"{known.classes.index(second)}-{second}")


def test_pixels_are_the_certified_map(why: Page, known: Known) -> None:
    why.get_by_role("radio", name="pixels").check()
    expect(why.locator(".shown-photo [data-certificate]")).to_contain_text("Error ≤")
    expect(why.get_by_role("img", name="Integrated gradients").first).to_be_visible()


def test_the_card_holds_the_photo_and_what_is_said(why: Page, known: Known, tmp_path: Path) -> None:
    expect(why.locator("[data-check]")).to_be_visible()
    settle(why)
    why.locator(".share summary").click()
    with why.expect_download() as saved:
        why.get_by_role("button", name="Save as PNG").click()
    assert saved.value.suggested_filename == f"why-cat-{known.image()}.png"
    saved.value.save_as(tmp_path / "card.png")
    card = np.asarray(Image.open(tmp_path / "card.png").convert("RGB"), dtype=np.float64)
    assert card.shape == (1520, 2400, 3)
    photo = card[64:1184, 64:1184]
    shown = canvas(why.locator(READY)).astype(np.float64)[..., :3]
    small = np.asarray(Image.fromarray(photo.astype(np.uint8)).resize(shown.shape[1::-1]), dtype=np.float64)
    assert np.abs(small - shown).mean() < 4
    assert (card[40:160, 1300:2300].min(axis=2) < 80).mean() > 0.02  # the prediction is written there


def test_the_card_that_moves_goes_from_the_photo_to_the_evidence(why: Page, known: Known, tmp_path: Path) -> None:
    expect(why.locator("[data-check]")).to_be_visible()
    settle(why)
    evidence = canvas(why.locator(READY)).astype(np.float64)
    why.get_by_role("radio", name="photo").check()
    photo = canvas(why.locator(READY)).astype(np.float64)
    why.get_by_role("radio", name="evidence").check()
    why.locator(".share summary").click()
    with why.expect_download() as saved:
        why.get_by_role("button", name="Save as animation").click()
    saved.value.save_as(tmp_path / "card.webp")
    with Image.open(tmp_path / "card.webp") as moving:
        assert (moving.n_frames, moving.size) == (15, (1200, 760))
        frames = list[np.ndarray]()
        for at in (0, 14):
            moving.seek(at)
            frames.append(np.asarray(moving.convert("RGB"), dtype=np.float64))
    for frame, wanted in zip(frames, (photo, evidence), strict=True):
        shown = Image.fromarray(wanted.astype(np.uint8)).resize((560, 560), Image.Resampling.BILINEAR)
        assert np.abs(frame[32:592, 32:592] - np.asarray(shown, dtype=np.float64)).mean() < 5
    assert np.abs(frames[0][:, 620:] - frames[1][:, 620:]).max() == 0  # what is said does not move
    assert (frames[0][20:80, 650:1150].min(axis=2) < 80).mean() > 0.02  # the prediction is written there


def test_the_crop_of_ones_own_image_moves(why: Page, known: Known, tmp_path: Path) -> None:
    pixels = np.zeros((32, 64, 3), np.uint8)
    pixels[:, :32] = np.random.default_rng(0).integers(100, 255, (32, 32, 3))
    Image.fromarray(pixels).save(tmp_path / "own.png")
    expect(why.get_by_role("button", name="Move the crop")).to_have_count(0)  # of a sample only its crop is here
    why.get_by_label("Image file").set_input_files(tmp_path / "own.png")
    why.get_by_role("button", name="Move the crop").click()
    frame = why.get_by_role("application", name="Crop")
    expect(frame.locator(".frame")).to_be_visible()
    first = fragment(why)
    for _ in range(20):
        frame.press("ArrowLeft")
    expect(why).not_to_have_url(re.compile(re.escape(first) + "$"))
    left = link_value(why, "p")
    settle(why)
    assert (known.ask("subject", image=left).arrays["image"] == pixels[:, :32]).all()
    box = frame.bounding_box()
    assert box is not None
    why.mouse.move(box["x"] + 60, box["y"] + 60)
    why.mouse.down()
    why.mouse.move(box["x"] + 60 + 0.9 * box["width"], box["y"] + 60, steps=4)
    why.mouse.up()
    expect(why).not_to_have_url(re.compile(f"p={left}"))
    assert known.ask("subject", image=link_value(why, "p")).arrays["image"].max() == 0


def test_regions_carry_their_numbers(why: Page, known: Known) -> None:
    why.get_by_role("radio", name="regions").check()
    truth = known.ask("truth", target=known.predicted(), baseline=DEFAULT_BASELINE, method="integrated-gradients")
    expect(why.locator(".why .region")).to_have_count(len(truth.json("names")))
    label = why.locator(READY).get_attribute("aria-label") or ""
    assert all(name in label for name in truth.json("names"))


def test_the_page_that_is_saved_opens_offline_with_the_same_answer(
    why: Page, browser: Browser, heard: Heard, tmp_path: Path
) -> None:
    expect(why.locator("[data-check]")).to_be_visible()
    settle(why)
    said = [why.locator(f".why {one}").inner_text() for one in ("h1", ".because", "[data-check]")]
    why.locator(".share summary").click()
    with why.expect_download() as saved:
        why.get_by_role("button", name="Save as one page").click()
    saved.value.save_as(tmp_path / "page.html")
    made = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page, asked = made.new_page(), list[str]()
    heard.listen(page)
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "page.html").as_uri())
    expect(page.locator(READY)).to_be_visible()
    expect(page.locator("[data-check]")).to_be_visible()
    settle(page)
    assert [page.locator(f".why {one}").inner_text() for one in ("h1", ".because", "[data-check]")] == said
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [(tmp_path / "page.html").as_uri()]
    expect(page.locator("nav a.lacks")).not_to_have_count(0)
    made.close()


def test_a_method_that_a_comparison_has_kept_is_said_with_a_way_to_another(
    browser: Browser, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {"method": "occlusion", "words": "A comparison found occlusion best, so it is shown first."}
    monkeypatch.setattr("innerview.session.session.kept_facts", lambda _: kept)
    with stubbed(monkeypatch) as (stub, url):
        stub.levels = [(np.ones(SHAPE, np.float32), 0.001, "done", 9)]
        page = browser.new_page()
        heard.listen(page)
        page.goto(f"{url}#/why?w=pixels")
        expect(page.locator(".why .shown-photo")).to_contain_text(kept["words"])
        assert {query.method for query in stub.queries} == {"occlusion"}
        page.get_by_role("button", name="Another method").click()
        expect(page.get_by_role("combobox", name="Method")).to_have_value("occlusion")
        page.close()
