"""ONNX models: the numbers of the PyTorch module that each was made from, and the ways in which a file can be wrong."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raising import raises

if find_spec("onnx") is None:  # test_frameworks.py fails where it is meant to be there
    pytest.skip("onnx is not installed", allow_module_level=True)

import onnx
import torch
from onnx import TensorProto, helper

import torchvision_operators
from adapters.onnx_models import CLASSES, SIDE, convolutional, exported, saved, transformer
from typecheck import unchecked

torchvision_operators.declare()

import innerview.adapters.onnx.gradients as onnx_gradients  # noqa: E402 onnx2torch imports torchvision, which needs a word
from innerview.adapters import wrap  # noqa: E402
from innerview.adapters.onnx.files import read_onnx  # noqa: E402
from innerview.adapters.onnx.model import OnnxForward, OnnxModel  # noqa: E402
from innerview.cli import main  # noqa: E402
from innerview.errors import DataError, InnerviewError, ModelError, UsageError  # noqa: E402
from innerview.methods import grad_cam, gradient, occlusion  # noqa: E402
from innerview.model import OUTPUT, InputSpec, OutputSpec, has_gradients  # noqa: E402
from innerview.session.models import ModelRequest, open_model  # noqa: E402
from innerview.targets import Logit  # noqa: E402

pytestmark = pytest.mark.torch

SPEC = InputSpec(SIDE, SIDE, layout="CHW", mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25))
LAST = InputSpec(SIDE, SIDE, layout="HWC", mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25))
ABC = OutputSpec(("ant", "bee", "cow"))


def images(count: int = 4) -> Any:
    return np.random.default_rng(1).random((count, SIDE, SIDE, 3)).astype(np.float32)


def by_torch(module: Any, pixels: Any) -> tuple[Any, Any]:
    """Logits, and the gradient of the second class by the pixels, in float64 by PyTorch itself."""
    given = torch.tensor(pixels.astype(np.float64), requires_grad=True)
    entering = (given - torch.tensor(SPEC.mean)) / torch.tensor(SPEC.std)
    logits = module(entering.permute(0, 3, 1, 2))
    (gradients,) = torch.autograd.grad(logits[:, 1].sum(), given)
    return logits.detach().numpy(), gradients.numpy()


def second(values: Any) -> Any:
    return np.broadcast_to(np.eye(CLASSES, dtype=values.dtype)[1], values.shape)[None]


@pytest.mark.parametrize("layout", ["CHW", "HWC"])
@pytest.mark.parametrize("batch", ["batch", 1, 2])
@pytest.mark.parametrize("ending", ["", "Softmax"])
def test_the_numbers_are_those_of_the_module_that_it_was_made_from(
    layout: str, batch: int | str, ending: str, tmp_path: Path
) -> None:
    """Whatever the layout, for batches of any size too where the graph takes one size alone, without its softmax."""
    module = convolutional()
    made = exported(module, layout=layout, batch=batch, ending=ending)
    model = wrap(saved(made, tmp_path / "m.onnx"), input=SPEC if layout == "CHW" else LAST, output=ABC)
    logits, gradients = by_torch(module, images())
    assert isinstance(model, OnnxModel)
    np.testing.assert_allclose(model.forward(images()).outputs, logits, atol=1e-5)
    found = model.vjp(images(), {OUTPUT: second}, ["features/conv/0/Conv"])
    np.testing.assert_allclose(found.input_gradients[0], gradients, atol=1e-5 * np.abs(gradients).max())
    assert found.activations["features/conv/0/Conv"].shape == (4, SIDE, SIDE, 4)
    exact = model.astype(np.float64).vjp(images().astype(np.float64), {OUTPUT: second})
    np.testing.assert_allclose(exact.input_gradients[0], gradients, rtol=1e-5, atol=1e-7)
    assert any("its logits are taken from before it" in note for note in model.notes) == bool(ending)
    assert any("at a time" in note for note in model.notes) == isinstance(batch, int)


def test_a_graph_that_works_on_one_image_alone_has_gradients_one_by_one(tmp_path: Path) -> None:
    """Its shapes hold the 1, so what is made of it fails on a batch."""
    module = convolutional()
    model = wrap(saved(exported(module, batch=1, fixed_shape=True), tmp_path / "m.onnx"), input=SPEC, output=ABC)
    logits, gradients = by_torch(module, images())
    np.testing.assert_allclose(model.forward(images()).outputs, logits, atol=1e-5)
    assert isinstance(model, OnnxModel)
    found = model.vjp(images(), {OUTPUT: second}).input_gradients[0]
    np.testing.assert_allclose(found, gradients, atol=1e-5 * np.abs(gradients).max())
    assert any("image by image" in note for note in model.notes)


def test_layers_are_those_that_people_would_name_and_weights_the_graphs_own() -> None:
    model = wrap(exported(convolutional()), input=SPEC, output=ABC)
    assert [(one.name, one.kind, one.parameters) for one in model.layers] == [
        ("features/conv/0/Conv", "convolution", ("0.weight", "0.bias")),
        ("features/bn/BatchNorm", "normalisation", ("1.weight", "1.bias", "1.running_mean", "1.running_var")),
        ("features/act/Relu", "activation", ()),
        ("pool/GlobalAveragePool", "pooling", ()),
        ("head/Gemm", "dense", ("5.weight", "5.bias")),
    ]
    held = convolutional().float().state_dict()
    assert set(model.weights()) == {name for name, value in held.items() if value.ndim}
    np.testing.assert_array_equal(model.weights()["1.running_mean"], held["1.running_mean"].numpy())


def test_what_exporters_take_apart_is_put_together_again() -> None:
    """Of 23 operators eight are layers: a normalisation of nine, a product with its bias, a GELU of five."""
    model = wrap(transformer(), input=SPEC, output=ABC)
    assert [(one.name.split("/")[1], one.kind, one.parameters) for one in model.layers] == [
        ("embedded", "convolution", ("patch",)),
        ("normed", "normalisation", ("scale", "shift")),
        ("dense", "dense", ("weight", "bias")),
        ("gelu", "activation", ()),
        ("sum", "other", ()),
        ("mean", "pooling", ()),
        ("scores", "dense", ("head", "offset")),
    ]
    (grid,) = {one.tokens for one in model.layers if "sum" in one.name}
    assert grid is not None
    assert (grid.height, grid.width) == (3, 3)
    inside = model.forward(images(), ["block/dense/Add", "block/gelu/Mul"]).activations
    before, after = (torch.tensor(inside[one]) for one in ("block/dense/Add", "block/gelu/Mul"))
    torch.testing.assert_close(torch.nn.functional.gelu(before), after)


def test_an_operator_without_gradients_leaves_what_runs_forward(tmp_path: Path) -> None:
    path = saved(exported(convolutional(), unknown=True), tmp_path / "m.onnx")
    model = wrap(path, input=SPEC, output=OutputSpec(ABC.class_names, kind="scores"))
    assert isinstance(model, OnnxForward)
    assert not has_gradients(model)
    logits, _ = by_torch(convolutional(), images())
    np.testing.assert_array_equal(model.forward(images()).outputs.argmax(axis=1), logits.argmax(axis=1))
    with unchecked(), raises(UsageError, "gradients", found="forward only"):
        gradient(model, images()[0], Logit(0))  # pyright: ignore[reportArgumentType] that is the test
    assert np.isfinite(occlusion(model, images()[0], Logit(0), fill=images()[1], window=6).heatmap).all()
    with raises(UsageError, "layers", asked=("features/conv/0/Conv",)):
        model.forward(images(), ["features/conv/0/Conv"])


def test_a_conversion_that_gives_other_outputs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held against ONNX Runtime on random images before it is believed."""
    convert = onnx_gradients.onnx2torch.convert

    def wrong(proto: Any) -> Any:
        module = convert(proto)
        getattr(module, "head/Gemm").bias.data += 0.1
        return module

    monkeypatch.setattr(onnx_gradients.onnx2torch, "convert", wrong)
    model = wrap(exported(convolutional()), input=SPEC, output=ABC)
    assert isinstance(model, OnnxForward)
    assert "of the largest away from ONNX Runtime's on 3 random images" in model.why_forward_only


@pytest.mark.parametrize(
    ("metadata", "names"),
    [
        ({"names": "{0: 'ant', 1: 'bee', 2: 'cow'}"}, ("ant", "bee", "cow")),
        ({"classes": '["ant", "bee", "cow"]'}, ("ant", "bee", "cow")),
        ({"id2label": '{"0": "ant", "2": "cow", "1": "bee"}'}, ("ant", "bee", "cow")),
        ({"labels": '{"cow": 2, "ant": 0, "bee": 1}'}, ("ant", "bee", "cow")),
        ({"character": "ant\nbee\ncow"}, ("ant", "bee", "cow")),
        ({"names": "ant,bee"}, ("0", "1", "2")),
        ({"names": "__import__('os').system('touch ran')"}, ("0", "1", "2")),
        ({}, ("0", "1", "2")),
    ],
)
def test_classes_are_called_as_the_metadata_say(
    metadata: dict[str, str], names: tuple[str, ...], tmp_path: Path
) -> None:
    path = saved(exported(convolutional(), metadata=metadata), tmp_path / "m.onnx")
    assert wrap(path, input=SPEC).output.class_names == names
    assert not (tmp_path / "ran").exists()


def test_what_a_file_does_not_say_is_asked_for(tmp_path: Path) -> None:
    path = saved(exported(convolutional()), tmp_path / "m.onnx")
    with raises(UsageError, "range", file="m.onnx"):
        wrap(path)
    with raises(UsageError, "declaration", asked=("range",)):
        open_model(ModelRequest(str(path)))
    opened = open_model(ModelRequest(str(path), input="range=0..1 mean=0.4,0.5,0.6 std=0.2,0.3,0.25"))
    assert not isinstance(opened, str)
    assert opened.fingerprint == wrap(path, input=SPEC, output=OutputSpec(3)).fingerprint


@pytest.mark.parametrize("other", [LAST, InputSpec(8, 8, layout="CHW"), InputSpec(SIDE, SIDE, 1, layout="CHW")])
def test_a_declaration_that_contradicts_the_graph_is_refused(other: InputSpec) -> None:
    with raises(ModelError, "size", found="12 × 12 × 3 (layout CHW)", file="the model"):
        wrap(exported(convolutional()), input=other, output=ABC)


def test_the_command_line_describes_and_explains_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(exported(convolutional(), ending="Softmax", metadata={"names": "ant,bee,cow"}), tmp_path / "m.onnx")
    line = ["--model", str(path), "--input-spec", "range=0..1"]
    assert main(["info", *line]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "0 ant, 1 bee, 2 cow" in said
    assert "gradients by onnx2torch; on 3 random images its outputs are ONNX Runtime's but for" in said
    few = ["--rule", "midpoint", "--n-steps", "2", "--no-judge", "--alphas", "1", "--fractions", "0.5"]
    assert main(["explain", "cat", *line, *few, "--method", "grad-cam", "-o", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "cat" / "method-grad-cam.png").is_file()


def test_a_batch_size_can_be_said_where_the_graph_leaves_it_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(exported(convolutional()), tmp_path / "open.onnx")
    for dtype in (np.float32, np.float64):
        assert wrap(path, input=SPEC, output=ABC, batch_size=3).astype(dtype).batch_size == 3
    forward = wrap(exported(convolutional(), dtype=np.float16), input=SPEC, output=ABC, batch_size=3)
    assert isinstance(forward, OnnxForward)
    assert forward.batch_size == 3
    fixed = exported(convolutional(), batch=2)
    assert wrap(fixed, input=SPEC, output=ABC, batch_size=2).batch_size == 2
    with raises(UsageError, "batch_size", asked=3, found=2):
        wrap(fixed, input=SPEC, output=ABC, batch_size=3)
    line = ["info", "--model", str(path), "--input-spec", "range=0..1", "--classes", "3"]
    assert main([*line, "--batch-size", "3"]) == 0
    assert main([*line, "--precision", "bfloat16"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"--precision was given for {path}" in said
    assert "an ONNX file computes as its graph says" in said


def test_grad_cam_finds_its_layer() -> None:
    model = wrap(exported(convolutional()), input=SPEC, output=ABC)
    assert isinstance(model, OnnxModel)
    assert grad_cam(model, images()[0], Logit(1)).heatmap.shape == (SIDE, SIDE)


def test_half_precision_runs_forward(tmp_path: Path) -> None:
    model = wrap(exported(convolutional(), dtype=np.float16), input=SPEC, output=ABC)
    assert isinstance(model, OnnxForward)
    logits, _ = by_torch(convolutional(), images())
    np.testing.assert_allclose(model.forward(images()).outputs, logits, atol=0.02)
    assert any("half precision" in note for note in model.notes)


@pytest.mark.parametrize("name", ["CPUExecutionProvider", "cpu", "CPU", "cpu:0"])
def test_an_execution_provider_is_named_in_full_or_by_its_word(name: str) -> None:
    model = wrap(exported(convolutional()), input=SPEC, output=ABC, providers=[name])
    assert "CPUExecutionProvider" in model.runs_on
    assert model.layers


@pytest.mark.parametrize("name", ["MoonExecutionProvider", "moon", "moon:1", "cpu:first", ""])
def test_an_execution_provider_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    with raises(UsageError, "providers", asked=name) as caught:
        wrap(exported(convolutional()), input=SPEC, output=ABC, providers=[name])
    assert {"cpu", "CPUExecutionProvider"} <= set(caught.value.known)
    assert "cpu (CPUExecutionProvider)" in str(caught.value)


def test_one_that_is_listed_and_can_t_be_started_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where onnxruntime-gpu finds no driver: it would run on the processor, with a line in its log."""
    import onnxruntime

    listed = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: listed)
    with raises(UsageError, "providers", asked="CUDAExecutionProvider", found=("CPUExecutionProvider",)):
        wrap(exported(convolutional()), input=SPEC, output=ABC, providers=["cuda:1"])


def test_the_command_line_names_the_device_of_an_onnx_file(tmp_path: Path) -> None:
    path = saved(exported(convolutional()), tmp_path / "m.onnx")
    declared = ModelRequest(str(path), input="range=0..1", classes="3")
    assert open_model(replace(declared, device="cpu")).runs_on.startswith("forward ONNX Runtime")
    with raises(UsageError, "providers", asked="moon"):
        open_model(replace(declared, device="moon"))


def test_a_session_is_told_the_way() -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(exported(convolutional()).SerializeToString())
    with raises(UsageError, "model", found="onnxruntime"):
        wrap(session, input=SPEC, output=ABC)


def _with_weights_beside(model: Any, path: Path) -> Path:
    onnx.save_model(model, path, save_as_external_data=True, location="m.data", size_threshold=0)
    return path


def test_weights_beside_the_file_are_read(tmp_path: Path) -> None:
    path = _with_weights_beside(exported(convolutional()), tmp_path / "m.onnx")
    model = wrap(path, input=SPEC, output=ABC)
    np.testing.assert_allclose(model.forward(images()).outputs, by_torch(convolutional(), images())[0], atol=1e-5)
    inside = wrap(exported(convolutional()), input=SPEC, output=ABC)
    assert isinstance(model, OnnxModel)  # with gradients
    assert model.fingerprint == inside.fingerprint
    assert model.weights().keys() == inside.weights().keys()
    for name, weight in inside.weights().items():
        np.testing.assert_array_equal(model.weights()[name], weight)
    where = {one.name: one.data_location for one in model.told.proto.graph.initializer}
    assert where["0.weight"] == TensorProto.EXTERNAL  # it was left where it lies
    assert where["shape"] == TensorProto.DEFAULT
    expected, found = (one.vjp(images(), {OUTPUT: second}).input_gradients for one in (inside, model))
    np.testing.assert_allclose(found, expected, atol=1e-7)
    (tmp_path / "m.data").write_bytes((tmp_path / "m.data").read_bytes()[:40])
    with raises(DataError, "length", asked="0.weight", found=40, file="m.data"):
        read_onnx(path)
    (tmp_path / "m.data").unlink()
    with raises(DataError, "weights", asked="0.weight", found="m.data", file="m.onnx"):
        read_onnx(path)


def _led_out(model: Any, location: str) -> bytes:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return model.SerializeToString()


def _claiming(model: Any) -> bytes:
    model.graph.initializer[0].dims[:] = [2**20, 2**20, 3, 3]
    return model.SerializeToString()


def _filling(model: Any) -> bytes:
    from onnx import numpy_helper

    model.graph.initializer.append(numpy_helper.from_array(np.array([2**20, 2**20], np.int64), "huge"))
    model.graph.node.insert(0, helper.make_node("ConstantOfShape", ["huge"], ["filled"], "/fill"))
    return model.SerializeToString()


def _several(model: Any) -> bytes:
    model.graph.input.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["batch", 4]))
    return model.SerializeToString()


BROKEN: dict[str, tuple[Any, str]] = {
    "empty": (lambda _: b"", {"about": "graph"}),
    "cut short": (lambda model: model.SerializeToString()[:-200], {"about": "length", "found": 1055}),
    "text": (lambda _: b"hello, world" * 9, {"about": "length", "found": 108}),
    "an archive": (lambda _: b"PK\x03\x04 and more", {"about": "format"}),
    "a pointer": (lambda _: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", {"about": "format"}),
    "a web page": (lambda _: b"\n<!DOCTYPE html><html></html>", {"about": "format"}),
    "of the future": (
        lambda _: exported(convolutional(), opset=999).SerializeToString(),
        {"about": "opset", "found": 999, "limit": 28},
    ),
    "weights outside": (lambda model: _led_out(model, "../../etc/passwd"), {"about": "weights", "asked": "0.weight"}),
    "weights elsewhere": (lambda model: _led_out(model, "/etc/passwd"), {"about": "weights", "asked": "0.weight"}),
    "a claim": (_claiming, {"about": "size", "asked": "0.weight", "found": 108}),
    "a filling": (_filling, {"about": "size", "found": 1099511627776, "limit": 268435456}),
    "several inputs": (_several, {"about": "inputs", "found": 2}),
}


@pytest.mark.parametrize(("make", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_one_sentence(make: Any, message: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(make(exported(convolutional())))
    with raises(InnerviewError, **message):
        wrap(path, input=SPEC, output=ABC)


def test_an_unknown_operator_is_named_with_the_runtime(tmp_path: Path) -> None:
    model = exported(convolutional())
    model.graph.node[2].op_type = "Mystery"
    with raises(ModelError, "model", file="m.onnx"):
        wrap(saved(model, tmp_path / "m.onnx"), input=SPEC, output=ABC)
