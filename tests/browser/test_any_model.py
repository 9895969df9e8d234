"""Whatever a model is called, and however many classes it has: texts neither lie over each other nor leave the screen.

Models are generated: classes of 1 to 200 characters in any script, two of one name, 1 to 1,000 of them, layers with
long names, an image of one pixel. The examples are the same every time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from playwright.sync_api import BrowserContext, Page, expect

from browser.conftest import Heard
from browser.driving import PATIENCE, READY, VIEWS, let_draw, settle
from browser.test_access import TOO_WIDE
from browser.test_screens import OVERLAPPING
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import ELU, Convolution, Dense, GlobalMean
from innerview.data.image import Image
from innerview.model import InputSpec, OutputSpec
from innerview.session.registry import RunRegistry
from innerview.session.session import OpenedModel, Session
from innerview.web.app import make_app
from innerview.web.guard import Access
from innerview.web.server import running

WIDTHS = (320, 390, 640, 1024, 1280, 3440)
"""640 is a screen of 1280 at 200 %."""
HEIGHT = 768
LETTERS = st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Zs"])


class Made(NamedTuple):
    """What is generated: names of classes, of a layer and of the model, and the side of an image."""

    classes: tuple[str, ...]
    layer: str
    name: str
    side: int


@st.composite
def models(draw: st.DrawFn) -> Made:
    count = draw(st.sampled_from([1, 2, 10, 1000]))
    lengths = st.sampled_from([1, 12, 60, 200])
    texts = lengths.flatmap(lambda n: st.text(LETTERS, min_size=n, max_size=n)).filter(
        lambda text: bool(text.strip()) and text.isprintable()
    )
    few = draw(st.lists(texts, min_size=min(count, 6), max_size=min(count, 6)))
    classes = [f"{few[at % len(few)]}" for at in range(count)]  # more than six: some have one name
    letters = st.characters(codec="ascii", categories=["L", "N"])
    word = st.sampled_from([1, 60]).flatmap(lambda n: st.text(letters, min_size=n, max_size=n))
    return Made(tuple(classes), draw(word), draw(word), draw(st.sampled_from([1, 12])))


def opened(made: Made) -> Session:
    random = np.random.default_rng(0)
    operations = (Convolution(made.layer), ELU("elu"), GlobalMean("mean"), Dense("dense"))
    weights = {
        f"{made.layer}.weight": random.normal(size=(8, 3, 3, 3)).astype(np.float32),
        "dense.weight": random.normal(size=(len(made.classes), 8)).astype(np.float32),
        "dense.bias": np.zeros(len(made.classes), np.float32),
    }
    kind = "sigmoid" if len(made.classes) == 1 else "logits"
    model = NumpyModel(
        InputSpec(made.side, made.side, 3), OutputSpec(made.classes, kind=kind), operations, weights, np.float32
    )
    session = Session([OpenedModel(made.name, model)], RunRegistry([]))
    for number in range(2):
        pixels = random.random((made.side, made.side, 3), dtype=np.float32)
        session.add(Image(f"{made.classes[0][:80]} {number}", pixels), "data")
    return session


def look(page: Page, view: str) -> list[str]:
    """Open a view, and say what lies over something else or outside at any width; without data it says so."""
    page.evaluate("view => { location.hash = `#/${view}`; }", view)
    expect(page.locator(f"main :is({READY[view]}, .empty, .remark, .belief)").first).to_be_visible(timeout=PATIENCE)
    settle(page)
    wrong: list[str] = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        let_draw(page)
        wrong += [f"{view}, {width}: {one}" for one in page.evaluate(TOO_WIDE) + page.evaluate(OVERLAPPING)]
    return wrong


@settings(
    derandomize=True, max_examples=6, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(made=models())
def test_nothing_overlaps_or_leaves_the_screen(context: BrowserContext, heard: Heard, made: Made) -> None:
    with running(make_app(opened(made), Access())) as url:
        page = context.new_page()
        heard.listen(page)
        page.goto(f"{url}#/why")
        wrong = [one for name, _ in VIEWS.values() for one in look(page, name)]
        page.close()
    assert wrong == []
