"""A training is followed while it goes on, is killed, or has yet to begin, without loading the page anew.

The server is `innerview serve FOLDER` itself. The training is PyTorch's in a process of its own, recorded in three
lines; it waits after every epoch until the test lets it go on.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser.conftest import Heard
from browser.driving import PATIENCE, settle
from serving import served
from session.made_runs import made_folders, made_run, metadata

TRAINING = """
import sys, time
from pathlib import Path
import torch, innerview
from innerview.model import InputSpec, OutputSpec

folder, go = Path(sys.argv[1]), Path(sys.argv[2])
torch.manual_seed(0)
model = torch.nn.Sequential(
    torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
    torch.nn.Linear(4, 2),
)
images, labels = torch.rand(16, 8, 8, 3), torch.arange(16) % 2
images[labels == 1, :, :, 0] *= 0.2
recorder = innerview.Recorder(
    model, folder, probes=images[:6].numpy(), labels=labels[:6].tolist(), n_attributions=2, max_overhead=None,
    input=InputSpec(8, 8, layout="CHW"), output=OutputSpec(("red", "blue")),
)
optimizer = torch.optim.Adam(model.parameters(), 0.05)
with recorder:
    for epoch in range(1, 5):
        for _ in range(4):
            loss = torch.nn.functional.cross_entropy(model(images.permute(0, 3, 1, 2)), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recorder.step(loss=loss)
        recorder.epoch(test_loss=loss)
        while not (go / str(epoch)).exists():
            time.sleep(0.05)
"""


@dataclass
class Followed:
    """A folder of trainings, and the page that shows it."""

    url: str
    folder: Path


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory, _bundle: None) -> Iterator[Followed]:
    folder = tmp_path_factory.mktemp("runs")
    data = made_folders(tmp_path_factory.mktemp("data"), count=30)
    with served(str(folder), "--data", str(data)) as server:
        yield Followed(server.url, folder)


@pytest.fixture
def tab(context: BrowserContext, heard: Heard, followed: Followed) -> Iterator[Page]:
    """The Training view, opened once; a test that loads it anew loses the mark."""
    page = context.new_page()
    heard.listen(page)
    page.goto(f"{followed.url}#/training")
    expect(page.locator("[data-run]")).to_be_visible()
    page.evaluate("window.mark = 'never loaded anew'")
    yield page
    assert page.evaluate("window.mark") == "never loaded anew"
    page.close()


def choose(page: Page, name: str) -> None:
    chooser = page.get_by_role("combobox", name="Run")
    expect(chooser.locator("option").filter(has_text=re.compile(f"^{name}$"))).to_have_count(1)
    chooser.select_option(label=name)
    expect(page.locator("[data-run]")).to_contain_text(f"{name}:")


def logged(folder: Path, name: str) -> list[float]:
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [float(line[name]) for line in map(json.loads, lines) if name in line]


def points(page: Page, title: str) -> int:
    """Points of the longest curve of a chart."""
    plot = page.locator(".charts figure").filter(has=page.locator(".axis-title", has_text=title)).first
    return max(len(re.findall("[ML]", one.get_attribute("d") or "")) for one in plot.locator("path").all())


def test_a_training_is_followed_and_a_killed_one_stays(tab: Page, followed: Followed, tmp_path: Path) -> None:
    run, script = followed.folder / "torch", tmp_path / "training.py"
    script.write_text(TRAINING, encoding="utf-8")
    training = subprocess.Popen([sys.executable, str(script), str(run), str(tmp_path)])
    try:
        choose(tab, "torch")  # it appeared after the page was opened
        seen: list[tuple[int, int]] = []
        for epoch in range(1, 4):
            expect(tab.locator("[data-run]")).to_contain_text(f"torch: running, step {4 * epoch}")
            losses = logged(run, "loss")
            assert len(losses) == 4 * epoch
            expect(tab.locator(".charts figcaption").filter(has_text="train").first).to_contain_text(
                f"{losses[-1]:.3g}"[:4]
            )
            expect(tab.get_by_role("list", name="All checkpoints").get_by_role("button").last).to_contain_text(
                f"{epoch}"
            )
            settle(tab)
            seen.append(
                (points(tab, "loss"), tab.get_by_role("list", name="All checkpoints").get_by_role("button").count())
            )
            (tmp_path / str(epoch)).touch()
        assert seen[0] < seen[1] < seen[2]
        assert [one for one, _ in seen] == [4, 8, 12]
        expect(tab.locator("[data-run]")).to_contain_text("step 16")
        tab.keyboard.press("8")
        expect(tab.get_by_role("region", name="Confusion matrix")).to_contain_text("6 probe images")
        tab.keyboard.press("5")
        cards = tab.locator(".weights .card")
        expect(cards).to_have_count(2)
        expect(cards.first.locator("h2")).to_contain_text("108 weights")
    finally:
        training.kill()
        training.wait()
    checkpoints = int(tab.get_by_role("slider", name="Epoch").get_attribute("max") or 0)
    assert checkpoints >= 4
    made_run(followed.folder / "later", steps=(0,))
    found = tab.get_by_role("combobox", name="Run").locator("option").filter(has_text="later")
    expect(found).to_have_count(1)  # so the server has looked again since the training was killed
    tab.keyboard.press("6")
    expect(tab.locator("[data-run]")).to_contain_text("torch: running, step 16")
    expect(tab.get_by_role("list", name="All checkpoints").get_by_role("button").first).to_be_visible()
    expect(tab.get_by_role("alert").filter(has_text="!")).to_have_count(0)


def test_a_run_without_film_or_answers_says_so_and_shows_no_other_run_s(context: BrowserContext, heard: Heard) -> None:
    """A run that nothing can be shown of but curves, chosen after one with a timeline and answers."""
    with tempfile.TemporaryDirectory() as folder, served(folder) as server:
        page = context.new_page()
        heard.listen(page)
        page.goto(f"{server.url}#/training")
        timeline = page.get_by_role("list", name="All checkpoints").get_by_role("button")
        matrix = page.get_by_text("10,000 test images")
        expect(timeline.first).to_be_visible(timeout=PATIENCE)
        page.keyboard.press("8")
        expect(matrix.first).to_be_visible(timeout=PATIENCE)
        page.keyboard.press("6")
        expect(timeline.first).to_be_visible(timeout=PATIENCE)
        made = made_run(Path(folder) / "half", steps=(0, 1), planned=10)
        choose(page, "half")
        expect(page.locator("main")).to_contain_text("no timeline of half can be shown")
        expect(timeline).to_have_count(0)
        page.keyboard.press("8")
        expect(page.locator(".mistakes-view")).to_be_visible()
        expect(matrix).to_have_count(0)
        page.keyboard.press("6")
        with (made.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write('{"step": 2, "loss": 0.75, "epoch": 0.2}\n{"step": 3, "lo')  # a line that is on its way
        (made.path / "checkpoints" / "step-000002.safetensors.partial").write_bytes(b"half a file")
        expect(page.locator("[data-run]")).to_contain_text("half: running, step 2 of 10")
        expect(page.locator(".charts figcaption").filter(has_text="0.75").first).to_be_visible()
        page.close()


def test_what_is_no_run_yet_is_said_in_words(tab: Page, followed: Followed) -> None:
    made = made_run(followed.folder / "empty", steps=(0,), planned=10)
    for path in (made.path / "checkpoints").iterdir():
        path.unlink()
    chooser = tab.get_by_role("combobox", name="Run")
    expect(chooser.locator("option").filter(has_text="empty")).to_have_count(1)
    chooser.select_option(label="empty")
    expect(tab.locator("main")).to_contain_text("holds no checkpoint yet; wait for the training to begin")
    made.checkpoint(1, made_run(followed.folder.parent / "other", steps=(0,)).read(0).weights, metadata())
    expect(tab.locator("[data-run]")).to_contain_text("empty: running")


def test_a_run_that_diverged_leaves_the_chart_to_the_others(context: BrowserContext, heard: Heard) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made_run(Path(folder) / "good")
        made_run(
            Path(folder) / "lost",
            loss=lambda step: 2.0 if step < 8 else 2e19,
            gradient_norm=lambda step: 1.2**step if step < 8 else 0.0,
        )
        with served(folder) as server:
            page = context.new_page()
            heard.listen(page)
            page.goto(f"{server.url}#/training")
            choose(page, "good")
            page.get_by_role("checkbox", name="lost").check()
            plot = page.locator(".charts figure").filter(has=page.locator(".axis-title", has_text="loss")).first
            expect(plot.locator(".label").filter(has_text="lost").first).to_be_visible()
            paths = [path.get_attribute("d") or "" for path in plot.locator("path").all()]
            heights = [[float(y) for y in re.findall(r"[ML][-\d.]+[ ,]([-\d.]+)", path)] for path in paths]
            assert max(heights[0]) - min(heights[0]) > 60, "the training of the first run"
            assert min(map(min, heights)) >= 0, "nothing is drawn above the chart"
            choose(page, "lost")
            expect(plot.locator("figcaption")).to_contain_text("train 2.00e19")
            steep = page.locator(".charts figure").filter(has_text="gradient norm, log")
            rising = re.findall(r"[ML][-\d.]+[ ,]([-\d.]+)", steep.locator("path").first.get_attribute("d") or "")
            assert len(rising) == 7, "what is 0, of a network that is dead, is no point of a logarithm"
            assert all(float(one) > float(other) + 5 for one, other in pairwise(rising))
            for path in steep.locator("path").all():
                drawn = re.findall(r"[ML][-\d.]+[ ,]([-\d.]+)", path.get_attribute("d") or "")
                assert all(0 <= float(height) <= 132 for height in drawn), "nothing is drawn outside the chart"
            page.close()
