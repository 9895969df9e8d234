"""The viewer in a cell: a page that needs no kernel, and a kernel that answers what the page does not hold."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from innerview import allcnn
from innerview.data.samples import example_image
from innerview.errors import MissingExtra
from innerview.notebook import view as module
from innerview.notebook.view import View, view
from innerview.notebook.widget import MIME, Answering
from innerview.session.query import Query
from innerview.session.session import OpenedModel, Session
from innerview.viewer.payload import decode, to_bytes
from models import MODELS, numpy_model
from patience import PATIENCE
from raising import raises


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a cell is given, each with its types."""
    outputs: list[dict[str, Any]] = []

    def display(data: dict[str, Any], *, raw: bool) -> None:
        assert raw
        outputs.append(data)

    monkeypatch.setattr("IPython.display.display", display)
    return outputs


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> View:
    model = MODELS["mixed"]
    return view("cat", model=numpy_model(model, model.weights(), np.float32), query=Query(tolerance=0.1))


def test_a_cell_of_jupyter_holds_the_page_in_a_frame_and_then_the_widget(
    shown: View, displayed: list[dict[str, Any]]
) -> None:
    shown._ipython_display_()
    page, widget = displayed
    assert widget[MIME]["model_id"] == shown.widget.model_id
    assert "text/html" not in widget
    assert page["text/plain"] == "innerview.view of cat"
    frame = re.search(r'<iframe [^>]*srcdoc="([^"]*)"[^>]*></iframe>', page["text/html"])
    assert frame
    assert html.unescape(frame.group(1)) == shown.html
    assert "allow-same-origin" not in page["text/html"]
    # The living widget hides the frame by this.
    assert f'data-innerview-saved="{shown.widget.key}"' in page["text/html"]


def test_without_a_widget_the_next_output_of_the_cell_is_left_alone(shown: View) -> None:
    around, _, _ = shown._repr_html_().partition("<iframe")
    assert "jp-OutputArea-child" in around
    shown.live = False
    around, _, _ = shown._repr_html_().partition("<iframe")
    assert "jp-OutputArea-child" not in around


def test_where_frames_are_taken_out_the_map_stands_over_its_figure(shown: View) -> None:
    found = shown._repr_html_()
    stills = re.findall(r'<img src="data:image/png;base64,([^"]*)" alt="([^"]*)"', found)
    assert stills[0][1] == "Image: cat"
    figure, drawn = (np.asarray(Pillow.open(io.BytesIO(base64.b64decode(text)))) for text, _ in stills)
    block = figure.shape[0] // shown._items[0].pixels.shape[0]
    pixels = to_bytes(shown._items[0].pixels)
    assert (figure[::block, ::block] == pixels).all()
    assert drawn.shape == figure.shape
    assert np.ptp(drawn) > 0
    assert "blue for and red against" in found
    outside = re.sub(r'srcdoc="[^"]*"', "", found)  # what stands beside the page itself
    assert "<p>– Not judged: 1,534 forward passes.</p>" in outside


def test_the_still_map_says_its_verdict_where_there_is_one() -> None:
    model = allcnn.load_pretrained()
    quick = Query(tolerance=0.1, judge=True, regions=3, fills=("mean",))
    found = re.sub(r'srcdoc="[^"]*"', "", view("cat", model=model, query=quick, live=False)._repr_html_())
    assert re.search(r"<p>. This map [^<]* \(rank correlation [^<]*, 3 regions\)\.</p>", found)


def test_marimo_is_given_the_widget(shown: View) -> None:
    assert shown._display_() is shown.widget
    still = view("cat", model=shown._model, query=Query(tolerance=0.1), live=False)
    assert "<iframe" in still._display_()._repr_html_()


def test_the_widgets_model_carries_bundle_and_page(shown: View) -> None:
    widget = shown.widget
    assert "export" in widget._esm
    assert widget.live is True
    page = json.loads(json.dumps(widget.page))
    assert page["hello"]["file"] is True
    assert {entry["kind"] for entry in page["payloads"]} >= {"subject", "map", "path", "masking", "layers", "weights"}
    assert all("bytes" in entry for entry in page["payloads"])


def test_without_a_kernel_no_package_is_needed(
    monkeypatch: pytest.MonkeyPatch, shown: View, displayed: list[dict[str, Any]], tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with raises(MissingExtra, "extra", extra="notebook"):
        view("cat")
    still = view("cat", model=shown._model, query=Query(tolerance=0.1), live=False)
    still._ipython_display_()
    assert [set(output) for output in displayed] == [{"text/plain", "text/html"}]
    assert still.save(tmp_path / "page.html").read_text(encoding="utf-8") == still.html


class Cell:
    """The other end: keeps what it is sent."""

    def __init__(self) -> None:
        self.told: list[tuple[Mapping[str, Any], list[bytes]]] = []
        self.ended = threading.Event()

    def __call__(self, message: Mapping[str, Any], blobs: Sequence[bytes]) -> None:
        self.told.append((message, list(blobs)))
        if message.get("state") in {"done", "not-met", "failed", "cancelled"}:
            self.ended.set()


@pytest.fixture
def session() -> Session:
    model = MODELS["mixed"]
    made = Session([OpenedModel("small", numpy_model(model, model.weights(), np.float32))])
    made.add(example_image("cat"), "sample")
    return made


def test_the_kernel_answers_as_the_server_does(session: Session) -> None:
    cell = Cell()
    answering = Answering(session, cell)
    answering.take({"kind": "hello"})
    (hello, _) = cell.told[0]
    question = {"kind": "map", "image": hello["samples"][0]["image"], "target": 1}
    answering.take({"id": 5, **question})
    assert cell.ended.wait(PATIENCE)
    states = [message["state"] for message, _ in cell.told[1:]]
    assert states[-1] == "done"
    assert "level" in states
    (blob,) = cell.told[-1][1]
    assert decode(blob).json("target") == 1
    answering.take({"id": 6, **question})
    assert cell.told[-1][0] == {"id": 6, "kind": "map", "state": "done"}
    for broken in ({"id": 7, "kind": "tea"}, {"id": 8, "kind": "map", "baseline": "/etc/passwd"}):
        answering.take(broken)
        assert cell.told[-1][0]["state"] == "failed"
    before = len(cell.told)
    for ignored in ("text", {"kind": "map"}, {"id": "x", "kind": "map"}, {"id": 99, "kind": "cancel"}):
        answering.take(ignored)
    assert len(cell.told) == before
