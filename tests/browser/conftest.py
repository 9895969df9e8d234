"""A real Chromium, and a server on a free port with the built-in network.

The browser is the one that INNERVIEW_CHROMIUM names, or the chromium on PATH; Playwright's own are not downloaded.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from innerview.web.app import make_app
from innerview.web.server import running
from innerview.workbench.serving import furnish

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server in this process."""
    desk, changes = furnish()
    with running(make_app(desk, changes=changes)) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("INNERVIEW_CHROMIUM") or shutil.which("chromium")
    assert path, "no chromium on PATH; install it, or name one in INNERVIEW_CHROMIUM"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
