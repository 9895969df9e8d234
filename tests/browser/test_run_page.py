"""The page that `innerview inspect` writes, on a telephone and on a session: every figure whole, none scrolled, none
tiny."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from innerview.session.query import Query
from innerview.workbench.run.run import run
from session.made_runs import made_folders, made_run

LOADED = "image => image.decode().then(() => [image.currentSrc.split('/').pop(), image.getBoundingClientRect().width])"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of two runs."""
    folder = tmp_path_factory.mktemp("runs")
    made_run(folder / "one")
    made_run(folder / "two", seed=1)
    asked = Query(num_checkpoints=2, n_steps=1, data=made_folders(folder / "data"), probes=("cat",))
    return run([folder / "one", folder / "two"], asked, output=folder / "page").page.as_uri()


@pytest.mark.parametrize(("width", "narrow"), [(390, True), (1280, False)])
def test_a_screen_shows_the_figures_that_were_drawn_for_it(
    browser: Browser, written: str, width: int, narrow: bool
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.goto(written)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    images = page.locator("figure img")
    images.evaluate_all("all => all.forEach(one => { one.loading = 'eager' })")
    found = [image.evaluate(LOADED) for image in images.all()]
    assert {"-narrow." in file for file, _ in found} == {narrow}
    assert all(0.75 * min(width, 480) < room <= width for _, room in found)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("[...document.querySelectorAll('main *')].filter(o => o.scrollWidth > innerWidth).length") == 0
    page.close()
