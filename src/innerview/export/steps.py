"""What each operation is called in each framework: one line (or two) of the table of layers, and what it needs defined.

`written` functions give pairs of a layer's name and the expression that makes it. An operation that a framework has
no layer for gets a definition of its own, which is written above the model where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from innerview.adapters.numpy.operations import (
    ELU,
    Convolution,
    Dense,
    Flatten,
    GlobalMean,
    MaxPooling,
    MeanPooling,
    Operation,
    ReLU,
)
from innerview.errors import UsageError

Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """One operation of a model, with what is known where it stands.

    Attributes:
        operation: what is done.
        before: shape of what it takes, behind the batch, channels last.
        weights: shapes of its weights, kernels as output × input × height × width.
    """

    operation: Any
    before: Shape
    weights: tuple[Shape, ...]


Lines: TypeAlias = Callable[[Step], list[tuple[str, str]]]


def lines(table: Mapping[type[Operation], Lines], step: Step, framework: str) -> list[tuple[str, str]]:
    """Write one step.

    Raises:
        UsageError: the framework's table has no such operation.
    """
    asked: Operation = step.operation
    kind = type(asked)
    if kind not in table:
        raise UsageError(
            f"{step.operation.name} is a {kind.__name__}, which can't be written for {framework}; there are "
            f"{', '.join(one.__name__ for one in table)}"
        ).of("operation", layer=step.operation.name, found=kind.__name__, known=(one.__name__ for one in table))
    return table[kind](step)


def _kernel(step: Step) -> str:
    height, width = step.weights[0][2:]
    return str(height) if height == width else f"({height}, {width})"


def _named(expression: str) -> Lines:
    return lambda step: [(step.operation.name, expression.format(size=getattr(step.operation, "size", 0)))]


def _torch_convolution(step: Step) -> list[tuple[str, str]]:
    asked: Convolution = step.operation
    if asked.padding == "same" and asked.stride > 1:
        raise UsageError(
            f'{asked.name} has a stride of {asked.stride} and padding "same", which PyTorch does not know'
        ).of("stride", layer=asked.name, found=asked.stride)
    padding = {"valid": ""}.get(str(asked.padding), f", padding={asked.padding!r}".replace("'", '"'))
    stride = f", stride={asked.stride}" if asked.stride > 1 else ""
    outputs, inputs = step.weights[0][:2]
    bias = "" if asked.bias else ", bias=False"
    return [(asked.name, f"nn.Conv2d({inputs}, {outputs}, {_kernel(step)}{stride}{padding}{bias})")]


def _torch_dense(step: Step) -> list[tuple[str, str]]:
    outputs, inputs = step.weights[0]
    bias = "" if step.operation.bias else ", bias=False"
    return [(step.operation.name, f"nn.Linear({inputs}, {outputs}{bias})")]


def _torch_flatten(step: Step) -> list[tuple[str, str]]:
    return [(step.operation.name, "nn.Flatten()" if step.operation.layout == "CHW" else "ChannelsLast()")]


def _keras_convolution(step: Step) -> list[tuple[str, str]]:
    asked: Convolution = step.operation
    number = not isinstance(asked.padding, str)
    before = [("", f'layers.ZeroPadding2D({asked.padding}, name="{asked.name}_padding")')] if number else []
    padding = "" if number or asked.padding == "valid" else ', padding="same"'
    stride = f", strides={asked.stride}" if asked.stride > 1 else ""
    bias = "" if asked.bias else ", use_bias=False"
    made = f"layers.Conv2D({step.weights[0][0]}, {_kernel(step)}{stride}{padding}{bias}, name={asked.name!r})"
    return [*before, ("", made.replace("'", '"'))]


def _keras_dense(step: Step) -> list[tuple[str, str]]:
    bias = "" if step.operation.bias else ", use_bias=False"
    return [("", f'layers.Dense({step.weights[0][0]}{bias}, name="{step.operation.name}")')]


def _keras_flatten(step: Step) -> list[tuple[str, str]]:
    turned = [("", f'layers.Permute((3, 1, 2), name="{step.operation.name}_order")')]
    flat = [("", f'layers.Flatten(name="{step.operation.name}")')]
    return [*turned, *flat] if step.operation.layout == "CHW" else flat


def _keras(kind: str) -> Lines:
    def written(step: Step) -> list[tuple[str, str]]:
        size = f"{step.operation.size}, " if isinstance(step.operation, MeanPooling | MaxPooling) else ""
        return [("", f'layers.{kind}({size}name="{step.operation.name}")')]

    return written


def _numpy_convolution(step: Step) -> list[tuple[str, str]]:
    asked: Convolution = step.operation
    padding = asked.around(step.before, step.weights[0][2:])
    given = [f"padding={padding}"] if padding != ((0, 0), (0, 0)) else []
    given += [f"stride={asked.stride}"] if asked.stride > 1 else []
    return [(asked.name, f"partial(convolution, {', '.join([*_numpy_weights(asked), *given])})")]


def _numpy_dense(step: Step) -> list[tuple[str, str]]:
    return [(step.operation.name, f"partial(dense, {', '.join(_numpy_weights(step.operation))})")]


def _numpy_weights(operation: Convolution | Dense) -> list[str]:
    return [f'{key}weights["{name}"]' for key, name in zip(("", "bias="), operation.parameters, strict=False)]


TORCH: Final[Mapping[type[Operation], Lines]] = {
    Convolution: _torch_convolution,
    Dense: _torch_dense,
    Flatten: _torch_flatten,
    ELU: _named("nn.ELU()"),
    ReLU: _named("nn.ReLU()"),
    MeanPooling: _named("nn.AvgPool2d({size})"),
    MaxPooling: _named("nn.MaxPool2d({size})"),
    GlobalMean: _named("Mean()"),
}
KERAS: Final[Mapping[type[Operation], Lines]] = {
    Convolution: _keras_convolution,
    Dense: _keras_dense,
    Flatten: _keras_flatten,
    ELU: _keras("ELU"),
    ReLU: _keras("ReLU"),
    MeanPooling: _keras("AveragePooling2D"),
    MaxPooling: _keras("MaxPooling2D"),
    GlobalMean: _keras("GlobalAveragePooling2D"),
}
NUMPY: Final[Mapping[type[Operation], Lines]] = {
    Convolution: _numpy_convolution,
    Dense: _numpy_dense,
    Flatten: lambda step: [(step.operation.name, f'partial(flatten, layout="{step.operation.layout}")')],
    ELU: _named("elu"),
    ReLU: _named("relu"),
    MeanPooling: _named("partial(mean_pooling, size={size})"),
    MaxPooling: _named("partial(max_pooling, size={size})"),
    GlobalMean: _named("mean"),
}
