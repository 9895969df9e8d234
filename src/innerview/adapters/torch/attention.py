"""Seeing where a transformer's tokens look: the attention weights of a PyTorch module, without a change to it.

While the module runs, calls of PyTorch's own attention are watched, whoever makes them (timm, transformers,
torchvision, torch.nn.MultiheadAttention). Fused attention never makes the weights; it is computed in the open instead:
softmax(q kᵀ · scale + mask), then times v. Afterwards nothing is left: no attribute of the module was touched. A
softmax that a module computes itself is taken where it has the shape of attention, tokens × tokens for each head.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from innerview.adapters.checks import collect_grad_outputs
from innerview.adapters.torch.calls import array_of
from innerview.adapters.torch.running import Running
from innerview.model import OUTPUT, Attended, AttentionWeights, GradOutputs
from innerview.types import Array

SOFTMAX: Final = (torch.softmax, torch.Tensor.softmax, functional.softmax)
FUSED: Final = functional.scaled_dot_product_attention
MULTI_HEAD: Final = functional.multi_head_attention_forward

INSIDE: Final = (nn.Softmax, nn.Dropout)
"""Modules inside an attention, which is called by the module around them."""


@dataclass
class Calls:
    """Which module runs, and the attention that was seen so far.

    Attributes:
        batch: images in the run.
        running: the modules that are under way, the innermost last.
        seen: by name, the weights as the run uses them, and their shape by image and head.
        windows: names of modules whose tokens look within windows of the image, so not at all others.
    """

    batch: int
    running: list[tuple[str, nn.Module]] = field(default_factory=list[tuple[str, nn.Module]])
    seen: dict[str, tuple[torch.Tensor, tuple[int, ...]]] = field(
        default_factory=dict[str, tuple[torch.Tensor, tuple[int, ...]]]
    )
    windows: list[str] = field(default_factory=list[str])
    counts: Counter[str] = field(default_factory=Counter[str])

    def take(self, weights: torch.Tensor) -> None:
        """Take weights down if each token has one for each token."""
        shape = tuple(weights.shape)
        if len(shape) not in {3, 4} or shape[-1] != shape[-2] or shape[-1] < 2:
            return
        name = self._name()
        if len(shape) == 4 and shape[0] != self.batch:
            self.windows.append(name)
            return
        if shape[0] % self.batch:
            return
        self.counts[name] += 1
        called = name if self.counts[name] == 1 else f"{name}#{self.counts[name]}"
        heads = shape[1] if len(shape) == 4 else shape[0] // self.batch
        self.seen[called] = weights, (self.batch, heads, shape[-2], shape[-1])

    def _name(self) -> str:
        modules = [name for name, module in self.running if not isinstance(module, INSIDE)]
        return modules[-1] if modules and modules[-1] else "attention"


class Watching(TorchFunctionMode):
    """Computes fused attention in the open while it is on, and tells `calls` of all attention."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self._calls = calls

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Called by PyTorch for each of its functions, in place of it."""
        named = kwargs or {}
        if func is FUSED:
            weights, value = in_the_open(*args, **named)
            self._calls.take(weights)
            return weights @ value
        if func is MULTI_HEAD:
            return self._multi_head(args, named)
        result = func(*args, **named)
        if func in SOFTMAX and named.get("dim", args[1] if len(args) > 1 else None) in {-1, result.dim() - 1}:
            self._calls.take(result)
        return result

    def _multi_head(self, args: Any, named: Mapping[str, Any]) -> Any:
        """Of torch.nn.MultiheadAttention: the weights are asked for, and given back only if they were."""
        bound = inspect.signature(MULTI_HEAD).bind(*args, **named)
        bound.apply_defaults()
        wanted, averaged = bound.arguments["need_weights"], bound.arguments["average_attn_weights"]
        bound.arguments.update(need_weights=True, average_attn_weights=False)
        output, found = MULTI_HEAD(*bound.args, **bound.kwargs)
        weights: Any = found
        # What is given back is a view, off the way to the output; what it is a view of is on it.
        self._calls.take(weights if weights._base is None else weights._base)  # noqa: SLF001
        return output, (weights.mean(dim=1) if averaged else weights) if wanted else None


def _as_they_are(left: torch.Tensor, right: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return left, right


def in_the_open(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,  # noqa: ARG001 nothing is dropped in evaluation mode
    is_causal: bool = False,  # noqa: FBT001, FBT002 PyTorch's signature
    scale: float | None = None,
    enable_gqa: bool = False,  # noqa: FBT001, FBT002
    factors: Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]] = _as_they_are,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The weights of fused attention as PyTorch's documentation defines it, and what they are multiplied by.

    `factors` is given queries and keys, and gives what is multiplied in their places.
    """
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key, value = key.repeat_interleave(times, -3), value.repeat_interleave(times, -3)
    query, key = factors(query, key)
    scores = query @ key.transpose(-2, -1) * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    if is_causal:
        allowed = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        scores = scores.masked_fill(~allowed, -math.inf)
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -math.inf) if attn_mask.dtype == torch.bool else scores + attn_mask
    return torch.softmax(scores, -1), value


@contextmanager
def following(model: nn.Module, running: list[tuple[str, nn.Module]]) -> Generator[None, None, None]:
    """Keep `running` the modules that are under way, the innermost last, while the block runs."""
    with ExitStack() as hooks:
        for name, module in model.named_modules():
            if isinstance(module, torch.jit.ScriptModule):
                continue  # which take no such hooks

            def enter(module: nn.Module, _: Any, name: str = name) -> None:
                running.append((name, module))

            def leave(*_: Any) -> None:
                running.pop()

            hooks.callback(module.register_forward_pre_hook(enter).remove)
            hooks.callback(module.register_forward_hook(leave, always_call=True).remove)
        yield


def attend(running: Running, inputs: Array, grad_outputs: GradOutputs | None) -> Attended:
    """Run what a module takes, and copy all attention weights; with factors on the output their gradients too."""
    calls, engine = Calls(len(inputs)), running.engine
    with torch.set_grad_enabled(grad_outputs is not None):
        entering = engine.enter(inputs).requires_grad_(grad_outputs is not None)
        with following(running.model, calls.running), Watching(calls):
            output = running.outputs(engine.laid(entering))
        outputs = np.array(array_of(output))
        by_name = dict[str, Array]()
        if grad_outputs is not None and calls.seen:
            factors = collect_grad_outputs({OUTPUT: grad_outputs}, {OUTPUT: outputs})[OUTPUT]
            given = torch.tensor(factors.sum(axis=0), dtype=output.dtype, device=output.device)
            tensors = [weights for weights, _ in calls.seen.values()]
            found: tuple[Any, ...] = torch.autograd.grad(output, tensors, given, allow_unused=True)
            by_name = {
                name: np.zeros(shape, outputs.dtype) if one is None else np.array(array_of(one)).reshape(shape)
                for (name, (_, shape)), one in zip(calls.seen.items(), found, strict=True)
            }
        layers = tuple(
            AttentionWeights(name, np.array(array_of(weights)).reshape(shape), by_name.get(name))
            for name, (weights, shape) in calls.seen.items()
        )
    return Attended(outputs, layers, tuple(dict.fromkeys(calls.windows)))
