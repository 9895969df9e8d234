"""Images of one's own in a page that is a file: dropped, pasted, from the camera; too large ones; odd browsers."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import Browser, Page, expect

from browser.conftest import FLAGS, Heard, found_chromium
from browser.driving import PATIENCE
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import ELU, Convolution, Dense, GlobalMean
from innerview.methods import predict
from innerview.model import InputSpec, OutputSpec
from innerview.workbench.page.report import page as write_page

SIDE = 16
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def model() -> NumpyModel:
    random = np.random.default_rng(2)
    drawn = {"conv.weight": random.normal(0, 0.4, (8, 3, 3, 3)), "dense.weight": random.normal(0, 1, (4, 8))}
    half = {name: value.astype(np.float16).astype(np.float32) for name, value in drawn.items()}
    steps = [Convolution("conv", 1, "same", bias=False), ELU("elu"), GlobalMean("mean"), Dense("dense", bias=False)]
    return NumpyModel(InputSpec(SIDE, SIDE), OutputSpec(("dog", "cat", "bird", "car")), steps, half)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, _bundle: None) -> Path:
    path = tmp_path_factory.mktemp("own") / "page.html"
    write_page((), model(), output=path)
    return path


def drawn(seed: int) -> tuple[bytes, str]:
    """A PNG file, and what is to be said of it."""
    levels = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(levels).save(buffer, "PNG")
    known = predict(model(), levels[None].astype(np.float32) / 255)[0]
    return buffer.getvalue(), f"It says {known.class_names[known.index]}, {100 * known.confidence:.1f} %"


@contextmanager
def opened(browser: Browser, file: Path, *flags: str, permissions: tuple[str, ...] = ()) -> Iterator[Page]:
    """The page from the disk; with flags, in a browser of its own."""
    own = browser.browser_type.launch(executable_path=found_chromium(), args=[*FLAGS, *flags]) if flags else None
    context = (own or browser).new_context(offline=True, viewport={"width": 1280, "height": 900})
    context.grant_permissions(list(permissions))
    page = context.new_page()
    page.goto(file.as_uri())
    expect(page.locator("h1")).to_contain_text("It says", timeout=PATIENCE)  # of an example
    yield page
    context.close()
    if own is not None:
        own.close()


DROPPED = """([text, kind]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const held = new DataTransfer();
  held.items.add(new File([bytes], "mine.png", { type: "image/png" }));
  const at = document.querySelector(".innerview");
  const event = (name, more) => at.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, ...more }));
  event("dragover", { dataTransfer: held });
  if (kind === "drop") event("drop", { dataTransfer: held });
  if (kind === "leave") event("dragleave", { dataTransfer: held, relatedTarget: document.body });
}"""


def test_an_image_that_is_dropped_anywhere_is_answered(browser: Browser, file: Path, heard: Heard) -> None:
    with opened(browser, file) as page:
        heard.listen(page)
        content, said = drawn(1)
        text, before = base64.b64encode(content).decode(), page.locator("h1").inner_text()
        page.evaluate(DROPPED, [text, "over"])
        expect(page.locator(".images.dropping")).to_have_count(1)
        page.evaluate(DROPPED, [text, "leave"])
        expect(page.locator(".images.dropping")).to_have_count(0)
        expect(page.locator("h1")).to_have_text(before)
        page.evaluate(DROPPED, [text, "drop"])
        expect(page.locator("h1")).to_contain_text(said, timeout=PATIENCE)
        expect(page.locator(".images.dropping")).to_have_count(0)


COPIED = """async (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  await navigator.clipboard.write([new ClipboardItem({ "image/png": new Blob([bytes], { type: "image/png" }) })]);
}"""


def by_button(page: Page) -> None:
    page.get_by_role("button", name="Paste", exact=True).click()


def by_keyboard(page: Page) -> None:
    page.keyboard.press("Control+V")


@pytest.mark.parametrize("paste", [by_button, by_keyboard])
def test_an_image_of_the_clipboard_is_answered(
    browser: Browser, file: Path, heard: Heard, paste: Callable[[Page], None]
) -> None:
    with opened(browser, file, permissions=("clipboard-read", "clipboard-write")) as page:
        heard.listen(page)
        content, said = drawn(2)
        page.evaluate(COPIED, base64.b64encode(content).decode())
        paste(page)
        expect(page.locator("h1")).to_contain_text(said, timeout=PATIENCE)


def test_a_clipboard_without_an_image_or_without_access_is_said(browser: Browser, file: Path) -> None:
    with opened(browser, file, permissions=("clipboard-read", "clipboard-write")) as page:
        page.evaluate("() => navigator.clipboard.writeText('words')")
        by_button(page)
        expect(page.get_by_role("alert").first).to_contain_text("The clipboard holds no image.")
    with opened(browser, file) as page:
        page.evaluate("() => { navigator.clipboard.read = () => Promise.reject(new Error('denied')); }")
        by_button(page)
        expect(page.get_by_role("alert").first).to_contain_text("The browser gave no access to the clipboard.")
        expect(page.locator("h1")).to_contain_text("It says")


def test_a_still_of_the_camera_is_answered_and_the_camera_goes_off(browser: Browser, file: Path, heard: Heard) -> None:
    with opened(browser, file, *CAMERA) as page:
        heard.listen(page)
        page.get_by_role("button", name="Camera").click()
        page.wait_for_function("() => document.querySelector('dialog.camera video').videoWidth > 0", timeout=PATIENCE)
        tracks = page.evaluate_handle("() => document.querySelector('dialog.camera video').srcObject.getTracks()")
        assert tracks.evaluate("(all) => all.map((one) => one.readyState)") == ["live"]
        page.get_by_role("button", name="Take the image").click()
        expect(page.locator("dialog.camera")).to_have_count(0)
        expect(page.get_by_text("camera · 16 × 16 of ")).to_be_visible(timeout=PATIENCE)
        expect(page.locator("h1")).to_contain_text("It says", timeout=PATIENCE)
        assert tracks.evaluate("(all) => all.map((one) => one.readyState)") == ["ended"]


def test_without_a_camera_that_is_said(browser: Browser, file: Path) -> None:
    with opened(browser, file) as page:
        page.get_by_role("button", name="Camera").click()
        expect(page.get_by_role("alert").first).to_contain_text("The browser gave no camera.")
        expect(page.locator("dialog.camera")).to_have_count(0)
        expect(page.locator("h1")).to_contain_text("It says")


def large() -> bytes:
    """A hundred million pixels in a few kilobytes."""
    buffer = io.BytesIO()
    Pillow.new("1", (10_000, 10_000)).save(buffer, "PNG")
    return buffer.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "large.png": (large, "large.png is 10000 × 10000 (100 megapixels); at most 64 are taken here"),
    "cut.png": (lambda: drawn(1)[0][:60], "cut.png is no image that this browser can read, or it is broken"),
    "empty.jpg": (lambda: b"", "empty.jpg is no image that this browser can read"),
    "words.heic": (lambda: b"\0\0\0\x18ftypheic" + bytes(40), "words.heic is no image that this browser can read"),
}


def test_what_can_not_be_taken_is_said_and_what_was_shown_stays(browser: Browser, file: Path) -> None:
    with opened(browser, file) as page:
        content, said = drawn(3)
        field = page.locator("input[type=file]")
        field.set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": content})
        expect(page.locator("h1")).to_contain_text(said, timeout=PATIENCE)
        for name, (make, refusal) in REFUSED.items():
            field.set_input_files({"name": name, "mimeType": "image/png", "buffer": make()})
            expect(page.get_by_role("alert").first).to_contain_text(refusal, timeout=PATIENCE)
            expect(page.locator("h1")).to_contain_text(said)


WITHOUT = """{
  const [make, made, Begun] = [URL.createObjectURL, new Map(), Worker];
  const without = (blob) => new Blob(["delete globalThis.WebAssembly;", blob], { type: "text/javascript" });
  delete globalThis.WebAssembly;
  URL.createObjectURL = (blob) => {
    const url = make(blob);
    made.set(url, blob);
    return url;
  };
  globalThis.Worker = class extends Begun {
    constructor(url) {
      super(make(without(made.get(url))));
    }
  };
}"""


def unknown(page: Page, file: Path, folder: Path) -> Path:
    """A browser that has none, neither in a page nor in a worker."""
    page.add_init_script(WITHOUT)
    return file


def forbidden(page: Page, file: Path, folder: Path) -> Path:
    """A host whose policy forbids it."""
    text = file.read_text(encoding="utf-8")
    policy, end = text.partition("wasm-unsafe-eval")[::2]
    assert "<meta" in policy
    assert "<script" not in policy
    stricter = folder / "stricter.html"
    stricter.write_text(f"{policy}report-sample{end}", encoding="utf-8")
    return stricter


@pytest.mark.parametrize("lacking", [unknown, forbidden])
def test_without_webassembly_plain_code_answers_the_same(
    browser: Browser, file: Path, tmp_path: Path, lacking: Callable[[Page, Path, Path], Path]
) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(lacking(page, file, tmp_path).as_uri())
    content, said = drawn(4)
    page.locator("input[type=file]").set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": content})
    expect(page.locator("h1")).to_contain_text(said, timeout=PATIENCE)
    context.close()


HIDDEN = """
Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
Object.defineProperty(document, "hidden", { get: () => true });
globalThis.requestAnimationFrame = () => 0;
"""


def test_a_page_in_the_background_that_draws_no_frame_and_is_frozen_for_a_while_answers(
    browser: Browser, file: Path, heard: Heard
) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    heard.listen(page)
    page.add_init_script(HIDDEN)
    page.goto(file.as_uri())
    content, said = drawn(5)
    page.locator("input[type=file]").set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": content})
    tab = context.new_cdp_session(page)
    tab.send("Page.setWebLifecycleState", {"state": "frozen"})
    tab.send("Page.setWebLifecycleState", {"state": "active"})
    expect(page.locator("h1")).to_contain_text(said, timeout=PATIENCE)
    expect(page.locator("[data-because]")).not_to_be_empty(timeout=PATIENCE)
    context.close()
