"""JupyterLab, Notebook 7 and marimo in a real browser: a cell with the viewer, alive, saved, opened with no kernel."""

# ruff: noqa: S310 it asks servers of its own

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Error, FrameLocator, Locator, Page, expect

from browser.conftest import ROOT
from browser.driving import PATIENCE, READY, canvas, rough
from patience import until

TOKEN = "only-here"  # noqa: S105 of a server that lives as long as this test

QUIET = {"fetchNews": "false", "checkForUpdates": False}
"""JupyterLab asks nothing of the internet."""


@contextmanager
def serving(command: list[str], folder: Path, ready: str) -> Iterator[str]:
    """Run a notebook's server, with all that it writes in a folder, and give its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    home = folder / "home"
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(QUIET), encoding="utf-8")
    places = {
        name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    places |= {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
    environment = {**os.environ, **places, "HOME": str(home), "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    environment["MARIMO_SKIP_UPDATE_CHECK"] = "1"
    with (folder / "log.txt").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", *command, f"--port={port}"], cwd=folder, env=environment, stdout=log, stderr=log
        )
        try:

            def answers() -> bool:
                assert server.poll() is None, (folder / "log.txt").read_text(encoding="utf-8")
                try:
                    urllib.request.urlopen(url + ready).close()
                except OSError:
                    return False
                return True

            until(answers, url, lambda: time.sleep(0.2))
            yield url
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@pytest.fixture
def wide(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 1000}, color_scheme="light")
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


THEIRS = "Cannot read properties of undefined (reading 'schema')"
"""JupyterLab's shortcuts ask for settings that are not there yet. Notebook 7 always throws this once while it begins,
with a cell of `print(1)` too, and on a busy computer that late that a cell is running already."""


def errors(page: Page) -> list[str]:
    """What the page says that is an error; the notebooks themselves have much to say."""
    said: list[str] = []

    def thrown(problem: Error) -> None:
        if problem.message != THEIRS or "blob:" in (problem.stack or ""):  # a widget's module comes from there
            said.append(f"thrown: {problem.stack or problem}")

    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", thrown)
    return said


def slide(within: Page | FrameLocator) -> None:
    """Move the alpha slider by keyboard: what it says and what is drawn must follow."""
    within.get_by_role("link", name="Interior gradients").click()
    slider = within.get_by_role("slider", name="alpha")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^alpha 0,"))
    first, image = within.locator(READY["interior"]).first, within.get_by_role("img", name="Image: cat")
    assert rough(canvas(first)) < 0.5 * rough(canvas(image))  # a blurred copy
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^alpha 1, .*predicts cat, 9\d percent"))
    assert (canvas(first) == canvas(image)).all()
    slider.press("ArrowLeft")
    expect(slider).not_to_have_attribute("aria-valuetext", re.compile("^alpha 1,"))
    assert (canvas(first) != canvas(image)).any()


def ask_the_kernel(page: Page) -> None:
    """Choose a class whose map the page does not hold."""
    page.get_by_label("Explain").select_option("0")
    page.get_by_role("link", name="Attribution").click()
    drawn = page.get_by_role("img", name="Integrated gradients for airplane").first
    expect(drawn).to_be_visible(timeout=PATIENCE)
    expect(page.locator("[data-stale]")).to_have_count(0)
    assert np.ptp(canvas(drawn)) > 0


def fits(root: Locator) -> None:
    """Nothing of the viewer is cut off at the right of its cell."""
    outside = root.evaluate(
        """root => {
          const right = root.getBoundingClientRect().right + 1;
          const parts = [...root.querySelectorAll('main *, aside *')];
          return parts.filter((part) => !part.closest('.hidden, .scroll') && part.getBoundingClientRect().right > right)
            .map((part) => part.outerHTML.slice(0, 80));
        }"""
    )
    assert outside == []


def run_cell(page: Page) -> None:
    # The cell says that it is idle before there is a kernel; the bar below says whether there is one.
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")


def cell(kind: str, source: str) -> dict[str, Any]:
    made = {"cell_type": kind, "id": kind, "metadata": {}, "source": source}
    return made if kind == "markdown" else {**made, "outputs": [], "execution_count": None}


def write_notebook(path: Path) -> None:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [cell("code", 'import innerview\n\ninnerview.view("cat")')]
    made = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}
    path.write_text(json.dumps(made), encoding="utf-8")


def saved(path: Path) -> bool:
    """Whether the notebook was written with its outputs."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except ValueError:  # in the middle of being written
        return False
    return any("text/html" in output.get("data", {}) for cell in cells for output in cell["outputs"])


def wait_until_saved(page: Page, path: Path) -> None:
    until(lambda: saved(path), "the saved notebook", lambda: page.wait_for_timeout(200))


def stop_kernels(url: str) -> None:
    with urllib.request.urlopen(f"{url}api/sessions?token={TOKEN}") as answer:
        sessions = json.load(answer)
    for session in sessions:
        address = f"{url}api/sessions/{session['id']}?token={TOKEN}"
        urllib.request.urlopen(urllib.request.Request(address, method="DELETE")).close()


def test_a_cell_of_jupyterlab_lives_and_what_it_saves_opens_without_a_kernel(
    wide: BrowserContext, tmp_path: Path, artefacts: Path
) -> None:
    path = tmp_path / "inside.ipynb"
    write_notebook(path)
    command = ["jupyterlab", "--no-browser", "--allow-root", f"--IdentityProvider.token={TOKEN}"]
    with serving(command, tmp_path, f"api?token={TOKEN}") as url:
        page = wide.new_page()
        said = errors(page)
        page.goto(f"{url}lab/tree/inside.ipynb?token={TOKEN}")
        run_cell(page)
        expect(page.locator(f".innerview {READY['why']}").first).to_be_visible(timeout=PATIENCE)
        # The page that is saved beside it is not shown twice.
        expect(page.locator("iframe[title=innerview]")).to_be_hidden()
        fits(page.locator(".innerview"))
        page.screenshot(path=artefacts / "jupyterlab.png")
        slide(page)
        ask_the_kernel(page)
        page.keyboard.press("Control+s")
        wait_until_saved(page, path)
        assert said == []
        page.close()

        again = wide.new_page()
        stop_kernels(url)
        again.goto(f"{url}lab/tree/inside.ipynb?token={TOKEN}&reset")
        frame = again.frame_locator("iframe[title=innerview]")
        expect(frame.locator(READY["why"]).first).to_be_visible(timeout=PATIENCE)
        slide(frame)
        expect(again.get_by_text("Error displaying widget")).to_be_hidden()
        again.screenshot(path=artefacts / "jupyterlab-saved.png")
        again.close()

        # From elsewhere: no signature, so no frame and no style, but the map.
        content = json.loads(path.read_text(encoding="utf-8"))
        content["cells"].insert(0, cell("markdown", "Sent by somebody."))
        (tmp_path / "sent.ipynb").write_text(json.dumps(content), encoding="utf-8")
        sent = wide.new_page()
        sent.goto(f"{url}lab/tree/sent.ipynb?token={TOKEN}&reset")
        still = sent.get_by_role("img", name="Integrated gradients for 3 cat")
        expect(still).to_be_visible(timeout=PATIENCE)
        assert still.evaluate("image => image.naturalWidth") == 256
        expect(sent.get_by_text("Trust the notebook")).to_be_visible()
        sent.screenshot(path=artefacts / "jupyterlab-untrusted.png")
        sent.close()
    opens_exported(wide, path, artefacts)


def opens_exported(wide: BrowserContext, path: Path, artefacts: Path) -> None:
    """A notebook that was exported to HTML shows the page, with no server at all."""
    from nbconvert import HTMLExporter

    written, _ = HTMLExporter().from_filename(str(path))
    place = path.with_suffix(".html")
    place.write_text(written, encoding="utf-8")
    wide.set_offline(True)
    page = wide.new_page()
    page.goto(place.as_uri(), wait_until="commit")  # nbconvert's own scripts come from elsewhere
    frame = page.frame_locator("iframe[title=innerview]")
    expect(frame.locator(READY["why"]).first).to_be_visible(timeout=PATIENCE)
    slide(frame)
    expect(page.get_by_role("img", name="Integrated gradients for 3 cat")).to_be_hidden()
    page.screenshot(path=artefacts / "nbconvert.png")
    page.close()
    wide.set_offline(False)


def wait_for_a_kernel(page: Page, url: str) -> None:
    """Wait until a notebook's kernel waits for cells, which Notebook 7 shows nowhere."""

    def waits() -> bool:
        with urllib.request.urlopen(f"{url}api/sessions?token={TOKEN}") as answer:
            kernels = [session["kernel"] for session in json.load(answer)]
        return any(one["execution_state"] == "idle" and one["connections"] for one in kernels)

    until(waits, "a kernel", lambda: page.wait_for_timeout(200))


def run_the_first_cell(page: Page) -> None:
    """Press the keys until the cell says that it runs: before its page hears the kernel, Notebook 7 drops them."""
    cell = page.locator(".jp-CodeCell").first
    cell.locator(".cm-content").click()

    def runs() -> bool:
        return re.search(r"[*\d]", cell.locator(".jp-InputPrompt").inner_text()) is not None

    def press() -> None:
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(200)

    until(runs, "a cell that runs", press)


def test_a_cell_of_notebook_7_lives_and_arrow_keys_are_its_sliders(
    wide: BrowserContext, tmp_path: Path, artefacts: Path
) -> None:
    """In Notebook 7 arrow keys belong to its headings, whatever has the focus: `slide` presses one."""
    path = tmp_path / "inside.ipynb"
    write_notebook(path)
    command = ["notebook", "--no-browser", "--allow-root", f"--IdentityProvider.token={TOKEN}"]
    with serving(command, tmp_path, f"api?token={TOKEN}") as url:
        page = wide.new_page()
        said = errors(page)
        page.goto(f"{url}notebooks/inside.ipynb?token={TOKEN}")
        page.locator(".jp-CodeCell .cm-content").first.wait_for()
        wait_for_a_kernel(page, url)
        run_the_first_cell(page)
        expect(page.locator(f".innerview {READY['why']}").first).to_be_visible(timeout=PATIENCE)
        expect(page.locator("iframe[title=innerview]")).to_be_hidden()
        fits(page.locator(".innerview"))
        page.screenshot(path=artefacts / "notebook.png")
        slide(page)
        ask_the_kernel(page)
        page.keyboard.press("Control+s")  # is the notebook's, though the viewer has the focus
        wait_until_saved(page, path)
        assert said == []
        page.close()

        stop_kernels(url)
        again = wide.new_page()
        again.goto(f"{url}notebooks/inside.ipynb?token={TOKEN}")
        frame = again.frame_locator("iframe[title=innerview]")
        expect(frame.locator(READY["why"]).first).to_be_visible(timeout=PATIENCE)
        slide(frame)
        again.screenshot(path=artefacts / "notebook-saved.png")
        again.close()


MARIMO = """
import marimo

app = marimo.App(width="full")


@app.cell
def _():
    import innerview

    innerview.view("cat")
    return


if __name__ == "__main__":
    app.run()
"""


def test_a_cell_of_marimo_lives(wide: BrowserContext, tmp_path: Path, artefacts: Path) -> None:
    (tmp_path / "inside.py").write_text(MARIMO, encoding="utf-8")
    command = ["marimo", "--quiet", "run", "inside.py", "--headless", "--no-token"]
    with serving(command, tmp_path, "health") as url:
        page = wide.new_page()
        said = errors(page)
        page.goto(url)
        expect(page.locator(f".innerview {READY['why']}").first).to_be_visible(timeout=PATIENCE)
        fits(page.locator(".innerview"))
        page.screenshot(path=artefacts / "marimo.png")
        slide(page)
        ask_the_kernel(page)
        assert said == []
        page.close()
