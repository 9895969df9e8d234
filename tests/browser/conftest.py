"""A browser, the viewer's server with the built-in networks on a port, and pages that must stay silent.

The browser is INNERVIEW_CHROMIUM, or a Chromium on PATH, or Playwright's own. Screenshots go to
INNERVIEW_ARTEFACTS, or to pytest's temporary folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from browser.driving import PATIENCE, Known
from innerview.data.samples import example_image, example_names
from innerview.session.opening import built_in_runs, opened_model
from innerview.session.registry import RunRegistry
from innerview.session.session import Session
from innerview.web.app import make_app
from innerview.web.guard import Access
from innerview.web.server import running

ROOT = Path(__file__).resolve().parents[2]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session", autouse=True)
def _bundle() -> None:
    """Bring the bundle up to date with frontend/."""
    built = subprocess.run([sys.executable, "hatch_build.py"], cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr


def found_chromium() -> str | None:
    """The browser that is meant; None for Playwright's own."""
    return os.environ.get("INNERVIEW_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found_chromium(), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def known() -> Known:
    """The session: the built-in network and the recipe's, their trainings, the samples."""
    names = ("allcnn", "tutorial2018")
    session = Session(
        [opened_model(name) for name in names], RunRegistry([path for name in names for path in built_in_runs(name)])
    )
    for name in example_names():
        session.add(example_image(name), "sample")
    found = Known(session)
    # What every page asks first is worked out once, before the first page asks.
    found.ask("map", target=found.predicted())
    return found


@pytest.fixture(scope="session")
def prepared(known: Known) -> Known:
    """The session with everything about the cat that takes long worked out."""
    known.prepare()
    return known


@pytest.fixture(scope="session")
def server(known: Known, _bundle: None) -> Iterator[str]:
    with running(make_app(known.session, Access())) as url:
        yield url


@dataclass
class Heard:
    """What pages said to the console, and threw."""

    said: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda problem: self.said.append(f"thrown: {problem}"))


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Pages must say nothing: any warning of the browser is a failure."""
    listening = Heard()
    yield listening
    assert not listening.said


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light", accept_downloads=True)
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, heard: Heard, server: str) -> Iterator[Page]:
    """The viewer, opened at the attribution, its map there."""
    opened = context.new_page()
    heard.listen(opened)
    opened.goto(f"{server}#/attribution")
    expect(opened.locator(".says")).to_be_visible()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go."""
    named = os.environ.get("INNERVIEW_ARTEFACTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
