"""A Keras model as a list of plain steps: convolutions, dense layers, pooling, activations, channels last.

For the page's engine (`export.web`), as `adapters.torch.steps` has it for PyTorch. A model is followed along the graph
that Keras keeps of functional and Sequential models, nested ones too; one that is subclassed has none, and is refused.
A layer whose activation is an argument becomes two steps, of which the second has its name, since that is its value.
Normalisation is folded into the convolution before it where that alone reads it, and is a step of its own elsewhere.
"""

# Keras is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import keras
import numpy as np

from innerview.adapters.keras.calls import parts
from innerview.adapters.steps import ARITHMETIC, NOTHING, Step, Steps, Value, refused
from innerview.errors import UsageError
from innerview.types import Array

layers = keras.layers

CURVES: Final[Mapping[str, str]] = {
    "relu": "relu",
    "relu6": "relu6",
    "elu": "elu",
    "silu": "silu",
    "swish": "silu",
    "gelu": "gelu",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "softmax": "softmax",
    "hard_sigmoid": "hard-sigmoid",
    "hard_silu": "hard-swish",
    "linear": "",
}
"""Keras's activation functions by their names; nothing is done for an empty word."""

OPERATIONS: Final[Mapping[str, str]] = {
    "Relu": "relu",
    "Relu6": "relu6",
    "Elu": "elu",
    "Silu": "silu",
    "Gelu": "gelu-tanh",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softmax": "softmax",
    "HardSigmoid": "hard-sigmoid",
    "HardSilu": "hard-swish",
}
"""Functions of keras.ops by their classes; `keras.ops.gelu` takes tanh for the normal distribution unless told."""

SKIPPED: Final = (
    layers.Dropout,
    layers.SpatialDropout2D,
    layers.GaussianNoise,
    layers.GaussianDropout,
    layers.ActivityRegularization,
)
"""What does nothing in evaluation mode."""

TOGETHER: Final[Mapping[str, str]] = {"Add": "add", "Multiply": "multiply"}
"""Layers and functions of several values, by their classes."""

MET: Final[Mapping[str, str]] = {
    "Add": "add",
    "Multiply": "multiply",
    "Subtract": "less",
    "TrueDivide": "over",
    "Divide": "over",
}
"""What may meet a number (see `steps.ARITHMETIC`), by the classes of keras.ops."""

MEANS: Final = (layers.GlobalAveragePooling2D,)
POOLS: Final = (layers.MaxPooling2D, layers.AveragePooling2D)


def followed(model: Any, ending: Any = None) -> Steps:
    """Follow a model that takes images with channels last, as it is in evaluation mode.

    Args:
        model: built.
        ending: a layer whose last operation is set aside; None for none.

    Raises:
        UsageError: Keras has no graph of it, or it is made of something else; says of what.
    """
    following = _Following(model, ending)
    (output,) = following.graph(model, [Value(0)])
    if output.around != NOTHING or output.step != len(following.found.operations):
        raise refused(model.name, "gives something else than its last value")
    return following.found


class _Following:
    """One model on its way."""

    def __init__(self, model: Any, ending: Any) -> None:
        self._names = {id(layer): name for name, layer in parts(model).values()}
        self._ending = ending
        self._readers = Counter[int]()
        self.found = Steps()

    def graph(self, model: Any, given: Sequence[Value]) -> list[Value]:
        """Follow one functional model; `given` are its inputs."""
        inner = getattr(model, "_functional", None) or model
        if not isinstance(inner, keras.Model) or "_nodes_by_depth" not in dir(inner):
            raise UsageError(
                f"the network can't be followed: Keras keeps no graph of {model.name}, a {type(model).__name__}"
            ).of("trace", found=type(model).__name__)
        values = {id(one): value for one, value in zip(inner.inputs, given, strict=True)}
        by_depth = inner._nodes_by_depth  # noqa: SLF001 Keras has no other way to ask
        nodes = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth] if not node.is_input]
        for node in nodes:
            self._readers.update(id(one) for one in node.input_tensors)
        self._readers.update(id(one) for one in inner.outputs)
        for node in nodes:
            entering = node.input_tensors
            sources = [values[id(one)] for one in entering]
            read = [self._readers[id(one)] for one in entering]
            result = self._take(node, sources, entering, alone=read == [1])
            values |= {id(one): value for one, value in zip(node.outputs, result, strict=True)}
        return [values[id(one)] for one in inner.outputs]

    def _take(self, node: Any, sources: list[Value], entering: list[Any], *, alone: bool) -> list[Value]:
        layer = node.operation
        if isinstance(layer, keras.Model):
            return self.graph(layer, sources)
        name: str = self._names.get(id(layer), str(layer.name))
        shape = tuple(int(one or 0) for one in entering[0].shape[1:])
        together = TOGETHER.get(type(layer).__name__)
        if together and len(sources) > 1:
            return [self._together(name, together, sources, [tuple(one.shape[1:]) for one in entering])]
        if len(sources) == 1 and type(layer).__name__ in MET and type(layer).__module__.startswith("keras.src.ops."):
            return [self._arithmetic(name, layer, node, source=sources[0], channels=shape[-1])]
        if len(sources) != 1:
            raise refused(name, f"is a {type(layer).__name__} of {len(sources)} values")
        if getattr(layer, "data_format", "channels_last") != "channels_last":
            raise refused(name, "has its channels in front")
        source = sources[0]
        if isinstance(layer, layers.ZeroPadding2D):
            (top, bottom), (left, right) = layer.padding
            more = zip(source.around, (top, bottom, left, right), strict=True)
            return [Value(source.step, tuple(a + int(b) for a, b in more))]  # type: ignore[arg-type]
        if type(layer) in {layers.Conv2D, layers.DepthwiseConv2D}:
            return [self._convolve(name, layer, source, shape)]
        if source.around != NOTHING:
            raise refused(name, "stands behind a padding that no convolution takes")
        return [self._plain(name, layer, source, shape, alone=alone)]

    def _plain(self, name: str, layer: Any, source: Value, shape: tuple[int, ...], *, alone: bool) -> Value:
        kind = type(layer)
        if isinstance(layer, SKIPPED) or (kind is layers.Reshape and _keeps(layer, shape)):
            return source
        if kind is layers.Dense:
            if len(shape) != 1:
                raise refused(name, "is a dense layer over the channels of each place")
            kernel, bias = self._own(layer)
            return self._weighted(name, layer, source, {"kind": "dense"}, kernel.T, bias)
        if kind is layers.BatchNormalization:
            return self._normalise(name, layer, source, len(shape), alone=alone)
        if kind in POOLS:
            return self._pool(name, layer, source, shape)
        if kind in MEANS:
            return self.found.add(name, [source], {"kind": "global-mean"})
        if kind is layers.Flatten:
            return self.found.add(name, [source], {"kind": "flatten", "layout": "HWC"})
        shift = _shift(layer, shape[-1])
        if shift is not None:
            return self.found.affine(name, source, *shift)
        return self._curve(name, layer, source, len(shape))

    def _curve(self, name: str, layer: Any, source: Value, axes: int) -> Value:
        kind = type(layer)
        if layer is self._ending:
            return source
        if kind is layers.Activation:
            return self._activate(name, layer.activation, source)
        if kind is layers.ReLU and layer.max_value in {None, 6} and not layer.negative_slope and not layer.threshold:
            return self.found.add(name, [source], {"kind": "relu6" if layer.max_value else "relu"})
        if kind is layers.ELU and layer.alpha == 1:
            return self.found.add(name, [source], {"kind": "elu"})
        if kind.__name__ == "Softmax" and layer.axis not in {-1, axes}:
            raise refused(name, "is a softmax over another axis than the channels")
        if kind is layers.Softmax:
            return self.found.add(name, [source], {"kind": "softmax"})
        if kind.__module__.startswith("keras.src.ops.") and kind.__name__ in OPERATIONS:
            exact = kind.__name__ == "Gelu" and not layer.approximate
            return self.found.add(name, [source], {"kind": "gelu" if exact else OPERATIONS[kind.__name__]})
        raise refused(name, f"is a {kind.__name__}")

    def _activate(self, name: str, activation: Any, source: Value) -> Value:
        known = next((word for word in CURVES if getattr(keras.activations, word, None) is activation), None)
        if known is None:
            called = str(getattr(activation, "__name__", type(activation).__name__))
            raise refused(name, f"has the activation {called}")
        return self.found.add(name, [source], {"kind": CURVES[known]}) if CURVES[known] else source

    def _together(self, name: str, kind: str, sources: list[Value], shapes: list[tuple[int, ...]]) -> Value:
        """Of values of one shape; a product also of one with a number for each channel of it."""
        if any(one.around != NOTHING for one in sources):
            raise refused(name, "stands behind a padding that no convolution takes")
        order = sorted(range(len(sources)), key=lambda at: set(shapes[at][:-1]) <= {1})
        largest = shapes[order[0]]
        gates = {largest, (1, 1, largest[-1])} if kind == "multiply" and len(largest) == 3 else {largest}
        if not set(shapes) <= gates:
            raise refused(name, f"takes values of {' and '.join(' × '.join(map(str, one)) for one in shapes)}")
        total = sources[order[0]]
        for at in order[1:]:
            total = self.found.add(name, [total, sources[at]], {"kind": kind})
        return total

    def _arithmetic(self, name: str, layer: Any, node: Any, *, source: Value, channels: int) -> Value:
        given = [*node.arguments.args, *node.arguments.kwargs.values()]
        numbers = [one for one in given if isinstance(one, int | float)]
        first = not isinstance(given[0], int | float)
        kind = type(layer).__name__
        divides = MET[kind] == "over"
        if len(given) != 2 or len(numbers) != 1 or (divides and not (first and numbers[0])):
            raise refused(name, f"is a {kind} of something else than a value and a number")
        scale, offset = ARITHMETIC[MET[kind]](float(numbers[0]), first)
        if source.around != NOTHING:
            raise refused(name, "stands behind a padding that no convolution takes")
        return self.found.affine(name, source, np.full(channels, scale), np.full(channels, offset))

    def _own(self, layer: Any) -> tuple[Array, Array | None]:
        kernel = np.asarray(keras.ops.convert_to_numpy(layer.kernel), np.float64)
        return kernel, np.asarray(keras.ops.convert_to_numpy(layer.bias), np.float64) if layer.use_bias else None

    def _weighted(self, name: str, layer: Any, source: Value, step: Step, kernel: Array, bias: Array | None) -> Value:
        """A layer with weights, and behind it the activation that is one of its arguments."""
        plain = layer is self._ending or layer.activation is keras.activations.linear
        before = name if plain else f"{name} before activation"
        named = {"weight": f"{name}.kernel"} | ({} if bias is None else {"bias": f"{name}.bias"})
        self.found.weights[named["weight"]] = np.ascontiguousarray(kernel)
        if bias is not None:
            self.found.weights[named["bias"]] = bias
        found = self.found.add(before, [source], {**named, **step})
        return found if plain else self._activate(name, layer.activation, found)

    def _convolve(self, name: str, layer: Any, source: Value, shape: tuple[int, ...]) -> Value:
        if tuple(layer.dilation_rate) != (1, 1):
            raise refused(name, "is a convolution with gaps")
        kernel, bias = self._own(layer)
        groups = shape[2] if isinstance(layer, layers.DepthwiseConv2D) else int(layer.groups)
        if isinstance(layer, layers.DepthwiseConv2D):  # height × width × input × multiplier: an input's lie together
            kernel = kernel.reshape(*kernel.shape[:2], 1, -1)
        stride = [int(one) for one in layer.strides]
        padding = list(source.around)
        if layer.padding == "same":
            sizes = [shape[0] + padding[0] + padding[1], shape[1] + padding[2] + padding[3]]
            sides = [side for one in zip(sizes, kernel.shape, stride, strict=False) for side in _same(*one)]
            padding = [a + b for a, b in zip(padding, sides, strict=True)]
        step = {"kind": "convolution", "stride": stride, "padding": padding}
        step |= {"groups": groups} if groups > 1 else {}
        return self._weighted(name, layer, source, step, kernel.transpose(3, 2, 0, 1), bias)

    def _normalise(self, name: str, layer: Any, source: Value, axes: int, *, alone: bool) -> Value:
        if layer.axis not in {-1, axes}:
            raise refused(name, "normalises another axis than the channels")
        mean, variance = (
            np.asarray(keras.ops.convert_to_numpy(one), np.float64)
            for one in (layer.moving_mean, layer.moving_variance)
        )
        scale = 1 / np.sqrt(variance + layer.epsilon)
        if layer.scale:
            scale = scale * np.asarray(keras.ops.convert_to_numpy(layer.gamma), np.float64)
        shift = np.asarray(keras.ops.convert_to_numpy(layer.beta), np.float64) if layer.center else 0.0
        offset = shift - mean * scale
        return self.found.normalise(name, source, scale, offset, alone=alone)

    def _pool(self, name: str, layer: Any, source: Value, shape: tuple[int, ...]) -> Value:
        size, stride = (tuple(int(side) for side in one) for one in (layer.pool_size, layer.strides))
        sides = {(0, 0)}
        if layer.padding == "same":
            sides = {_same(*one) for one in zip(shape, size, stride, strict=False)}
        before, behind = next(iter(sides))
        if len(sides) > 1 or before != behind or size[0] != size[1] or stride[0] != stride[1]:
            raise refused(name, "pools windows of another kind")
        kind = "max-pooling" if isinstance(layer, layers.MaxPooling2D) else "mean-pooling"
        step = {"kind": kind, "size": size[0], "stride": stride[0], "padding": before, "whole": False}
        return self.found.add(name, [source], step)


def _keeps(layer: Any, shape: tuple[int, ...]) -> bool:
    """Whether a reshaping is of one position, whose axes say nothing."""
    return set(shape[:-1]) <= {1} and tuple(layer.target_shape) in {(1, 1, shape[-1]), shape[-1:]}


def _shift(layer: Any, channels: int) -> tuple[Array, Array] | None:
    """Scale and offset for each channel of a layer that does nothing else; None of another."""
    if type(layer) is layers.Rescaling:
        given = np.asarray(layer.scale, np.float64), np.asarray(layer.offset, np.float64)
    elif type(layer) is layers.Normalization and tuple(layer.axis) == (3,) and not layer.invert:
        mean, variance = (
            np.asarray(keras.ops.convert_to_numpy(one), np.float64) for one in (layer.mean, layer.variance)
        )
        scale = 1 / np.maximum(np.sqrt(variance.reshape(-1)), keras.config.epsilon())
        given = scale, -mean.reshape(-1) * scale
    else:
        return None
    scale, offset = (np.broadcast_to(one, (channels,)) for one in given)
    return scale, offset


def _same(size: int, reach: int, stride: int) -> tuple[int, int]:
    """Zeros on both sides so that there are size / stride places, rounded up: the larger half behind."""
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2
