"""A network as data says exactly what the model is, in 16 bits, or is refused with the reason."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from innerview import allcnn
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Convolution, Dense, Flatten
from innerview.errors import OutputError, UsageError
from innerview.export.web import FINEST, web_network
from innerview.model import InputSpec, OutputSpec
from innerview.workbench.export import export
from raising import raises

SMALL = allcnn.build(allcnn.initial_weights(0, 32))


def unpacked(text: str) -> np.ndarray:
    bytes_ = np.frombuffer(zlib.decompress(base64.b64decode(text), -zlib.MAX_WBITS), np.uint8)
    return np.ascontiguousarray(bytes_.reshape(2, -1).T).view("<f2")[:, 0]


def test_weights_are_written_in_16_bits_in_the_order_of_the_description_and_the_error_is_stated() -> None:
    found = web_network(SMALL, "small")
    values, at, weights = unpacked(found.text), 0, SMALL.weights()
    assert found.weights == values.tobytes()
    for entry in found.description["weights"]:
        whole = weights[entry["name"]]
        assert entry["shape"] == list(whole.shape)
        np.testing.assert_array_equal(values[at : at + whole.size].reshape(whole.shape), whole.astype(np.float16))
        at += whole.size
    assert at == values.size
    assert 0 < found.error <= FINEST
    exact = allcnn.build({name: value.astype(np.float16) for name, value in weights.items()})
    assert web_network(exact, "exact").error == 0


def test_padding_is_written_side_by_side() -> None:
    kernels = np.random.default_rng(0).normal(size=(4, 3, 4, 3)).astype(np.float32)
    operations = [Convolution("one", 2), Flatten("flat"), Dense("dense", bias=False)]
    weights = {"one.weight": kernels, "dense.weight": np.zeros((2, 5 * 4 * 4), np.float32)}
    model = NumpyModel(InputSpec(9, 8), OutputSpec(2), operations, weights)
    assert web_network(model, "model").description["operations"][0]["padding"] == [1, 2, 0, 1]


def test_tiles_are_allowed_where_they_keep_the_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    def allowed() -> list[list[bool]]:
        fresh = SMALL.astype(np.float32)  # a model measures its kernels once
        steps = web_network(fresh, "small").description["operations"]
        return [step["tiles"] for step in steps if step["kind"] == "convolution"]

    assert allowed() == [[False, False], *[[True, True]] * 6, *[[False, False]] * 2]
    monkeypatch.setattr("innerview.adapters.numpy.winograd.LARGEST_ERROR", 0.0)
    assert allowed() == [[False, False]] * 9


@dataclass(frozen=True)
class Sine(Flatten):
    kind: ClassVar[str] = "sine"


def test_what_does_not_fit_is_refused_with_the_reason() -> None:
    with raises(UsageError, "size", asked="small", found=115008, limit=0.01):
        web_network(SMALL, "small", max_size=0.01)
    for size in (0.0, -1.0, float("nan")):
        with raises(UsageError, "max_size", limit=0):
            web_network(SMALL, "small", max_size=size)
    assert web_network(SMALL, "small", max_size=0.1151).size == 115008
    large = {name: value * np.float32(1e7) for name, value in SMALL.weights().items()}
    with raises(UsageError, "half", asked="conv1.weight", found="overflow"):
        web_network(allcnn.build(large), "large")
    operations = [Sine("flat"), Dense("dense")]
    weights = {"dense.weight": np.zeros((2, 12), np.float32), "dense.bias": np.zeros(2, np.float32)}
    with raises(UsageError, "operation", found="sine", layer="flat"):
        web_network(NumpyModel(InputSpec(2, 2), OutputSpec(2), operations, weights), "sine")


def test_the_command_writes_it_as_one_file(tmp_path: Path) -> None:
    found = export("allcnn", "web", tmp_path / "web")
    assert [file.name for file in found.files] == ["network.json"]
    network = json.loads(found.files[0].read_text(encoding="utf-8"))
    assert network["network"]["fingerprint"] == allcnn.load_pretrained("allcnn").fingerprint
    assert network["error"] == 0  # the built-in weights are kept in 16 bits
    with raises(OutputError, "folder", found="an export", file="web"):
        export("allcnn", "web", tmp_path / "web")
