"""What onnx2torch makes of an ONNX graph: a PyTorch module, taken only where it gives ONNX Runtime's outputs.

It knows most operators of classifiers. One that it does not know, and one that it gets wrong, leaves the model without
gradients, with the reason. Which of its modules are layers, the graph says (`graphs.shown`).
"""

# PyTorch and onnx2torch are only partly typed: unknown types are their own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportAttributeAccessIssue=false

from __future__ import annotations

import gc
import warnings
from dataclasses import replace
from typing import Any, Final

import numpy as np

from innerview.adapters.onnx.graphs import shown
from innerview.adapters.onnx.model import PROBES, TOLERANCE, OnnxForward, Told
from innerview.errors import InnerviewError, MissingExtra, ModelError
from innerview.model import DifferentiableModel
from innerview.types import Array

try:
    import onnx2torch
    import torch
    from onnx2torch.node_converters.registry import get_converter
except Exception as error:
    raise MissingExtra("having gradients of an ONNX model", "onnx", error) from error

from innerview.adapters.torch.calls import FOLDED
from innerview.adapters.torch.model import TorchModel

# At every run of a Slice; should PyTorch change what it warns of, the outputs would differ, and gradients be refused.
warnings.filterwarnings("ignore", message="Using a non-tuple sequence for multidimensional indexing")

STAYED: Final = "methods that need no gradients work: occlusion, shapley, removed-and-alone"


class OneByOne(torch.nn.Module):
    """Runs a model that takes one image, or another fixed number, on batches of any size."""

    def __init__(self, inner: torch.nn.Module, size: int) -> None:
        super().__init__()
        self.inner, self.size = inner, size

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Batch after batch; one that is too short is filled up with its own images."""
        return torch.cat([self._once(part) for part in images.split(self.size)])

    def _once(self, part: torch.Tensor) -> torch.Tensor:
        times = -(-self.size // len(part))
        return self.inner(part.repeat(times, 1, 1, 1)[: self.size])[: len(part)]


def converted(told: Told, forward: OnnxForward) -> tuple[DifferentiableModel, tuple[str, ...]]:
    """The model with gradients, and how far it agrees with ONNX Runtime.

    Raises:
        ModelError: there is an operator that onnx2torch does not know, or it gives other outputs.
    """
    if told.file.dtype.itemsize == 2:
        raise ModelError(f"PyTorch does not compute half precision on every processor; {STAYED}").of(
            "dtype", found="float16"
        )
    module = _module(told)
    images = np.random.default_rng(0).random((PROBES, *told.input.shape)).astype(told.dtype)
    expected = forward.forward(images).outputs
    tries = [module] + ([OneByOne(module, told.file.batch)] if told.file.batch else [])
    problem: Exception | None = None
    for one in tries:
        try:
            model = TorchModel(one, told.input, _plain(told), batch_size=told.batch_size)
            off = _off(model.forward(images).outputs, expected)
        except InnerviewError as error:
            problem = error
            continue
        if off <= TOLERANCE:
            alone = ("gradients are had image by image, without layers",) if isinstance(one, OneByOne) else ()
            said = f"gradients by onnx2torch; on {PROBES} random images its outputs are ONNX Runtime's"
            return model, (f"{said} but for {off:.1g} of the largest", *alone)
        problem = ModelError(
            f"what onnx2torch makes of {told.file.path.name} gives outputs that are {off:.2g} of the largest away from "
            f"ONNX Runtime's on {PROBES} random images (at most {TOLERANCE:g})"
        ).of("outputs", found=off, limit=TOLERANCE, path=told.file.path)
    raise ModelError(f"{str(problem).rstrip('.')}; {STAYED}").of("gradients", path=told.file.path) from problem


def _plain(told: Told) -> Any:
    """The output as PyTorch has it: one tensor, whose ending was set aside in the graph."""
    return replace(told.output, output=None)


def _off(found: Array, expected: Array) -> float:
    scale = float(np.abs(expected).max())
    return float(np.abs(found - expected).max()) / scale if scale else float(np.abs(found).max())


def _as_weights(held: torch.nn.Module) -> None:
    """Make parameters of the graph's floats: buffers are copied before every pass, since a model may change them."""
    for name, value in list(held.named_buffers(recurse=False)):
        if value.is_floating_point():
            delattr(held, name)
            held.register_parameter(name, torch.nn.Parameter(value, requires_grad=False))


def _module(told: Told) -> torch.nn.Module:
    """Convert the graph; of its modules those that are no layers are marked."""
    versions = {one.domain: one.version for one in told.proto.opset_import}
    unknown = list[str]()
    for node in told.proto.graph.node:
        try:
            get_converter(node.op_type, versions.get(node.domain, 1), node.domain)
        except NotImplementedError:
            unknown.append(node.op_type)
    if unknown:
        listed = ", ".join(dict.fromkeys(unknown))
        raise ModelError(f"onnx2torch does not know the operator {listed} of {told.file.path.name}; {STAYED}").of(
            "operator", found=tuple(unknown), path=told.file.path
        )
    try:
        with warnings.catch_warnings(), told.file.written(told.proto) as given:
            warnings.simplefilter("ignore")  # its own affairs with PyTorch
            module = onnx2torch.convert(given).eval()
        if told.file.folder is not None:
            gc.collect()  # what it made on the way refers to itself, and holds copies of the weights
    except Exception as error:
        raise ModelError(
            f"onnx2torch can't convert {told.file.path.name} ({type(error).__name__}: "
            f"{' '.join(str(error).split())[:300]}); {STAYED}"
        ).of("onnx2torch", found=type(error).__name__, path=told.file.path) from error
    _as_weights(module.get_submodule("initializers"))
    layers = {one.name for one in shown(told.proto)}
    for name, part in module.named_children():
        *first, last = list(part.children()) or [part]
        for one in first + ([last] if name not in layers else []):  # a padding in front of a pooling is none either
            setattr(one, FOLDED, True)
    return module
