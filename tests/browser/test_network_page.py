"""A page with the network inside answers by itself: offline, from the disk, with no request, as Python does."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from browser.conftest import Heard
from browser.driving import PATIENCE, settle
from browser.engine import ANSWERS, SEVERAL, answers_as_a_server, packed_image, runs_as_numpy
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import ELU, Convolution, Dense, GlobalMean
from innerview.allcnn import load_pretrained
from innerview.data.fitting import preprocess
from innerview.data.samples import example_image
from innerview.methods import predict
from innerview.model import InputSpec, OutputSpec
from innerview.workbench.page.report import page as write_page
from innerview.workbench.page.report import report

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 3_500_000
ROCKET = ROOT / "src" / "innerview" / "data" / "samples" / "rocket.jpg"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, _bundle: None) -> Path:
    path = tmp_path_factory.mktemp("report") / "cat.html"
    report(("cat",), output=path)
    return path


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    yield made
    made.close()


def test_a_photo_of_ones_own_is_answered_offline(context: BrowserContext, file: Path, heard: Heard) -> None:
    assert file.stat().st_size <= LARGEST
    page = context.new_page()
    heard.listen(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    expect(page.get_by_text("Inside this page: the network allcnn (905,856 weights; 1.8 MB), right on")).to_be_visible()
    page.locator("input[type=file]").set_input_files(ROCKET)
    model = load_pretrained()
    known = predict(model, preprocess(example_image("rocket"), model.input).pixels[None])[0]
    name = known.class_names[known.index]
    expect(page.locator("h1")).to_contain_text(f"It says {name}, {100 * known.confidence:.1f} %", timeout=PATIENCE)
    page.locator(".classes .class").nth(1).click()
    expect(page.locator("[data-because]")).to_contain_text(known.class_names[known.ranking[1]], timeout=PATIENCE)
    page.keyboard.press("1")
    expect(page.get_by_text("How exact?")).to_be_visible(timeout=PATIENCE)
    settle(page)
    outside = [url for url in asked if not url.startswith(("data:", "blob:"))]
    assert outside == [file.as_uri()]


@pytest.mark.parametrize("names", [("dog",), ("dog", "cat", "bird")], ids=["one", "several"])
def test_questions_of_their_own_are_answered_each_for_itself(
    context: BrowserContext, tmp_path: Path, heard: Heard, names: tuple[str, ...]
) -> None:
    random = np.random.default_rng(len(names))
    weights = {"conv.weight": random.normal(0, 0.4, (8, 3, 3, 3)), "dense.weight": random.normal(0, 1, (len(names), 8))}
    weights["dense.bias"] = np.array([-2.0, -1.0, -3.0][: len(names)])
    half = {name: value.astype(np.float16).astype(np.float32) for name, value in weights.items()}
    operations = [Convolution("conv", 1, "same", bias=False), ELU("elu"), GlobalMean("mean"), Dense("dense")]
    model = NumpyModel(InputSpec(32, 32), OutputSpec(names, kind="sigmoid"), operations, half)
    known = predict(model, preprocess(example_image("rocket"), model.input).pixels[None])[0]
    assert known.index == len(names)
    path = tmp_path / "page.html"
    write_page((), model, output=path)
    page = context.new_page()
    heard.listen(page)
    page.goto(path.as_uri())
    page.locator("input[type=file]").set_input_files(ROCKET)
    said = {1: f"It says not dog, {100 * known.confidence:.1f} %", 3: "It says none of them"}[len(names)]
    expect(page.locator("h1")).to_contain_text(said, timeout=PATIENCE)
    for name, chance in zip(names, known.probabilities, strict=True):
        bar = page.locator(".classes .class").filter(has_text=name)
        expect(bar).to_contain_text(f"{100 * chance:.1f} %", timeout=PATIENCE)


def test_what_it_can_not_read_or_answer_it_says(context: BrowserContext, file: Path, tmp_path: Path) -> None:
    page = context.new_page()
    page.goto(file.as_uri())
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    page.locator("input[type=file]").set_input_files(broken)
    expect(page.get_by_role("alert")).to_contain_text(
        "broken.png is no image that this browser can read", timeout=PATIENCE
    )
    expect(page.locator("h1")).to_contain_text("It says cat")


def cut_short(found: dict[str, Any]) -> object:
    return {**found, "weights": found["weights"][:9000]}


def spoilt(found: dict[str, Any], change: Callable[[np.ndarray], None]) -> dict[str, Any]:
    """The network with other weights: low bytes first, then high ones."""
    packed = np.frombuffer(zlib.decompress(base64.b64decode(found["weights"]), -zlib.MAX_WBITS), np.uint8)
    values = np.ascontiguousarray(packed.reshape(2, -1).T).view("<f2")[:, 0].copy()
    change(values)
    deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    bytes_ = np.ascontiguousarray(values.view(np.uint8).reshape(-1, 2).T).tobytes()
    return {**found, "weights": base64.b64encode(deflate.compress(bytes_) + deflate.flush()).decode()}


def with_a_nan(found: dict[str, Any]) -> object:
    def change(values: np.ndarray) -> None:
        values[7] = np.nan

    return spoilt(found, change)


def with_fewer_weights(found: dict[str, Any]) -> object:
    network = found["network"]
    return {**found, "network": {**network, "weights": network["weights"][:-1]}}


def with_other_shapes(found: dict[str, Any]) -> object:
    network = found["network"]
    first, *rest = network["weights"]
    turned = {**first, "shape": [first["shape"][1], first["shape"][0], *first["shape"][2:]]}
    return {**found, "network": {**network, "weights": [turned, *rest]}}


def with_another_operation(found: dict[str, Any]) -> object:
    first, *rest = found["network"]["operations"]
    return {**found, "network": {**found["network"], "operations": [{**first, "kind": "fft"}, *rest]}}


def without_its_end(found: dict[str, Any]) -> object:
    return {**found, "network": {**found["network"], "operations": found["network"]["operations"][:-1]}}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (cut_short, "the file was cut short or changed"),
        (with_a_nan, "has weights that are NaN or infinite"),
        (with_fewer_weights, "it was cut short or changed"),
        (with_other_shapes, "does not fit a value of 32 × 32 × 3 or its own weights"),
        (with_another_operation, 'There is no operation "fft"'),
        (without_its_end, "ends in a map"),
    ],
)
def test_a_network_that_is_broken_is_refused_and_what_was_computed_stays(
    context: BrowserContext, file: Path, tmp_path: Path, spoil: Callable[[dict[str, Any]], object], said: str
) -> None:
    text = file.read_text(encoding="utf-8")
    start = text.index('id="network">') + len('id="network">')
    end = text.index("</script>", start)
    other = tmp_path / "broken.html"
    other.write_text(text[:start] + json.dumps(spoil(json.loads(text[start:end]))) + text[end:], encoding="utf-8")
    page = context.new_page()
    page.goto(other.as_uri())
    expect(page.locator("h1")).to_contain_text("It says cat")
    page.locator("input[type=file]").set_input_files(ROCKET)
    expect(page.get_by_role("alert")).to_contain_text(said, timeout=PATIENCE)
    expect(page.locator("h1")).to_contain_text("It says cat")


def test_a_page_without_a_computed_answer_computes_them(context: BrowserContext, tmp_path: Path, heard: Heard) -> None:
    path = tmp_path / "page.html"
    write_page(("moose",), output=path)
    assert path.stat().st_size <= LARGEST
    page = context.new_page()
    heard.listen(page)
    page.goto(path.as_uri())
    expect(page.locator("h1")).to_contain_text("It says deer")
    expect(page.locator("[data-because]")).to_contain_text("because of", timeout=PATIENCE)
    page.get_by_role("button", name="Ask about a part").click()
    for edge, pixels in {"left": "4", "top": "2", "width": "12", "height": "10"}.items():
        page.get_by_label(edge, exact=True).fill(pixels)
    page.get_by_role("button", name="What does it do?").click()
    expect(page.get_by_text("Without the region 4,2,12,10").first).to_be_visible(timeout=PATIENCE)


def test_its_engine_answers_in_this_browser_as_a_server_does(context: BrowserContext, file: Path) -> None:
    page: Page = context.new_page()
    page.goto(file.as_uri())
    answers_as_a_server(page)
    runs_as_numpy(page)


COUNTED = """
const Plain = Worker;
self.Worker = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => "outputs" in data && postMessage({ helped: true }));
  }
};
"""
BROKEN = """
const Plain = Worker;
const broken = URL.createObjectURL(new Blob(["throw new Error('no more memory');"]));
self.Worker = class extends Plain {
  constructor() {
    super(broken);
  }
};
"""


def test_several_workers_answer_as_one_does(context: BrowserContext, file: Path) -> None:
    golden = ANSWERS[0]
    page = context.new_page()
    page.goto(file.as_uri())
    kinds = ("truth", "map", "check")
    cases = [next(case for case in golden["answers"] if case["request"]["kind"] == kind) for kind in kinds]
    image = {cases[0]["request"]["image"]: packed_image(page, golden)}
    for case in cases:
        given = {"network": golden["network"], "image": image, "request": case["request"]}

        def answer(workers: int, before: str = "", *, helped: bool = False, given: Any = given) -> Any:
            return page.evaluate(SEVERAL, {**given, "workers": workers, "before": before, "helped": helped})

        alone = answer(1)
        shared = answer(3, COUNTED, helped=case is cases[0])
        assert shared["found"] == alone["found"]
        assert alone["passes"] == 0
        assert (shared["passes"] > 0) or case is not cases[0]
        assert answer(3, BROKEN)["found"] == alone["found"]
        assert answer(3, "delete self.Worker;")["found"] == alone["found"]


LESSONS = json.loads((ROOT / "frontend" / "src" / "lessons" / "lessons.json").read_text(encoding="utf-8"))


def test_lessons_are_told_by_the_keyboard_and_point_at_what_is_there(
    context: BrowserContext, tmp_path: Path, heard: Heard
) -> None:
    path = tmp_path / "page.html"
    write_page((), output=path)
    page = context.new_page()
    heard.listen(page)
    page.goto(path.as_uri())
    panel = page.locator(".lesson")
    for lesson in LESSONS:
        page.get_by_text("Lessons", exact=True).click()
        page.get_by_role("button", name=lesson["title"]).click()
        for step in lesson["steps"]:
            expect(panel.get_by_role("status")).to_have_text(step["says"])
            expect(page.locator("[data-pointed]")).to_be_visible(timeout=PATIENCE)
            expect(panel.get_by_role("button", name=re.compile("Next|Done"))).to_be_focused()
            page.keyboard.press("Enter")
        expect(panel).to_have_count(0)
    page.goto(f"{path.as_uri()}#/?le=outline:2")
    expect(page.locator(".now")).to_contain_text("deer, 46.5 %", timeout=PATIENCE)
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_the_network_is_taken_out_again(context: BrowserContext, file: Path, tmp_path: Path, heard: Heard) -> None:
    page = context.new_page()
    heard.listen(page)
    page.goto(file.as_uri())
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save this page without the network").click()
    path = tmp_path / "without.html"
    saving.value.save_as(path)
    assert path.stat().st_size < file.stat().st_size / 2
    page.goto(path.as_uri())
    expect(page.locator("h1")).to_contain_text("It says cat, 96.7 %")
    expect(page.locator("footer")).to_contain_text("The network was taken out of this page")
    expect(page.locator("input[type=file]")).to_have_count(0)
