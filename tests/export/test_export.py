"""Exported models are the model itself: logits, gradients and every layer, and a source that stands alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from contract.closeness import assert_close
from export.taken_away import taken_away
from innerview import allcnn
from innerview.adapters import wrap
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Convolution, Dense, Flatten, Operation
from innerview.errors import UsageError
from innerview.export import FORMATS, export_files
from innerview.model import OUTPUT, InputSpec, OutputSpec
from innerview.targets import Logit, together
from models import MODELS, ModelSpec, numpy_model

SMALL = allcnn.build(allcnn.initial_weights(0, 8))
NETWORKS = {
    "the built-in architecture": ModelSpec(SMALL.input, allcnn.shapes(8), SMALL.operations, output=SMALL.output),
    **{name: MODELS[name] for name in ("hidden", "mixed", "means")},
}
"""Between them every operation there is, grey and colour, raw pixels and normalised ones."""


@pytest.fixture(params=NETWORKS)
def model(request: pytest.FixtureRequest) -> NumpyModel:
    model = NETWORKS[request.param]
    return numpy_model(model, model.weights(), np.float32)


def random_images(model: NumpyModel, count: int = 2) -> np.ndarray:
    return np.random.default_rng(1).random((count, *model.input.shape)).astype(np.float32)


@pytest.mark.torch
def test_the_torch_source_is_the_model_at_every_layer(tmp_path: Path, model: NumpyModel) -> None:
    module = taken_away(tmp_path, model, "pytorch")
    theirs = wrap(module.build(), input=replace(model.input, layout="CHW"), output=model.output)
    layers = [layer.name for layer in model.layers]
    assert [layer.name for layer in theirs.layers] == layers
    grad_outputs = {OUTPUT: together([Logit(0), Logit(2)])}
    found, wanted = (one.vjp(random_images(model), grad_outputs, layers) for one in (theirs, model))
    assert_close(found.outputs, wanted.outputs, np.float32)
    assert_close(found.input_gradients, wanted.input_gradients, np.float32)
    for name in layers:
        assert_close(found.activations[name], wanted.activations[name], np.float32)


def test_the_numpy_source_is_the_model_and_its_gradient(tmp_path: Path, model: NumpyModel) -> None:
    module = taken_away(tmp_path, model, "numpy")
    layers, images = module.build(), random_images(model)
    theirs = wrap(lambda given: module.forward(layers, given), input=InputSpec(*model.input.shape), output=model.output)
    assert_close(theirs.forward(images).outputs, model.forward(images).outputs, np.float32)
    wanted = model.vjp(images, {OUTPUT: together([Logit(0), Logit(2)])}).input_gradients
    for place, number in enumerate((0, 2)):
        assert_close(module.gradient(layers, images, number), wanted[place], np.float32)


def test_the_numpy_source_says_which_layers_it_has(tmp_path: Path, model: NumpyModel) -> None:
    module = taken_away(tmp_path, model, "numpy")
    assert [name for name, _ in module.build()] == [layer.name for layer in model.layers]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_source_stands_alone_tidy_and_without_what_it_does_not_use(
    tmp_path: Path, model: NumpyModel, kind: str
) -> None:
    files = export_files(model, "small", kind)
    assert set(files) == {"model.py", "README.md", "weights.safetensors"}
    text = files["model.py"].decode()
    imported = {
        alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for alias in node.names
    } | {str(node.module) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
    assert not any("innerview" in name for name in imported)
    (tmp_path / "model.py").write_text(text, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--line-length", "120", str(tmp_path)]
    assert subprocess.run([*ruff, "format", "--check", *options]).returncode == 0
    assert subprocess.run([*ruff, "check", "--select", "E,F,I,W,UP,B", *options]).returncode == 0
    assert ("def max_pooling" in text) == (kind == "numpy" and "pool3" in text and "max_pooling, size" in text)


@dataclass(frozen=True)
class Cube(Operation):
    """Something that no framework has."""

    kind: ClassVar[str] = "activation"
    takes: ClassVar[int] = 0

    def forward(self, value: np.ndarray, prepared: tuple[np.ndarray, ...]) -> tuple[np.ndarray, Any]:
        return value**3, value

    def vjp(self, gradient: np.ndarray, saved: Any, prepared: tuple[np.ndarray, ...]) -> np.ndarray:
        return 3 * saved**2 * gradient


DENSE = {"dense.weight": np.ones((2, 12), np.float32), "dense.bias": np.ones(2, np.float32)}
TAKEN, GIVEN = InputSpec(2, 2), OutputSpec(("a", "b"))
REFUSED = {
    "an unknown format": (SMALL, "onnx", "no format 'onnx'; the formats are pytorch, keras, numpy"),
    "an unknown operation": (
        NumpyModel(TAKEN, GIVEN, (Cube("cube"), Flatten("flatten"), Dense("dense")), DENSE),
        "keras",
        "cube is a Cube, which can't be written for Keras",
    ),
    "a name that is none in Python": (
        NumpyModel(TAKEN, GIVEN, (Flatten("to rows"), Dense("dense")), DENSE),
        "pytorch",
        "'to rows' can't be a name in Python",
    ),
    "other outputs than logits": (
        NumpyModel(TAKEN, replace(GIVEN, kind="scores"), (Flatten("flatten"), Dense("dense")), DENSE),
        "pytorch",
        "gives scores",
    ),
    "a stride that pads unevenly": (
        NumpyModel(
            TAKEN,
            GIVEN,
            (Convolution("conv", stride=2), Flatten("flatten"), Dense("dense", bias=False)),
            {"conv.weight": np.ones((2, 3, 3, 3), np.float32), "dense.weight": np.ones((2, 2), np.float32)},
        ),
        "pytorch",
        "stride of 2 and padding",
    ),
}


@pytest.mark.parametrize(("model", "kind", "message"), REFUSED.values(), ids=REFUSED)
def test_what_can_not_be_written_is_said(model: NumpyModel, kind: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        export_files(model, "small", kind)
    assert message in str(caught.value)
