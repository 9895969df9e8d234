"""How quick the page with a network is as people have it: a file from the disk in a real Chromium, and on a phone.

    python benchmarks/page_live.py [--rounds 21] [--answers 1000]        about 10 minutes on a quiet machine

Measured are, by the page's own clock: from opening the file to the answer that it shows; from the end of a stroke of
the brush to the frame with the answer to the pixels that are kept (others each time), with the processor time that the
page's process took for each; from choosing a file to the map that is checked to 1 %, another crop each time. Then the
same brush on a phone's screen (390 wide, touched), the processor four times as slow: once as DevTools throttles it,
and once by stopping the whole process of the page, the engine's worker too, for three quarters of every 40 ms. At last
the memory of that process and of both heaps over many answers to the brush, after collecting garbage.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from innerview.workbench.page.report import report
from viewer import FLAGS, PATIENCE, WATCH, middle, strokes, surroundings, until, uploads

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
SLOW = 4
SLICE = 0.04
"""Seconds, of which the process of the page runs a quarter."""

OPENED = """
(() => {
  const look = () => {
    if (document.querySelector('h1')?.textContent.includes('%')) window.__opened = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""


def pages_process(browser: Browser, page: Page) -> int:
    """The process that runs the page: the one that works while the page does."""
    tab = browser.new_browser_cdp_session()

    def times() -> dict[int, float]:
        told: dict[str, Any] = tab.send("SystemInfo.getProcessInfo")
        return {int(one["id"]): float(one["cpuTime"]) for one in told["processInfo"] if one["type"] == "renderer"}

    before = times()
    page.evaluate("() => { const end = performance.now() + 500; while (performance.now() < end); }")
    return max(times().items(), key=lambda pair: pair[1] - before.get(pair[0], 0.0))[0]


@contextmanager
def stopped_mostly(process: int) -> Iterator[None]:
    """Let a process run for a quarter of the time."""
    ended = threading.Event()

    def hold() -> None:
        while not ended.is_set():
            os.kill(process, signal.SIGSTOP)
            time.sleep(SLICE * (1 - 1 / SLOW))
            os.kill(process, signal.SIGCONT)
            time.sleep(SLICE / SLOW)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def opened(browser: Browser, url: str, viewport: Any, *, phone: bool = False) -> Page:
    """The page in a context that knows nothing."""
    context = browser.new_context(
        viewport=viewport, color_scheme="light", has_touch=True, is_mobile=phone, device_scale_factor=3 if phone else 1
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(WATCH + OPENED)
    page.goto(url)
    until(page, "window.__opened !== undefined")
    return page


def openings(browser: Browser, url: str, rounds: int) -> list[float]:
    """Milliseconds from asking for the file to the frame with its answer."""
    took: list[float] = []
    for _ in range(rounds):
        page = opened(browser, url, WIDE)
        took.append(float(page.evaluate("window.__opened")))
        page.context.close()
    return took


class Heaps:
    """The heaps of a page and of its worker, asked for after collecting garbage."""

    def __init__(self, page: Page) -> None:
        self.tab: CDPSession = page.context.new_cdp_session(page)
        self.sessions: list[str] = []
        self.told: list[dict[str, Any]] = []
        self.tab.on("Target.attachedToTarget", lambda event: self.sessions.append(event["sessionId"]))
        self.tab.on("Target.receivedMessageFromTarget", lambda event: self.told.append(json.loads(event["message"])))
        self.tab.send("Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False})
        self.page = page

    def _of_worker(self, method: str) -> dict[str, Any]:
        self.told.clear()
        message = json.dumps({"id": 1, "method": method})
        self.tab.send("Target.sendMessageToTarget", {"sessionId": self.sessions[0], "message": message})
        while not any(one.get("id") == 1 for one in self.told):
            self.page.wait_for_timeout(20)
        found = next(one for one in self.told if one.get("id") == 1)
        assert "result" in found, found
        return dict(found["result"])

    def sizes(self) -> tuple[float, float, float]:
        """Megabytes in use: of the page, of the worker, and of the worker's arrays, WebAssembly's memory among them."""
        self.tab.send("HeapProfiler.collectGarbage")
        page: dict[str, Any] = self.tab.send("Runtime.getHeapUsage")
        self._of_worker("HeapProfiler.collectGarbage")
        worker = self._of_worker("Runtime.getHeapUsage")
        return page["usedSize"] / 1e6, worker["usedSize"] / 1e6, worker["backingStorageSize"] / 1e6


def resident(process: int) -> float:
    """Megabytes of a process in memory."""
    text = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(text.split("VmRSS:")[1].split()[0]) / 1000


def memory(browser: Browser, url: str, answers: int) -> list[tuple[int, float, float, float, float]]:
    """What is in memory after so many answers."""
    page = opened(browser, url, WIDE)
    page.evaluate("location.hash = '#/masking?k=0'")
    brush = page.get_by_role("application", name="Brush")
    brush.wait_for()
    until(page, "!document.querySelector('[data-stale], .waiting')")
    heaps, process = Heaps(page), pages_process(browser, page)
    brush.focus()
    random = np.random.default_rng(0)
    found: list[tuple[int, float, float, float, float]] = []
    for number in range(answers + 1):
        if number % (answers // 10) == 0:
            found.append((number, *heaps.sizes(), resident(process)))
            print(" ".join(f"{one:9.1f}" for one in found[-1]), flush=True)
        page.evaluate("window.__forget()")
        page.keyboard.press(str(random.choice(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"])))
        page.keyboard.press("Enter")
        until(page, "window.__watch.said !== null")
    page.context.close()
    return found


def spent(process: int) -> float:
    """Milliseconds of the processor that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def brush(browser: Browser, url: str, rounds: int) -> None:
    """Print how long answers to the brush take, of the wall and of the processor."""
    page = opened(browser, url, WIDE)
    process = pages_process(browser, page)
    before = spent(process)
    for words, took in strokes(page, rounds):
        now = spent(process)
        each = (now - before) / (len(took) + 2)
        print(f"brush, {words}: {middle(took)}; {each:.0f} ms of the processor each", flush=True)
        before = now
    page.context.close()


def phone(browser: Browser, url: str, rounds: int) -> None:
    """Print the same of a phone's screen, four times as slow."""
    for words, stopping in (("as DevTools throttles", False), ("stopped three quarters of the time", True)):
        page = opened(browser, url, PHONE, phone=True)
        if not stopping:
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOW})
        with stopped_mostly(pages_process(browser, page)) if stopping else nullcontext():
            for how, took in strokes(page, rounds):
                print(f"phone, {words}, {how}: {middle(took)}", flush=True)
        page.context.close()


def whole(browser: Browser, url: str, rounds: int) -> None:
    """Print how long opening and an image of one's own take."""
    print(f"opening: {middle(openings(browser, url, rounds))}", flush=True)
    first, checked = uploads(browser, url, rounds)
    print(f"an image of one's own: first map {middle(first)}, checked to 1 % {middle(checked)}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--answers", type=int, default=1000)
    parser.add_argument("--only", choices=["whole", "brush", "phone", "memory"])
    asked = parser.parse_args()
    parts = {"whole": whole, "brush": brush, "phone": phone}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "cat.html"
        report(("cat",), output=file)
        path = os.environ.get("INNERVIEW_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        print(f"{surroundings(browser)}; {file.stat().st_size / 1e6:.2f} MB", flush=True)
        for name, part in parts.items():
            if asked.only in {None, name}:
                part(browser, file.as_uri(), asked.rounds)
        if asked.only in {None, "memory"}:
            print("  answers    page MB  worker MB  arrays MB  process MB")
            memory(browser, file.as_uri(), asked.answers)
        print(f"load {os.getloadavg()[0]:.1f} at the end")
        browser.close()


if __name__ == "__main__":
    main()
