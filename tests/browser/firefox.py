"""The Firefox that Debian has, driven by WebDriver BiDi: Playwright knows only builds of its own, which it downloads.

Only what tests of pages need: open a page, run a function in it, give files to an input, wait until something holds.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from websockets.sync.client import ClientConnection, connect

from patience import PATIENCE, until

NAMES: Final = ("firefox-esr", "firefox")


def found_firefox() -> str | None:
    """The browser that is meant: INNERVIEW_FIREFOX, or what is on PATH; None without."""
    return os.environ.get("INNERVIEW_FIREFOX") or next(filter(None, map(shutil.which, NAMES)), None)


class Firefox:
    """A tab of a Firefox.

    Attributes:
        version: of the browser.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._asked = socket, 0
        told = self._command("session.new", capabilities={})
        self.version: str = told["capabilities"]["browserVersion"]
        self._tab: str = self._command("browsingContext.getTree")["contexts"][0]["context"]

    def _command(self, method: str, **params: Any) -> Any:
        self._asked += 1
        self._socket.send(json.dumps({"id": self._asked, "method": method, "params": params}))
        while True:
            told = json.loads(self._socket.recv(PATIENCE))
            if told.get("id") != self._asked:
                continue  # an event
            assert told["type"] == "success", told
            return told["result"]

    def goto(self, url: str) -> None:
        """Open an address, and wait until it is loaded."""
        self._command("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def size(self, width: int, height: int) -> None:
        """Set the size of the viewport."""
        self._command("browsingContext.setViewport", context=self._tab, viewport={"width": width, "height": height})

    def evaluate(self, function: str, given: object = None, /) -> Any:
        """What a function of the page's own language gives for a value; both as JSON, promises waited for."""
        told = self._command(
            "script.callFunction",
            functionDeclaration=f"async (given) => JSON.stringify(await ({function})(JSON.parse(given))) ?? 'null'",
            arguments=[{"type": "string", "value": json.dumps(given)}],
            target={"context": self._tab},
            awaitPromise=True,
        )
        assert told["type"] == "success", told["exceptionDetails"]["text"]
        return json.loads(told["result"]["value"])

    def choose_files(self, selector: str, *paths: Path) -> None:
        """Give files to an input, as somebody chooses them."""
        nodes = self._command(
            "browsingContext.locateNodes", context=self._tab, locator={"type": "css", "value": selector}
        )["nodes"]
        element = {"sharedId": nodes[0]["sharedId"]}
        self._command("input.setFiles", context=self._tab, element=element, files=[str(path) for path in paths])

    def wait_for(self, function: str, given: object = None) -> None:
        """Wait until a function of the page gives something true."""
        until(lambda: self.evaluate(function, given), function, pause=lambda: time.sleep(0.05))

    def picture(self, path: Path) -> None:
        """Keep what the page shows, as PNG."""
        path.write_bytes(
            base64.b64decode(self._command("browsingContext.captureScreenshot", context=self._tab)["data"])
        )


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """A Firefox without a window, with a new profile.

    Args:
        profile: a new folder, for what it writes.
    """
    name = found_firefox()
    assert name, "There is no Firefox; on Debian: apt-get install firefox-esr (or INNERVIEW_TEST_WITHOUT=firefox)."
    profile.mkdir(parents=True)
    command = [name, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port=0"]
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with connect(_address(profile, started), max_size=None, open_timeout=PATIENCE, proxy=None) as socket:
            yield Firefox(socket)
    finally:
        started.terminate()
        try:
            started.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            started.kill()


def _address(profile: Path, started: subprocess.Popen[bytes]) -> str:
    """Where it listens; it writes that into its profile."""
    place = profile / "WebDriverBiDiServer.json"

    def whole() -> bool:
        assert started.poll() is None, f"Firefox ended with {started.returncode} before it could be driven."
        return place.exists() and place.read_text(encoding="utf-8").rstrip().endswith("}")

    until(whole, "what Firefox says of where it listens", pause=lambda: time.sleep(0.05))
    told = json.loads(place.read_text(encoding="utf-8"))
    return f"ws://{told['ws_host']}:{told['ws_port']}/session"
