"""What the tests of the viewer share: a page to drive, and the numbers that it should show.

The numbers are the server's own: `Known.ask` gives the payload that the page was sent, from the same session.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page, expect

import patience
from innerview.data.baselines import DEFAULT_BASELINE
from innerview.pictures.ramps import RampName, entry, ramp
from innerview.session.progress import NullListener
from innerview.session.query import read_query
from innerview.session.session import Session
from innerview.types import Array
from innerview.viewer.explanations import EXPLANATIONS
from innerview.viewer.payload import Payload, decode

PATIENCE = 1000 * patience.PATIENCE
"""Milliseconds for an answer on a busy computer."""

READY = {
    "why": ".why .photo canvas",
    "attribution": "[data-certificate]",
    "interior": ".interior .quartet canvas",
    "masking": ".masking .seen-by-model canvas",
    "layers": "[role=option]",
    "weights": ".weights .card",
    "training": ".timeline .now",
    "mistakes": ".mistakes-view .matrix canvas",
    "compare": ".compare [data-side] canvas",
}
"""What is there when a view has been drawn; of another view, what has its name as a class."""


def found_views() -> dict[str, tuple[str, str]]:
    """Key, name and title of every view in the front end, in the order of the keys: a new one is tested by itself."""
    found: dict[str, tuple[str, str]] = {}
    for file in (Path(__file__).parents[2] / "frontend" / "src" / "views").glob("*/index.tsx"):
        _, _, declared = file.read_text(encoding="utf-8").partition("export const view: View = {")
        key, name = (re.findall(rf'^  {field}: "(\w+)"', declared, re.MULTILINE)[0] for field in ("key", "name"))
        found[key] = (name, EXPLANATIONS[name].title)
        READY.setdefault(name, f".innerview .{name}")
    return dict(sorted(found.items()))


VIEWS = found_views()


@dataclass(frozen=True)
class Known:
    """The session behind the server."""

    session: Session

    @property
    def hello(self) -> dict[str, Any]:
        return self.session.hello()

    @property
    def network(self) -> str:
        return self.hello["models"][0]["id"]

    @property
    def classes(self) -> list[str]:
        return self.hello["models"][0]["classes"]

    def image(self, name: str = "cat") -> str:
        return next(one["image"] for one in self.hello["samples"] if one["name"] == name)

    def ask(self, kind: str, **fields: object) -> Payload:
        """The payload of a question; about the first network and the cat unless said otherwise."""
        query = read_query({"kind": kind, "model": self.network, "image": self.image(), **fields})
        return decode(self.session.answer(query, NullListener()).blob)

    def prepare(self) -> None:
        """Work out all of the cat that takes long, and the runner-up's map, so that no page waits for them."""
        target = self.predicted()
        self.ask("truth", target=target, baseline=DEFAULT_BASELINE, method="integrated-gradients")
        self.ask("parts")
        self.ask("path", target=target)
        self.ask("masking", target=target, fill=DEFAULT_BASELINE)
        self.ask("map", target=int(np.argsort(-self.ask("subject").arrays["logits"], kind="stable")[1]))

    def predicted(self, name: str = "cat") -> int:
        return int(np.argmax(self.ask("subject", image=self.image(name)).arrays["logits"]))


def numbers(arrays: Mapping[str, Array], name: str) -> Array:
    """An array of a payload as float64, expanded where it was companded to bytes."""
    found = arrays[name]
    if found.dtype != np.int8:
        return found.astype(np.float64)
    q = found.astype(np.float64)
    scale = arrays[f"{name}/scale"].astype(np.float64)
    if scale.size > 1 and scale.size == found.shape[0]:
        scale = scale.reshape(-1, *([1] * (found.ndim - 1)))
    return scale * np.sign(q) * (q / 127) ** 2


def canvas(locator: Locator, *, alpha: bool = False) -> Array:
    """The pixels that a canvas holds: height × width × 3 (or 4) bytes."""
    found: Any = locator.evaluate(
        """c => {
          const copy = new OffscreenCanvas(c.width, c.height).getContext('2d', {willReadFrequently: true});
          copy.drawImage(c, 0, 0);
          return {h: c.height, w: c.width, data: [...copy.getImageData(0, 0, c.width, c.height).data]};
        }"""
    )
    return np.array(found["data"], dtype=np.uint8).reshape(found["h"], found["w"], 4)[..., : 4 if alpha else 3]


def rough(pixels: Array) -> float:
    """How much neighbouring pixels differ: little in a blurred copy."""
    return float(np.abs(np.diff(pixels.astype(float), axis=1)).mean())


def painted(values: Array, limit: float, name: RampName, theme: str = "light") -> Array:
    """What the Python side would draw for the same numbers."""
    return ramp(name, theme)[entry(np.asarray(values, dtype=np.float32), limit, name)]


def assert_same_colours(found: Array, wanted: Array, most: int = 1) -> None:
    assert found.shape == wanted.shape
    assert int(np.abs(found.astype(int) - wanted.astype(int)).max()) <= most


STILL = """() => Promise.all(
  document.getAnimations().filter(one => one.effect.getComputedTiming().iterations !== Infinity)
    .map(one => one.finished.catch(() => null)))"""
"""Waits for the end of all that fades or moves."""


def settle(page: Page) -> None:
    """Wait until nothing is being worked out any more."""
    expect(page.locator(".waiting")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("[data-stale]")).to_have_count(0, timeout=PATIENCE)
    page.evaluate(STILL)
    let_draw(page)


def let_draw(page: Page) -> None:
    """Let three frames pass: maps and charts hear of the room that they have after a frame, and take it in the next."""
    page.evaluate(
        "() => new Promise(done => { let n = 3; const f = () => n-- ? requestAnimationFrame(f) : done(); f(); })"
    )


UNCHANGED = """() => new Promise(done => {
  let frames = 0;
  const seen = new MutationObserver(() => { frames = 0; });
  seen.observe(document.body, {attributes: true, characterData: true, childList: true, subtree: true});
  const next = () => frames++ < 6 ? requestAnimationFrame(next) : (seen.disconnect(), done());
  requestAnimationFrame(next);
})"""
"""Waits for six frames in a row in which nothing of the page changes."""


def let_rest(page: Page) -> None:
    """Wait until the page is as it will stay: what it does in answer to what it did is done too."""
    settle(page)
    page.evaluate(UNCHANGED)


def show(page: Page, fragment: str, ready: str) -> None:
    """Go to a link and wait until the view has what marks it as ready."""
    page.evaluate("fragment => { location.hash = fragment; }", fragment)
    expect(page.locator(ready).first).to_be_visible(timeout=PATIENCE)
    settle(page)


def choose_theme(page: Page, theme: str) -> None:
    page.get_by_label("Theme").select_option(theme)
    expect(page.locator(f'.innerview[data-theme="{theme}"]')).to_be_visible()


def limit_of(page: Page, legend: int = 0) -> float:
    """The number at a legend's upper end."""
    text = page.locator(".legend .numbers").nth(legend).locator("span").last.inner_text()
    return float(text.replace("−", "-").replace("e-", "e-").replace(",", ""))


def fragment(page: Page) -> str:
    return str(page.evaluate("location.hash"))


def expect_link(page: Page, key: str, value: str) -> None:
    """Wait until the address has a value: it is written every now and then, not at once."""
    expect(page).to_have_url(re.compile(rf"[?&]{key}={re.escape(value)}(?:&|$)"), timeout=PATIENCE)


def expect_no_link(page: Page, key: str) -> None:
    """Wait until the address says nothing of it."""
    expect(page).not_to_have_url(re.compile(rf"[?&]{key}="), timeout=PATIENCE)


def link_value(page: Page, key: str) -> str:
    """Wait until the address says something of it, and give it."""
    expect(page).to_have_url(re.compile(rf"[?&]{key}="), timeout=PATIENCE)
    found = re.search(rf"[?&]{key}=([^&]*)", fragment(page))
    assert found is not None
    return found.group(1)
