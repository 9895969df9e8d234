"""How quick the viewer is: a really running `innerview serve` in a real Chromium, clocks of the page itself.

    python benchmarks/viewer.py [--rounds 15] [--write]        about 8 minutes on a quiet machine
    python benchmarks/viewer.py --large                        also EfficientNet-Lite0, 224 × 224: about 2 minutes more

Measured are: on the first screen, from choosing a file (a new crop of a sample photo each time, the built-in model) to
what is predicted, to the evidence on the photo and to the verdict whether it holds; in the view of maps, from choosing
a file to its first map and to the map that was checked to 1 %; from pressing a key on the alpha slider to the last
canvas drawn for it; from the end of a stroke of the brush, a tap or Enter to the frame with the answer to the pixels
that are kept (others each time); from asking about a part (another box each time) to what it does, and to its p-value
against 19 other places; the first load in a browser that knows nothing, to its first paint and to its map, with its
requests; the sizes of one-file pages. Before that, the processor time of what the first screen asks about a new image
(`--questions`: nothing but that). `--write` puts the tables into docs/evidence/viewer.md. `--large` needs what
examples/efficientnet_lite0 says.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from innerview.cli.memory import keep_memory
from innerview.data.image import Image as Loaded
from innerview.data.samples import example_image, example_names
from innerview.session.compute.prediction import PREDICTION
from innerview.session.models import ModelRequest, open_model
from innerview.session.opening import opened_model
from innerview.session.progress import NullListener
from innerview.session.query import Query, read_query
from innerview.session.session import OpenedModel, Session
from innerview.types import Array
from innerview.workbench.page.report import report

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from serving import served  # noqa: E402 a server as the tests start it

PAGE = ROOT / "docs" / "evidence" / "viewer.md"
LITE0 = ROOT / "examples" / "efficientnet_lite0"
PAINTED = ["PDw8PAAAAAA", "AAAAAAAA8PA"]
"""Two parts of a grid of 8 × 8, as the viewer sends them."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PATIENCE = 60_000

WATCH = """
(() => {
  const state = window.__watch = {
    map: null, checked: null, chosen: null, before: null, key: null, drawn: null, lifted: null, kept: null, said: null,
  };
  const kept = () => document.querySelector('.seen-by-model .facts')?.textContent;
  const map = () => {
    const line = document.querySelector('[data-certificate]');
    if (!line || document.querySelector('[data-stale]') || line.textContent.startsWith('previous')) return null;
    return line.textContent;
  };
  const look = (now) => {
    const line = map();
    if (line && location.hash !== state.before) {
      state.map ??= performance.now();
      if (line.includes('\\u2713')) state.checked ??= performance.now();
    }
    const ended = state.lifted !== null || state.key !== null;
    if (ended && kept() !== state.kept && !document.querySelector('.waiting, .waited-for')) {
      state.said ??= performance.now();
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  addEventListener('change', (event) => {
    if (event.target.type !== 'file') return;
    Object.assign(state, {map: null, checked: null, chosen: performance.now(), before: location.hash});
  }, true);
  addEventListener('keydown', (event) => Object.assign(state, {key: event.timeStamp, drawn: null}), true);
  addEventListener('pointerup', (event) => Object.assign(state, {lifted: event.timeStamp}), true);
  window.__forget = () => Object.assign(state, {lifted: null, key: null, kept: kept(), said: null});
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...given) {
    put.apply(this, given);
    state.drawn = performance.now();
  };
})();
"""
"""When things happen, by the page's own clock; a map counts from the frame that shows it."""


def until(page: Page, expression: str) -> None:
    """Wait until something holds in the page, asking from outside: its policy lets nothing be evaluated inside."""
    end = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"{expression} never held"
        time.sleep(0.05)


def opened(browser: Browser, url: str, *, touch: bool = False) -> tuple[Page, list[str]]:
    """A page in a context that knows nothing, with what it asks for."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light", has_touch=touch)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(WATCH)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    for _ in range(100):  # the address is printed before the server answers
        try:
            page.goto(f"{url}#/attribution")
            break
        except Exception:  # noqa: BLE001 whatever the browser calls a refused connection
            asked.clear()
            time.sleep(0.1)
    else:
        raise RuntimeError(f"there is no page at {url}")
    until(page, "window.__watch.map !== null")
    return page, [one for one in asked if not one.startswith(("data:", "blob:"))]


def loads(browser: Browser, url: str, rounds: int) -> tuple[list[float], list[float], int]:
    """Milliseconds from asking for the page to its first paint and to the frame with its map; most requests of one."""
    painted: list[float] = []
    took: list[float] = []
    most = 0
    for _ in range(rounds):
        page, asked = opened(browser, url)
        painted.append(float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")))
        took.append(float(page.evaluate("window.__watch.map")))
        most = max(most, len(asked))
        page.context.close()
    return painted, took, most


def new_image(number: int) -> bytes:
    """A crop of a sample photo that nobody has seen, as PNG."""
    names = example_names()
    pixels = example_image(names[number % len(names)]).pixels
    height, width = pixels.shape[:2]
    random = np.random.default_rng(number)
    side = int(min(height, width) * random.uniform(0.7, 0.95))
    top, left = (int(random.integers(0, size - side + 1)) for size in (height, width))
    buffer = io.BytesIO()
    crop = np.rint(255 * pixels[top : top + side, left : left + side]).astype(np.uint8)
    Image.fromarray(crop).save(buffer, "PNG")
    return buffer.getvalue()


def uploads(browser: Browser, url: str, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds from choosing a file to its first map, and to the one that was checked."""
    page, _ = opened(browser, url)
    first: list[float] = []
    checked: list[float] = []
    for number in range(rounds + 1):
        content = new_image(number)
        page.get_by_label("Image file").set_input_files(
            {"name": f"{number}.png", "mimeType": "image/png", "buffer": content}
        )
        until(page, "window.__watch.chosen !== null && window.__watch.checked !== null")
        found: dict[str, Any] = page.evaluate("({...window.__watch})")
        if number:  # the first one warms up
            first.append(found["map"] - found["chosen"])
            checked.append(found["checked"] - found["chosen"])
        page.evaluate("window.__watch.chosen = window.__watch.checked = null")
        page.wait_for_timeout(300)
    page.context.close()
    return first, checked


FIRST_SCREEN = """
(() => {
  const state = window.__screen = {chosen: null};
  const shown = () => document.querySelector('.why h1 strong');
  // The old answer goes before the new one comes, perhaps between two frames.
  new MutationObserver(() => { if (!shown()) state.gone = true; }).observe(document, {childList: true, subtree: true});
  const look = () => {
    if (state.chosen !== null && state.gone) {
      const now = performance.now();
      if (shown()) state.predicted ??= now;
      if (document.querySelector('.why .shown-photo .key, .why [data-because]')) state.evidence ??= now;
      if (document.querySelector('.why [data-because]')) state.verdict ??= now;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  addEventListener('change', (event) => {
    if (event.target.type !== 'file') return;
    for (const key of Object.keys(state)) delete state[key];
    state.chosen = performance.now();
  }, true);
})();
"""
"""When the first screen shows what of a new image, by the page's own clock."""


def first_screen(browser: Browser, url: str, rounds: int) -> dict[str, list[float]]:
    """Milliseconds from choosing a file to what is predicted, to the evidence on the photo, and to the verdict."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(FIRST_SCREEN)
    page.goto(url)
    page.locator(".why [data-because]").wait_for()
    found: dict[str, list[float]] = {"predicted": [], "evidence": [], "verdict": []}
    for number in range(rounds + 1):
        page.get_by_label("Image file").set_input_files(
            {"name": f"{number}.png", "mimeType": "image/png", "buffer": new_image(1000 + number)}
        )
        until(page, "window.__screen.verdict !== undefined && window.__screen.evidence !== undefined")
        seen: dict[str, float] = page.evaluate("({...window.__screen})")
        if number:  # the first one warms up
            for name, took in found.items():
                took.append(seen[name] - seen["chosen"])
        page.wait_for_timeout(5_000)  # what is asked unasked behind it is another thing
    context.close()
    return found


def steps(page: Page, rounds: int) -> list[float]:
    """Milliseconds from the key to the last canvas that it changed."""
    page.evaluate("location.hash = '#/interior?a=1'")
    slider = page.get_by_role("slider", name="alpha")
    slider.wait_for()
    until(page, "!document.querySelector('[data-stale], .waiting')")
    slider.focus()
    took: list[float] = []
    for number in range(rounds + 4):
        page.evaluate("window.__watch.drawn = null")
        slider.press("ArrowLeft" if number // 12 % 2 == 0 else "ArrowRight")
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)))")
        found: dict[str, Any] = page.evaluate("({...window.__watch})")
        assert found["drawn"] is not None, "a step of the slider drew nothing"
        if number >= 4:
            took.append(found["drawn"] - found["key"])
    return took


def strokes(page: Page, rounds: int) -> Iterator[tuple[str, list[float]]]:
    """Milliseconds from the end of each way to paint to the frame with the model's answer."""
    page.evaluate("location.hash = '#/masking?k=0'")
    brush = page.get_by_role("application", name="Brush")
    brush.wait_for()
    until(page, "!document.querySelector('[data-stale], .waiting')")
    brush.scroll_into_view_if_needed()
    box = brush.bounding_box()
    assert box

    def place(row: int, column: int) -> tuple[float, float]:
        return box["x"] + (column + 0.5) * box["width"] / 32, box["y"] + (row + 0.5) * box["height"] / 32

    def drag(row: int) -> None:
        page.mouse.move(*place(row, 2))
        page.mouse.down()
        page.mouse.move(*place(row, 7), steps=6)
        page.mouse.up()

    def tap(row: int) -> None:
        page.touchscreen.tap(*place(row, 15))

    def press(row: int) -> None:
        page.keyboard.press("ArrowUp" if row == 0 else "ArrowDown")
        page.keyboard.press("Enter")

    for words, paint, end in (
        ("a stroke of the brush", drag, "lifted"),
        ("a tap", tap, "lifted"),
        ("Enter", press, "key"),
    ):
        if paint is press:
            brush.focus()
            for key in ("End", *["ArrowUp"] * 31):
                page.keyboard.press(key)
        took: list[float] = []
        for row in range(min(32, rounds + 2)):
            page.evaluate("window.__forget()")
            paint(row)
            until(page, "window.__watch.said !== null")
            found: dict[str, Any] = page.evaluate("({...window.__watch})")
            assert found[end] is not None, f"{words} was not heard"
            if row >= 2:  # the first ones warm up
                took.append(found["said"] - found[end])
        yield words, took


ASK = """([box, least]) => new Promise((done) => {
  const told = () => document.querySelector('.asked')?.textContent ?? '';
  const [begun, before] = [performance.now(), told()];
  const found = [];
  const look = () => {
    const text = told();
    const places = text.match(/Grey: ([\\d,]+) parts/)?.[1].replace(',', '');
    if (text !== before && places !== undefined && !document.querySelector('.asked [data-stale]')) {
      found[0] ??= performance.now() - begun;
      if (Number(places) >= least) return done([found[0], performance.now() - begun]);
    }
    requestAnimationFrame(look);
  };
  location.hash = `#/why?rg=${box}`;
  look();
})"""
"""Asks about a box; gives the milliseconds until there is an answer, and until it is held against so many places."""

PLACES = 19
"""With as many, p goes down to 0.05."""


def asks(page: Page, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds from asking about a part to what it does, and to its p-value."""
    random = np.random.default_rng(0)
    page.evaluate("location.hash = '#/why'")
    until(page, "document.querySelector('.why .test .parts') && !document.querySelector('[data-stale], .waiting')")
    took: list[tuple[float, float]] = []
    for number in range(rounds + 1):
        width, height = (int(side) for side in random.integers(4, 16, 2))
        left, top = int(random.integers(0, 32 - width)), int(random.integers(0, 32 - height))
        first, held = page.evaluate(ASK, [f"{left},{top},{width},{height}", PLACES])
        until(page, "!document.querySelector('[data-stale], .waiting, .waited-for')")  # all other places are tried
        if number:  # the first one warms up
            took.append((first, held))
    return [one for one, _ in took], [one for _, one in took]


Asked: TypeAlias = "tuple[tuple[str, dict[str, object], str], ...]"
"""Questions in turn: words, keys (none: all before it together), goal."""

FIRST: Asked = (
    ("the prediction", {"kind": "subject"}, ""),
    ("class evidence", {"kind": "evidence"}, ""),
    ("whether its map holds (99 other parts)", {"kind": "check"}, ""),
)
SMALL: Asked = (
    *FIRST,
    ("the three together", {}, "≤ 3 s"),
    ("the exact truth of nine regions, three fills, with verdicts on two maps", {"kind": "truth"}, ""),
    ("of ten regions", {"kind": "truth", "regions": 10}, "≤ 8 s"),
    ("of two painted parts and the rest", {"kind": "truth", "marks": PAINTED, "cells": [8, 8]}, ""),
    ("what parts alone say", {"kind": "parts"}, "< 5 s to be told unasked"),
)
LARGE: Asked = (
    FIRST[0],
    FIRST[1],
    ("the two together: something useful", {}, "≤ 4 s"),
    FIRST[2],
    ("the map of integrated gradients", {"kind": "map"}, ""),
    ("the exact truth of nine regions, three fills, with verdicts on both maps", {"kind": "truth"}, "≤ 20 s"),
)


def small_questions(rounds: int) -> str:
    """What the first screen asks of the built-in model."""
    images = list[Array]()
    for number in range(rounds + 1):
        with Image.open(io.BytesIO(new_image(number))) as opened:
            images.append(np.asarray(opened, dtype=np.float32) / np.float32(255))
    rows = questions(opened_model("allcnn"), SMALL, images, time.process_time)
    load = os.getloadavg()[0]
    said = f"Median (quartiles) of processor time, one BLAS thread; {os.cpu_count()} cores, load {load:.1f} at the end."
    return "\n".join([*rows, "", said])


def large_questions(rounds: int) -> str:
    """The same of EfficientNet-Lite0, on the clock and on all cores."""
    import torch

    sys.path.insert(0, str(ROOT / "benchmarks" / "attribution"))
    from cases import crops

    keep_memory()  # as the command line does
    torch.set_num_threads(os.cpu_count() or 1)
    model = open_model(ModelRequest(str(LITE0), classes="1000", trust=True))
    images = [image for _, image in islice(crops(224), rounds + 1)]
    rows = questions(OpenedModel("EfficientNet-Lite0", model), LARGE, images, time.perf_counter)
    load = os.getloadavg()[0]
    said = f"Median (quartiles) on the clock, PyTorch on {os.cpu_count()} threads; load {load:.1f} at the end."
    return "\n".join([*rows, "", said])


def questions(model: OpenedModel, asked: Asked, images: Sequence[Array], clock: Callable[[], float]) -> list[str]:
    """How long each question about a new image takes, in turn, as the server's session answers it."""
    took: list[list[float]] = []
    for number, pixels in enumerate(images):
        session = Session([model])
        image = session.add(Loaded(str(number), pixels), "upload").image_hash
        target = int(session.result(PREDICTION, Query(image=image), NullListener()).index)
        session = Session([model])  # the prediction counts too
        session.add(Loaded(str(number), pixels), "upload")
        spent: list[float] = []
        for _, keys, _ in asked:
            if not keys:
                spent.append(sum(spent))
                continue
            begun = clock()
            session.answer(
                read_query({"image": image, "target": target, "baseline": "blurred", **keys}), NullListener()
            )
            spent.append(clock() - begun)
        if number:  # the first one warms up
            took.append(spent)
    rows = [
        f"| {words} | {middle([one[at] for one in took], 's', 2)} | {goal} |"
        for at, (words, _, goal) in enumerate(asked)
    ]
    return ["| asked of a new image, in this order | found | goal |", "|---|---|---|", *rows]


def middle(values: Sequence[float], unit: str = "ms", digits: int = 0) -> str:
    """Median, quartiles and count."""
    low, half, high = statistics.quantiles(values, n=4)
    return f"{half:.{digits}f} {unit} ({low:.{digits}f} to {high:.{digits}f}, n = {len(values)})"


def surroundings(browser: Browser) -> str:
    """The machine and the versions."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    machine = model.group(1) if model else platform.machine()
    return (
        f"{os.cpu_count()} cores ({machine}), load {os.getloadavg()[0]:.2f} at the start; Python "
        f"{platform.python_version()}, NumPy {metadata.version('numpy')}, Chromium {browser.version}, no graphics "
        "processor"
    )


def measure(browser: Browser, rounds: int, folder: Path, *, large: bool) -> str:
    """Measure everything; gives the table."""
    words = surroundings(browser)
    rows = ["| measured | found | goal |", "|---|---|---|"]

    def row(what: str, found: str, goal: str) -> None:
        rows.append(f"| {what} | {found} | {goal} |")
        print(f"{what}: {found} (goal {goal})", flush=True)

    with served() as server:
        url = server.url
        (_, (newborn, *_), _) = loads(browser, url, 1)
        row("first load of a server that just began, until the first map", f"{newborn:.0f} ms (n = 1)", "")
        painted, took, most = loads(browser, url, rounds)
        row("first load, until the first paint", middle(painted), "≤ 500 ms")
        row("first load, until the map is drawn", middle(took), "≤ 1,000 ms")
        row("requests of it, the socket included", str(most), "≤ 5")
        screen = first_screen(browser, url, rounds)
        row("new image on the first screen, until its prediction", middle(screen["predicted"]), "≤ 150 ms")
        row("until its evidence", middle(screen["evidence"]), "≤ 500 ms")
        row("until the verdict whether it holds", middle(screen["verdict"]), "≤ 3,000 ms")
        first, checked = uploads(browser, url, rounds)
        row("new image to its first map", middle(first), "≤ 500 ms")
        row("new image to the map checked to 1 %", middle(checked), "≤ 1,500 ms")
        page, _ = opened(browser, url)
        row("step of the alpha slider, 32 × 32", middle(steps(page, 4 * rounds), digits=1), "≤ 16 ms")
        page.context.close()
        page, _ = opened(browser, url, touch=True)
        for gesture, took in strokes(page, max(20, rounds)):
            row(f"answer to the pixels kept, after {gesture}", middle(took), "≤ 100 ms")
        page.context.close()
        page, _ = opened(browser, url)
        first, held = asks(page, rounds)
        row("what a part that is asked about does", middle(first), "≤ 1,000 ms")
        row(f"and its p-value against {PLACES} other places", middle(held), "≤ 1,000 ms")
        page.context.close()
    small = folder / "small.html"
    for words, network, goal in (("with the network inside", True, "3.5"), ("without it", False, "1.5")):
        report(("cat",), output=small, network=network)
        row(f"one-file page of a 32 × 32 image, {words}", f"{small.stat().st_size / 1e6:.2f} MB", f"≤ {goal} MB")
    if large:
        big = folder / "large.html"
        model = open_model(ModelRequest(str(LITE0), classes="1000", trust=True))
        report(("cat",), model=model, output=big)
        row("one-file page of a 224 × 224 image, 1,000 classes", f"{big.stat().st_size / 1e6:.2f} MB", "≤ 6 MB")
        page, _ = opened(browser, big.as_uri())
        row("step of the alpha slider, 224 × 224", middle(steps(page, 4 * rounds), digits=1), "≤ 16 ms")
        page.context.close()
    return "\n".join([*rows, "", f"Median (quartiles); {words}."])


def write(mark: str, table: str, page: Path = PAGE) -> None:
    """Put a table into the page, between its marks."""
    text = page.read_text(encoding="utf-8")
    between = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.DOTALL)
    page.write_text(between.sub(lambda match: f"{match[1]}{table}\n{match[2]}", text), encoding="utf-8")


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--large", action="store_true", help="also EfficientNet-Lite0")
    parser.add_argument(
        "--questions", action="store_true", help="only the processor time of the first screen's questions"
    )
    parser.add_argument("--write", action="store_true", help="put the table into docs/evidence/viewer.md")
    arguments = parser.parse_args()
    asked = {"questions": small_questions(arguments.rounds)}
    if arguments.large:
        asked["large"] = large_questions(arguments.rounds)
    for mark, table in asked.items():
        print(table)
        if arguments.write:
            write(mark, table)
    if arguments.questions:
        return
    path = os.environ.get("INNERVIEW_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = folder  # what was compared on this machine would decide what is asked first
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        table = measure(browser, arguments.rounds, Path(folder), large=arguments.large)
        browser.close()
    print(f"\n{table}")
    if arguments.write:
        write("figures", table)


if __name__ == "__main__":
    main()
