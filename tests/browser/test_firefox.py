"""The engine of a page gives the same in Firefox, and a page opened from the disk answers there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.engine import ANSWERS, SEVERAL, answers_as_a_server, packed_image, runs_as_numpy
from browser.firefox import Firefox, firefox
from innerview.allcnn import load_pretrained
from innerview.data.fitting import preprocess
from innerview.data.samples import example_image
from innerview.methods import predict
from innerview.workbench.page.report import report

pytestmark = pytest.mark.firefox
ROCKET = Path(__file__).resolve().parents[2] / "src" / "innerview" / "data" / "samples" / "rocket.jpg"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, _bundle: None) -> Iterator[Firefox]:
    """The page of the cat, opened from the disk."""
    folder = tmp_path_factory.mktemp("firefox")
    report(("cat",), output=folder / "cat.html")
    with firefox(folder / "profile") as opened:
        opened.goto((folder / "cat.html").as_uri())
        yield opened


def test_it_answers_about_a_photo_of_ones_own(page: Firefox) -> None:
    page.wait_for("() => document.querySelector('h1')?.textContent.includes('It says cat')")
    page.choose_files("input[type=file]", ROCKET)
    model = load_pretrained()
    known = predict(model, preprocess(example_image("rocket"), model.input).pixels[None])[0]
    said = f"It says {known.class_names[known.index]}, {100 * known.confidence:.1f} %"
    page.wait_for("(said) => document.querySelector('h1').textContent.includes(said)", said)
    page.wait_for("() => /because of/.test(document.querySelector('[data-because]')?.textContent)")


def test_its_engine_answers_as_a_server_does(page: Firefox) -> None:
    answers_as_a_server(page)
    runs_as_numpy(page)


def test_several_workers_answer_as_one_does(page: Firefox) -> None:
    golden = ANSWERS[0]
    case = next(one for one in golden["answers"] if one["request"]["kind"] == "truth")
    image = {case["request"]["image"]: packed_image(page, golden)}
    given = {"network": golden["network"], "image": image, "request": case["request"], "before": "", "helped": False}
    alone, shared = (page.evaluate(SEVERAL, {**given, "workers": workers})["found"] for workers in (1, 3))
    assert shared == alone
