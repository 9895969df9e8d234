"""Other packages bring adapters and data sets; what fails is named, and nothing runs before it is asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from added import install
from innerview.adapters import FunctionModel, wrap
from innerview.cli import main
from innerview.data.folders import open_folders
from innerview.errors import DataError, ModelError, UsageError
from innerview.model import InputSpec, OutputSpec
from innerview.workbench import info
from raising import raises

SPEC, OUTPUT = InputSpec(2, 2), OutputSpec(("a", "b", "c"))
MODEL = "class Model:\n    def run(self, x):\n        return x.mean((1, 2))\n"
ADAPTER = """
from innerview.adapters import FunctionModel

def adapter(model, input, output, **options):
    return FunctionModel(model.run, input, output, **options)
"""


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules of one test are not those of the next."""
    for name in ("teapot", "teapot_innerview", "torch_tea"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def model_of(folder: Path, monkeypatch: pytest.MonkeyPatch, points: dict[str, str], text: str = ADAPTER) -> Any:
    """A model of a framework that nobody knows, and a package that knows it."""
    install(folder, monkeypatch, {"innerview.backends": points}, {"teapot": MODEL, "teapot_innerview": text})
    import teapot  # type: ignore[import-not-found]

    return teapot.Model()


def test_another_package_wraps_the_models_of_its_framework(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(tmp_path, monkeypatch, {"teapot": "teapot_innerview:adapter"})
    wrapped = wrap(model, input=SPEC, output=OUTPUT)
    images = np.random.default_rng(0).random((2, 2, 2, 3)).astype(np.float32)
    np.testing.assert_allclose(wrapped.forward(images).outputs, images.mean((1, 2)), rtol=1e-6)


def test_what_comes_of_it_is_checked_as_ours_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoiled = ADAPTER.replace("model.run", "lambda x: model.run(x) - x.mean()")
    model = model_of(tmp_path, monkeypatch, {"teapot": "teapot_innerview:adapter"}, spoiled)
    with raises(ModelError, "batch"):
        wrap(model, input=SPEC, output=OUTPUT)


@pytest.mark.parametrize(
    ("value", "text", "said"),
    [
        ("teapot_innerview:adapter", "import no_such_package", "no_such_package"),
        ("teapot_innerview:missing", ADAPTER, "missing"),
        ("teapot_innerview:adapter", "adapter = 3", "int"),
    ],
)
def test_an_adapter_that_fails_is_named_and_others_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, text: str, said: str
) -> None:
    model = model_of(tmp_path, monkeypatch, {"teapot": value}, text)
    with pytest.raises(UsageError, match=rf"'teapot' of tea 1.0.*{said}"):
        wrap(model, input=SPEC, output=OUTPUT)
    assert isinstance(wrap(lambda x: x.mean((1, 2)), input=SPEC, output=OUTPUT), FunctionModel)


def test_no_plug_in_replaces_an_adapter_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not even imported: the package of the model's class is known here."""
    monkeypatch.setattr("innerview.adapters.ADAPTERS", {"teapot": ("innerview.adapters.function", "FunctionModel")})
    model = model_of(tmp_path, monkeypatch, {"teapot": "teapot_innerview:adapter"}, "raise SystemError")
    type(model).__call__ = type(model).run
    assert isinstance(wrap(model, input=SPEC, output=OUTPUT), FunctionModel)


def folders(place: Path) -> Path:
    for name in ("cup", "pot"):
        (place / name).mkdir(parents=True)
        Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(place / name / "1.png")
    return place


def test_another_package_brings_a_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = folders(tmp_path / "far" / "away")
    text = f"def get():\n    return {str(where)!r}\n"
    install(tmp_path / "site", monkeypatch, {"innerview.datasets": {"crockery": "torch_tea:get"}}, {"torch_tea": text})
    monkeypatch.chdir(tmp_path)
    assert open_folders("crockery").class_names == ("cup", "pot")
    (folders(tmp_path / "crockery") / "pot" / "1.png").unlink()
    (tmp_path / "crockery" / "pot").rmdir()
    assert open_folders("crockery").class_names == ("cup",)  # a folder of this name comes first


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_package", "no_such_package"),
        ("def get():\n    raise OSError('no\\nnet')", "OSError: no net"),
        ("def get():\n    return '/nowhere/at/all'", "no folder"),
        ("get = 3", "called"),
    ],
)
def test_a_data_set_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    install(tmp_path, monkeypatch, {"innerview.datasets": {"crockery": "torch_tea:get"}}, {"torch_tea": text})
    with pytest.raises(DataError, match=rf"data set crockery.*'crockery' of tea 1.0.*{said}"):
        open_folders("crockery")


def test_info_says_what_a_model_can_be_explained_by() -> None:
    forward = wrap(lambda x: x.mean((1, 2)), input=SPEC, output=OUTPUT)
    said = dict(info(forward).facts)["Methods"]
    assert said.startswith("occlusion, ")
    assert "grad-cam" in said


def test_a_broken_plug_in_is_a_warning_where_methods_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from innerview.methods.registry import registry

    registry.cache_clear()
    install(tmp_path, monkeypatch, {"innerview.methods": {"cup": "nothing_there:ROW"}}, {})
    assert main(["methods"]) == 0
    assert "'cup' of tea 1.0 can't be imported" in capsys.readouterr().err
    forward = wrap(lambda x: x.mean((1, 2)), input=SPEC, output=OUTPUT)
    assert any(name == "Warning" and "'cup'" in value for name, value in info(forward).facts)
    registry.cache_clear()
