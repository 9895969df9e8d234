"""Small ONNX models, built operator by operator, with the module of PyTorch that each is the same as."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

SIDE, CLASSES = 12, 3


def convolutional() -> nn.Sequential:
    """A convolution, a normalisation, an activation, a mean over positions, a dense layer."""
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, CLASSES),
    ).double()
    module[1].running_mean.uniform_(-0.2, 0.2)
    return module.eval()


def exported(
    module: nn.Sequential,
    *,
    batch: int | str = "batch",
    layout: str = "CHW",
    ending: str = "",
    metadata: dict[str, str] | None = None,
    opset: int = 17,
    unknown: bool = False,
    fixed_shape: bool = False,
    dtype: Any = np.float32,
) -> onnx.ModelProto:
    """The same as an ONNX model, with helpers around it and names as exporters write them."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    held = {name: value.numpy().astype(dtype) for name, value in module.state_dict().items() if value.ndim}
    held["shape"] = np.array([batch if fixed_shape else 0, 4], np.int64)
    sides = [3, SIDE, SIDE] if layout == "CHW" else [SIDE, SIDE, 3]
    nodes = [] if layout == "CHW" else [helper.make_node("Transpose", ["image"], ["turned"], perm=[0, 3, 1, 2])]
    entry = "image" if layout == "CHW" else "turned"
    nodes += [
        helper.make_node("Conv", [entry, "0.weight", "0.bias"], ["c"], "/features/conv.0/Conv", pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c", *(f"1.{one}" for one in NORM)], ["n"], "/features/bn/BatchNorm"),
        helper.make_node("Relu", ["n"], ["r"], "/features/act/Relu"),
        helper.make_node("GlobalAveragePool", ["r"], ["p"], "/pool/GlobalAveragePool"),
        helper.make_node("Constant", [], ["unused"], value=numpy_helper.from_array(np.ones(1, np.float32))),
        helper.make_node("Reshape", ["p", "shape"], ["f"], "/Reshape"),
        helper.make_node("Gemm", ["f", "5.weight", "5.bias"], ["scores"], "/head/Gemm", transB=1),
    ]
    last = "scores"
    if unknown:
        nodes.append(helper.make_node("Hardmax", [last], ["sharp"], "/sharp/Hardmax"))
        last = "sharp"
    if ending:
        nodes.append(helper.make_node(ending, [last], ["ended"], f"/{ending}"))
        last = "ended"
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("image", kind, [batch, *sides])],
        [helper.make_tensor_value_info(last, kind, [batch, CLASSES])],
        [numpy_helper.from_array(value, name) for name, value in held.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    for key, value in (metadata or {}).items():
        model.metadata_props.add(key=key, value=value)
    return model


NORM = ("weight", "bias", "running_mean", "running_var")


def transformer(tokens: int = 9, width: int = 8) -> onnx.ModelProto:
    """Tokens of 4 × 4 pixels with normalisation, products and GELU taken apart, as exporters do; a mean and a head."""
    random = np.random.default_rng(0)
    held: dict[str, Any] = {
        "patch": random.normal(size=(width, 3, 4, 4)).astype(np.float32) / 7,
        "scale": random.uniform(0.5, 1.5, width).astype(np.float32),
        "shift": random.normal(size=width).astype(np.float32),
        "weight": random.normal(size=(width, width)).astype(np.float32) / 3,
        "bias": random.normal(size=width).astype(np.float32),
        "head": random.normal(size=(width, CLASSES)).astype(np.float32),
        "offset": random.normal(size=CLASSES).astype(np.float32),
        "tokens": np.array([0, width, tokens], np.int64),
    }
    held |= {name: np.array(value, np.float32) for name, value in NUMBERS.items()}
    steps: Sequence[tuple[Any, ...]] = (
        ("Conv", ["image", "patch"], "embedded", {"strides": [4, 4]}),
        ("Reshape", ["embedded", "tokens"], "rows", {}),
        ("Transpose", ["rows"], "x", {"perm": [0, 2, 1]}),
        ("ReduceMean", ["x"], "m", {"axes": [-1]}),
        ("Sub", ["x", "m"], "d", {}),
        ("Pow", ["d", "two"], "s", {}),
        ("ReduceMean", ["s"], "v", {"axes": [-1]}),
        ("Add", ["v", "small"], "e", {}),
        ("Sqrt", ["e"], "q", {}),
        ("Div", ["d", "q"], "unit", {}),
        ("Mul", ["unit", "scale"], "scaled", {}),
        ("Add", ["scaled", "shift"], "normed", {}),
        ("MatMul", ["normed", "weight"], "product", {}),
        ("Add", ["product", "bias"], "dense", {}),
        ("Div", ["dense", "root"], "z", {}),
        ("Erf", ["z"], "erf", {}),
        ("Add", ["erf", "one"], "more", {}),
        ("Mul", ["dense", "more"], "twice", {}),
        ("Mul", ["twice", "half"], "gelu", {}),
        ("Add", ["gelu", "x"], "sum", {}),
        ("ReduceMean", ["sum"], "mean", {"axes": [1], "keepdims": 0}),
        ("MatMul", ["mean", "head"], "raw", {}),
        ("Add", ["raw", "offset"], "scores", {}),
    )
    nodes = [
        helper.make_node(kind, given, [made], f"/block/{made}/{kind}", **more) for kind, given, made, more in steps
    ]
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", CLASSES])],
        [numpy_helper.from_array(value, name) for name, value in held.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


NUMBERS = {"two": 2.0, "small": 1e-5, "root": np.sqrt(2), "one": 1.0, "half": 0.5}


def saved(model: onnx.ModelProto, path: Path) -> Path:
    path.write_bytes(model.SerializeToString())
    return path
