"""The data-set view: what is picked is what the survey says, by mouse, by keyboard and by link; it is for everyone."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from browser.conftest import Heard
from browser.driving import PATIENCE, expect_no_link, let_rest, link_value, settle
from browser.test_access import AXE, NARROW, NARROWEST, TOO_WIDE, WIDE, WIDEST, violations
from innerview.session.opening import opened_model
from innerview.session.session import Session
from innerview.web.app import make_app
from innerview.web.server import running
from innerview.workbench.page.report import page as write_page
from innerview.workbench.survey.embedding import embed
from innerview.workbench.survey.rows import read_rows
from innerview.workbench.survey.shown import open_survey
from innerview.workbench.survey.survey import survey

CLASSES = ("cat", "dog", "ship")
EACH = 60


def paint(path: Path, seed: int) -> None:
    """A disc on a ground, both of random colours: nothing of anybody's."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:32, :32]
    disc = (rows - random.integers(8, 24)) ** 2 + (columns - random.integers(8, 24)) ** 2 < random.integers(20, 120)
    pixels = np.where(disc[..., None], random.integers(0, 256, 3), random.integers(0, 256, 3)).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@dataclass(frozen=True)
class Served:
    url: str
    folder: Path
    table: pd.DataFrame
    points: np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, _bundle: None) -> Iterator[Served]:
    """A survey of 180 discs, one of them unreadable from the beginning, one gone since; two suspicious groups."""
    folder = tmp_path_factory.mktemp("dataset")
    for number in range(len(CLASSES) * EACH):
        paint(folder / "data" / CLASSES[number // EACH] / f"{number % EACH:02}.png", number)
    (folder / "data" / "dog" / "03.png").write_bytes(b"no image")
    survey("allcnn", folder / "data", regions=None, output=folder / "rows")
    (folder / "rows-suspects").mkdir()
    (folder / "rows-suspects" / "suspects.csv").write_text(
        "finding,answer,way,shares,images,corrected\n1,frog,border,darker,2,0.001\n", encoding="utf-8"
    )
    (folder / "rows-suspects" / "members.csv").write_text(
        "finding,answer,image,example\n1,frog,cat/05.png,True\n1,frog,ship/07.png,False\n", encoding="utf-8"
    )
    model = opened_model("allcnn")
    shown = open_survey(folder / "rows", {model.fingerprint: model}, folder / "data")
    (folder / "data" / "ship" / "59.png").unlink()
    points = embed(read_rows(folder / "rows"), "pca", lambda *_: None).points
    with running(make_app(Session([model], survey=shown))) as url:
        yield Served(url, folder, pd.read_parquet(folder / "rows"), points)


@pytest.fixture
def page(context: BrowserContext, heard: Heard, served: Served) -> Iterator[Page]:
    opened = context.new_page()
    heard.listen(opened)
    go(opened, served, "")
    yield opened
    opened.close()


def go(page: Page, served: Served, state: str) -> None:
    page.goto("about:blank")
    page.goto(f"{served.url}#/dataset{f'?d={state}' if state else ''}")
    expect(page.locator(".whole-set .count")).to_be_visible()
    settle(page)


def expect_count(page: Page, count: int) -> None:
    expect(page.locator(".whole-set .count")).to_have_text(f"{count} of {len(CLASSES) * EACH} images")


def names(page: Page) -> list[str]:
    """Of the images that are drawn, in order."""
    found = page.locator("[data-at]").evaluate_all("all => all.map(one => one.title || one.innerText)")
    return [str(one).split(": ")[0].strip() for one in found]


def test_all_images_are_there_and_only_those_on_screen_are_drawn(page: Page) -> None:
    expect_count(page, 180)
    drawn = page.locator(".gallery li")
    assert 0 < drawn.count() < 100
    expect(drawn.first).to_have_attribute("aria-setsize", "180")
    expect(drawn.first.locator("img")).to_be_visible()
    page.locator(".scroller").evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(page.locator('.gallery li[aria-posinset="180"]')).to_be_visible()
    expect(page.locator('.gallery li[aria-posinset="1"]')).to_have_count(0)
    expect(page.locator('.gallery li[aria-posinset="178"] img')).to_be_visible()


def test_filters_keep_what_the_survey_says_and_the_link_holds_them(page: Page, served: Served) -> None:
    table = served.table
    wrong = table[(table["correct"] == False) & (table["label"] == "ship")]  # noqa: E712
    page.get_by_role("combobox", name="Label", exact=True).select_option("8")
    expect_count(page, int((table["label"] == "ship").sum()))
    page.get_by_role("combobox", name="Answer").select_option("wrong")
    expect_count(page, len(wrong))
    middle = float(wrong["margin"].median())
    page.get_by_label("From", exact=True).fill(str(middle))
    some = wrong[wrong["margin"] >= float(f"{middle:.5g}")]
    expect_count(page, len(some))
    page.reload()
    expect_count(page, len(some))
    assert names(page) == list(some["image"])
    page.get_by_role("button", name="Show all").click()
    expect_count(page, 180)
    expect_no_link(page, "d")
    page.go_back()
    expect_count(page, len(some))


def test_a_name_and_a_suspicious_group_pick_images(page: Page) -> None:
    page.get_by_role("searchbox", name="Name").press_sequentially("SHIP/1")
    expect_count(page, 10)  # while the field still has the focus: the next press finds the image that is seen
    page.get_by_role("combobox", name="Suspects").select_option("any")
    expect_count(page, 0)
    expect(page.get_by_text("No image passes all of these filters.")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("combobox", name="Suspects").select_option("0")
    expect_count(page, 2)
    assert names(page) == ["cat/05.png", "ship/07.png"]


@pytest.mark.parametrize(("title", "column", "ascending"), [("Loss", "loss", False), ("Margin", "margin", True)])
def test_the_table_is_sorted_by_any_column(
    page: Page, served: Served, title: str, column: str, ascending: bool
) -> None:
    page.get_by_role("radio", name="table").check()
    page.get_by_role("button", name=title).click()
    head = page.get_by_role("columnheader", name=title)
    expect(head).to_have_attribute("aria-sort", "ascending" if ascending else "descending")
    order = served.table.sort_values(column, ascending=ascending, kind="stable", na_position="last")
    assert names(page)[:8] == list(order["image"])[:8]
    page.get_by_role("button", name=title).click()
    expect(head).to_have_attribute("aria-sort", "descending" if ascending else "ascending")
    again = served.table.sort_values(column, ascending=not ascending, kind="stable", na_position="last")
    assert names(page)[:8] == list(again["image"])[:8]


def test_a_cell_leads_to_its_images_and_an_image_to_its_reason(page: Page, served: Served) -> None:
    table = served.table
    counts = pd.crosstab(table["label_index"], table["predicted_index"])
    label, predicted = max(
        ((int(row), int(column)) for row in counts.index for column in counts.columns if row != column),
        key=lambda pair: (counts.loc[pair], -pair[0], -pair[1]),
    )
    page.locator(".confusion ol:not(.names) button").first.click()
    expect_count(page, int(counts.loc[(label, predicted)]))
    assert link_value(page, "d") == f"y:{label}%3Bp:{predicted}"
    inside = table[(table["label_index"] == label) & (table["predicted_index"] == predicted)].iloc[0]
    page.get_by_role("button", name=inside["image"]).first.click()
    expect(page.locator(".why .photo canvas").first).to_be_visible(timeout=PATIENCE)
    assert link_value(page, "p") == f"data-{inside['index']}"
    expect(page.get_by_role("heading", level=1)).to_contain_text(inside["predicted"])
    settle(page)
    page.get_by_role("link", name="Data set").click()
    expect_count(page, int(counts.loc[(label, predicted)]))


def test_a_link_to_an_image_of_the_data_set_opens_it_in_any_view(page: Page, served: Served) -> None:
    page.goto(f"{served.url}#/attribution?p=data-70")
    expect(page.locator(".facts-of-image")).to_contain_text("dog:10")
    settle(page)


def drawn_line(page: Page, corners: list[tuple[float, float]]) -> Locator:
    """Draw a closed line on the map, in shares of its width and height."""
    canvas = page.locator(".plane canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for x, y in [*places[1:], places[0]]:
        page.mouse.move(x, y, steps=8)
    page.mouse.up()
    return canvas


def test_a_line_on_the_map_picks_what_lies_inside(page: Page, served: Served) -> None:
    page.get_by_role("radio", name="map").check()
    expect(page.locator(".plane canvas")).to_be_visible()
    settle(page)
    drawn_line(page, [(0.02, 0.02), (0.5, 0.02), (0.5, 0.98), (0.02, 0.98)])
    found = re.search(r"z:([^;&%]+)", link_value(page, "d"))
    assert found is not None
    corners = np.array([float(one) for one in found[1].split(",")]).reshape(-1, 2)
    inside = int(sum(_inside(corners, *point) for point in served.points))
    assert 0 < inside < 180
    expect_count(page, inside)
    page.get_by_role("button", name="Let go").click()
    expect_count(page, 180)


def _inside(corners: np.ndarray[Any, Any], x: float, y: float) -> bool:
    """Counts the crossings of a line to the right."""
    odd = False
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            odd = not odd
    return odd


def test_numbers_pick_from_the_map_without_a_mouse(page: Page, served: Served) -> None:
    page.get_by_role("radio", name="map").check()
    across = page.get_by_label("Across from")
    middle = float(np.nanmedian(served.points[:, 0]))
    across.fill(f"{middle:.4g}")
    across.press("Enter")
    expect_count(page, int((served.points[:, 0] >= float(f"{middle:.4g}")).sum()))


def test_the_map_tells_the_image_of_a_point_and_opens_it(page: Page, served: Served) -> None:
    page.get_by_role("radio", name="map").check()
    canvas = page.locator(".plane canvas")
    expect(canvas).to_be_visible()
    settle(page)
    box = canvas.bounding_box()
    assert box
    x, y = served.points[:, 0], served.points[:, 1]
    edge = 12
    wide, tall = np.nanmax(x) - np.nanmin(x), np.nanmax(y) - np.nanmin(y)
    unit = max(wide / (box["width"] - 2 * edge), tall / (box["height"] - 2 * edge))
    far = int(np.nanargmax(x))  # nothing lies beyond it
    left = (np.nanmin(x) + np.nanmax(x)) / 2 - unit * box["width"] / 2
    top = (np.nanmin(y) + np.nanmax(y)) / 2 + unit * box["height"] / 2
    canvas.click(position={"x": float((x[far] - left) / unit), "y": float((top - y[far]) / unit)})
    expect(page.locator(".point")).to_contain_text(str(served.table["image"][far]))
    page.mouse.move(5, 5)
    page.get_by_role("button", name="Why?").click()
    assert link_value(page, "p") == f"data-{far}"


def test_everything_is_reached_by_the_keyboard(page: Page, served: Served) -> None:
    first = page.locator('.gallery [data-at="0"]')
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-at="1"]')).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator('[data-at="179"]')).to_be_focused()
    expect(page.locator('[data-at="179"]')).to_be_in_viewport()
    page.keyboard.press("PageUp")
    page.keyboard.press("Home")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowDown")
    at = int(page.evaluate("document.activeElement.dataset.at"))
    assert at > 1
    page.keyboard.press("Enter")
    assert link_value(page, "p") == f"data-{at}"
    settle(page)
    page.go_back()
    expect_count(page, 180)
    assert served.table["index"][at] == at


def test_what_is_shown_is_taken_home_as_csv(page: Page, served: Served, tmp_path: Path) -> None:
    go(page, served, "ok:wrong;s:-loss")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="These images as CSV").click()
    waiting.value.save_as(tmp_path / "images.csv")
    with (tmp_path / "images.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    wanted = served.table[served.table["correct"] == False].sort_values("loss", ascending=False, kind="stable")  # noqa: E712
    assert [one["image"] for one in found] == list(wanted["image"])
    assert [int(one["index"]) for one in found] == list(wanted["index"])
    np.testing.assert_allclose([float(one["margin"]) for one in found], wanted["margin"], rtol=1e-6)


def test_an_image_that_is_gone_or_never_was_one_says_so(page: Page, served: Served) -> None:
    go(page, served, "q:ship%2F59")
    expect(page.locator(".gallery .gone")).to_have_text("!")
    assert "no file" in str(page.locator(".gallery button").get_attribute("title"))
    go(page, served, "ok:problem")
    expect_count(page, 1)
    expect(page.locator(".gallery button")).to_contain_text("no answer")
    expect(page.get_by_role("button", name="dog:3")).to_be_visible()
    page.locator(".gallery button").click()  # it can't be asked about: the page says why, and shows no other image
    expect(page.get_by_role("status").filter(has_text="Nothing can be asked about dog/03.png")).to_be_visible()
    expect_count(page, 1)
    settle(page)


def test_a_link_with_what_is_not_here_says_so(page: Page, served: Served) -> None:
    go(page, served, "y:99;g:9;r:colour,1,2;s:-size;zz:1;p:3")
    for what in ("class 99", "group 9", "column colour", "column size", "zz:1"):
        expect(page.get_by_role("status").filter(has_text=what)).to_be_visible()
    expect_count(page, int((served.table["predicted_index"] == 3).sum()))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, _bundle: None) -> Path:
    """A page of a survey of 24 discs."""
    folder = tmp_path_factory.mktemp("file")
    for number in range(24):
        paint(folder / "data" / CLASSES[number // 8] / f"{number % 8}.png", number)
    survey("allcnn", folder / "data", regions=None, output=folder / "rows")
    return write_page(survey=folder / "rows", data=folder / "data", output=folder / "dataset.html").page


def test_one_file_shows_it_offline_and_asks_the_network_inside(
    context: BrowserContext, heard: Heard, file: Path
) -> None:
    page = context.new_page()
    heard.listen(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    expect(page.locator(".whole-set .count")).to_have_text("24 of 24 images")
    expect(page.locator(".gallery img").nth(8)).to_be_visible()
    page.get_by_role("combobox", name="Label", exact=True).select_option("8")
    expect(page.locator(".whole-set .count")).to_have_text("8 of 24 images")
    page.get_by_role("radio", name="map").check()
    expect(page.locator(".plane canvas")).to_be_visible()
    table = pd.read_parquet(file.parent / "rows")
    page.get_by_role("button", name="ship/3.png").click()
    expect(page.locator(".why .photo canvas").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("heading", level=1)).to_contain_text(str(table["predicted"][19]))
    assert link_value(page, "p") == "data-19"
    assert [one for one in asked if not one.startswith(("data:", "blob:"))] == [file.as_uri()]
    page.close()


@pytest.mark.parametrize("state", ["", "o:map;w:table;c:label;b:0,,,", "o:map;q:none"])
def test_it_is_for_everyone(browser: Browser, served: Served, artefacts: Path, state: str) -> None:
    wrong: list[str] = []
    for theme, forced in (("light", "none"), ("dark", "none"), ("light", "active")):
        size: Any = {"width": WIDE, "height": 900}
        looks: Any = {"color_scheme": theme, "forced_colors": forced, "reduced_motion": "reduce"}
        made = browser.new_context(viewport=size, **looks)
        made.set_default_timeout(PATIENCE)
        page = made.new_page()
        go(page, served, state)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for width in (WIDE, NARROW, WIDEST, NARROWEST):
            page.set_viewport_size({"width": width, "height": 900})
            let_rest(page)
            name = re.sub(r"\W", "", state) or "start"
            page.screenshot(path=artefacts / f"dataset-{name}-{theme}-{forced}-{width}.png", full_page=True)
            wrong += [f"{theme} {forced} {width}: {one}" for one in page.evaluate(TOO_WIDE)]
            if width in {WIDE, NARROW}:
                wrong += [f"{theme} {forced} {width}: {one}" for one in violations(page)]
        made.close()
    assert wrong == []
