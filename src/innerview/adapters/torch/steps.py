# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false, reportUntypedBaseClass=false
"""A PyTorch module as a list of plain steps, traced by torch.fx: convolutions, dense layers, pooling, activations.

For the page's engine (`export.web`). A module with anything else is refused with its name: nothing is guessed.
Normalisation is folded into the convolution before it where that alone reads it, and is a step of its own elsewhere.
The traced graph is run beside the module, and has to give the same.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import numpy as np
import torch
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from innerview.adapters.torch.calls import looking
from innerview.errors import UsageError
from innerview.types import Array

Step = dict[str, Any]

SKIPPED: Final = (nn.Identity, nn.Dropout, nn.Dropout2d)
CURVES: Final[Mapping[type[nn.Module], str]] = {
    nn.ReLU: "relu",
    nn.SiLU: "silu",
    nn.Sigmoid: "sigmoid",
    nn.Tanh: "tanh",
    nn.ReLU6: "relu6",
}
FUNCTIONS: Final[Mapping[object, str]] = {
    torch.relu: "relu",
    "relu": "relu",
    nn.functional.relu: "relu",
    nn.functional.relu6: "relu6",
    nn.functional.silu: "silu",
    nn.functional.gelu: "gelu",
    torch.sigmoid: "sigmoid",
    "sigmoid": "sigmoid",
    torch.tanh: "tanh",
    "tanh": "tanh",
}
VIEWS: Final = ("view", "reshape")
FLAT: Final = (torch.flatten, "flatten")
MEANS: Final = (torch.mean, "mean")
SIDES: Final = ([2, 3], [-2, -1])
SOFTMAX: Final = (torch.softmax, nn.functional.softmax, "softmax")
SUMS: Final = (operator.add, operator.iadd, torch.add)


@dataclass
class Steps:
    """What was traced: steps as in `export.web`, and the weights that they name."""

    operations: list[Step] = field(default_factory=list[Step])
    weights: dict[str, Array] = field(default_factory=dict[str, Array])


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
        self._modules = dict(graph.named_modules())
        self.found = Steps()
        self._values: dict[fx.Node, int] = {}
        *nodes, output = graph.graph.nodes
        ending = output.args[0] if set_aside else None
        for node in nodes:
            if node is ending:
                self._values[node] = self._source(node)
            else:
                self._take(node)
        self._take(output)

    def _take(self, node: fx.Node) -> None:
        match node.op:
            case "placeholder":
                if self._values:
                    raise _other(node, "takes several inputs")
                self._values[node] = 0
            case "call_module":
                self._module(node, self._modules[str(node.target)])
            case "call_function" | "call_method":
                self._function(node)
            case "output":
                if self._values.get(node.args[0]) != len(self.found.operations):  # type: ignore[call-overload]
                    raise _other(node, "gives something else than its last value")
            case _:
                raise _other(node, "reads a tensor of its own")

    def _source(self, node: fx.Node, place: int = 0) -> int:
        given = node.args[place] if place < len(node.args) else None
        if not isinstance(given, fx.Node) or given not in self._values:
            raise _other(node, "takes something that is no value")
        return self._values[given]

    def _add(self, node: fx.Node, kind: str, more: Mapping[str, object] | None = None, *, two: bool = False) -> None:
        name = node.name if node.op != "call_module" else str(node.target)
        known = {one["name"] for one in self.found.operations}
        unique = name if name not in known else f"{name}#{sum(one.startswith(name) for one in known) + 1}"
        sources = [self._source(node, place) for place in range(1 + two)]
        self.found.operations.append({"name": unique, "from": sources, "kind": kind, **(more or {})})
        self._values[node] = len(self.found.operations)

    def _weigh(self, name: str, tensor: torch.Tensor) -> str:
        self.found.weights[name] = tensor.detach().cpu().numpy().astype(np.float64)
        return name

    def _weights(self, name: str, module: nn.Module) -> Step:
        """Weight and perhaps bias, by their names."""
        own = dict(module.named_parameters(recurse=False))
        return {key: self._weigh(f"{name}.{key}", own[key]) for key in ("weight", "bias") if key in own}

    def _module(self, node: fx.Node, module: nn.Module) -> None:
        name = str(node.target)
        match module:
            case nn.Conv2d() if _plain(module):
                self._add(node, "convolution", self._convolution(name, module))
            case nn.Conv2d():
                raise _other(node, "is a convolution with gaps or a padding that is not zero")
            case nn.Linear() if type(module) is nn.Linear:
                self._add(node, "dense", self._weights(name, module))
            case nn.BatchNorm2d() if module.track_running_stats:
                self._normalise(node, name, module)
            case _:
                self._unweighted(node, module)

    def _unweighted(self, node: fx.Node, module: nn.Module) -> None:
        kind = type(module)
        match module:
            case nn.MaxPool2d() | nn.AvgPool2d():
                self._pool(node, module)
            case nn.AdaptiveAvgPool2d() if module.output_size in {1, (1, 1)}:
                self._add(node, "global-mean")
            case nn.Flatten() if (module.start_dim, module.end_dim) == (1, -1):
                self._add(node, "flatten", {"layout": "CHW"})
            case nn.ELU() if module.alpha == 1:
                self._add(node, "elu")
            case nn.GELU():
                self._add(node, "gelu" if module.approximate == "none" else "gelu-tanh")
            case nn.Softmax() if self._over_channels(node, module.dim):
                self._add(node, "softmax")
            case _ if kind in CURVES:
                self._add(node, CURVES[kind])
            case _ if kind in SKIPPED:
                self._values[node] = self._source(node)
            case _:
                raise _other(node, f"is a {kind.__name__}")

    def _over_channels(self, node: fx.Node, axis: object) -> bool:
        """Whether an axis, counted from either end, is the channels'."""
        return axis in {1, 1 - len(node.meta["tensor_meta"].shape)}

    def _convolution(self, name: str, module: nn.Conv2d) -> Step:
        padding = module.padding
        grouped = {"groups": module.groups} if module.groups > 1 else {}
        if padding == "same":
            totals = [size - 1 for size in module.kernel_size]
            sides = [side for total in totals for side in (total // 2, total - total // 2)]
        else:
            down, across = (0, 0) if padding == "valid" else padding
            sides = [int(down), int(down), int(across), int(across)]
        return {**self._weights(name, module), "stride": list(module.stride), "padding": sides, **grouped}

    def _normalise(self, node: fx.Node, name: str, module: nn.BatchNorm2d) -> None:
        assert module.running_mean is not None  # noqa: S101 it tracks them
        assert module.running_var is not None  # noqa: S101
        mean, variance = (one.detach().double() for one in (module.running_mean, module.running_var))
        scale = 1 / torch.sqrt(variance + module.eps)
        if module.affine:
            scale = scale * module.weight.detach().double()
        offset = (module.bias.detach().double() if module.affine else 0) - mean * scale
        before = node.args[0]
        source, found = self._source(node), self.found
        last = found.operations[source - 1] if source else {}
        alone = isinstance(before, fx.Node) and len(before.users) == 1 and source == len(found.operations)
        if last.get("kind") == "convolution" and alone:
            factor = scale.numpy()
            found.weights[last["weight"]] = found.weights[last["weight"]] * factor[:, None, None, None]
            bias = found.weights.get(last.get("bias", ""), np.zeros(len(factor)))
            last["bias"] = last.get("bias", f"{last['weight'].removesuffix('.weight')}.bias")
            found.weights[last["bias"]] = bias * factor + offset.numpy()
            self._values[node] = source
            return
        weights = {"weight": self._weigh(f"{name}.scale", scale), "bias": self._weigh(f"{name}.offset", offset)}
        self._add(node, "affine", weights)

    def _pool(self, node: fx.Node, module: nn.MaxPool2d | nn.AvgPool2d) -> None:
        size, stride, padding = (_square(one) for one in (module.kernel_size, module.stride, module.padding))
        most = isinstance(module, nn.MaxPool2d)
        other = module.dilation not in {1, (1, 1)} if isinstance(module, nn.MaxPool2d) else module.divisor_override
        if None in {size, stride, padding} or module.ceil_mode or other:
            raise _other(node, "pools windows of another kind")
        whole = True if isinstance(module, nn.MaxPool2d) else module.count_include_pad
        kind = "max-pooling" if most else "mean-pooling"
        self._add(node, kind, {"size": size, "stride": stride, "padding": padding, "whole": whole})

    def _function(self, node: fx.Node) -> None:
        target: Callable[..., object] | str = node.target
        if target == "size" and node.args[1:] == (0,):
            return  # the batch, of which only a flattening may make something
        rest = [one for one in (*node.args[1:], *node.kwargs.values()) if one is not False]
        if target in SUMS and len(rest) == 1:
            self._add(node, "add", two=True)
        elif target in SOFTMAX and self._over_channels(node, next(iter(rest), None)):
            self._add(node, "softmax")
        elif target in FUNCTIONS and not rest:
            self._add(node, FUNCTIONS[target])
        elif (target in FLAT and rest in ([1], [1, -1])) or (target in VIEWS and _of_batch(rest)):
            self._add(node, "flatten", {"layout": "CHW"})
        elif (
            target in MEANS
            and rest
            and list(cast("Any", rest[0]) if isinstance(rest[0], list | tuple) else ()) in SIDES
        ) or (target is nn.functional.adaptive_avg_pool2d and rest in ([1], [(1, 1)])):
            self._add(node, "global-mean")
        else:
            raise _other(node, f"calls {target if isinstance(target, str) else target.__name__}")


def _of_batch(sides: Sequence[object]) -> bool:
    """Whether the sides of a view are the batch and all the rest: x.view(x.size(0), -1)."""
    batch, *others = sides or [None]
    return others == [-1] and isinstance(batch, fx.Node) and batch.target == "size"


def _plain(module: nn.Conv2d) -> bool:
    same = module.padding != "same" or module.stride == (1, 1)
    return module.dilation == (1, 1) and module.padding_mode == "zeros" and same


def _square(given: int | tuple[int, int]) -> int | None:
    down, across = given if isinstance(given, tuple) else (given, given)
    return down if down == across else None


def _other(node: fx.Node, what: str) -> UsageError:
    name = node.target if node.op == "call_module" else node.name
    return UsageError(f"the network is not made of what the engine in the page runs: {name} {what}").of(
        "operation", found=what, layer=str(name)
    )
