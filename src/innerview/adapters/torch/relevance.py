"""A score passed back by rules instead of derivatives, through any PyTorch module whose operations are all known.

While the module runs, each of PyTorch's functions on a value that depends on the image is looked up in a table. What is
linear, and softmax, goes back by its own gradient. Of the others the *value* stays, bit for bit, and the way back is
replaced, so that input × gradient is what the rule says (`methods/attn_lrp.py` states the rules and their source):

    f(x), with f(0) = 0       back by f(x) / x           GELU, SiLU, ReLU, tanh …
    a · b, both of the image  half of each gradient      q kᵀ, A v, gates
    (x - mean) / deviation    the deviation held fixed   layer norm, group norm, RMS norm; rsqrt
    sigmoid(x)                held fixed                 x · sigmoid(x) is then f(x) / x of a SiLU
    W x + b, with gamma       what agrees with the sign of the sum weighs 1 + gamma times

A function that is in no table is named, with the module that called it; nothing is guessed. By functions and not by
classes of modules, the same table serves timm, transformers, torchvision and modules of one's own.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingImports=false, reportPrivateImportUsage=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import torch
from torch import nn
from torch.autograd.function import BackwardCFunction
from torch.nn import functional
from torch.overrides import TorchFunctionMode, resolve_name

from innerview.adapters.engine import Run, Tap
from innerview.adapters.torch.attention import FUSED, INSIDE, MULTI_HEAD, following, in_the_open
from innerview.adapters.torch.running import Running
from innerview.errors import UsageError

Rule: TypeAlias = Callable[["Rules", Any, tuple[Any, ...], Mapping[str, Any]], Any]
"""Called with a function of PyTorch and what it was given, in place of it."""

LINEAR: Final = """
    add add_ __iadd__ __radd__ sub sub_ __isub__ __rsub__ neg sum mean cat concat concatenate stack hstack vstack
    __getitem__ __setitem__ __get__ select narrow index_select gather take_along_dim chunk split tensor_split unbind
    reshape view view_as flatten unflatten ravel squeeze unsqueeze transpose permute swapaxes swapdims movedim moveaxis
    t adjoint expand expand_as broadcast_to repeat repeat_interleave tile roll flip rot90 pad unfold fold contiguous
    clone to type type_as float double half bfloat16 requires_grad_ alias dropout dropout1d dropout2d feature_dropout
    masked_fill masked_fill_ where diagonal tril triu pixel_shuffle pixel_unshuffle channel_shuffle avg_pool1d
    avg_pool2d adaptive_avg_pool1d adaptive_avg_pool2d interpolate upsample batch_norm max_pool2d
"""
"""Names of functions that go back by their own gradient: sums, and what moves values about. Of the largest of several
the whole goes to it; a batch norm is a fixed factor in evaluation mode."""

ACTIVATIONS: Final = "gelu silu relu relu6 leaky_relu elu selu celu mish hardswish tanh hardtanh"
PRODUCTS: Final = "mul mul_ multiply __mul__ __rmul__ __imul__ matmul __matmul__ __rmatmul__ bmm mm"
QUOTIENTS: Final = "div div_ divide true_divide __truediv__ __itruediv__"
WEIGHED: Final = "linear conv1d conv2d conv3d"
HELD: Final = "rsqrt sigmoid"


def run_by_rules(running: Running, gamma: float) -> Run:
    """A module's run whose gradients go back by the rules; it raises UsageError where there is none for something."""

    def run(entering: torch.Tensor, _tap: Tap) -> torch.Tensor:
        rules = Rules(gamma)
        with following(running.model, rules.modules), rules:
            output = running.outputs(entering)
        refused = rules.refused(running.model, output)
        if refused:
            raise UsageError(f"a score was to be passed back by rules, and {refused}").of("rules", found=refused)
        return output.to(entering.dtype)

    return run


KNOWN: Final = frozenset(LINEAR.split())


class Rules(TorchFunctionMode):
    """Replaces the ways back of PyTorch's functions while it is on, and notes what it has no rule for."""

    def __init__(self, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma
        self.modules: list[tuple[str, nn.Module]] = []
        self._unknown = ""
        self._attends = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Called by PyTorch for each of its functions, in place of it."""
        named = kwargs or {}
        if not any(one.requires_grad for one in _tensors((args, named))):
            return func(*args, **named)
        name = _name(func)
        rule = TABLE.get(name)
        if rule is not None:
            return rule(self, func, args, named)
        result = func(*args, **named)
        if name not in KNOWN and any(one.requires_grad for one in _tensors(result)):
            self.note(resolve_name(func) or name)
        return result

    def note(self, what: str) -> None:
        """Keep the first that there is no rule for, and the module that computes it."""
        names = [name for name, module in self.modules if not isinstance(module, INSIDE)]
        where = names[-1] if names and names[-1] else "the model"
        self._unknown = self._unknown or f"there is no rule for what {where} computes: {what}"

    def attended(self) -> None:
        """Keep that there is attention."""
        self._attends = True

    def refused(self, model: nn.Module, output: torch.Tensor) -> str:
        """Why no score can be passed back; empty where it can."""
        scripted = next((name for name, one in model.named_modules() if isinstance(one, torch.jit.ScriptModule)), None)
        if scripted is not None:
            return f"what {scripted or 'the model'} computes can't be seen, since it is scripted"
        own = next((type(node).__name__ for node in _graph(output) if isinstance(node, BackwardCFunction)), "")
        if self._unknown or own:
            return self._unknown or f"there is no rule for {own.removesuffix('Backward')}, an operation of its own"
        return "" if self._attends else "it has no attention (no softmax)"


def _name(func: Any) -> str:
    return str(getattr(func, "__name__", func))


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """All tensors in what a function was given or gives."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from _tensors(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _tensors(one)


def _graph(output: torch.Tensor) -> Iterator[Any]:
    """Every node of PyTorch's graph behind a value."""
    waiting, seen = [output.grad_fn], set[Any]()
    while waiting:
        node: Any = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            yield node
            waiting += [one for one, _ in node.next_functions]


def _depends(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def _straight(value: torch.Tensor, back: torch.Tensor) -> torch.Tensor:
    """The value of one and the way back of another."""
    return value.detach() + (back - back.detach())


def _halves(left: torch.Tensor, right: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The factors of a product; of two that depend on the image half of each gradient goes back."""
    return (_half(left), _half(right)) if _depends(left) and _depends(right) else (left, right)


def _half(value: torch.Tensor) -> torch.Tensor:
    """The same value, half of whose gradient goes back; two halves add up to it exactly."""
    return 0.5 * value + 0.5 * value.detach()


def _over(above: torch.Tensor, below: torch.Tensor) -> torch.Tensor:
    """A fixed quotient, 0 where it has no value."""
    return torch.where(below == 0, 0, above / torch.where(below == 0, 1, below)).detach()


def _activation(rules: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    # Out of place even where in place was asked: x is needed, and callers go on with what is returned.
    x: torch.Tensor = args[0] if args else named["input"]
    rest = {name: value for name, value in named.items() if name != "input"}
    if float(func(x.new_zeros(1), *args[1:], **rest)):
        rules.note(f"{resolve_name(func)}, which does not give 0 for 0")
    value: torch.Tensor = func(x.detach().clone(), *args[1:], **rest)
    return _straight(value, x * _over(value, x))


def _product(rules: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    left, right = [*args, *named.values()][:2]
    if not (_depends(left) and _depends(right)):
        return func(*args, **named)
    if _name(func) in {"mul_", "__imul__"}:
        rules.note("a product in place")
    return func(*_halves(left, right))


def _einsum(rules: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    factors: list[Any] = list(args[1]) if isinstance(args[1], list | tuple) else list(args[1:])
    depending = sum(_depends(one) for one in factors)
    if depending > 2:
        rules.note("a product of three values")
    return func(args[0], *[_half(one) if depending == 2 and _depends(one) else one for one in factors], **named)


def _quotient(rules: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    if _depends([*args, *named.values()][1]):
        rules.note("a quotient by what depends on the image")
    return func(*args, **named)


def _power(rules: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    exponent = 2 if _name(func) == "square" else [*args, *named.values()][1]
    if exponent != 2:
        rules.note(f"the power {exponent}")
    return func(*args, **named) if exponent != 2 else _half(args[0]) * _half(args[0])


def _hold(_: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    return func(*args, **named).detach()


def _softmax(rules: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    rules.attended()
    return func(*args, **named)


def _weighed(rules: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """Of W x + b: the parts of each sum that have its sign weigh 1 + gamma times as much as they do."""

    def weighed(
        input: torch.Tensor,  # noqa: A002 PyTorch's name
        weight: torch.Tensor,
        bias: torch.Tensor | None = None,
        *rest: Any,
        **options: Any,
    ) -> torch.Tensor:
        value = func(input, weight, bias, *rest, **options)
        if _depends(weight) or _depends(bias):
            rules.note("weights that depend on the image")
            return value
        if not rules.gamma:
            return value

        def summed(positive: torch.Tensor, negative: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
            upper = func(input.clamp(min=0), positive, bias, *rest, **options)
            return upper + func(input.clamp(max=0), negative, None, *rest, **options)

        more, less = weight + rules.gamma * weight.clamp(min=0), weight + rules.gamma * weight.clamp(max=0)
        up = None if bias is None else bias + rules.gamma * bias.clamp(min=0)
        down = None if bias is None else bias + rules.gamma * bias.clamp(max=0)
        back = torch.where(value > 0, summed(more, less, up), summed(less, more, down))
        return _straight(value, back * _over(value, back))

    return weighed(*args, **named)


def _normed(x: torch.Tensor, dims: tuple[int, ...], eps: float, *, centred: bool = True) -> torch.Tensor:
    """Over some axes, with the deviation held fixed."""
    inner = x - x.mean(dims, keepdim=True) if centred else x
    return inner * torch.rsqrt(inner.square().mean(dims, keepdim=True) + eps).detach()


def _scaled(x: torch.Tensor, weight: torch.Tensor | None, bias: torch.Tensor | None) -> torch.Tensor:
    scaled = x if weight is None else x * weight
    return scaled if bias is None else scaled + bias


def _layer_norm(_: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    def back(
        input: torch.Tensor,  # noqa: A002 PyTorch's name
        normalized_shape: Sequence[int],
        weight: torch.Tensor | None = None,
        bias: torch.Tensor | None = None,
        eps: float = 1e-5,
    ) -> torch.Tensor:
        return _scaled(_normed(input, tuple(range(-len(normalized_shape), 0)), eps), weight, bias)

    return _straight(func(*args, **named), back(*args, **named))


def _rms_norm(_: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    def back(
        input: torch.Tensor,  # noqa: A002 PyTorch's name
        normalized_shape: Sequence[int],
        weight: torch.Tensor | None = None,
        eps: float | None = None,
    ) -> torch.Tensor:
        least = torch.finfo(input.dtype).eps if eps is None else eps
        return _scaled(_normed(input, tuple(range(-len(normalized_shape), 0)), least, centred=False), weight, None)

    return _straight(func(*args, **named), back(*args, **named))


def _group_norm(_: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    def back(
        input: torch.Tensor,  # noqa: A002 PyTorch's name
        num_groups: int,
        weight: torch.Tensor | None = None,
        bias: torch.Tensor | None = None,
        eps: float = 1e-5,
    ) -> torch.Tensor:
        groups = input.unflatten(1, (num_groups, -1)).flatten(2)
        laid = (-1, *[1] * (input.dim() - 2))
        wide = [None if one is None else one.reshape(laid) for one in (weight, bias)]
        return _scaled(_normed(groups, (2,), eps).reshape(input.shape), *wide)

    return _straight(func(*args, **named), back(*args, **named))


def _fused(rules: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """Of fused attention, in the open; masks and the rest are not of the image."""
    rules.attended()
    weights, value = in_the_open(*args, **named, factors=_halves)
    left, right = _halves(weights, value)
    return _straight(func(*args, **named), left @ right)


def _multi_head(rules: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """Of torch.nn.MultiheadAttention, batched and without masks, in the open."""
    rules.attended()
    bound = inspect.signature(func).bind(*args, **named)
    bound.apply_defaults()
    asked = bound.arguments
    values: tuple[torch.Tensor, Any] = func(*bound.args, **bound.kwargs)
    masked = any(asked[name] is not None for name in ("bias_k", "key_padding_mask", "attn_mask", "static_k"))
    if masked or asked["use_separate_proj_weight"] or asked["add_zero_attn"] or asked["query"].dim() != 3:
        rules.note("multi-head attention with masks, or with weights of their own for queries, keys and values")
        return values
    weights, biases = asked["in_proj_weight"].chunk(3), asked["in_proj_bias"]
    shifts = (None, None, None) if biases is None else biases.chunk(3)
    entering = (asked["query"], asked["key"], asked["value"])
    query, key, value = (  # token × batch × width, as batch × head × token × depth
        _weighed(rules, functional.linear, (one, weight, shift), {})
        .unflatten(-1, (asked["num_heads"], -1))
        .permute(1, 2, 0, 3)
        for one, weight, shift in zip(entering, weights, shifts, strict=True)
    )
    attended, value = in_the_open(query, key, value, factors=_halves)
    left, right = _halves(attended, value)
    joined = (left @ right).permute(2, 0, 1, 3).flatten(2)
    back = _weighed(rules, functional.linear, (joined, asked["out_proj_weight"], asked["out_proj_bias"]), {})
    return _straight(values[0], back), values[1]


def _plus(_: Rules, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """Of addmm and baddbmm: a summand and a product."""
    return func(args[0], *_halves(args[1], args[2]), *args[3:], **named)


TABLE: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        **dict.fromkeys(ACTIVATIONS.split(), _activation),
        **dict.fromkeys(PRODUCTS.split(), _product),
        **dict.fromkeys(QUOTIENTS.split(), _quotient),
        **dict.fromkeys(WEIGHED.split(), _weighed),
        **dict.fromkeys(HELD.split(), _hold),
        **dict.fromkeys(("addmm", "baddbmm"), _plus),
        **dict.fromkeys(("pow", "__pow__", "square"), _power),
        "softmax": _softmax,
        "einsum": _einsum,
        "layer_norm": _layer_norm,
        "rms_norm": _rms_norm,
        "group_norm": _group_norm,
        _name(FUSED): _fused,
        _name(MULTI_HEAD): _multi_head,
    }
)
"""By a function's name, what goes in its place."""
