# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false, reportUntypedBaseClass=false
"""A PyTorch module as a list of plain steps, traced by torch.fx: convolutions, dense layers, pooling, activations.

For the page's engine (`export.web`). What a module is made of is read from its modules and from the functions that it
calls, with constants of its own as weights (`step_calls` has both in the same words). Anything else is refused with
its name: nothing is guessed. Normalisation is folded into the convolution before it where that alone reads it, and is
a step of its own elsewhere; zeros around an image are put there by the convolution behind them. Where a value has one
position, its shape says nothing: batch × channel and batch × channel × 1 × 1 are the same. The traced graph is run
beside the module, and has to give the same.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from innerview.adapters.steps import NOTHING, Step, Steps, Value, refused
from innerview.adapters.torch.calls import looking
from innerview.adapters.torch.step_calls import Called, called, name_of
from innerview.errors import UsageError
from innerview.types import Array

SHIFT: Final = ("scale", "offset")


def traced(module: nn.Module, shape: tuple[int, int, int], *, set_aside: bool = False) -> Steps:
    """Trace a module that takes images of this shape (channels in front), as it is in evaluation mode.

    Args:
        module: that is traced.
        shape: of an image, channels, height and width.
        set_aside: leave out the operation that gives the output, such as the softmax over logits.

    Raises:
        UsageError: it can't be traced, or is made of something else; says of what.
    """
    noise = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0))
    with looking(module):  # a module that is trained would count the noise into its running means
        try:
            graph = fx.symbolic_trace(module)
            with torch.no_grad():
                found = ShapeProp(graph).propagate(noise)
                same = bool(torch.allclose(found, module(noise), rtol=1e-5, atol=1e-6))
        except Exception as problem:
            raise UsageError(f"the network can't be traced ({type(problem).__name__})").of(
                "trace", found=type(problem).__name__
            ) from problem
        if not same:
            raise UsageError("the network can't be traced: what was traced answers otherwise").of(
                "trace", found="other answers"
            )
        return _Tracing(graph, set_aside=set_aside).found


class _Tracing:
    """One graph on its way."""

    def __init__(self, graph: fx.GraphModule, *, set_aside: bool) -> None:
        self._root = graph
        self.found = Steps()
        self._values: dict[fx.Node, Value] = {}
        *nodes, output = graph.graph.nodes
        ending = output.args[0] if set_aside else None
        for node in nodes:
            if node.op == "placeholder":
                if self._values:
                    raise refused(name_of(node), "takes several inputs")
                self._values[node] = Value(0)
            elif node is ending:
                self._values[node] = self._value(node, node.args[0])
            elif node.op != "get_attr" and "tensor_meta" in node.meta:  # what is no tensor is a size, or part of one
                self._values[node] = self._took(node, called(node, self._root))
        if self._values.get(output.args[0]) != Value(len(self.found.operations)):
            raise refused(name_of(output), "gives something else than its last value")

    def _value(self, node: fx.Node, given: object, *, padded: bool = False) -> Value:
        if not isinstance(given, fx.Node) or given not in self._values:
            raise refused(name_of(node), "takes something that is no value")
        found = self._values[given]
        if found.around != NOTHING and not padded:
            raise refused(name_of(node), "stands behind a padding that no convolution takes")
        return found

    def _took(self, node: fx.Node, call: Called) -> Value:
        given = call.arguments
        if call.kind in {"add", "multiply"}:
            return self._together(node, call)
        source = self._value(node, given.get("input"), padded=call.kind in {"convolution", "padding"})
        match call.kind:
            case "convolution":
                return self._convolve(node, call, source)
            case "padding":
                left, right, top, bottom = given["sides"]
                sides = zip(source.around, (top, bottom, left, right), strict=True)
                return Value(source.step, tuple(before + more for before, more in sides))  # type: ignore[arg-type]
            case "same":
                return source
            case "reshaped":
                return self._reshape(node, call, source)
            case "normalisation":
                return self._normalise(call, source)
            case _:
                return self._plain(node, call, source)

    def _plain(self, node: fx.Node, call: Called, source: Value) -> Value:
        """One step that needs no more than its source."""
        if call.kind == "affine":
            return self.found.affine(call.name, source, *self._spread(node, *(call.arguments[key] for key in SHIFT)))
        rest = {key: value for key, value in call.arguments.items() if key != "input"}
        return self.found.add(
            call.name, [source], {"kind": call.kind, **(self._weights(call) if call.kind == "dense" else rest)}
        )

    def _together(self, node: fx.Node, call: Called) -> Value:
        """Sums of values of one shape, and products of those, or of one with a number for each channel of it."""
        both = [call.arguments["input"], call.arguments["other"]]
        shapes = [_shape(one) for one in both]
        both = both if shapes[0][2:] != (1, 1) else both[::-1]
        plain = [tuple(shape) for shape in shapes]
        by_channel = (
            call.kind == "multiply" and shapes[0][1:2] == shapes[1][1:2] and (1, 1) in {one[2:] for one in plain}
        )
        if plain[0] != plain[1] and not by_channel:
            raise refused(
                name_of(node), f"takes values of {' and '.join(' × '.join(map(str, one[1:])) for one in plain)}"
            )
        return self.found.add(call.name, [self._value(node, one) for one in both], {"kind": call.kind})

    def _weights(self, call: Called) -> Step:
        """Weight and perhaps bias, under the names that they have in the module."""
        found: Step = {}
        for key in ("weight", "bias"):
            value: torch.Tensor | None = call.arguments[key]
            if value is not None:
                found[key] = f"{call.name}.{key}"
                self.found.weights[found[key]] = _array(value)
        return found

    def _convolve(self, node: fx.Node, call: Called, source: Value) -> Value:
        given = call.arguments
        size = tuple(given["weight"].shape[2:])
        stride, dilation = _pair(given["stride"]), _pair(given["dilation"])
        padding: object = given["padding"]
        if dilation != (1, 1) or given["mode"] != "zeros" or (padding == "same" and stride != (1, 1)):
            raise refused(name_of(node), "is a convolution with gaps or a padding that is not zero")
        if padding == "same":
            sides = [side for length in size for side in ((length - 1) // 2, length - 1 - (length - 1) // 2)]
        else:
            down, across = (0, 0) if padding == "valid" else _pair(padding)
            sides = [down, down, across, across]
        step: Step = {"kind": "convolution", **self._weights(call), "stride": list(stride)}
        step["padding"] = [a + b for a, b in zip(sides, source.around, strict=True)]
        return self.found.add(call.name, [source], step | ({"groups": given["groups"]} if given["groups"] > 1 else {}))

    def _normalise(self, call: Called, source: Value) -> Value:
        given = call.arguments
        mean, variance = _array(given["mean"]), _array(given["variance"])
        scale = (1.0 if given["weight"] is None else _array(given["weight"])) / np.sqrt(variance + given["eps"])
        offset = (0.0 if given["bias"] is None else _array(given["bias"])) - mean * scale
        readers = sum("tensor_meta" in one.meta for one in given["input"].users)  # who asks for its size reads nothing
        return self.found.normalise(call.name, source, scale, offset, alone=readers == 1)

    def _spread(self, node: fx.Node, *parts: float | torch.Tensor) -> list[Array]:
        """Numbers for each channel, from one or from a tensor with one for each."""
        channels = _shape(node)[1]
        found = list[Array]()
        for part in parts:
            value = _array(torch.as_tensor(part))
            if value.size not in {1, channels} or (value.size > 1 and _channel_axis(value.shape, node) != channels):
                raise refused(name_of(node), "has a constant that is not one number for each channel")
            found.append(np.broadcast_to(value.reshape(-1), (channels,)).copy())
        return found

    def _reshape(self, node: fx.Node, call: Called, source: Value) -> Value:
        """Of one position nothing changes; else all of it in a row, or nothing that is known."""
        before, after = _shape(call.arguments["input"]), _shape(node)
        if len(before) == 4 and after == (before[0], int(np.prod(before[1:]))):
            return self.found.add(call.name, [source], {"kind": "flatten", "layout": "CHW"})
        if before == after or (before[:2] == after[:2] and set(before[2:] + after[2:]) <= {1}):
            return source
        raise refused(name_of(node), f"makes {' × '.join(map(str, after[1:]))} of {' × '.join(map(str, before[1:]))}")


def _array(tensor: torch.Tensor) -> Array:
    return tensor.detach().cpu().numpy().astype(np.float64)


def _shape(node: fx.Node) -> tuple[int, ...]:
    return tuple(int(one) for one in node.meta["tensor_meta"].shape)


def _channel_axis(shape: tuple[int, ...], node: fx.Node) -> int:
    """How long a constant is along the channels of the value that it meets; 0 where it has no such axis."""
    axis = len(shape) - (len(_shape(node)) - 1)
    return shape[axis] if axis >= 0 else 0


def _pair(given: Any) -> tuple[int, int]:
    first, *rest = given if isinstance(given, tuple | list) else (given, given)
    return int(first), int(rest[0] if rest else first)
