"""The page that `innerview inspect` writes, on a telephone and on a session: every figure whole, none scrolled, none
tiny."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from innerview.session.query import Query
from innerview.workbench.run.run import run
from session.made_runs import made_folders, made_run

LOADED = "image => image.decode().then(() => [image.currentSrc.split('/').pop(), image.getBoundingClientRect().width])"


@pytest.mark.parametrize(("width", "narrow"), [(390, True), (1280, False)])
def test_a_screen_shows_the_figures_that_were_drawn_for_it(
    browser: Browser, tmp_path: Path, width: int, narrow: bool
) -> None:
    made_run(tmp_path / "one")
    made_run(tmp_path / "two", seed=1)
    asked = Query(num_checkpoints=2, n_steps=1, data=made_folders(tmp_path / "data"), probes=("cat",))
    shown = run([tmp_path / "one", tmp_path / "two"], asked, output=tmp_path / "page")
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.goto(shown.page.as_uri())
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    images = page.locator("figure img")
    images.evaluate_all("all => all.forEach(one => { one.loading = 'eager' })")
    found = [image.evaluate(LOADED) for image in images.all()]
    assert {"-narrow." in file for file, _ in found} == {narrow}
    assert all(0.75 * min(width, 480) < room <= width for _, room in found)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("[...document.querySelectorAll('main *')].filter(o => o.scrollWidth > innerWidth).length") == 0
    page.close()
