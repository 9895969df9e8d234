"""How quickly a surveyed data set opens, scrolls and is filtered in the viewer: 50,000 rows, and a million.

    python benchmarks/dataset.py --rounds 15 [--rows 1000000] [--write]

The rows are drawn (ten classes, 128 features, a survey's columns without regions), and so are the 64 images that their
list names over and over. An opening is from asking for the address to the frame with the first rows; what the server
works out for it is counted anew each time, by a server that has just begun. A step is what it takes until its rows are
laid out. Beside the clock of the wall stands the processor's time of the page's main thread ("thread ticks" of
Chromium's Performance domain), which other work on the machine does not lengthen.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from innerview.data.records import open_records
from innerview.session.opening import OpenedModel, opened_model
from innerview.session.session import Session
from innerview.web.app import make_app
from innerview.web.server import running
from innerview.workbench.survey.shards import open_shards
from innerview.workbench.survey.shown import open_survey
from viewer import FLAGS, surroundings, write

FEATURES = 128
SHARD = 10_000
PLAIN = {
    "index": "int64", "image": "string", "label": "string", "label_index": "int32", "predicted": "string",
    "predicted_index": "int32", "correct": "bool", "probability": "float32", "loss": "float32", "margin": "float32",
    "entropy": "float32", "features": "float16[]", "problem": "string",
}  # fmt: skip


def draw_data(folder: Path, count: int) -> Path:
    """A list of so many images: 64 files, named over and over."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(64):
        Image.fromarray(random.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(folder / f"{number:02}.png")
    lines = "".join(f"{number % 64:02}.png\n" for number in range(count))
    (folder / "list.csv").write_text(f"image\n{lines}", encoding="utf-8")
    return folder / "list.csv"


def draw_rows(folder: Path, count: int, model: OpenedModel, data: Path | None) -> Path:
    """A survey of so many rows."""
    classes = list(model.model.output.class_names)
    known = {} if data is None else {"data": {"fingerprint": open_records(data).fingerprint}}
    about = {
        "images": count, "images_per_shard": SHARD, "classes": classes, "model": model.fingerprint, "part": "test",
        "crop": "center", "regions": None, "features": "drawn", **known,
    }  # fmt: skip
    shards = open_shards(folder, about, PLAIN, resume=False)
    random = np.random.default_rng(1)
    centres = random.normal(size=(len(classes), FEATURES)) * 2
    for shard in range(shards.number):
        places = np.array(shards.images(shard))
        size = len(places)
        labels = random.integers(0, len(classes), size)
        right = random.random(size) < 0.9
        predicted = np.where(right, labels, (labels + random.integers(1, len(classes), size)) % len(classes))
        features = (centres[labels] + random.normal(size=(size, FEATURES))).astype(np.float16)
        names = [f"{place % 64:02}.png" for place in places]
        flat = pa.array(features.ravel(), pa.float16())
        columns: dict[str, Any] = {
            "index": pa.array(places, pa.int64()),
            "image": pa.array(names, pa.string()),
            "label": pa.array([classes[one] for one in labels], pa.string()),
            "label_index": pa.array(labels, pa.int32()),
            "predicted": pa.array([classes[one] for one in predicted], pa.string()),
            "predicted_index": pa.array(predicted, pa.int32()),
            "correct": pa.array(labels == predicted, pa.bool_()),
            **{
                name: pa.array(random.random(size).astype(np.float32), pa.float32())
                for name in ("probability", "loss", "margin", "entropy")
            },
            "features": pa.ListArray.from_arrays(np.arange(0, (size + 1) * FEATURES, FEATURES, dtype=np.int32), flat),
            "problem": pa.nulls(size, pa.string()),
        }
        pyarrow.parquet.write_table(pa.table(columns), shards.file(shard), compression="zstd")
    return folder


def thread_time(client: CDPSession) -> float:
    """Milliseconds of the processor that the page's main thread has taken."""
    found = {one["name"]: one["value"] for one in client.send("Performance.getMetrics")["metrics"]}
    return 1000 * float(found["TaskDuration"])


def opened(browser: Browser, url: str, fragment: str, ready: str) -> tuple[Page, CDPSession, float, float]:
    """A page with rows on it: milliseconds of the wall until they were drawn, and of its main thread."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto("about:blank")
    spent, begun = thread_time(client), time.perf_counter()
    page.goto(f"{url}{fragment}")
    page.wait_for_selector(ready, timeout=120_000)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    return page, client, 1000 * (time.perf_counter() - begun), thread_time(client) - spent


STEP = """([kind, value]) => new Promise((done) => {
  const begun = performance.now();
  const settled = () => { document.body.offsetHeight; done(performance.now() - begun); };
  if (kind === 'scroll') document.querySelector('.scroller').scrollTop = value;
  else {
    const select = [...document.querySelectorAll('.filters select')][kind === 'label' ? 0 : 2];
    select.value = value;
    select.dispatchEvent(new Event('change', {bubbles: true}));
  }
  if (kind === 'scroll') requestAnimationFrame(() => setTimeout(settled));
  else setTimeout(settled);
})"""


def steps(page: Page, client: CDPSession, kind: str, values: Sequence[object]) -> tuple[list[float], list[float]]:
    """Milliseconds of each step, by the wall and by the main thread."""
    wall, own = list[float](), list[float]()
    for at, value in enumerate(values):
        page.wait_for_timeout(60)
        spent = thread_time(client)
        took = float(page.evaluate(STEP, [kind, value]))
        if at:  # the first one warms up
            wall.append(took)
            own.append(thread_time(client) - spent)
    return wall, own


def middle(values: Sequence[float], digits: int = 0) -> str:
    """Median, quartiles and how many."""
    low, half, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
    return f"{half:,.{digits}f} ms ({low:,.{digits}f} to {high:,.{digits}f}, n = {len(values)})"


def measure(browser: Browser, count: int, rounds: int, goal: str, root: Path, *, images: bool) -> list[str]:
    """The rows of the table for a survey of so many rows."""
    model = opened_model("allcnn")
    data = draw_data(root / f"data-{count}", count) if images else None
    rows = draw_rows(root / f"rows-{count}", count, model, data)
    begun = time.process_time()
    shown = open_survey(rows, {model.fingerprint: model}, data)
    reading = time.process_time() - begun
    found = [f"| {count:,} rows: read when the server begins | {reading:.1f} s (n = 1) | | |"]

    def row(what: str, wall: Sequence[float], own: Sequence[float], aim: str) -> None:
        found.append(f"| {count:,} rows: {what} | {middle(own)} | {middle(wall)} | {aim} |")
        print(found[-1], flush=True)

    whole: list[tuple[float, float]] = []
    server: list[float] = []
    for _ in range(rounds):
        spent = time.process_time()
        with running(make_app(Session([model], survey=shown))) as url:
            page, _, wall, own = opened(browser, url, "#/dataset", "[data-at]")
            page.context.close()
        server.append(1000 * (time.process_time() - spent))
        whole.append((wall, own))
    row("opened", [one for one, _ in whole], [one for _, one in whole], goal)
    found.append(f"| {count:,} rows: what the server works for it | {middle(server)} | | |")
    app = make_app(Session([model], survey=shown))
    with running(app) as url:
        page, client, wall, own = opened(browser, url, "#/dataset?d=o:map", ".plane canvas")
        row("with the map", [wall], [own], "")
        page.context.close()
        for words, fragment in (("the gallery", "#/dataset"), ("the table", "#/dataset?d=w:table")):
            if words == "the gallery" and not images:
                continue
            page, client, _, _ = opened(browser, url, fragment, "[data-at]")
            places = [int(one) for one in np.linspace(1_000, 200_000, 2 * rounds + 1)]
            row(f"a step of {words} scrolled", *steps(page, client, "scroll", places), "≤ 50 ms")
            chosen = [str(one % 10) if one % 2 else "" for one in range(2 * rounds + 1)]
            row(f"a filter by label, beside {words}", *steps(page, client, "label", chosen), "≤ 50 ms")
            right = ["wrong" if one % 2 else "" for one in range(2 * rounds + 1)]
            row(f"a filter by right and wrong, beside {words}", *steps(page, client, "right", right), "≤ 50 ms")
            page.context.close()
    return found


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the large survey; 0 leaves it out")
    parser.add_argument("--write", action="store_true", help="put the table into docs/evidence/survey.md")
    arguments = parser.parse_args()
    path = os.environ.get("INNERVIEW_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        words, work = surroundings(browser), partial(measure, browser, root=Path(folder))
        table = work(50_000, arguments.rounds, "≤ 2,000 ms", images=True)
        if arguments.rows:
            table += work(arguments.rows, max(2, arguments.rounds // 4), "≤ 10,000 ms", images=False)
        browser.close()
    head = ["| measured | processor, main thread | wall | goal |", "|---|---|---|---|"]
    said = "\n".join([*head, *table, "", f"Median (quartiles); {words}."])
    print(said)
    if arguments.write:
        write("dataset", said, Path(__file__).parent.parent / "docs" / "evidence" / "survey.md")


if __name__ == "__main__":
    main()
