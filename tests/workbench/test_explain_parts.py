"""A look at models that are unlike the built-in one: names that are no file names, no gradients, parts that fail."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from innerview.adapters import FunctionModel
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import ELU, Convolution, Dense, GlobalMean
from innerview.errors import InnerviewError, ModelError, UsageError
from innerview.model import InputSpec, Layer, OutputSpec
from innerview.session.layers import choose_layers
from innerview.workbench import Query, explain
from innerview.workbench.folders import file_names
from innerview.workbench.page.report import report
from raising import raises
from typecheck import unchecked

# by their full names, since `innerview.workbench.explain` is the function
LOOK, DRAWING = (import_module(f"innerview.workbench.explain.{name}") for name in ("explain", "drawing"))
EXAMINE = import_module("innerview.session.compute.explanation")
REPORT = import_module("innerview.workbench.page.report")

SPEC, CLASSES = InputSpec(8, 8), OutputSpec(("a", "b", "c"))
QUICK = Query(n_steps=4, alphas=(0.5, 1.0), fractions=(0.5,), max_channels=4)
LONG = "a very long name " * 30


def model(names: tuple[str, str, str] = ("conv", "elu", "head")) -> NumpyModel:
    random = np.random.default_rng(0)
    shapes = {f"{names[0]}.weight": (5, 3, 3, 3), f"{names[2]}.weight": (3, 5), f"{names[2]}.bias": (3,)}
    steps = (Convolution(names[0]), ELU(names[1]), GlobalMean("mean"), Dense(names[2]))
    return NumpyModel(SPEC, CLASSES, steps, {name: random.normal(size=shape) for name, shape in shapes.items()})


def function() -> FunctionModel:
    weights = np.random.default_rng(0).normal(size=(192, 3))
    return FunctionModel(lambda x: x.reshape(len(x), -1) @ weights, SPEC, CLASSES)


@pytest.fixture(autouse=True)
def _no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page with the viewer is tested elsewhere; without the bundle it is there all the same."""
    monkeypatch.setattr(LOOK, "page_for", lambda *_: "<html>")
    monkeypatch.setattr(REPORT, "page_for", lambda *_: "<html>")


def written(place: Path) -> dict[str, Any]:
    return json.loads((place / "result.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "names",
    [["conv1", "relu#2"], ["a/b", "a-b", "A/B"], ["..", ".", ""], ["x:y", "x?y"], [LONG, LONG + "b"], ["é", "ü"]],
)
def test_file_names_are_safe_and_all_different(names: list[str]) -> None:
    found = file_names(names)
    assert list(found) == names
    assert len({one.lower() for one in found.values()}) == len(names)
    for one in found.values():
        assert one.isascii()
        assert len(one) < 100
        assert not set(one) & set('/\\:*?"<>|# ')
        assert one.strip(".") == one != ""
    assert file_names(["conv1", "block.2"]) == {"conv1": "conv1", "block.2": "block.2"}


def test_layers_of_any_name_are_drawn(tmp_path: Path) -> None:
    subject = model(("/model/conv/Conv", "../up", LONG))
    done = explain(["cat"], QUICK, model=subject, output=tmp_path / "out")
    files = {one.name for one in (tmp_path / "out" / "cat").iterdir()}
    assert sum(name.startswith("layer-") for name in files) == 2
    page = done.page.read_text(encoding="utf-8")
    assert all(name in page for name in files if name.startswith("layer-"))
    assert "Not here" not in page


@pytest.mark.parametrize("layer", ["1", "number:1", "name:1"])
def test_names_that_are_numbers_are_looked_at_by_what_is_said(layer: str, tmp_path: Path) -> None:
    subject = model(("0", "1", "2"))  # number 1 ends at the ELU that is called "1", so all three mean the same
    explain(["cat"], Query(layers=(layer,), n_steps=4, alphas=(0.5,)), model=subject, output=tmp_path / "out")
    assert (tmp_path / "out" / "cat" / "layer-1.png").is_file()


def test_a_model_without_gradients_is_explained_by_occlusion(tmp_path: Path) -> None:
    done = explain(["cat", "moose"], QUICK, model=function(), output=tmp_path / "out")
    files = {one.name for one in (tmp_path / "out" / "cat").iterdir()}
    assert {"method-occlusion.png", "masking-highest.png", "masking-lowest.png", "index.html", "result.json"} <= files
    assert not {"attribution.png", "gradient.png", "path.png", "layers.webp", "weights.png"} & files
    page = (tmp_path / "out" / "cat" / "index.html").read_text(encoding="utf-8")
    assert "gradients" in page.partition("Not here")[2]
    assert "integrated" not in written(tmp_path / "out" / "cat")
    assert (tmp_path / "out" / "contact-sheet.png").is_file()
    assert done.page == tmp_path / "out" / "index.html"
    report(["cat"], QUICK, model=function(), output=tmp_path / "report.html")
    assert (tmp_path / "report.html").is_file()


def test_what_cannot_be_drawn_takes_nothing_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("no figure")

    monkeypatch.setattr(DRAWING.pictures, "masking_strip", fail)
    done = explain(["cat"], QUICK, model=model(), output=tmp_path / "out")
    files = {one.name for one in (tmp_path / "out" / "cat").iterdir()}
    assert "attribution.png" in files
    assert not any(name.startswith("masking-") for name in files)
    page = done.page.read_text(encoding="utf-8")
    assert "masking-highest.png, since ZeroDivisionError: no figure" in page
    assert len(written(tmp_path / "out" / "cat")["masking"]) == 2, "it was worked out, and only the drawing is missing"


def test_what_cannot_be_worked_out_behind_the_map_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ModelError("the output is not finite")

    monkeypatch.setattr(EXAMINE, "keep_by_orders", fail)
    monkeypatch.setattr(LOOK, "page_for", fail)
    explain(["cat"], QUICK, model=model(), output=tmp_path / "out")
    place = tmp_path / "out" / "cat"
    assert (place / "attribution.png").is_file()
    assert not (place / "view.html").exists()
    page = (place / "index.html").read_text(encoding="utf-8")
    assert page.count("Not here") == 2
    assert "the output is not finite" in page


@pytest.mark.parametrize("scale", ["per-image", "shared"])
def test_an_image_that_fails_leaves_the_others(scale: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look = LOOK.examine

    def some(session: Any, item: Any, *rest: Any) -> Any:
        if item.name == "moose":
            raise ModelError("a gradient is not finite")
        return look(session, item, *rest)

    monkeypatch.setattr(LOOK, "examine", some)
    asked = Query(n_steps=4, alphas=(0.5, 1.0), vmax=scale)
    with raises(ModelError, "images", asked=3, found=2, file="out"):
        explain(["cat", "moose", "coffee"], asked, model=model(), output=tmp_path / "out")
    assert {one.name for one in (tmp_path / "out").iterdir() if one.is_dir()} == {"cat", "coffee"}
    assert (tmp_path / "out" / "index.html").is_file()
    with pytest.raises(InnerviewError, match="not finite"):  # with nothing to lose it ends at once
        explain(["moose", "cat"], asked, model=model(), output=tmp_path / "none")


class Listed:
    """As much of a model as choosing layers takes."""

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers


MAP, BY_HEAD = Layer("conv", "convolution", shape=(8, 8, 4)), Layer("qkv", "dense", axes="", shape=(4, 65, 16))


def test_layers_that_cannot_be_drawn_are_not_chosen_and_are_refused_when_asked_for() -> None:
    listed: Any = Listed(MAP, BY_HEAD)
    alone: Any = Listed(BY_HEAD)
    with unchecked():
        assert choose_layers((), listed) == (MAP,)
        assert choose_layers((), alone) == ()
        with raises(UsageError, "axes", asked="qkv", found=(4, 65, 16), layer="qkv"):
            choose_layers(("qkv",), listed)
