"""What goes into one file, and that it stays small enough to be sent."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Convolution, Dense, GlobalMean, MeanPooling, ReLU
from innerview.data.fitting import preprocess
from innerview.data.samples import example_image
from innerview.errors import OutputError, UsageError
from innerview.model import InputSpec, OutputSpec
from innerview.session.compute.explanation import examine
from innerview.session.images import gather
from innerview.session.query import Query
from innerview.session.session import OpenedModel, Session
from innerview.viewer.payload import Payload, decode
from innerview.viewer.payloads.subject import Photo
from innerview.workbench.page import report as report_module
from innerview.workbench.page.one_page import Sizes, payloads_of
from innerview.workbench.page.report import MOST, page, report
from models import MODELS, numpy_model
from raising import raises

PAGE = 160_000
"""Bytes of a page without its payloads."""


def opened(page: Path) -> tuple[dict[str, Any], list[tuple[dict[str, Any], Payload]]]:
    text = page.read_text(encoding="utf-8")
    elements = dict(re.findall(r'<script type="text/plain" id="([^"]*)">(.*?)</script>', text))
    data = re.search(r'<script type="application/json" id="innerview">(.*?)</script>', text)
    assert data
    found = json.loads(data.group(1))
    payloads = []
    for entry in found["payloads"]:
        packed = entry.get("bytes") or elements[entry["element"]]
        payloads.append((entry, decode(zlib.decompress(base64.b64decode(packed), -zlib.MAX_WBITS))))
    return found["hello"], payloads


@pytest.fixture
def small() -> NumpyModel:
    model = MODELS["mixed"]
    return numpy_model(model, model.weights(), np.float32)


def images(folder: Path, count: int) -> list[str]:
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 256, (20, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return [str(folder / f"{number}.png") for number in range(count)]


def test_weights_above_the_size_that_is_allowed_stay_out_and_the_page_says_so(tmp_path: Path) -> None:
    output = tmp_path / "page.html"
    with raises(UsageError, "network") as told:
        page(["cat"], output=output, max_size=1.8)
    assert "the weights of allcnn take 1.81 MB in 16 bits, and 1.8 MB are allowed" in str(told.value)
    assert "--max-size" in str(told.value)
    page(["cat"], output=output, max_size=1.9)
    assert 'id="network"' in output.read_text(encoding="utf-8")
    with raises(UsageError, "max_size", asked=-1, limit=0):
        report(["cat"], output=output, max_size=-1)


def test_a_report_of_the_cat_holds_every_view_in_one_and_a_half_megabytes(tmp_path: Path) -> None:
    written = report(["cat"], output=tmp_path / "cat.html", network=False)
    assert written.size == written.page.stat().st_size <= 1_500_000
    hello, payloads = opened(written.page)
    kinds = [payload.kind for _, payload in payloads]
    assert {"subject", "map", "path", "masking", "layers", "weights", "run", "timeline"} <= set(kinds)
    assert hello["file"] is True
    (sample_listed,) = hello["samples"]
    assert sample_listed["label"] == 3
    found = {payload.kind: payload for _, payload in payloads}
    assert found["path"].arrays["alphas"].size <= 60
    assert found["masking"].arrays["fractions"].size == 21
    assert max(one["shown"] for one in found["layers"].json("layers")) == 27
    targets = [entry["target"] for entry, payload in payloads if payload.kind == "map"]
    said = found["subject"].arrays["logits"].argsort()[::-1]
    assert set(targets) == {int(said[0]), int(said[1]), 3}


def test_a_large_image_takes_at_most_six_megabytes() -> None:
    """The sizes of an ImageNet model, at a hundredth of its work."""
    random = np.random.default_rng(0)
    operations, weights, channels = [], {}, 3
    for number, width in enumerate((8, 32, 32, 48, 48, 64)):
        operations += [
            Convolution(f"conv{number}", padding=1, bias=True),
            ReLU(f"relu{number}"),
            MeanPooling(f"pool{number}"),
        ]
        weights[f"conv{number}.weight"] = random.normal(0, 1 / np.sqrt(9 * channels), (width, channels, 3, 3))
        weights[f"conv{number}.bias"] = np.zeros(width)
        channels = width
    operations += [GlobalMean("mean"), Dense("out")]
    weights |= {"out.weight": random.normal(0, 1, (1000, channels)), "out.bias": np.zeros(1000)}
    names = tuple(f"class {number}" for number in range(1000))
    model = NumpyModel(InputSpec(224, 224), OutputSpec(names), operations, weights, np.float32)
    item = replace(preprocess(example_image("cat"), model.input), class_number=281)
    found = examine(
        Session([OpenedModel("", model)]), item, Query(tolerance=0.2, curve_fractions=(0.0, 0.1, 1.0), n_random=1)
    )
    photo = Photo.of(item, "sample")
    packed = payloads_of(model, found, photo, "black", Sizes(), model.weights())
    assert sum(len(one.text) for one in packed) + PAGE <= 6_000_000
    path = next(one for one in packed if one.kind == "path")
    payload = decode(zlib.decompress(base64.b64decode(path.text), -zlib.MAX_WBITS))
    assert payload.arrays["alphas"].size <= 21
    assert payload.arrays["gradient_alphas"].size <= 10
    assert payload.arrays["classes"].size <= 7


def test_the_class_and_the_baseline_that_were_asked_for_are_in_the_file(small, tmp_path: Path) -> None:
    baseline = tmp_path / "secret-folder"
    baseline.mkdir()
    Image.new("RGB", (small.input.width, small.input.height), (40, 50, 60)).save(baseline / "mine.png")
    request = Query(target="ant", versus="cow", baselines=(str(baseline / "mine.png"),), tolerance=0.05)
    written = report(images(tmp_path, 1), request, model=small, output=tmp_path / "page.html")
    hello, payloads = opened(written.page)
    assert hello["baselines"] == ["mine.png"]
    first = next(entry for entry, payload in payloads if payload.kind == "map")
    assert (first["target"], first["versus"], first["baseline"]) == (0, 2, "mine.png")
    assert "secret-folder" not in written.page.read_text(encoding="utf-8")


def test_many_images_share_a_file_and_equal_ones_are_in_it_once(small, tmp_path: Path) -> None:
    named = images(tmp_path, 14)
    written = report([*named, named[0]], Query(tolerance=0.1), model=small, output=tmp_path / "page.html")
    hello, payloads = opened(written.page)
    assert len(hello["samples"]) == 14
    assert len(written.lines) == 15
    assert all("element" in entry for entry, _ in payloads)
    assert {entry["image"] for entry, payload in payloads if payload.kind == "path"} == {
        one["image"] for one in hello["samples"]
    }


def test_too_many_images_and_places_that_can_not_be_written_are_refused(small, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(report_module, "MOST", 1)
    with raises(UsageError, "images", asked=2, limit=1):
        report(images(tmp_path, 2), model=small, output=tmp_path / "page.html")
    with pytest.raises(OutputError):
        report(images(tmp_path, 1), Query(tolerance=0.5), model=small, output=tmp_path / "no" / "page.html")
    assert MOST == 500


def test_the_class_explained_comes_first_whatever_wins(small) -> None:
    (item,) = gather(small, ["moose"])
    found = examine(
        Session([OpenedModel("", small)]),
        item,
        Query(target="2", tolerance=0.1, curve_fractions=(0.0, 1.0), n_random=1),
    )
    maps = [query.target for query in found.queries]
    assert maps[0] == 2
    assert len(maps) == len(set(maps)) <= 3
