"""The viewer says what Python decided, whatever a model's outputs are; models without gradients can be looked into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser.conftest import Heard
from innerview.adapters import FunctionModel
from innerview.data.image import Image as Loaded
from innerview.model import InputSpec, OutputSpec
from innerview.session.session import OpenedModel, Session
from innerview.web.app import make_app
from innerview.web.guard import Access
from innerview.web.server import running

LOW, HIGH = float(np.log(0.05 / 0.95)), float(np.log(0.95 / 0.05))
NAMES = ("dog", "cat", "bee")
SAYS: dict[str, tuple[tuple[str, ...], Any, tuple[float, ...], str]] = {
    "one output, low": (("dog",), "sigmoid", (LOW,), "Prediction not dog 95.0 %"),
    "one output, high": (("dog",), "sigmoid", (HIGH,), "Prediction dog 95.0 %"),
    "one score": (("dog",), "scores", (-3.0,), "Score of dog −3.00"),
    "sigmoids, all low": (NAMES, "sigmoid", (LOW - 1, LOW, LOW - 2), "Prediction none of them"),
    "sigmoids, one high": (NAMES, "sigmoid", (LOW, LOW, HIGH), "Prediction bee 95.0 %"),
    "softmax": (NAMES, "logits", (0.0, 9.0, 0.0), "Prediction cat > 99.9 %"),
}


def network(names: tuple[str, ...], kind: Any, outputs: tuple[float, ...]) -> FunctionModel:
    """Gives nearly these outputs for every image; a pixel in a corner matters a little."""
    row = np.asarray(outputs, np.float64)
    return FunctionModel(
        lambda inputs: row * (1 + 1e-6 * inputs[:, :1, 0, 0]), InputSpec(8, 8, 3), OutputSpec(names, kind=kind)
    )


@pytest.fixture(scope="module")
def url(_bundle: None) -> Iterator[str]:
    session = Session([OpenedModel(name, network(*case[:3])) for name, case in SAYS.items()])
    session.add(Loaded("ramp", np.linspace(0, 1, 192, dtype=np.float32).reshape(8, 8, 3)), "sample")
    with running(make_app(session, Access())) as address:
        yield address


@pytest.fixture
def tab(context: BrowserContext, heard: Heard) -> Iterator[Page]:
    opened = context.new_page()
    heard.listen(opened)
    yield opened
    opened.close()


def open_view(tab: Page, url: str, view: str, name: str) -> None:
    tab.goto(f"{url}#/{view}?n={network(*SAYS[name][:3]).fingerprint}")
    tab.reload()


@pytest.mark.parametrize("name", SAYS)
def test_the_viewer_says_what_python_decided(tab: Page, url: str, name: str) -> None:
    open_view(tab, url, "masking", name)
    expect(tab.locator(".says").first).to_have_text(SAYS[name][3])
    if not name.startswith("one score"):
        said = SAYS[name][3].removeprefix("Prediction ").rsplit(" 9", 1)[0].removesuffix(" >")
        expect(tab.locator("[data-says] li").first).to_contain_text(said)
        expect(tab.get_by_text("Prediction from the whole image")).to_contain_text(said)


def test_a_model_without_gradients_has_a_map_and_says_what_it_has_not(tab: Page, url: str) -> None:
    name = "softmax"
    open_view(tab, url, "attribution", name)
    expect(tab.locator("[data-certificate]")).to_be_visible()
    expect(tab.locator("main")).to_contain_text("Occlusion")
    for view, reason in (
        ("interior", "can only be run forward"),
        ("layers", "layers are not known"),
        ("weights", "weights are not known"),
    ):
        open_view(tab, url, view, name)
        expect(tab.locator("main")).to_contain_text(reason)
