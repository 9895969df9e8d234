"""Another image of a data set as a fill: drawn, never the image itself, recorded, refused where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import innerview
from innerview import workbench
from innerview.errors import UsageError
from innerview.results import Parts, RegionEffects, RegionTruth
from innerview.session.images import gather
from innerview.session.query import Query
from innerview.workbench.ask import ask
from innerview.workbench.parts import parts
from raising import raises

CAT = innerview.preprocess(innerview.example_image("cat"), innerview.load_pretrained().input).pixels


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The cat itself and a dark noise: of these two the noise alone is another image."""
    random = np.random.default_rng(0)
    for name, pixels in (("cat", CAT), ("dog", 0.3 * random.random((32, 32, 3)))):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        Image.fromarray(np.round(255 * pixels).astype(np.uint8)).save(folder / "one.png")
    return tmp_path / "data"


@pytest.mark.parametrize("fills", [{"fills": ("data",)}, {"methods": ("shapley:fills=data",)}])
def test_images_that_are_named_are_explained_alone(data: Path, fills: dict[str, Any]) -> None:
    """The data set is there to fill with; some of it are explained where they are selected, or none is named."""
    model, named = innerview.load_pretrained(), ["moose"]

    def names(images: list[str], **query: Any) -> list[str]:
        return [one.name for one in gather(model, images, Query(data=data, **query))]

    assert names(named, **fills) == named
    assert names(named, **fills, select=("dog",)) == [*named, "dog:0"]
    assert set(names([], **fills)) == {"cat:0", "dog:0"}
    assert len(names(named)) == 3


def test_it_fills_wherever_fills_are_named(data: Path, tmp_path: Path) -> None:
    words = "another image of the data set: dog:0 (32 × 32, as it is; drawn with seed 0)"
    query = Query(
        data=data,
        select=("cat",),
        fills=("data", "mean"),
        judge=True,
        regions="1x2",
        methods=("shapley:regions=1x2,fills=data",),
    )
    (written,) = innerview.explain((), query, output=tmp_path / "explained", network=False).folders
    found = innerview.load_result(written)["truth"]
    assert isinstance(found, RegionTruth)
    assert found.values.fills[0] == words
    dog = innerview.load_image(data / "dog" / "one.png").part(0, 0, 32, 32)
    model = innerview.load_pretrained()
    exact = innerview.shapley(model, found.values.image, innerview.LogOdds(3), regions=(1, 2), fills=(dog, "mean"))
    np.testing.assert_allclose(found.values.values, exact.values, rtol=1e-4)
    by_method = innerview.load_result(written)["methods"]["shapley"]
    np.testing.assert_allclose(by_method.values[0].sum(), by_method.score - by_method.scores[0, 0], rtol=1e-4)
    assert by_method.fills[0] == words
    asked = ask("cat", Query(data=data, region=((4, 4, 8, 8),), fills=("data",), n_placebos=0)).effects
    told = parts("cat", Query(data=data, fills=("data",))).parts
    for one in (asked, told):
        assert isinstance(one, RegionEffects | Parts)
        assert one.fills[0].startswith("another image of the data set: ")


def test_without_a_data_set_it_is_refused_and_told_how(tmp_path: Path) -> None:
    for query in (Query(fills=("data",)), Query(methods=("shapley:fills=data",))):
        with raises(UsageError, "data", asked="data"):
            workbench.explain("cat", query, output=tmp_path / "out", network=False)
    with raises(UsageError, "data", asked="data"):
        innerview.shapley(innerview.load_pretrained(), "cat", regions=(1, 2), fills=("data",))


def test_a_set_without_another_image_has_no_fill(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "cat"
    folder.mkdir(parents=True)
    Image.fromarray(np.round(255 * CAT).astype(np.uint8)).save(folder / "one.png")
    query = Query(data=tmp_path / "data", select=("cat",), fills=("data",), judge=True)
    with raises(UsageError, "data", found=1):
        workbench.explain((), query, output=tmp_path / "out", network=False)
