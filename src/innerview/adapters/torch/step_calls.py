# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false, reportUntypedBaseClass=false
"""Modules and functions of PyTorch in the words of the page's engine: what is done, and with what.

A convolution is one, whether it is a module, `functional.conv2d` with a parameter of the module around it, or
`torch.conv2d`. Tables say which functions are which; what is in none of them is refused with its name.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import fx, nn
from torch.nn import functional

from innerview.adapters.steps import ARITHMETIC, refused


@dataclass(frozen=True)
class Called:
    """One operation.

    Attributes:
        kind: as in `export.web`; or "padding", "normalisation", "same" (nothing is done), "reshaped".
        name: of the module that does it, or whose weights it uses; else of the call.
        arguments: values by name; the first one, a node of the graph, is "input".
    """

    kind: str
    name: str
    arguments: Mapping[str, Any]


SKIPPED: Final = (nn.Identity, nn.Dropout, nn.Dropout2d)

CURVES: Final[Mapping[str, Sequence[object]]] = {
    "relu": (nn.ReLU, torch.relu, "relu", "relu_", functional.relu),
    "relu6": (nn.ReLU6, functional.relu6),
    "silu": (nn.SiLU, functional.silu),
    "sigmoid": (nn.Sigmoid, torch.sigmoid, functional.sigmoid, "sigmoid"),
    "tanh": (nn.Tanh, torch.tanh, functional.tanh, "tanh"),
    "hard-swish": (nn.Hardswish, functional.hardswish),
    "hard-sigmoid": (nn.Hardsigmoid, functional.hardsigmoid),
}
"""Activations without a number of their own."""

MET: Final[Mapping[str, Sequence[object]]] = {
    "add": (operator.add, operator.iadd, torch.add, "add", "add_"),
    "multiply": (operator.mul, operator.imul, torch.mul, "mul", "mul_"),
    "less": (operator.sub, operator.isub, torch.sub, "sub", "sub_"),
    "over": (operator.truediv, operator.itruediv, torch.div, "div", "div_"),
}

SIGNATURES: Final[Mapping[str, tuple[Sequence[object], Sequence[str]]]] = {
    "convolution": (
        (functional.conv2d, torch.conv2d), ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
    ),
    "dense": ((functional.linear,), ("input", "weight", "bias")),
    "normalisation": (
        (functional.batch_norm,),
        ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps"),
    ),
    "max-pooling": (
        (functional.max_pool2d, torch.max_pool2d),
        ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    ),
    "mean-pooling": (
        (functional.avg_pool2d,),
        ("input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"),
    ),
    "global-mean": ((functional.adaptive_avg_pool2d,), ("input", "output_size")),
    "mean": ((torch.mean, "mean"), ("input", "dim", "keepdim")),
    "softmax": ((torch.softmax, functional.softmax, "softmax"), ("input", "dim")),
    "gelu": ((functional.gelu,), ("input", "approximate")),
    "elu": ((functional.elu,), ("input", "alpha")),
    "hardtanh": ((functional.hardtanh,), ("input", "min_val", "max_val")),
    "clamp": ((torch.clamp, "clamp", "clamp_"), ("input", "min", "max")),
    "padding": ((functional.pad,), ("input", "pad", "mode", "value")),
    "dropout": ((functional.dropout, functional.dropout2d), ("input", "p", "training")),
    "reshaped": (
        (
            "view", "reshape", torch.reshape, "flatten", torch.flatten, "squeeze", torch.squeeze, "unsqueeze",
            torch.unsqueeze,
        ),
        ("input",),
    ),
    "same": (("contiguous", "clone"), ("input",)),
}  # fmt: skip
"""Functions and methods, with the names of their arguments in order."""

WHOLE: Final = ([2, 3], [-2, -1], [3, 2], [-1, -2])
"""Axes of the mean over all positions."""


def called(node: fx.Node, root: fx.GraphModule) -> Called:
    """Say what a node of the graph does.

    Raises:
        UsageError: it is in no table, or in a way that the engine does not have.
    """
    if node.op == "call_module":
        return _module(node, root.get_submodule(str(node.target)))
    return _function(node, root)


def name_of(node: fx.Node) -> str:
    """What a node is called: as its module, or as torch.fx has it."""
    return str(node.target) if node.op == "call_module" else node.name


def constant(given: object, root: fx.GraphModule) -> torch.Tensor | None:
    """A parameter or buffer of the module, where a node reads one."""
    if not isinstance(given, fx.Node) or given.op != "get_attr":
        return None
    owner, _, name = str(given.target).rpartition(".")
    found = dict(root.get_submodule(owner).named_parameters(recurse=False))
    found |= dict(root.get_submodule(owner).named_buffers(recurse=False))
    return found.get(name)


def _module(node: fx.Node, module: nn.Module) -> Called:
    own: dict[str, Any] = {"input": node.args[0]}
    kind, more = _of_module(node, module)
    return _checked(node, kind, str(node.target), own | more)


def _of_module(node: fx.Node, module: nn.Module) -> tuple[str, dict[str, Any]]:
    match module:
        case nn.Conv2d():
            keys = ("weight", "bias", "stride", "padding", "dilation", "groups")
            return "convolution", {key: module.__dict__.get(key) for key in keys} | {
                "weight": module.weight, "bias": module.bias, "mode": module.padding_mode,
            }  # fmt: skip
        case nn.Linear() if type(module) is nn.Linear:
            return "dense", {"weight": module.weight, "bias": module.bias}
        case nn.BatchNorm2d() if module.track_running_stats:
            known = {"running_mean": module.running_mean, "running_var": module.running_var, "eps": module.eps}
            return "normalisation", known | {"weight": module.weight, "bias": module.bias, "training": False}
        case nn.MaxPool2d():
            keys = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
            return "max-pooling", {key: module.__dict__[key] for key in keys}
        case nn.AvgPool2d():
            keys = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
            return "mean-pooling", {key: module.__dict__[key] for key in keys}
        case nn.ZeroPad2d():
            return "padding", {"pad": module.padding}
        case nn.Flatten():
            return "reshaped", {}
        case _:
            return _of_activation(node, module)


def _of_activation(node: fx.Node, module: nn.Module) -> tuple[str, dict[str, Any]]:
    kind = type(module)
    match module:
        case nn.AdaptiveAvgPool2d():
            return "global-mean", {"output_size": module.output_size}
        case nn.Softmax():
            return "softmax", {"dim": module.dim}
        case nn.ELU():
            return "elu", {"alpha": module.alpha}
        case nn.GELU():
            return "gelu", {"approximate": module.approximate}
        case nn.Hardtanh() if kind is nn.Hardtanh:
            return "hardtanh", {"min_val": module.min_val, "max_val": module.max_val}
        case _ if kind in SKIPPED:
            return "same", {}
        case _:
            found = next((name for name, known in CURVES.items() if kind in known), None)
            if found is None:
                raise refused(name_of(node), f"is a {kind.__name__}")
            return found, {}


def _function(node: fx.Node, root: fx.GraphModule) -> Called:
    target: Callable[..., object] | str = node.target
    name = _name(target)
    for kind, known in CURVES.items():
        if target in known:
            return Called(kind, node.name, {"input": node.args[0]})
    for kind, known in MET.items():
        if target in known:
            return _arithmetic(node, kind, root)
    if target is operator.getitem or name in {"expand_as", "expand"}:
        return _indexed(node, name)
    for kind, (known, names) in SIGNATURES.items():
        if target in known:
            given = dict(zip(names, node.args, strict=False)) | dict(node.kwargs)
            held = {key: constant(one, root) for key, one in given.items()}
            read = [one for key, one in given.items() if held[key] is not None and isinstance(one, fx.Node)]
            owner = str(read[0].target).rpartition(".")[0] if read else ""
            values = {key: given[key] if held[key] is None else held[key] for key in given}
            return _checked(node, kind, owner or node.name, values)
    if name == "stochastic_depth" and node.kwargs.get("training", node.args[-1]) is False:
        return Called("same", node.name, {"input": node.args[0]})
    raise refused(name_of(node), f"calls {name}")


def _name(target: Callable[..., object] | str) -> str:
    return target if isinstance(target, str) else target.__name__


def _indexed(node: fx.Node, name: str) -> Called:
    """New axes of one position, or a value spread over positions for a product alone, which does that itself."""
    products = [*MET["multiply"]]
    if name != "getitem" and not all(one.target in products for one in node.users):
        raise refused(name_of(node), f"calls {name} for something else than a product")
    if name == "getitem":
        whole = all(
            one is None or one == slice(None) for one in (node.args[1] if isinstance(node.args[1], tuple) else ())
        )
        if not whole or not isinstance(node.args[1], tuple):
            raise refused(name_of(node), "takes a part of a value")
        return Called("reshaped", node.name, {"input": node.args[0]})
    return Called("same", node.name, {"input": node.args[0]})


def _arithmetic(node: fx.Node, kind: str, root: fx.GraphModule) -> Called:
    """Of two values, or of one and a constant: a number, or one for each channel."""
    if node.kwargs or len(node.args) != 2:
        raise refused(name_of(node), f"calls {kind} with more than two values")
    sides = [constant(one, root) if isinstance(one, fx.Node) else one for one in node.args]
    values = [at for at, one in enumerate(sides) if one is None]
    if len(values) == 2:
        if kind not in {"add", "multiply"}:
            raise refused(name_of(node), f"calls {_name(node.target)}")
        return Called(kind, node.name, {"input": node.args[0], "other": node.args[1]})
    if not values or (kind == "over" and values == [1]):
        raise refused(name_of(node), "divides by a value")
    by: Any = sides[1 - values[0]]
    if kind == "over" and isinstance(by, int | float) and not by:
        raise refused(name_of(node), "divides by 0")
    scale, offset = ARITHMETIC[kind](by, values == [0])
    return Called("affine", node.name, {"input": node.args[values[0]], "scale": scale, "offset": offset})


def _checked(node: fx.Node, kind: str, name: str, given: dict[str, Any]) -> Called:
    """Bring arguments to what steps know; refuse what the engine does not have."""
    check = CHECKS.get(kind)
    kind, more = (
        (kind if kind in CURVES else _curve(node, kind, given), {}) if check is None else check(node, kind, given)
    )
    for key, value in more.items():
        if isinstance(value, fx.Node):
            raise refused(name_of(node), f"has a {key} that is worked out of the image")
    return Called(kind, name, {"input": given["input"], **more})


def _convolution(node: fx.Node, kind: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:  # noqa: ARG001
    usual = {"bias": None, "stride": 1, "padding": 0, "dilation": 1, "groups": 1, "mode": "zeros"}
    return kind, {**usual, **{key: value for key, value in given.items() if key != "input"}}


def _dense(node: fx.Node, kind: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:  # noqa: ARG001
    return kind, {key: given.get(key) for key in ("weight", "bias")}


def _normalisation(node: fx.Node, kind: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if given.get("training") or given.get("running_mean") is None:
        raise refused(name_of(node), "normalises by each batch")
    known = {"mean": given["running_mean"], "variance": given["running_var"], "eps": given.get("eps", 1e-5)}
    return kind, known | {key: given.get(key) for key in ("weight", "bias")}


def _padding(node: fx.Node, kind: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if given.get("mode", "constant") != "constant" or given.get("value") or len(given["pad"]) != 4:
        raise refused(name_of(node), "pads with something else than zeros")
    return kind, {"sides": tuple(given["pad"])}


def _dropout(node: fx.Node, kind: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if given.get("training", True):
        raise refused(name_of(node), f"is a {kind} in evaluation mode, too")
    return "same", {}


def _plain(node: fx.Node, kind: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:  # noqa: ARG001
    return kind, {}


def _curve(node: fx.Node, kind: str, given: Mapping[str, Any]) -> str:
    """What has no arguments in the engine: it takes one kind of each."""
    bounds = (given.get("min_val", given.get("min", -1.0)), given.get("max_val", given.get("max", 1.0)))
    axes = given.get("dim")
    length = len(node.meta["tensor_meta"].shape)
    gelu = {"none": "gelu", "tanh": "gelu-tanh"}
    known = {
        "elu": "elu" if given.get("alpha", 1.0) == 1 else "",
        "gelu": gelu.get(str(given.get("approximate", "none")), ""),
        "hardtanh": "relu6" if bounds == (0, 6) else "",
        "clamp": "relu6" if bounds == (0, 6) else "",
        "softmax": "softmax" if axes in {1, 1 - length} else "",
        "mean": "global-mean" if isinstance(axes, tuple | list) and list(axes) in WHOLE else "",
        "global-mean": "global-mean" if given.get("output_size") in (1, (1, 1), [1, 1]) else "",
    }[kind]
    if not known:
        raise refused(name_of(node), f"{'is' if node.op == 'call_module' else 'calls'} {kind} of another kind")
    return known


def _pooling(node: fx.Node, kind: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    size = _square(given["kernel_size"])
    stride, padding = _square(given.get("stride") or given["kernel_size"]), _square(given.get("padding", 0))
    gaps = given.get("dilation", 1) not in {1, (1, 1)} or given.get("divisor_override")
    if None in {size, stride, padding} or given.get("ceil_mode") or gaps:
        raise refused(name_of(node), "pools windows of another kind")
    whole = kind == "max-pooling" or bool(given.get("count_include_pad", True))
    return kind, {"size": size, "stride": stride, "padding": padding, "whole": whole}


def _square(given: Any) -> int | None:
    down, across = given if isinstance(given, tuple | list) and len(given) == 2 else (given, given)
    return int(down) if down == across and isinstance(down, int) else None


CHECKS: Final[Mapping[str, Callable[[fx.Node, str, Mapping[str, Any]], tuple[str, dict[str, Any]]]]] = {
    "convolution": _convolution,
    "dense": _dense,
    "normalisation": _normalisation,
    "max-pooling": _pooling,
    "mean-pooling": _pooling,
    "padding": _padding,
    "dropout": _dropout,
    "reshaped": _plain,
    "same": _plain,
}
"""What each operation's arguments become; what is not here is an activation or a mean."""
