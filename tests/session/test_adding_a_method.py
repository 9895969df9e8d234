"""A method is one file and one row: the command line, the viewer, the documentation and a look find it by that."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import innerview
from innerview import tensors
from innerview.cli import main
from innerview.data.baselines import make_baseline
from innerview.methods import occlusion, registry, rows
from innerview.methods.method import Method, Option
from innerview.results import Attribution, Explained, Provenance
from innerview.results.io import load_result
from innerview.session.compute.explanation import examine
from innerview.session.compute.weights import count_weights
from innerview.session.images import gather
from innerview.session.methods import run_method
from innerview.session.query import Query
from innerview.session.session import OpenedModel, Session
from innerview.targets import Logit, Target
from innerview.types import Image
from innerview.workbench.explain.drawing import FigureContext
from innerview.workbench.explain.writing import write_look
from models import MODELS, numpy_model

ROOT = Path(__file__).resolve().parents[2]
MODEL = MODELS["mixed"]
NETWORK = numpy_model(MODEL, MODEL.weights(), np.float64)


def brightness(model: Any, image: Image, target: Target, *, power: float = 1.0) -> Attribution:
    """Call the bright pixels important."""
    source = Provenance.of(model, "nothing at all")
    return Attribution(image, image**power, "Brightness", "contribution", "logit", 0.0, None, 0, source)


ROW = Method(
    name="brightness",
    title="Brightness",
    function=brightness,
    result="map",
    answers="which pixels are bright",
    needs_gradients=False,
    cost="none",
    source="nobody",
    options=(Option(name="power", type="number", words="of the pixels", default=1.0, low=0, high=9),),
)


@pytest.fixture
def _added(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One more row in the table, and nothing else."""
    monkeypatch.setattr(rows, "ROWS", (*rows.ROWS, ROW))
    registry.registry.cache_clear()
    tensors.method_named.cache_clear()
    yield
    registry.registry.cache_clear()
    tensors.method_named.cache_clear()


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """What writes the parts of the documentation that come from the code."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    found = importlib.util.spec_from_file_location("pages_of_docs", ROOT / "scripts" / "docs.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.usefixtures("_added")
def test_one_row_is_all_that_a_method_takes(pages: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    assert "\nbrightness " in capsys.readouterr().out
    assert main(["explain", "--help"]) == 0
    assert "brightness (power)" in " ".join(capsys.readouterr().out.split())
    (described,) = Session([OpenedModel("mixed", NETWORK)]).hello()["models"]
    assert "brightness" in described["methods"]
    assert "| which pixels are bright | `brightness` | nothing | none |" in pages.method_table(rows.ROWS)
    assert "| `brightness` | `power` | of the pixels: a number from 0 to 9 | 1.0 |" in pages.option_table(rows.ROWS)
    image = np.random.default_rng(0).random(MODEL.input.shape)
    np.testing.assert_array_equal(innerview.brightness(NETWORK, image, Logit(0), power=2).attribution, image**2)
    black = make_baseline("black", MODEL.input, image)
    np.testing.assert_array_equal(
        run_method("brightness", NETWORK, image, Logit(0), [black], None).heatmap,
        image.sum(axis=2),
    )


def test_the_page_on_methods_is_the_registry(pages: ModuleType) -> None:
    assert pages.methods_page() == (ROOT / "docs" / "reference" / "methods.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("asked", ["oclusion", "brightness", "occlusion:window=40", "grad-cam:layer=none"])
def test_the_command_line_refuses_before_anything_is_written(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explain", "cat", "--method", asked]) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_added")
def test_a_look_draws_and_keeps_every_method_that_was_asked_for(tmp_path: Path) -> None:
    (item,) = gather(NETWORK, ["cat"])
    image, blurred = item.pixels, make_baseline("blurred", NETWORK.input, item.pixels).image
    asked = ("occlusion:window=8,stride=4", "brightness", "brightness:power=2")
    request = Query(methods=asked, alphas=(0.5,), n_steps=2, layers=("elu1",), fractions=(1.0,), objective="logit")
    look = examine(Session([OpenedModel("", NETWORK)]), item, request)
    alone = occlusion(NETWORK, image, Logit(look.prediction.index), fill=blurred, window=8, stride=4)
    wanted: dict[str, Explained] = {
        "occlusion": alone,
        "brightness": brightness(NETWORK, image, Logit()),
        "brightness-2": brightness(NETWORK, image, Logit(), power=2),
    }
    assert list(look.methods) == list(wanted)
    for name, one in wanted.items():
        np.testing.assert_array_equal(look.methods[name].heatmap, one.heatmap)
    write_look(
        FigureContext(NETWORK, look, request, "per-image", count_weights({"now": NETWORK.weights()})), tmp_path, {}
    )
    page, arrays = (tmp_path / "index.html").read_text(encoding="utf-8"), load_file(tmp_path / "arrays.safetensors")
    told = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["methods"]
    found = load_result(tmp_path)
    assert found.notes == ()
    assert tuple(found["query"]["methods"]) == tuple(asked)
    np.testing.assert_array_equal(found["integrated"].heatmap, look.integrated.heatmap)
    assert list(found["methods"]) == list(wanted)
    for name, one in wanted.items():
        np.testing.assert_array_equal(found["methods"][name].heatmap, one.heatmap)
        assert f'src="method-{name}.png"' in page
        assert (tmp_path / f"method-{name}.png").is_file()
        np.testing.assert_array_equal(arrays[told[name]["attribution"]["array"]], one.attribution)  # type: ignore[union-attr]


def test_a_look_without_other_methods_has_no_section_for_them(tmp_path: Path) -> None:
    (item,) = gather(NETWORK, ["cat"])
    request = Query(alphas=(0.5,), n_steps=2, layers=("elu1",), fractions=(1.0,))
    look = examine(Session([OpenedModel("", NETWORK)]), item, request)
    write_look(
        FigureContext(NETWORK, look, request, "per-image", count_weights({"now": NETWORK.weights()})), tmp_path, {}
    )
    assert 'id="methods"' not in (tmp_path / "index.html").read_text(encoding="utf-8")
