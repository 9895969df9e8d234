"""An ONNX graph as innerview runs it: one output, without a softmax that is set aside, its nodes named, some shown.

Exporters take models apart into hundreds of operators. A layer is an operator that people would name: convolutions,
products with weights (with the bias that is added behind), normalisations and activations (put together again where
they were taken apart), pooling, sums and concatenations of two branches. All else is folded away.
"""

# onnx is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import onnx

from innerview.adapters.endings import Found
from innerview.errors import ModelError

ENDINGS: Final[Mapping[str, Found]] = {"Softmax": "softmax", "LogSoftmax": "log_softmax", "Sigmoid": "sigmoid"}
LINEAR: Final = frozenset({"Gemm", "MatMul", "Add", "Conv"})

_BY_KIND: Final[Mapping[str, str]] = {
    "convolution": "Conv ConvTranspose ConvInteger QLinearConv",
    "dense": "Gemm MatMul",
    "normalisation": "BatchNormalization LayerNormalization InstanceNormalization GroupNormalization LRN",
    "activation": "Relu LeakyRelu PRelu Elu Selu Celu Gelu HardSwish HardSigmoid Sigmoid Tanh Softplus Mish Swish Clip "
    "Softmax",
    "pooling": "MaxPool AveragePool GlobalAveragePool GlobalMaxPool LpPool",
    "other": "Concat Resize Upsample Add",
}

KINDS: Final[Mapping[str, str]] = {name: kind for kind, names in _BY_KIND.items() for name in names.split()}
"""Operators that are layers, with their kinds; an Add where both sides come from the image."""

SHAPES: Final = frozenset({"Shape", "Size", "Constant", "ConstantOfShape", "Range", "NonZero"})
"""Operators whose results tell nothing of the image but its size, or nothing."""


@dataclass(frozen=True)
class Shown:
    """A layer of a graph.

    Attributes:
        name: of the node whose output it is.
        kind: as of any layer.
        weights: that belong to it, by their names in the graph.
    """

    name: str
    kind: str
    weights: tuple[str, ...]


def with_one_output(proto: Any, output: str) -> Any:
    """A copy of the model that gives this output alone, without what only others need, with a name for each node."""
    found = onnx.ModelProto()
    found.CopyFrom(proto)
    graph = found.graph
    makers = {made: node for node in graph.node for made in node.output}
    waiting, needed = [output], set[str]()
    kept = set[int]()
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        node = makers.get(name)
        if node is not None:
            kept.add(id(node))
            waiting += [one for one in (*node.input, *_from_outside(node)) if one]
    _leave(graph.node, [node for node in graph.node if id(node) in kept])
    _leave(graph.initializer, [one for one in graph.initializer if one.name in needed])
    ended = [one for one in graph.output if one.name == output]
    if not ended:
        ended = [onnx.helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, None)]
    _leave(graph.output, ended)
    taken = set[str]()
    for number, node in enumerate(graph.node):
        name = (node.name or f"{node.op_type}_{number}").replace(".", "/").strip("/") or f"{node.op_type}_{number}"
        node.name = name if name not in taken else f"{name}_{number}"
        taken.add(node.name)
    return found


def is_number(tensor: Any) -> bool:
    """Whether a tensor holds numbers, which are hashed as such wherever they lie; texts stay in the graph."""
    return tensor.data_type != onnx.TensorProto.STRING


def without_weights(graph: Any) -> Any:
    """A copy of a graph whose initializers have names, types and shapes, and no numbers."""
    bare = onnx.GraphProto(name=graph.name)
    for field in ("node", "input", "output", "value_info", "sparse_initializer", "quantization_annotation"):
        getattr(bare, field).extend(getattr(graph, field))
    for one in graph.initializer:
        told = onnx.TensorProto(name=one.name, data_type=one.data_type, dims=one.dims)
        bare.initializer.append(told if is_number(one) else one)
    return bare


def _leave(field: Any, some: list[Any]) -> None:
    copies = [type(one)() for one in some]
    for copy, one in zip(copies, some, strict=True):
        copy.CopyFrom(one)
    del field[:]
    field.extend(copies)


def _from_outside(node: Any) -> list[str]:
    """What graphs inside a node (the branches of an If) take from around it."""
    inner = [one.g for one in node.attribute if one.HasField("g")] + [one for a in node.attribute for one in a.graphs]
    names = list[str]()
    for graph in inner:
        for one in graph.node:
            names += [*one.input, *_from_outside(one)]
        names += [one.name for one in graph.output]
    return names


def ending(proto: Any, output: str) -> tuple[Found, str]:
    """The operation that gives an output, and what it is made from."""
    node = next((one for one in proto.graph.node if output in one.output), None)
    while node is not None and node.op_type in {"Identity", "Cast"}:
        output = node.input[0]
        node = next((one for one in proto.graph.node if output in one.output), None)
    if node is None:
        return "", ""
    if node.op_type in ENDINGS:
        return ENDINGS[node.op_type], node.input[0]
    return ("linear" if node.op_type in LINEAR else ""), ""


def choose_output(shapes: Mapping[str, tuple[int | None, ...]], asked: str | int | None, classes: int) -> str:
    """The output that was declared, or the evident one: called logits, or the one of batch × class.

    Raises:
        ModelError: there is none of this name, or which is meant is not clear.
    """
    names = list(shapes)
    if isinstance(asked, int) and 0 <= asked < len(names):
        return names[asked]
    if asked in names:
        return str(asked)
    fitting = [name for name, shape in shapes.items() if len(shape) == 2 and shape[1] in {classes, None}]
    evident = names if len(names) == 1 else [one for one in names if one == "logits"] or fitting
    if asked is not None or len(evident) != 1:
        listed = ", ".join(f"{name!r} of shape {shape}" for name, shape in shapes.items())
        raise ModelError(
            f"the model gives {listed}; output={asked!r} names none of them: say which one is the output, "
            "OutputSpec(…, output=…) or --output-spec output=…"
        ).of("output", asked=asked, found=listed)
    return evident[0]


def shown(proto: Any) -> list[Shown]:
    """The layers of a graph, in the order of its nodes."""
    return _Folding(proto.graph).layers()


class _Folding:
    """Which nodes are layers: worked out once over a graph."""

    def __init__(self, graph: Any) -> None:
        self.nodes: list[Any] = list(graph.node)
        self.held = {one.name for one in graph.initializer} | {
            node.output[0] for node in self.nodes if node.op_type == "Constant"
        }
        self.makers = {made: node for node in self.nodes for made in node.output}
        self.users: dict[str, list[Any]] = {}
        for node in self.nodes:
            for one in node.input:
                self.users.setdefault(one, []).append(node)
        self.seen = self._reached({one.name for one in graph.input} - self.held)

    def _reached(self, begin: set[str]) -> set[str]:
        """Values that are made from the image's own."""
        reached = set(begin)
        for node in self.nodes:
            if node.op_type not in SHAPES and reached & set(node.input):
                reached |= set(node.output)
        return reached

    def layers(self) -> list[Shown]:
        """Those that are shown."""
        hidden, found = set[str](), list[Shown]()
        for node in self.nodes:
            gelu = self._gelu(node)
            if gelu is not None:
                found.append(Shown(gelu.name, "activation", ()))
                hidden |= {node.name, gelu.name}
        begun = {one.name: one for one in found}
        layers = list[Shown]()
        for node in self.nodes:
            if node.name in begun:
                layers.append(begun[node.name])
            elif node.name not in hidden and (layer := self._layer(node)) is not None:
                layers.append(layer)
        return layers

    def _layer(self, node: Any) -> Shown | None:
        computed = [one for one in node.input if one in self.seen]
        held = tuple(one for one in node.input if one in self.held)
        if not computed:
            return None
        before = self.makers.get(computed[0])
        if node.op_type == "Add" and len(computed) == 1:
            return self._affine(node, held, before)
        if node.op_type == "MatMul" and held and self._only_user(node, "Add") is not None:
            return None  # with its bias behind it, there
        if node.op_type == "Add" and len(set(computed)) < 2:
            return None
        if node.op_type == "MatMul" and not held:
            return Shown(node.name, "other", ())
        kind = KINDS.get(node.op_type)
        if node.op_type == "ReduceMean" and not self._inside_a_norm(node):
            kind = "pooling"
        return None if kind is None else Shown(node.name, kind, self._floats(held))

    def _affine(self, node: Any, held: tuple[str, ...], before: Any) -> Shown | None:
        """A bias behind a product with weights; or the last step of a normalisation that was taken apart."""
        if before is None:
            return None
        scales = tuple(one for one in before.input if one in self.held)
        if before.op_type == "MatMul" and scales:
            return Shown(node.name, "dense", self._floats((*scales, *held)))
        source = next((self.makers.get(one) for one in before.input if one in self.seen), None)
        if before.op_type == "Mul" and scales and source is not None and source.op_type in {"Div", "Mul"}:
            return Shown(node.name, "normalisation", self._floats((*scales, *held)))
        return None

    def _only_user(self, node: Any, kind: str) -> Any:
        users = self.users.get(node.output[0], [])
        fits = len(users) == 1 and users[0].op_type == kind
        return users[0] if fits and any(one in self.held for one in users[0].input) else None

    def _inside_a_norm(self, node: Any) -> bool:
        return any(one.op_type in {"Sub", "Add", "Pow", "Mul", "Sqrt"} for one in self.users.get(node.output[0], []))

    def _gelu(self, node: Any) -> Any:
        """The last node of x · (1 + erf(x / √2)) / 2, from its Erf."""
        if node.op_type != "Erf":
            return None
        last = node
        for _ in range(3):
            users = self.users.get(last.output[0], [])
            if len(users) != 1 or users[0].op_type not in {"Add", "Mul"}:
                break
            last = users[0]
        return last

    def _floats(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(names))
